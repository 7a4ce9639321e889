//! Tables of a report: on the page, and every number of them in the CSV.

use std::fmt::Write;

use super::escape::escape;
use super::model::Model;
use super::numbers::{Number, text};

/// A table beside a figure.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

/// What a column holds.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its heading, with the unit if it has one.
    pub(super) heading: &'static str,
    /// Decimals of its numbers; `None` if it holds text.
    pub(super) decimals: Option<usize>,
}

/// A line of a table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The model that it is about, by which it can be filtered.
    pub(super) model: Option<Model>,
    pub(super) cells: Vec<Cell>,
}

/// A field.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Text(String),
    Number(Number),
    /// A picture made by this program, and what it says.
    Picture {
        svg: String,
        text: String,
    },
    Missing,
}

impl Column {
    /// Of text.
    pub(super) fn text(heading: &'static str) -> Self {
        Self { heading, decimals: None }
    }

    /// Of numbers.
    pub(super) fn number(heading: &'static str, decimals: usize) -> Self {
        Self { heading, decimals: Some(decimals) }
    }
}

impl Cell {
    /// A number if there is one.
    pub(super) fn of(number: Option<Number>) -> Self {
        number.filter(|number| number.value.is_finite()).map_or(Self::Missing, Self::Number)
    }

    /// A number without interval if there is one.
    pub(super) fn plain(value: Option<f64>) -> Self {
        Self::of(value.map(Number::plain))
    }
}

impl Table {
    /// As HTML.
    pub(super) fn html(&self) -> String {
        let mut out = String::from("<div class=\"scroll\"><table><thead><tr>");
        for column in &self.columns {
            let class = if column.decimals.is_some() { " class=\"number\"" } else { "" };
            let _ = write!(out, "<th scope=\"col\"{class}>{}</th>", escape(column.heading));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            match &row.model {
                Some(model) => {
                    let (rbp, line) = (escape(&model.rbp), escape(&model.line));
                    let _ = write!(out, "<tr data-rbp=\"{rbp}\" data-line=\"{line}\">");
                }
                None => out.push_str("<tr>"),
            }
            for (cell, column) in row.cells.iter().zip(&self.columns) {
                out.push_str(&html(cell, column));
            }
            out.push_str("</tr>");
        }
        out + "</tbody></table></div>"
    }

    /// The lines of `report.csv`: a line for each number.
    pub(super) fn csv(&self, figure: &str) -> String {
        let mut out = String::new();
        for (place, row) in self.rows.iter().enumerate() {
            let (rbp, line) =
                row.model.as_ref().map_or(("", ""), |model| (model.rbp.as_str(), model.line.as_str()));
            let label: Vec<&str> = row
                .cells
                .iter()
                .filter_map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    Cell::Picture { text, .. } => Some(text.as_str()),
                    Cell::Number(_) | Cell::Missing => None,
                })
                .collect();
            let label = quoted(&label.join("; "));
            for (cell, column) in row.cells.iter().zip(&self.columns) {
                let Cell::Number(number) = cell else { continue };
                let [low, high] = number.interval.map_or([String::new(), String::new()], |(low, high)| {
                    [low.to_string(), high.to_string()]
                });
                let _ = writeln!(
                    out,
                    "{figure},{},{},{},{label},{},{},{low},{high}",
                    place + 1,
                    quoted(rbp),
                    quoted(line),
                    quoted(column.heading),
                    number.value
                );
            }
        }
        out
    }
}

/// The first line of `report.csv`.
pub(super) const CSV_HEADER: &str = "figure,row,rbp,cell_line,label,quantity,value,low,high\n";

fn html(cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Text(text) => format!("<td data-value=\"{0}\">{0}</td>", escape(text)),
        Cell::Picture { svg, text } => {
            format!("<td data-value=\"{0}\">{svg}<span class=\"said\">{0}</span></td>", escape(text))
        }
        Cell::Missing => "<td class=\"number\" data-value=\"\">\u{2013}</td>".to_owned(),
        Cell::Number(Number { value, interval }) => {
            let decimals = column.decimals.unwrap_or(3);
            let shown = text(*value, decimals);
            let interval = interval.map_or_else(String::new, |(low, high)| {
                format!(" <small>{}\u{2013}{}</small>", text(low, decimals), text(high, decimals))
            });
            format!("<td class=\"number\" data-value=\"{value}\">{shown}{interval}</td>")
        }
    }
}

/// A field of a CSV; text that a spreadsheet would take for a formula is kept from being one.
fn quoted(text: &str) -> String {
    let text: String =
        text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let text = if text.starts_with(['=', '+', '@', '-']) { format!("'{text}") } else { text };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let number = Number { value: 0.9125, interval: Some((0.875, 0.9375)) };
        Table {
            columns: vec![Column::text("model"), Column::number("AUROC", 3), Column::number("bits", 1)],
            rows: vec![Row {
                model: Some(Model::new("<Q\"KI>.K562")),
                cells: vec![Cell::Text("<Q\"KI>.K562".to_owned()), Cell::Number(number), Cell::Missing],
            }],
        }
    }

    #[test]
    fn names_are_escaped_and_intervals_stand_beside_their_number() {
        let html = table().html();
        assert!(html.contains("data-rbp=\"&lt;Q&quot;KI&gt;\" data-line=\"K562\""), "{html}");
        assert!(html.contains(">0.912 <small>0.875\u{2013}0.938</small></td>"), "{html}");
        assert!(!html.contains("<Q"), "{html}");
    }

    #[test]
    fn every_number_has_a_line() {
        let expected = "auc,1,\"<Q\"\"KI>\",K562,\"<Q\"\"KI>.K562\",AUROC,0.9125,0.875,0.9375\n";
        assert_eq!(table().csv("auc"), expected);
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
