//! How often the highest position of a map lies near a motif.

use std::fmt::Write;

use polaris_model::ModelId;

use crate::held_out::Method;

/// The highest position of a window's map, and what stands in the window; spans are `[start, end)`.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// `None` if the map is nowhere above 0.
    pub(super) summit: Option<usize>,
    /// Copies that were planted at sites.
    pub(super) planted: Vec<(usize, usize)>,
    /// All full copies, the planted ones among them.
    pub(super) copies: Vec<(usize, usize)>,
    /// Bases of the window.
    pub(super) length: usize,
}

/// A model and method.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: ModelId,
    pub(super) method: Method,
    pub(super) places: Vec<Place>,
}

/// Bases from a position to the nearest base of a span; 0 within it.
fn distance(position: usize, &(start, end): &(usize, usize)) -> usize {
    start.saturating_sub(position).max((position + 1).saturating_sub(end))
}

fn near(position: usize, spans: &[(usize, usize)], within: usize) -> bool {
    spans.iter().any(|span| distance(position, span) <= within)
}

/// The table: a line for each model and method, and for each method one over all models.
pub(super) fn text(rows: &[Row], within: usize) -> String {
    let mut text = format!(
        "{:24} {:12} {:>7} {:>8} {:>6} {:>15} {:>15} {:>9}",
        "model", "method", "windows", "planted", "empty", "near planted", "near any copy", "by chance"
    );
    let mut methods: Vec<Method> = Vec::new();
    for row in rows {
        text.push_str(&line(&row.id.to_string(), row.method, &row.places.iter().collect::<Vec<_>>(), within));
        if !methods.contains(&row.method) {
            methods.push(row.method);
        }
    }
    for method in methods {
        let of_method = rows.iter().filter(|row| row.method == method);
        let places: Vec<&Place> = of_method.flat_map(|row| &row.places).collect();
        text.push_str(&line("all", method, &places, within));
    }
    text
}

fn line(name: &str, method: Method, places: &[&Place], within: usize) -> String {
    let count = |holds: &dyn Fn(&Place) -> bool| places.iter().filter(|place| holds(place)).count();
    let share = |hits: usize| match places.len() {
        0 => "-".to_owned(),
        windows => format!("{hits} ({:.0}%)", 100.0 * hits as f64 / windows as f64),
    };
    let near_planted =
        count(&|place| place.summit.is_some_and(|summit| near(summit, &place.planted, within)));
    let near_any = count(&|place| place.summit.is_some_and(|summit| near(summit, &place.copies, within)));
    let bases: usize = places.iter().map(|place| place.length).sum();
    let reached =
        places.iter().flat_map(|place| (0..place.length).filter(|base| near(*base, &place.copies, within)));
    let by_chance = 100.0 * reached.count() as f64 / bases.max(1) as f64;
    let mut text = String::new();
    let _ = write!(
        text,
        "\n{name:24} {method:12} {:>7} {:>8} {:>6} {:>15} {:>15} {:>8.0}%",
        places.len(),
        count(&|place| !place.planted.is_empty()),
        count(&|place| place.summit.is_none()),
        share(near_planted),
        share(near_any),
        by_chance
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_base_counts() {
        assert_eq!([0, 9, 10, 15, 16, 20].map(|position| distance(position, &(10, 16))), [10, 1, 0, 0, 1, 5]);
        assert!(near(0, &[(40, 44), (10, 16)], 10) && !near(0, &[(11, 16)], 10) && !near(0, &[], 10));
    }

    #[test]
    fn counts_by_model_and_over_all() {
        let place = |summit: Option<usize>, planted: &[(usize, usize)], copies: &[(usize, usize)]| Place {
            summit,
            planted: planted.to_vec(),
            copies: copies.to_vec(),
            length: 100,
        };
        let row = |rbp: &str, places| Row {
            id: ModelId::new(rbp, "K562").unwrap(),
            method: Method::GradCam,
            places,
        };
        let copies = [(10, 16), (50, 56)];
        let rows = [
            row("A", vec![place(Some(20), &copies[..1], &copies), place(Some(60), &copies[..1], &copies)]),
            row("B", vec![place(Some(90), &[], &[]), place(None, &copies, &copies)]),
        ];
        let text = text(&rows, 5);
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        // Two copies with 5 bases on either side are 32 of 100 bases.
        assert_eq!(lines[1], "A.K562 grad-cam 2 2 0 1 (50%) 2 (100%) 32%");
        assert_eq!(lines[2], "B.K562 grad-cam 2 1 1 0 (0%) 0 (0%) 16%");
        assert_eq!(lines[3], "all grad-cam 4 3 1 1 (25%) 2 (50%) 24%");
        assert!(super::text(&[row("A", Vec::new())], 5).contains('-'));
    }
}
