//! `polaris-client models`: what a server holds, as a table.

use std::io::Write;

use polaris_proto::v1::{ListModelsResponse, Model};

use crate::console::Progress;
use crate::session::{Interrupts, ServerOptions, Session};

/// What `models` was asked for.
#[derive(Debug)]
pub(crate) struct ModelsOptions {
    /// The server.
    pub(crate) server: ServerOptions,
}

/// Lists the models on standard output.
pub(crate) async fn run(options: ModelsOptions) -> anyhow::Result<()> {
    let mut interrupts = Interrupts::listen()?;
    let progress = Progress::new(false);
    let mut session = Session::open(&options.server)?;
    progress.stage("waiting for the server");
    let listed = interrupts.unless(session.connect()).await;
    if listed.is_ok() {
        session.show_messages(&progress);
    }
    session.close().await;
    drop(progress);
    let (_, models) = listed?;
    match std::io::stdout().lock().write_all(table(&models).as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            anyhow::bail!("cannot write standard output: {error}")
        }
        _ => Ok(()),
    }
}

fn table(models: &ListModelsResponse) -> String {
    let header = ["model", "version", "assembly", "length", "needs", "AUROC", "recipe"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(header).chain(models.models.iter().map(row)).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(model: &Model) -> [String; 7] {
    let needs = match (model.uses_expression, model.uses_region) {
        (true, true) => "expression, region",
        (true, false) => "expression",
        (false, true) => "region",
        (false, false) => "sequence only",
    };
    [
        model.id.clone(),
        model.version.clone(),
        model.assembly.clone(),
        model.input_length.to_string(),
        needs.to_owned(),
        model.auroc.map_or_else(|| "-".to_owned(), |auroc| format!("{auroc:.3}")),
        model.recipe.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let model = Model {
            id: "RBFOX2.K562".into(),
            version: "1".into(),
            assembly: "GRCh38".into(),
            input_length: 1000,
            uses_region: true,
            auroc: Some(0.9571),
            recipe: "paper".into(),
            ..Model::default()
        };
        let bare = Model { id: "QKI.K562".into(), ..model.clone() };
        let bare = Model { auroc: None, uses_region: false, ..bare };
        let text = table(&ListModelsResponse { models: vec![bare, model], limits: None });
        assert_eq!(
            text,
            "model        version  assembly  length  needs          AUROC  recipe\n\
             QKI.K562     1        GRCh38    1000    sequence only  -      paper\n\
             RBFOX2.K562  1        GRCh38    1000    region         0.957  paper\n"
        );
    }
}
