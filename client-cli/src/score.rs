//! `polaris-client score`: a VCF in, the same records out with scores in INFO.

mod cutter;
mod cutting;
mod gene_names;
mod header;
mod info;
mod pipeline;
mod plan;
mod reply;
mod request;
mod summary;
mod table;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;

use self::cutter::Cutter;
use self::cutting::Plans;
use self::header::Provenance;
use self::pipeline::Asking;
use self::writer::Writer;
use crate::console::{Progress, say};
use crate::output_file::Destination;
use crate::requirements::{self, ChosenModels};
use crate::session::{self, Interrupts, ServerOptions, Session};
use crate::vcf::{Header, Reader};

/// What `score` was asked for.
#[derive(Debug)]
pub(crate) struct ScoreOptions {
    /// The VCF, `-` for standard input.
    pub(crate) input: PathBuf,
    /// The reference bundle.
    pub(crate) reference: PathBuf,
    /// The server.
    pub(crate) server: ServerOptions,
    /// The scored VCF.
    pub(crate) output: Destination,
    /// The table of all scores.
    pub(crate) table: Option<Destination>,
    /// Models to ask, all if none.
    pub(crate) model_ids: Vec<String>,
    /// Windows per request.
    pub(crate) batch_windows: u32,
    /// Bases that starts of windows are multiples of.
    pub(crate) window_grid: u32,
    /// Score although the assemblies' names differ.
    pub(crate) allow_assembly_mismatch: bool,
    /// Errors only.
    pub(crate) quiet: bool,
}

/// Scores the file. Whatever fails, the outputs are whole or absent, and no server of ours is left.
pub(crate) async fn run(options: ScoreOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut interrupts = Interrupts::listen()?;
    let progress = Arc::new(Progress::new(options.quiet));
    // What is cheap to find wrong comes first: the input and the folders of the outputs.
    let (reader, header) = interrupts.unless(open_input(options.input.clone())).await?;
    let writer = Writer::create(&options.output, options.table.as_ref())?;
    let mut session = Session::open(&options.server)?;
    let scored = score(&options, reader, header, writer, &mut session, &progress, &mut interrupts).await;
    let scored = session.finish(scored, &progress, options.quiet).await;
    drop(progress);
    let (writer, models) = scored?;
    let counts = match writer.is_closed() {
        true => return Ok(()),
        false => writer.commit()?,
    };
    if !options.quiet {
        let outputs: Vec<String> =
            std::iter::once(&options.output).chain(&options.table).map(Destination::name).collect();
        say(&counts.report(models, started.elapsed(), &outputs));
    }
    Ok(())
}

async fn open_input(path: PathBuf) -> anyhow::Result<(Reader, Header)> {
    let open = move || {
        let mut reader = Reader::open(&path)?;
        let header = reader.header()?;
        Ok((reader, header))
    };
    tokio::task::spawn_blocking(open).await.context("the thread that reads ended early")?
}

async fn score(
    options: &ScoreOptions,
    reader: Reader,
    header: Header,
    mut writer: Writer,
    session: &mut Session,
    progress: &Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<(Writer, usize)> {
    progress.stage("loading the reference and waiting for the server");
    let bundle = session::open_bundle(options.reference.clone());
    let connected = async { tokio::try_join!(bundle, session.connect()) };
    let (bundle, (channel, listed)) = interrupts.unless(connected).await?;
    if !options.quiet {
        session.show_messages(progress);
    }
    let chosen = requirements::choose(listed, &options.model_ids, options.batch_windows)?;
    chosen.check_bundle(&bundle, options.allow_assembly_mismatch)?;

    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION"),
        command: header::command_line(std::env::args_os()),
        models: chosen.models.len(),
    };
    writer.begin(&header, &provenance)?;
    let cutter = Cutter::new(
        bundle,
        chosen.input_length,
        options.window_grid,
        chosen.cell_lines(),
        options.table.is_some(),
    );
    let plans = Plans::start(reader, &cutter, chunk_records(&chosen))?;
    let mut expected = chosen.ids();
    expected.sort();
    let models = expected.len();
    let asking = Asking {
        channel,
        requested: chosen.requested,
        expected,
        limits: chosen.limits,
        reply_limit: session.reply_limit(),
    };
    progress.start_counting("scoring:", "records", None);
    let writer = pipeline::run(asking, plans, writer, Arc::clone(progress), interrupts).await?;
    Ok((writer, models))
}

/// Records that fill about one request: most have one allele, on one strand or two.
fn chunk_records(chosen: &ChosenModels) -> usize {
    (chosen.limits.windows * 2 / 5).max(1)
}
