//! FASTA and its index.

use std::io::{self, Write};

use super::super::genome::Contig;

/// Bases a line.
const LINE: usize = 60;

/// The contigs as FASTA.
pub(super) fn sequence(contigs: &[Contig], out: &mut dyn Write) -> io::Result<()> {
    for contig in contigs {
        writeln!(out, ">{}", contig.name)?;
        for line in contig.sequence.chunks(LINE) {
            out.write_all(line)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

/// The index of that FASTA: name, length, offset of the first base, bases and bytes a line.
pub(super) fn index(contigs: &[Contig], out: &mut dyn Write) -> io::Result<()> {
    let mut offset = 0;
    for Contig { name, sequence } in contigs {
        offset += name.len() + 2;
        writeln!(out, "{name}\t{}\t{offset}\t{LINE}\t{}", sequence.len(), LINE + 1)?;
        offset += sequence.len() + sequence.len().div_ceil(LINE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_points_at_the_first_base() {
        let contig = |name: &str, length| Contig { name: name.into(), sequence: vec![b'A'; length] };
        let contigs = [contig("chr1", 60), contig("chr2", 61), contig("chr3", 5)];
        let (mut fasta, mut fai) = (Vec::new(), Vec::new());
        sequence(&contigs, &mut fasta).unwrap();
        index(&contigs, &mut fai).unwrap();
        let fai = String::from_utf8(fai).unwrap();
        assert_eq!(fai, "chr1\t60\t6\t60\t61\nchr2\t61\t73\t60\t61\nchr3\t5\t142\t60\t61\n");
        assert_eq!(&fasta[142..], b"AAAAA\n");
        assert_eq!(&fasta[72..74], b"\nA");
    }
}
