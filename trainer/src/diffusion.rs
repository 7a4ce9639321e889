//! `diffusion`: how far the maps of each model are spread over a window (the paper's equation 3).

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use polaris_model::ModelId;
use polaris_model::localization::{Diffusion, MapOptions};

use crate::files::write_whole;
use crate::held_out::{self, Examined, Method, Progress};
use crate::terminal;

/// Options of `diffusion`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    polaris-trainer diffusion --registry registry --prepared prepared --reference reference --out diffusion.tsv\n\n\
    The table has for each model, least diffusion first: the mean over the maps of its held-out bound windows of the \
    entropy (in nats) over the sum of the map scaled to a largest value of 1; the mean of the bases over which an even map \
    would be as spread; and how many maps there are, those that are 0 everywhere counted apart.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: held_out::Arguments,
    /// Table to write.
    #[arg(long, value_name = "TSV")]
    out: PathBuf,
    /// How the maps are calculated.
    #[arg(long, value_enum, default_value_t = Method::GradCam)]
    method: Method,
}

/// Measures each model and writes the table.
///
/// # Errors
/// If models and windows cannot be read or do not belong together, or the table cannot be written.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let held_out = arguments.source.open()?;
    let options = MapOptions { method: arguments.method.into(), ..MapOptions::default() };
    let progress = Progress::new();
    let mut rows = Vec::new();
    for id in held_out.ids() {
        let subject = held_out.subject(id)?;
        let windows: Vec<&Examined> = subject.windows.iter().collect();
        let maps = subject.maps(&windows, &options, &progress).with_context(|| id.to_string())?;
        rows.push((id.clone(), Diffusion::of(maps.iter().map(Vec::as_slice))));
    }
    progress.close();
    sort(&mut rows);
    let path = &arguments.out;
    write_whole(path, table(&rows).as_bytes()).with_context(|| path.display().to_string())?;
    Ok(terminal::print(screen(&rows))?)
}

/// Least diffusion first; models without any map last.
fn sort(rows: &mut [(ModelId, Diffusion)]) {
    let key = |spread: &Diffusion| spread.diffusion.unwrap_or(f64::INFINITY);
    rows.sort_by(|(_, a), (_, b)| key(a).total_cmp(&key(b)));
}

fn table(rows: &[(ModelId, Diffusion)]) -> String {
    let mut text = String::from("model\tdiffusion\teffective_bases\tmaps\tempty_maps\n");
    for (id, spread) in rows {
        let number =
            |value: Option<f64>| value.map_or_else(|| "NA".to_owned(), |value| format!("{value:.6}"));
        let (diffusion, bases) = (number(spread.diffusion), number(spread.effective_positions));
        let _ = writeln!(text, "{id}\t{diffusion}\t{bases}\t{}\t{}", spread.maps, spread.empty_maps);
    }
    text
}

fn screen(rows: &[(ModelId, Diffusion)]) -> String {
    let mut text = format!(
        "{:24} {:>9} {:>15} {:>6} {:>10}",
        "model", "diffusion", "effective bases", "maps", "empty maps"
    );
    for (id, spread) in rows {
        let number = |value: Option<f64>, decimals: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
        };
        let _ = write!(
            text,
            "\n{:24} {:>9} {:>15} {:>6} {:>10}",
            id.to_string(),
            number(spread.diffusion, 4),
            number(spread.effective_positions, 1),
            spread.maps,
            spread.empty_maps
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sharpest_model_comes_first_and_one_without_maps_last() {
        let spread = |diffusion: Option<f64>| Diffusion {
            maps: 2,
            empty_maps: 1,
            diffusion,
            effective_positions: diffusion.map(|value| 100.0 * value),
        };
        let id = |name: &str| ModelId::new(name, "K562").unwrap();
        let mut rows =
            vec![(id("A"), spread(None)), (id("B"), spread(Some(0.25))), (id("C"), spread(Some(0.125)))];
        sort(&mut rows);
        let expected = "model\tdiffusion\teffective_bases\tmaps\tempty_maps\n\
                        C.K562\t0.125000\t12.500000\t2\t1\n\
                        B.K562\t0.250000\t25.000000\t2\t1\n\
                        A.K562\tNA\tNA\t2\t1\n";
        assert_eq!(table(&rows), expected);
        let lines: Vec<String> =
            screen(&rows).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[1..], ["C.K562 0.1250 12.5 2 1", "B.K562 0.2500 25.0 2 1", "A.K562 - - 2 1"]);
    }
}
