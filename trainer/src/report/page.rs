//! The page as a whole: one file that needs nothing else.

use std::fmt::Write;

use super::escape::escape;
use super::figures::CellLines;
use super::inputs::Inputs;
use super::numbers::median_of;
use super::section::Section;

const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");
/// Nothing is fetched from anywhere, and no script runs but the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
                      form-action 'none'; base-uri 'none'";

/// The page's HTML.
pub(super) fn html(title: &str, inputs: &Inputs, lines: &CellLines, sections: &[Section]) -> String {
    let shown = escape(title);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"generator\" content=\"polaris-trainer {}\"><title>{shown}</title>\
         <style>{STYLE}</style></head>\n<body><header><h1>{shown}</h1>",
        env!("CARGO_PKG_VERSION")
    );
    out.push_str(
        "<p class=\"lead\">How well networks tell bound from unbound windows of transcripts, what they look at, and how \
         that compares with simpler ways. Every number stands in a table below its figure.</p>",
    );
    tiles(&mut out, inputs);
    out.push_str("</header>\n");
    form(&mut out, lines);
    out.push_str("<main>\n");
    for (place, section) in sections.iter().enumerate() {
        out.push_str(&section.html(place + 1));
        out.push('\n');
    }
    out.push_str("</main>\n");
    footer(&mut out, inputs);
    let _ = writeln!(out, "<script>{SCRIPT}</script></body></html>");
    out
}

/// The numbers that are looked for first.
fn tiles(out: &mut String, inputs: &Inputs) {
    let models = inputs.models().len();
    let by_chromosome =
        inputs.training.first().and_then(|run| {
            median_of(run.models.iter().filter_map(|one| {
                one.splits.iter().find(|split| split.0 == "chromosome").map(|split| split.1)
            }))
        });
    let floor = median_of(inputs.assessed.iter().filter_map(|one| Some(one.floor_auroc?.value)));
    let cross = median_of(inputs.cross_cell.iter().filter_map(|one| Some(one.cross?.value)));
    let number =
        |value: Option<f64>| value.map_or_else(|| "\u{2013}".to_owned(), |value| format!("{value:.3}"));
    out.push_str("<ul class=\"tiles\">");
    for (value, what) in [
        (models.to_string(), if models == 1 { "model" } else { "models" }),
        (number(by_chromosome), "median AUROC, folds by chromosome"),
        (number(cross), "median AUROC in the other cell line"),
        (number(floor), "median AUROC of the k-mer floor"),
    ] {
        let _ = write!(out, "<li><b>{value}</b><span>{what}</span></li>");
    }
    out.push_str("</ul>");
}

/// Hidden until the script that it needs shows it.
fn form(out: &mut String, lines: &CellLines) {
    out.push_str(
        "<form hidden autocomplete=\"off\"><div><label>Protein <input name=\"rbp\" type=\"search\" \
         placeholder=\"QKI, TARDBP\" spellcheck=\"false\"></label><label>Cell line <select name=\"line\">\
         <option value=\"\">all</option>",
    );
    for line in lines.names().iter().filter(|line| !line.is_empty()) {
        let _ = write!(out, "<option>{}</option>", escape(line));
    }
    out.push_str("</select></label><output></output></div></form>\n");
}

fn footer(out: &mut String, inputs: &Inputs) {
    out.push_str(
        "<footer><p>Intervals are the 2.5th and 97.5th percentiles over resamples of groups of overlapping windows: what \
         other windows would change, not what another training would. The CSV beside this page holds every number \
         unrounded.</p>",
    );
    let _ = write!(out, "<p>Made by polaris-trainer {} from:</p><ul>", env!("CARGO_PKG_VERSION"));
    for (path, kind) in &inputs.files {
        let _ = write!(out, "<li>{} ({kind})</li>", escape(&path.display().to_string()));
    }
    out.push_str("</ul></footer>\n");
}
