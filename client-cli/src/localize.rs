//! `polaris-client localize`: regions, sequences or variants in; which bases drive their predictions out.

mod allele_maps;
mod assembly;
mod clusters;
mod columns;
mod error;
mod explained;
mod fasta;
mod flow;
mod input;
mod options;
mod pictures;
mod plan;
mod reply;
mod request;
mod spool;
mod summary;
mod table;
mod target;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use polaris_genomics::ReferenceBundle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

pub(crate) use self::allele_maps::{MapMaker, WantedMap};
use self::flow::{Asking, start_planning};
use self::input::Input;
pub(crate) use self::options::{
    Alignment, Format, LinkageChoice, LocalizeOptions, MapChoice, RecordCovariates,
};
use self::pictures::Pictures;
use self::plan::{Asked, Planner};
use self::request::Budget;
use self::summary::Counts;
use self::writer::{WriteError, Writer};
use crate::connect::{self, Channel, REPLY_BYTES};
use crate::console::{Progress, say};
use crate::output_folder::{self, OutputFolder};
use crate::requirements::{self, ChosenModels};
use crate::session::{self, Interrupts, Session};

/// Targets that wait to be written.
const QUEUED_TARGETS: usize = 2;

/// Localizes. Whatever fails, the outputs are there as a whole or not at all, and no server of ours is left.
pub(crate) async fn run(options: LocalizeOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut interrupts = Interrupts::listen()?;
    let progress = Arc::new(Progress::new(options.quiet));
    // What is cheap to find wrong comes first: the input, its options, and the folder.
    let input = interrupts.unless(open_input(options.input.clone())).await?;
    input.check(&options)?;
    let what = input.unit();
    let output = OutputFolder::create(&options.output)?;
    let mut session = Session::open(&options.server)?;
    let run = Run { options: &options, output: &output, progress: &progress };
    let localized = run.localize(input, &mut session, &mut interrupts).await;
    let localized = session.finish(localized, &progress, options.quiet).await;
    drop(progress);
    let (counts, models) = localized?;
    let files = output.publish("gaps.tsv")?;
    if !options.quiet {
        say(&counts.report(what, models, started.elapsed(), &options.output.display().to_string(), files));
    }
    Ok(())
}

async fn open_input(path: PathBuf) -> anyhow::Result<Input> {
    let opened = spawn_blocking(move || input::open(&path)).await;
    Ok(opened.context("the thread that reads ended early")??)
}

/// What the stages of a run share.
struct Run<'a> {
    options: &'a LocalizeOptions,
    output: &'a OutputFolder,
    progress: &'a Arc<Progress>,
}

impl Run<'_> {
    async fn localize(
        &self,
        input: Input,
        session: &mut Session,
        interrupts: &mut Interrupts,
    ) -> anyhow::Result<(Counts, usize)> {
        let options = self.options;
        self.progress.stage("loading the reference and waiting for the server");
        let bundle = async {
            match &options.reference {
                Some(path) if input.lies_on_a_genome() => Ok(Some(session::open_bundle(path.clone()).await?)),
                _ => Ok(None),
            }
        };
        let connected = async { tokio::try_join!(bundle, session.connect()) };
        let (bundle, (channel, listed)) = interrupts.unless(connected).await?;
        if !options.quiet {
            session.show_messages(self.progress);
        }
        let chosen = requirements::choose(listed, &options.model_ids, options.batch_windows)?;
        if let Some(bundle) = &bundle {
            chosen.check_bundle(bundle, options.allow_assembly_mismatch)?;
        }
        let models = chosen.ids();
        output_folder::check_names(&models)?;
        let asked = Asked { length: chosen.input_length, models: models.len() };
        let budget = Budget::new(
            &models,
            asked.length,
            input.has_alleles(),
            options.formats.show_clusters(),
            chosen.limits,
        );
        let planner = {
            let (bundle, cell_lines) = (bundle.clone(), chosen.cell_lines());
            let (strand, record) = (options.strand, options.record);
            move || Planner::new(input, bundle, cell_lines, asked, strand, record)
        };
        let planner =
            async { Ok(spawn_blocking(planner).await.context("the thread that reads ended early")??) };
        let planner = interrupts.unless(planner).await?;
        let asking = self.asking(channel, &chosen, budget, session);
        let planned = start_planning(move |sink| planner.plan(sink), asking.budget.windows)?;
        self.progress.start_counting("localizing:", "windows", None);
        let (sender, explained) = mpsc::channel(QUEUED_TARGETS);
        let stopped = Arc::new(AtomicBool::new(false));
        let writer = self.writer(&models, bundle.as_deref(), &stopped)?;
        let mut writing = spawn_blocking(move || writer.drain(explained)?.finish(bundle.as_deref()));
        let work = async {
            flow::run(&asking, planned, sender, self.progress).await?;
            self.progress.stage("writing:");
            ended(&mut writing).await
        };
        let counts = interrupts.unless(work).await;
        if counts.is_err() {
            stopped.store(true, Ordering::Relaxed);
            if !writing.is_finished() {
                // It uses the folder, which must not go before it has ended.
                let _ = (&mut writing).await;
            }
        }
        Ok((counts?, models.len()))
    }

    fn asking(&self, channel: Channel, chosen: &ChosenModels, budget: Budget, session: &Session) -> Asking {
        let decoded = chosen.limits.response_bytes.max(REPLY_BYTES);
        Asking {
            service: connect::service(channel).max_decoding_message_size(decoded),
            budget,
            options: self.options.map.message(self.options.formats.show_clusters()),
            all_models: chosen.requested.is_empty(),
            length: chosen.input_length,
            reply_limit: session.reply_limit(),
        }
    }

    fn writer(
        &self,
        models: &[String],
        bundle: Option<&ReferenceBundle>,
        stopped: &Arc<AtomicBool>,
    ) -> Result<Writer, WriteError> {
        let options = self.options;
        let formats = options.formats;
        let quantity = format!("{}, logit", options.map.method.name());
        let mut pictures =
            Pictures::new(formats.svg, formats.png, options.max_pictures, options.zoom, quantity);
        pictures.assembly = bundle.map(|bundle| bundle.assembly().to_owned());
        Writer::create(self.output.staging(), formats, models.to_vec(), pictures, Arc::clone(stopped))
    }
}

async fn ended(writing: &mut JoinHandle<Result<Counts, WriteError>>) -> anyhow::Result<Counts> {
    Ok(writing.await.context("the thread that writes ended early")??)
}
