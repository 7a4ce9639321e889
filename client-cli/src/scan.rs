//! `polaris-client scan`: genes or regions in, tracks of binding probability and of maps out.

mod asking;
mod batches;
mod flow;
mod layer;
mod output;
mod reply;
mod sink;
mod spool;
mod summary;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use polaris_genomics::ReferenceBundle;
use polaris_proto::v1::LocalizationMethod;

use self::asking::Asking;
use self::batches::Planner;
pub(crate) use self::layer::Track;
use self::summary::Summary;
use crate::console::{Progress, say};
use crate::messages::Covariates;
use crate::output_folder::{self, OutputFolder};
use crate::regions::{self, RegionSource, StrandChoice};
use crate::requirements;
use crate::session::{self, Interrupts, ServerOptions, Session};
use crate::tracks::TrackFormat;

/// What `scan` was asked for.
#[derive(Debug)]
pub(crate) struct ScanOptions {
    /// What to scan.
    pub(crate) sources: Vec<RegionSource>,
    /// Strands to scan it on.
    pub(crate) strands: StrandChoice,
    /// The reference bundle.
    pub(crate) reference: PathBuf,
    /// The server.
    pub(crate) server: ServerOptions,
    /// Folder of the tracks.
    pub(crate) output: PathBuf,
    /// Models to ask, all if none.
    pub(crate) model_ids: Vec<String>,
    /// Bases from one probability to the next.
    pub(crate) stride: NonZeroUsize,
    /// Which tracks, each once.
    pub(crate) tracks: Vec<Track>,
    /// How maps are calculated.
    pub(crate) method: LocalizationMethod,
    /// How tracks are written.
    pub(crate) format: TrackFormat,
    /// Windows per request.
    pub(crate) batch_windows: u32,
    /// Scan although the assemblies' names differ.
    pub(crate) allow_assembly_mismatch: bool,
    /// Errors only.
    pub(crate) quiet: bool,
}

/// Scans. Whatever fails, the tracks are there as a whole or not at all, and no server of ours is left.
pub(crate) async fn run(options: ScanOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut interrupts = Interrupts::listen()?;
    let progress = Arc::new(Progress::new(options.quiet));
    let output = OutputFolder::create(&options.output)?;
    let mut session = Session::open(&options.server)?;
    let scanned = scan(&options, &output, &mut session, &progress, &mut interrupts).await;
    let scanned = session.finish(scanned, &progress, options.quiet).await;
    drop(progress);
    let summary = scanned?;
    output.publish(output::LIST)?;
    if !options.quiet {
        say(&summary.report(started.elapsed(), &options.output));
    }
    Ok(())
}

async fn scan(
    options: &ScanOptions,
    output: &OutputFolder,
    session: &mut Session,
    progress: &Arc<Progress>,
    interrupts: &mut Interrupts,
) -> anyhow::Result<Summary> {
    progress.stage("loading the reference and waiting for the server");
    let bundle = session::open_bundle(options.reference.clone());
    let connected = async { tokio::try_join!(bundle, session.connect()) };
    let (bundle, (channel, listed)) = interrupts.unless(connected).await?;
    if !options.quiet {
        session.show_messages(progress);
    }
    let regions = regions::resolve(&options.sources, options.strands, &bundle)?;
    let chosen = requirements::choose(listed, &options.model_ids, options.batch_windows)?;
    chosen.check_bundle(&bundle, options.allow_assembly_mismatch)?;
    output_folder::check_names(&chosen.ids())?;

    // Reads the regions' bases.
    let layers =
        tokio::task::block_in_place(|| layer::layers(&options.tracks, &regions, bundle.reference()))?;
    let asking = Asking::new(channel, &chosen, options.method, session.reply_limit())?;
    let planner = Planner {
        covariates: Covariates::new(Arc::clone(&bundle), chosen.cell_lines()),
        layers: layers.clone(),
        length: chosen.input_length,
        stride: options.stride,
        room: asking.room(),
    };
    let bases =
        layers.iter().filter(|layer| Some(&layer.track) == options.tracks.first()).map(|layer| layer.bases());
    let summary = Summary {
        regions: regions.len(),
        bases: bases.sum(),
        models: chosen.models.len(),
        ..Summary::default()
    };
    let destination = Destination { bundle, format: options.format, folder: output.staging() };
    flow::run(asking, planner, destination, summary, progress, interrupts).await
}

/// Where tracks go.
struct Destination {
    bundle: Arc<ReferenceBundle>,
    format: TrackFormat,
    /// For the time being.
    folder: PathBuf,
}
