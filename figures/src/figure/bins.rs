//! Columns drawn together where there are more of them than a screen can show.

use std::ops::Range;

use super::Panel;

/// Columns that are drawn as one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bin {
    /// The columns.
    pub(super) columns: Range<usize>,
    /// The value furthest from 0, if there is one.
    pub(super) value: Option<f64>,
}

/// The most bins drawn: two for each pixel.
const MOST: usize = 2000;

/// The columns of a panel, each by itself where there are at most 2000.
pub(super) fn bins(panel: &Panel) -> Vec<Bin> {
    let count = panel.values.len();
    let width = count.div_ceil(MOST).max(1);
    (0..count)
        .step_by(width)
        .map(|start| {
            let columns = start..(start + width).min(count);
            let values = columns.clone().filter_map(|column| panel.value(column)).map(f64::from);
            let value = values.max_by(|left, right| left.abs().total_cmp(&right.abs()));
            Bin { columns, value }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Bin, bins};
    use crate::Panel;

    #[test]
    fn few_columns_stand_alone() {
        let panel = Panel::new("", "", b"A-CG".to_vec(), vec![1.0, 2.0, f32::NAN, -1.5]);
        let values: Vec<Option<f64>> = bins(&panel).into_iter().map(|bin| bin.value).collect();
        assert_eq!(values, [Some(1.0), None, None, Some(-1.5)]);
    }

    #[test]
    fn of_many_columns_the_furthest_from_zero_is_kept() {
        let mut values = vec![1.0; 5001];
        values[4] = -3.0;
        let found = bins(&Panel::new("", "", vec![b'A'; 5001], values));
        assert_eq!(found.len(), 1667);
        assert_eq!(found[1], Bin { columns: 3..6, value: Some(-3.0) });
        assert_eq!(found[1666].columns, 4998..5001);
    }
}
