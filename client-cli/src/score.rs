//! `polaris-client score`: a VCF in, the same records out with scores in INFO.

mod cutter;
mod cutting;
mod dry_run;
mod fleet;
mod form;
mod gather;
mod gene_names;
mod guard;
mod header;
mod html;
mod index;
mod info;
mod journal;
mod largest;
mod maps;
mod merging;
mod options;
mod pipeline;
mod plan;
mod reply;
mod request;
mod server_info;
mod shard_line;
mod source;
mod stats;
mod summary;
mod table;
mod top;
mod whole;
mod writer;

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use polaris_genomics::ReferenceBundle;

use self::cutter::Cutter;
use self::cutting::Plans;
use self::fleet::{Failure, Rules, Server};
pub(crate) use self::form::{Form, IndexKind};
pub(crate) use self::guard::RefMismatch;
use self::guard::{Guard, GuardError};
use self::header::Provenance;
use self::index::IndexError;
use self::info::Fields;
use self::journal::{Journal, JournalError};
use self::maps::HitMap;
pub(crate) use self::merging::{MergeOptions, merge};
pub(crate) use self::options::{MaxSkipped, ScoreOptions};
use self::pipeline::Asking;
use self::shard_line::ShardLine;
pub(crate) use self::source::Selection;
use self::source::Source;
use self::summary::Counts;
pub(crate) use self::table::{Format as TableFormat, Layout, TableOptions};
use self::top::Top;
use self::whole::Whole;
use self::writer::{Interrupted, Outputs, Writer, file_of};
use crate::connect::ConnectError;
use crate::console::{Progress, say, told};
use crate::exit::{Exit, MAY_PASS, TOO_MANY_SKIPPED, WRONG_BUILD};
use crate::localize::MapMaker;
use crate::output_file::{Destination, OutputFile};
use crate::requirements::{self, ChosenModels, model_digest};
use crate::session::{self, Interrupts, ListError, ServerChoice, Session};
use crate::vcf::{Header, Reader, WindowLayout, open_indexed};

/// What a run has come to.
enum Outcome {
    Written(Written, Box<Account>),
    /// Nothing was to be scored: what is to be said.
    Dry(String),
}

/// What is said about a run beside its outputs.
struct Account {
    provenance: Provenance,
    /// For the page.
    maps: Vec<HitMap>,
}

/// The outputs at the end.
enum Written {
    /// Now.
    Scored(Box<Writer>),
    /// By an earlier run that was killed while it gave them their names.
    Left(Box<Whole>),
}

impl Written {
    fn top(&self) -> &Top {
        match self {
            Self::Scored(writer) => writer.top(),
            Self::Left(whole) => &whole.top,
        }
    }
}

/// Scores the file. Whatever fails, the outputs are whole or absent, and no server of ours is left.
pub(crate) async fn run(options: ScoreOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut interrupts = Interrupts::listen()?;
    let progress = Arc::new(Progress::new(options.quiet));
    // What is cheap to find wrong comes first: the input and the folders of the outputs.
    let (reader, header) = interrupts.unless(open_input(&options)).await?;
    options.destinations().try_for_each(Destination::check)?;
    let mut session = Session::open(&options.server)?;
    let scored = score(&options, reader, header, &mut session, &progress, &mut interrupts).await;
    let scored = session.finish(scored, &progress, options.quiet).await;
    drop(progress);
    let (written, account) = match scored.map_err(|error| explained(error, &options))? {
        Outcome::Written(written, account) => (written, account),
        Outcome::Dry(report) => {
            print(&report);
            return Ok(());
        }
    };
    let whole = match written {
        Written::Scored(writer) if writer.is_closed() => return Ok(()),
        Written::Scored(writer) => writer.finish()?,
        Written::Left(whole) => *whole,
    };
    let counts = publish(whole, &options, &account)?;
    if !options.quiet {
        let outputs: Vec<String> = options.destinations().map(Destination::name).collect();
        say(&counts.report(account.provenance.models, started.elapsed(), &outputs));
    }
    check_skipped(&options, &counts)
}

/// Gives the outputs their names and writes what is made of them.
fn publish(mut whole: Whole, options: &ScoreOptions, account: &Account) -> anyhow::Result<Counts> {
    whole.publish()?;
    let indexed = match (options.index, file_of(&options.output)) {
        (Some(kind), Some(path)) => index::write(&path, options.form.is_bcf(), kind),
        _ => Ok(()),
    };
    if let Err(error @ IndexError::Io { .. }) = indexed {
        return Err(error.into());
    }
    // Without an index that cannot be made, everything else is worth having.
    write_reports(options, &whole.counts, &whole.top, account)?;
    let counts = whole.counts.clone();
    whole.forget();
    indexed.map_err(Into::into).map(|()| counts)
}

fn print(text: &str) {
    use std::io::Write;
    // A reader that has gone needs nothing.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

async fn open_input(options: &ScoreOptions) -> anyhow::Result<(Reader, Header)> {
    let (path, regions) = (options.input.clone(), options.selection.regions.clone());
    let open = move || {
        let mut reader = match regions {
            None => Reader::open(&path)?,
            Some(regions) => {
                let (bytes, name) = open_indexed(&path, &regions)?;
                Reader::new(bytes, name)
            }
        };
        let header = reader.header()?;
        Ok((reader, header))
    };
    tokio::task::spawn_blocking(open).await.context("the thread that reads ended early")?
}

async fn score(
    options: &ScoreOptions,
    reader: Reader,
    header: Header,
    session: &mut Session,
    progress: &Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Outcome> {
    progress.stage("loading the reference and waiting for the server");
    let bundle = open_bundle(options);
    let connected = async {
        let servers = gather::servers(session, &options.server.choice, &options.more_servers, progress);
        tokio::try_join!(bundle, servers)
    };
    let ((bundle, reference_digest), (servers, listed)) = interrupts.unless(connected).await?;
    if !options.quiet {
        session.show_messages(progress);
    }
    let chosen = requirements::choose(listed, &options.model_ids, options.batch_windows)?;
    chosen.check_bundle(&bundle, options.allow_assembly_mismatch)?;
    let told =
        interrupts.unless(async { Ok(server_info::of(&servers, options.server.reply_limit).await) }).await?;
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION"),
        command: header::command_line(std::env::args_os()),
        models: chosen.models.len(),
        model_digest: model_digest(&chosen.models),
        assembly: bundle.assembly().to_owned(),
        reference_digest,
        device: told.device.unwrap_or_else(|| options.device()),
        model_set_digest: told.model_set_digest,
        shard: match options.selection.shard {
            Some(shard) => Some(ShardLine::of(shard, &options.input)?),
            None => None,
        },
    };
    let cutter = cutter(options, &bundle, &chosen);
    if options.dry_run {
        let source = Source::new(reader, options.selection.clone(), 0);
        let plans = Plans::start(source, &cutter, chunk_records(&chosen))?;
        return dry(options, plans, &header, &servers, &chosen, progress, interrupts).await;
    }
    let asked = servers.clone();
    let maker = MapMaker::new(bundle, layout(options, &chosen), chosen.clone(), options.server.reply_limit);
    let written = match open_outputs(options, &provenance, &chosen)? {
        Written::Scored(mut writer) => {
            let done = writer.counts().records;
            let guard = Guard::new(options.ref_mismatch, &provenance.assembly, writer.counts());
            let fields = Fields::new(&chosen.requested);
            writer.begin(&header, &provenance, fields, options.form, &chosen.ids())?;
            let source = Source::new(reader, options.selection.clone(), done);
            let plans = Plans::start(source, &cutter, chunk_records(&chosen))?;
            let asking = asking(options, servers, chosen, (guard, cutter), &provenance);
            progress.start_counting("scoring:", "records", None);
            if done > 0 {
                progress.warn(&format!("going on after {done} records that are done"));
            }
            let writer = pipeline::run(asking, plans, *writer, Arc::clone(progress), interrupts).await?;
            Written::Scored(Box::new(writer))
        }
        left @ Written::Left(_) => left,
    };
    let mut maps = Vec::new();
    if options.html.is_some() {
        progress.stage("drawing maps");
        let of_hits = maps::of_hits(written.top().hits(), options.html_maps, &asked, &maker, progress);
        maps = interrupts.unless(async { Ok(of_hits.await) }).await?;
    }
    Ok(Outcome::Written(written, Box::new(Account { provenance, maps })))
}

/// The bundle, and its digest. Both take long where the genome is large, and are read at once.
async fn open_bundle(options: &ScoreOptions) -> anyhow::Result<(Arc<ReferenceBundle>, String)> {
    let bundle = session::open_bundle(options.reference.clone()).await?;
    let digested = Arc::clone(&bundle);
    let digest = tokio::task::spawn_blocking(move || digested.remembered_digest()).await;
    Ok((bundle, digest.context("the thread that reads the reference ended early")??))
}

fn cutter(options: &ScoreOptions, bundle: &Arc<ReferenceBundle>, chosen: &ChosenModels) -> Cutter {
    let with_genes = options.table.is_some() || options.html.is_some();
    Cutter::new(Arc::clone(bundle), layout(options, chosen), chosen.cell_lines(), with_genes)
}

fn layout(options: &ScoreOptions, chosen: &ChosenModels) -> WindowLayout {
    let (grid, left_aligned) = (options.window_grid, options.left_aligned);
    WindowLayout { length: chosen.input_length, grid, left_aligned }
}

/// The writer, behind the records that are done already, or the outputs if all of them are.
fn open_outputs(
    options: &ScoreOptions,
    provenance: &Provenance,
    chosen: &ChosenModels,
) -> anyhow::Result<Written> {
    let outputs = Outputs {
        scored: options.output.clone(),
        form: options.form,
        table: options.table.clone(),
        skipped: options.skipped.clone(),
        checkpoint_records: options.checkpoint_records,
    };
    let interrupted = if options.resume { Interrupted::Keep } else { Interrupted::Remove };
    let identity = options.identity(provenance, chosen);
    let journal = file_of(&options.output).and_then(|path| Journal::of(&path, identity));
    let checkpoint = match (&journal, options.resume) {
        (Some(journal), true) => journal.read()?,
        _ => None,
    };
    match checkpoint {
        Some(checkpoint) if checkpoint.whole => {
            Ok(Written::Left(Box::new(Whole::left(&outputs, journal, checkpoint)?)))
        }
        checkpoint => {
            let writer = Writer::open(&outputs, journal, checkpoint, interrupted)?;
            Ok(Written::Scored(Box::new(writer)))
        }
    }
}

fn asking(
    options: &ScoreOptions,
    servers: Vec<Server>,
    chosen: ChosenModels,
    (guard, cutter): (Guard, Cutter),
    provenance: &Provenance,
) -> Asking {
    let mut models = chosen.ids();
    models.sort();
    let rules = Rules {
        models,
        model_digest: provenance.model_digest.clone(),
        reply_limit: options.server.reply_limit,
        retry_limit: options.retry_limit,
        own: matches!(options.server.choice, ServerChoice::Embedded(_)),
    };
    Asking { servers, requested: chosen.requested, rules, limits: chosen.limits, guard, cutter }
}

async fn dry(
    options: &ScoreOptions,
    plans: Plans,
    header: &Header,
    servers: &[Server],
    chosen: &ChosenModels,
    progress: &Progress,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Outcome> {
    let server = servers.first().context("no server answers")?;
    progress.start_counting("reading:", "records", None);
    let reply_limit = options.server.reply_limit;
    let report =
        dry_run::report(plans, header, server, &chosen.requested, chosen.limits, reply_limit, progress);
    interrupts.unless(report).await.map(Outcome::Dry)
}

/// The files that are written at the end of a run.
fn write_reports(
    options: &ScoreOptions,
    counts: &Counts,
    top: &Top,
    account: &Account,
) -> anyhow::Result<()> {
    let Account { provenance, maps } = account;
    let sample = stats::sample(&options.input);
    let stats = options.stats.as_ref().map(|place| (place, stats::text(&sample, counts, provenance)));
    let html = options.html.as_ref().map(|place| (place, html::page(&sample, counts, top, maps, provenance)));
    for (place, text) in stats.into_iter().chain(html) {
        let mut file = OutputFile::create(place)?;
        file.write_all(text.as_bytes())?;
        file.commit()?;
    }
    Ok(())
}

fn check_skipped(options: &ScoreOptions, counts: &Counts) -> anyhow::Result<()> {
    match &options.max_skipped {
        Some(limit) if limit.is_exceeded(counts.skipped(), counts.alleles) => Err(Exit {
            code: TOO_MANY_SKIPPED,
            message: format!(
                "{} of {} alleles were skipped, --max-skipped allows {limit}: POLARIS_SKIPPED says why",
                counts.skipped(),
                counts.alleles
            ),
        }
        .into()),
        _ => Ok(()),
    }
}

/// A failure with its exit code, and with what stays of the run.
fn explained(error: anyhow::Error, options: &ScoreOptions) -> anyhow::Error {
    if let Some(wrong @ GuardError::WrongBuild { .. }) = error.downcast_ref::<GuardError>() {
        return Exit { code: WRONG_BUILD, message: wrong.to_string() }.into();
    }
    let passes = may_pass(&error);
    let error = match options.resume && !error.is::<JournalError>() {
        true => error.context("what is done is kept: the same command goes on with it"),
        false => error,
    };
    match passes {
        true => Exit { code: MAY_PASS, message: told(&error) }.into(),
        false => error,
    }
}

/// Whether the same command may succeed later: a server is away, silent or full.
fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(Failure::may_pass)
        || error.downcast_ref::<ConnectError>().is_some_and(ConnectError::may_pass)
        || error.downcast_ref::<ListError>().is_some_and(ListError::may_pass)
}

/// Records that fill about one request: most have one allele, on one strand or two.
fn chunk_records(chosen: &ChosenModels) -> usize {
    (chosen.limits.windows * 2 / 5).max(1)
}
