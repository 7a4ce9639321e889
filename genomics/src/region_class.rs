//! Where in a gene a position lies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The six classes a model is told about, in the order of its one-hot input.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Ord, PartialOrd, Debug, Serialize, Deserialize)]
pub enum RegionClass {
    /// In a transcript, outside its exons.
    #[serde(rename = "intron")]
    Intron,
    /// In an exon, outside the untranslated regions.
    #[serde(rename = "exon")]
    Exon,
    /// One to five kilobases upstream of a transcription start.
    #[serde(rename = "1to5kb")]
    OneToFiveKb,
    /// At most one kilobase upstream of a transcription start.
    #[serde(rename = "promoter")]
    Promoter,
    /// In the 3' untranslated region.
    #[serde(rename = "3utr")]
    ThreePrimeUtr,
    /// In the 5' untranslated region.
    #[serde(rename = "5utr")]
    FivePrimeUtr,
}

impl RegionClass {
    /// How many classes there are.
    pub const COUNT: usize = 6;

    /// All classes, in the order of [`index`](Self::index).
    pub const ALL: [Self; Self::COUNT] = [
        Self::Intron,
        Self::Exon,
        Self::OneToFiveKb,
        Self::Promoter,
        Self::ThreePrimeUtr,
        Self::FivePrimeUtr,
    ];

    /// Place in the one-hot input, 0 to 5.
    pub const fn index(self) -> usize {
        match self {
            Self::Intron => 0,
            Self::Exon => 1,
            Self::OneToFiveKb => 2,
            Self::Promoter => 3,
            Self::ThreePrimeUtr => 4,
            Self::FivePrimeUtr => 5,
        }
    }

    /// The class as files name it, such as `3utr`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intron => "intron",
            Self::Exon => "exon",
            Self::OneToFiveKb => "1to5kb",
            Self::Promoter => "promoter",
            Self::ThreePrimeUtr => "3utr",
            Self::FivePrimeUtr => "5utr",
        }
    }
}

impl fmt::Display for RegionClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A name that is none of the six classes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("region class is {0:?}: expected intron, exon, 1to5kb, promoter, 3utr or 5utr")]
pub struct RegionClassError(pub String);

impl FromStr for RegionClass {
    type Err = RegionClassError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| RegionClassError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_names_are_fixed() {
        let names = RegionClass::ALL.map(RegionClass::as_str);
        assert_eq!(names, ["intron", "exon", "1to5kb", "promoter", "3utr", "5utr"]);
        for (index, class) in RegionClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(class.to_string().parse(), Ok(class));
        }
    }

    #[test]
    fn another_name_is_refused() {
        assert_eq!("utr".parse::<RegionClass>(), Err(RegionClassError("utr".to_owned())));
    }
}
