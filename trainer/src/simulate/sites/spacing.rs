//! Distances between the sites of one protein.

/// Centers of the sites so far, by contig.
#[derive(Debug)]
pub(super) struct Spacing {
    centers0: Vec<Vec<u64>>,
}

/// A companion's distance from the site that it accompanies, in bases.
const COMPANION: std::ops::RangeInclusive<u64> = 110..=480;

impl Spacing {
    pub(super) fn new(contigs: usize) -> Self {
        Self { centers0: vec![Vec::new(); contigs] }
    }

    pub(super) fn take(&mut self, contig: usize, center0: u64) {
        if let Some(centers0) = self.centers0.get_mut(contig) {
            centers0.push(center0);
        }
    }

    /// Whether every site on the contig is at least `distance` away.
    pub(super) fn is_free(&self, contig: usize, center0: u64, distance: u64) -> bool {
        self.centers0
            .get(contig)
            .is_some_and(|all| all.iter().all(|other| other.abs_diff(center0) >= distance))
    }

    /// Whether `center0` is near `host0` and keeps `distance` from all other sites, and so does the host.
    pub(super) fn may_accompany(&self, contig: usize, center0: u64, host0: u64, distance: u64) -> bool {
        let Some(all) = self.centers0.get(contig) else { return false };
        let mut others = all.iter().filter(|&&other| other != host0);
        COMPANION.contains(&center0.abs_diff(host0))
            && others.all(|&other| other.abs_diff(center0) >= distance && other.abs_diff(host0) >= distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_has_one_companion_at_most() {
        let mut spacing = Spacing::new(1);
        spacing.take(0, 5_000);
        assert!(spacing.is_free(0, 6_000, 1_000) && !spacing.is_free(0, 5_999, 1_000));
        assert!(spacing.may_accompany(0, 5_300, 5_000, 1_000));
        assert!(!spacing.may_accompany(0, 5_109, 5_000, 1_000));
        spacing.take(0, 5_300);
        assert!(!spacing.may_accompany(0, 4_700, 5_000, 1_000));
        assert!(!spacing.is_free(1, 6_000, 1_000));
    }
}
