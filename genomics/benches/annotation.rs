//! How long the gene models of a whole genome take to open, the first time and from then on.
//!
//! `cargo bench -p polaris-genomics --bench annotation -- --lines 1500000`

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use polaris_genomics::GeneIndex;

/// Exons of a transcript; each has a CDS line beside it.
const EXONS: usize = 8;
/// Transcripts of a gene.
const TRANSCRIPTS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let typed: Vec<String> = std::env::args().collect();
    let lines = typed.iter().position(|argument| argument == "--lines");
    let lines: usize =
        lines.and_then(|place| typed.get(place + 1)).map_or(Ok(1_500_000), |lines| lines.parse())?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("annotation.gtf");
    let written = write(&path, lines)?;
    println!("lines                {written}");
    for time in ["first", "second"] {
        let (started, before_s) = (Instant::now(), processor_s()?);
        let genes = GeneIndex::open(&path)?;
        let (wall_s, own_s) = (started.elapsed().as_secs_f64(), processor_s()? - before_s);
        println!(
            "{time:<6} time          {wall_s:.2} s, {own_s:.2} s of a processor, {} genes",
            genes.genes().len()
        );
    }
    Ok(())
}

/// `utime` and `stime` of proc(5), in ticks of 10 ms.
fn processor_s() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(ticks.sum::<Result<u32, _>>().map(f64::from)? / 100.0)
}

/// Lines as GENCODE writes them.
fn write(path: &Path, lines: usize) -> Result<usize, Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut written = 0;
    let mut gene = 0;
    while written < lines {
        let (contig, start) = (gene % 24 + 1, 10_000 + gene / 24 * 60_000);
        let strand = if gene % 2 == 0 { '+' } else { '-' };
        let names =
            format!("gene_id \"ENSG{gene:011}.5\"; gene_type \"protein_coding\"; gene_name \"GENE{gene}\"");
        let mut line = |kind: &str, from: usize, to: usize, more: &str| {
            written += 1;
            writeln!(
                file,
                "chr{contig}\tHAVANA\t{kind}\t{from}\t{to}\t.\t{strand}\t.\t{names}; {more}level 2;"
            )
        };
        line("gene", start, start + 50_000, "")?;
        for transcript in 0..TRANSCRIPTS {
            let from = start + transcript * 100;
            let tags = format!(
                "transcript_id \"ENST{gene:09}{transcript}.2\"; transcript_name \"GENE{gene}-20{transcript}\"; tag \"basic\"; "
            );
            line("transcript", from, from + 45_000, &tags)?;
            for exon in 0..EXONS {
                let exon_from = from + exon * 5_000;
                line("exon", exon_from, exon_from + 150, &tags)?;
                line("CDS", exon_from + 20, exon_from + 130, &tags)?;
            }
        }
        gene += 1;
    }
    file.flush()?;
    Ok(written)
}
