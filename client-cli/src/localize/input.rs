//! Tells what the input is: a region by its form, a file by its first line.

use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use super::error::LocalizeError;
use super::options::{LocalizeOptions, RecordCovariates};
use crate::regions::StrandChoice;
use crate::vcf::{self, Bytes};

/// A first line is looked at as far as this.
const LOOK_BYTES: u64 = 64 << 10;

/// The input, opened.
pub(super) enum Input {
    /// As typed.
    Region(String),
    /// With its name for messages.
    Bed(Bytes, String),
    Fasta(Bytes, String),
    Vcf(Bytes, String),
}

impl Input {
    pub(super) fn lies_on_a_genome(&self) -> bool {
        !matches!(self, Self::Fasta(..))
    }

    pub(super) fn has_alleles(&self) -> bool {
        matches!(self, Self::Vcf(..))
    }

    /// What its targets are called.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Self::Region(_) | Self::Bed(..) => "region",
            Self::Fasta(..) => "record",
            Self::Vcf(..) => "allele",
        }
    }

    /// Whether options fit the kind of input.
    pub(super) fn check(&self, options: &LocalizeOptions) -> Result<(), LocalizeError> {
        let is_region = matches!(self, Self::Region(_) | Self::Bed(..));
        let has_tracks = options.formats.bedgraph || options.formats.bigwig;
        let has_covariates = options.record != RecordCovariates::default();
        let wrong = [
            (
                self.lies_on_a_genome() && has_covariates,
                "--expression or --region",
                "a FASTA: the reference bundle knows of others",
            ),
            (!is_region && options.strand != StrandChoice::Auto, "--strand", "regions and BED files"),
            (!is_region && has_tracks, "--format bedgraph or bigwig", "regions and BED files"),
        ];
        if let Some((_, option, meant)) = wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            return Err(LocalizeError::Option { option, meant });
        }
        match options.reference.is_none() && self.lies_on_a_genome() {
            true => Err(LocalizeError::NeedsReference {
                what: if self.has_alleles() { "variants" } else { "regions" },
            }),
            false => Ok(()),
        }
    }
}

/// Opens the input. What is no file is taken for a region.
pub(super) fn open(path: &Path) -> Result<Input, LocalizeError> {
    if path.as_os_str() != "-" && !path.exists() {
        let text = path.to_string_lossy();
        return match looks_like_a_region(&text) {
            true => Ok(Input::Region(text.into_owned())),
            false => Err(LocalizeError::Input { input: text.into_owned() }),
        };
    }
    let (bytes, name) = vcf::open(path)?;
    sniff(bytes, name)
}

/// Regions have a colon, or name a whole contig, which can have a dot; paths have slashes and the suffixes of files.
fn looks_like_a_region(text: &str) -> bool {
    const SUFFIXES: [&str; 11] =
        [".vcf", ".bcf", ".bed", ".narrowpeak", ".fa", ".fasta", ".fna", ".txt", ".gz", ".bgz", ".bz2"];
    let lower = text.to_ascii_lowercase();
    let is_file = text.contains('/') || SUFFIXES.iter().any(|suffix| lower.ends_with(suffix));
    !text.is_empty() && (text.contains(':') || !is_file)
}

fn sniff(mut bytes: Bytes, name: String) -> Result<Input, LocalizeError> {
    let mut line = Vec::new();
    // BCF and other binary content has no lines: a part of it will do.
    let read = bytes.by_ref().take(LOOK_BYTES).read_until(b'\n', &mut line);
    if let Err(source) = read {
        return Err(vcf::InputError::Read { name, line: 1, source }.into());
    }
    if line.is_empty() {
        return Err(LocalizeError::Empty { name });
    }
    let is_vcf =
        [&b"##fileformat=VCF"[..], b"#CHROM", b"##", b"BCF\x02"].iter().any(|head| line.starts_with(head));
    let is_fasta = line.trim_ascii_start().starts_with(b">");
    let whole: Bytes = Box::new(Cursor::new(line).chain(bytes));
    Ok(match (is_fasta, is_vcf) {
        (true, _) => Input::Fasta(whole, name),
        (_, true) => Input::Vcf(whole, name),
        _ => Input::Bed(whole, name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content: &[u8]) -> &'static str {
        match sniff(Box::new(Cursor::new(content.to_vec())), "x".into()) {
            Ok(Input::Region(_)) => "region",
            Ok(Input::Bed(..)) => "bed",
            Ok(Input::Fasta(..)) => "fasta",
            Ok(Input::Vcf(..)) => "vcf",
            Err(_) => "error",
        }
    }

    #[test]
    fn files_are_told_by_their_first_line() {
        for (content, expected) in [
            (&b">x\nACGU\n"[..], "fasta"),
            (b"##fileformat=VCFv4.2\n#CHROM\t", "vcf"),
            (b"#CHROM\tPOS\tID\n", "vcf"),
            (b"BCF\x02\x02", "vcf"),
            (b"#chrom\tstart\tend\n", "bed"),
            (b"chr1\t0\t5\n", "bed"),
            (b"track name=x\n", "bed"),
            (b"\n", "bed"),
            (b"", "error"),
        ] {
            assert_eq!(kind(content), expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn the_first_line_is_read_again() {
        let Ok(Input::Bed(mut bytes, _)) =
            sniff(Box::new(Cursor::new(b"chr1\t0\t5\nchr2".to_vec())), "x".into())
        else {
            panic!("no BED")
        };
        let mut text = String::new();
        bytes.read_to_string(&mut text).unwrap();
        assert_eq!(text, "chr1\t0\t5\nchr2");
    }

    #[test]
    fn what_is_no_file_is_a_region_or_an_error() {
        for (text, expected) in [
            ("chr17:43,044,295-43,045,802:-", true),
            ("chrM", true),
            ("GL000220.1", true),
            ("HLA-A*01:01.2:5-9", true),
            ("peaks.bed", false),
            ("folder/peaks", false),
            ("", false),
        ] {
            assert_eq!(looks_like_a_region(text), expected, "{text}");
        }
        let message = open(Path::new("/nonexistent/peaks.bed")).err().unwrap().to_string();
        assert!(message.contains("/nonexistent/peaks.bed"), "{message}");
    }
}
