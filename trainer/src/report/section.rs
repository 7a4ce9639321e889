//! One figure of the page with everything that belongs to it.

use std::fmt::Write;

use super::escape::escape;
use super::plot::key;
use super::table::{CSV_HEADER, Table};

/// A figure, or a word on what makes it.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// Its place in addresses and in the CSV.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// The command that makes its data.
    pub(super) command: &'static str,
    /// `None` if there are no data.
    pub(super) content: Option<Content>,
}

/// What is seen.
#[derive(Clone, Debug)]
pub(super) struct Content {
    /// What the figure shows, in a sentence with its numbers.
    pub(super) finding: String,
    /// How it is read.
    pub(super) caption: String,
    /// SVG made by this program.
    pub(super) plot: String,
    pub(super) legend: Vec<Entry>,
    pub(super) table: Table,
}

/// A series of a legend.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) series: usize,
    pub(super) hollow: bool,
    pub(super) name: String,
}

impl Entry {
    /// A series with filled points.
    pub(super) fn new(series: usize, name: impl Into<String>) -> Self {
        Self { series, hollow: false, name: name.into() }
    }

    /// One with hollow points.
    pub(super) fn hollow(series: usize, name: impl Into<String>) -> Self {
        Self { series, hollow: true, name: name.into() }
    }
}

impl Section {
    /// As HTML.
    pub(super) fn html(&self, number: usize) -> String {
        let (id, title) = (self.id, escape(self.title));
        let mut out = format!("<section id=\"{id}\"><h2><span>{number}</span>{title}</h2>");
        let Some(content) = &self.content else {
            let _ = write!(
                out,
                "<p class=\"missing\">No data for this figure yet. This command makes them:</p><pre>{}</pre></section>",
                // Line by line: an escaped text has no line breaks.
                self.command.lines().map(escape).collect::<Vec<_>>().join("\n")
            );
            return out;
        };
        let _ =
            write!(out, "<p class=\"finding\">{}</p><div class=\"pair\"><figure>", escape(&content.finding));
        out.push_str(&content.plot);
        if !content.legend.is_empty() {
            out.push_str("<ul class=\"legend\">");
            for entry in &content.legend {
                let _ = write!(out, "<li>{}{}</li>", key(entry.series, entry.hollow), escape(&entry.name));
            }
            out.push_str("</ul>");
        }
        let _ = write!(out, "</figure><p class=\"caption\">{}</p></div>", escape(&content.caption));
        let rows = content.table.rows.len();
        let lines = if rows == 1 { "1 line".to_owned() } else { format!("{rows} lines") };
        let _ = write!(
            out,
            "<details><summary>Table <span class=\"count\">{lines}</span></summary>{}</details></section>",
            content.table.html()
        );
        out
    }
}

/// Every number of all figures.
pub(super) fn csv(sections: &[Section]) -> String {
    let mut out = CSV_HEADER.to_owned();
    for section in sections {
        if let Some(content) = &section.content {
            out.push_str(&content.table.csv(section.id));
        }
    }
    out
}
