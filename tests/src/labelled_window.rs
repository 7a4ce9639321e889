//! The windows that `prepare` wrote, as a person would read them.

use std::path::Path;

use polaris_genomics::{ReferenceBundle, RegionClass, Window};
use polaris_proto::v1;

use crate::HarnessError;

/// A line of `windows.bed`.
#[derive(Clone, Debug)]
pub struct LabelledWindow {
    /// Where it lies.
    pub window: Window,
    /// Whether the protein binds there.
    pub positive: bool,
    /// ln(TPM + 1) of the nearest gene.
    pub expression: f32,
    /// Region class at the midpoint.
    pub region: Option<RegionClass>,
    /// Fold by chromosome.
    pub fold_chromosome: usize,
}

impl LabelledWindow {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or has a line of another form.
    pub fn read(path: &Path) -> Result<Vec<Self>, HarnessError> {
        let text = std::fs::read_to_string(path).map_err(HarnessError::io(path.display().to_string()))?;
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|line| Self::parse(line).ok_or_else(|| HarnessError::Line(line.to_owned()))).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let columns: Vec<&str> = line.split('\t').collect();
        let [contig, start0, end0, _, _, strand, label, expression, region, _, fold, _] = columns[..] else {
            return None;
        };
        let start0: i64 = start0.parse().ok()?;
        let length = usize::try_from(end0.parse::<i64>().ok()? - start0).ok()?;
        Some(Self {
            window: Window { contig: contig.to_owned(), start0, length, strand: strand.parse().ok()? },
            positive: label == "1",
            expression: expression.parse().ok()?,
            region: if region == "none" { None } else { Some(region.parse().ok()?) },
            fold_chromosome: fold.parse().ok()?,
        })
    }

    /// The window as a server is asked about it, cut from the reference.
    ///
    /// # Errors
    /// If the reference does not have it.
    pub fn message(&self, bundle: &ReferenceBundle, cell_line: &str) -> Result<v1::Window, HarnessError> {
        let sequence = self.window.sequence(bundle.reference())?;
        let region = match self.region {
            None => v1::Region::Unspecified,
            Some(RegionClass::Intron) => v1::Region::Intron,
            Some(RegionClass::Exon) => v1::Region::Exon,
            Some(RegionClass::OneToFiveKb) => v1::Region::OneToFiveKb,
            Some(RegionClass::Promoter) => v1::Region::Promoter,
            Some(RegionClass::ThreePrimeUtr) => v1::Region::ThreePrimeUtr,
            Some(RegionClass::FivePrimeUtr) => v1::Region::FivePrimeUtr,
        };
        Ok(v1::Window {
            sequence: String::from_utf8_lossy(&sequence).into_owned(),
            expression: [(cell_line.to_owned(), self.expression)].into(),
            region: region.into(),
        })
    }
}
