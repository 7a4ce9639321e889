//! `fetch`: public data by a manifest, whole and verified, or not at all.

mod attempt;
mod checksum;
mod client;
mod download;
mod error;
mod lock;
mod manifest;
mod mirror;
mod name;
mod partial;
mod progress;
mod report;
mod retry;
mod standing;
mod stop;
mod worker;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use self::client::Client;
use self::lock::Lock;
use self::manifest::{Entry, read_manifest};
use self::mirror::Mirror;
use self::retry::Patience;
use self::stop::Stop;
use self::worker::Worker;
use crate::terminal;

const HELP: &str = "Examples:
  polaris-trainer fetch docs/encode-manifest.tsv -o data --dry-run
  polaris-trainer fetch docs/encode-manifest.tsv -o data --jobs 8
  polaris-trainer fetch docs/encode-manifest.tsv -o data --only reference/ --only peaks/QKI
  polaris-trainer fetch docs/encode-manifest.tsv -o data --mirror https://www.encodeproject.org/=http://mirror.local/encode/

The manifest is a tab-separated table, one line a file: hundreds of them are easily read, sorted, edited in a spreadsheet \
and made of ENCODE's own metadata.tsv with cut and awk, which a more structured format is not.
  name     where the file goes, relative to DIR
  address  where it comes from, https
  sha256   its checksum, or
  md5      its checksum (ENCODE publishes md5)
  size     its size in bytes
  note     for people
The first two are needed; columns stand in any order, - is an unknown value, lines that begin with # are comments.

What was fetched is recorded in DIR/fetch.lock with its sha256. A file for which the manifest has no checksum is verified \
by that record in later runs; fetch.lock is a manifest itself and can be shared. With --locked nothing is fetched that \
neither of them can verify.

A file that is there is whole and verified: it arrives as NAME.part beside its place. After an interruption (Ctrl-C too) or \
a lost connection, the same command goes on where it stopped, if the server still has the same file. Proxies are taken from \
HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; certificates are the system's (SSL_CERT_FILE names others).

Exit codes: 0 if every file is there, 1 if not, 2 if called wrongly.";

/// Options of `fetch`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// Table of files with the columns name, address and, if known, sha256 or md5, and size.
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Folder to fetch into; made if it is missing.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Fetch only files whose name begins with this; may be given several times.
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// Ask for addresses that begin with one prefix under another, http or https; may be given several times, the
    /// longest that fits counts.
    #[arg(long, value_name = "PREFIX=PREFIX")]
    mirror: Vec<Mirror>,
    /// Files fetched at a time.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Attempts after a first that failed, for each file; they start anew when an attempt brought a megabyte.
    #[arg(long, value_name = "N", default_value_t = 6)]
    retries: u32,
    /// Wait before the first of them, doubled for each further one up to a minute; servers may ask for more.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    retry_wait: Duration,
    /// Give an attempt up when the server has said nothing for so long.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,
    /// Refuse files that neither the manifest nor fetch.lock has a checksum of.
    #[arg(long)]
    locked: bool,
    /// List what would be fetched, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    if (0.001..=3600.0).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(format!("{value} is not between 0.001 and 3600"))
    }
}

/// Fetches what is not there, and says what failed.
///
/// # Errors
/// A manifest or folder that will not do; any file that failed, after the others are done.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { out, mirror: mirrors, .. } = arguments;
    let entries = entries(arguments)?;
    let lock = Lock::read(out)?;
    if arguments.dry_run {
        return Ok(terminal::print(report::dry_run(out, &lock, &entries, mirrors))?);
    }
    fs::create_dir_all(out).with_context(|| {
        format!("--out {}: the folder cannot be made; choose another, or make room for it", out.display())
    })?;
    let _alone = alone(out)?;
    let worker = Worker {
        folder: out,
        mirrors,
        client: Client::new(arguments.timeout),
        patience: Patience { retries: arguments.retries, first_wait: arguments.retry_wait },
        locked: arguments.locked,
        // Another run may have written it until it was this one's turn.
        lock: Mutex::new(Lock::read(out)?),
        stop: Stop::default(),
    };
    let results = worker.fetch_all(&entries, arguments.jobs.into());
    terminal::print(report::summary(&results))?;
    if let Some(failures) = report::failures(&entries, &results, mirrors) {
        terminal::say(failures);
        let failed = results.iter().filter(|result| result.is_err()).count();
        bail!("{failed} of {} files failed, for the reasons above", results.len());
    }
    Ok(())
}

fn entries(arguments: &Arguments) -> anyhow::Result<Vec<Entry>> {
    let manifest = arguments.manifest.display();
    let mut entries = read_manifest(&arguments.manifest)?;
    ensure!(!entries.is_empty(), "{manifest}: no file is named below the header");
    let unused = |mirror: &&Mirror| !entries.iter().any(|entry| mirror.applies_to(&entry.address));
    for mirror in arguments.mirror.iter().filter(unused) {
        terminal::say(format_args!("note: --mirror {}: no address of {manifest} begins so", mirror.from()));
    }
    for prefix in &arguments.only {
        let known = entries.iter().any(|entry| entry.name.as_str().starts_with(prefix));
        ensure!(known, "--only {prefix}: no name in {manifest} begins so");
    }
    let only = &arguments.only;
    entries
        .retain(|entry| only.is_empty() || only.iter().any(|prefix| entry.name.as_str().starts_with(prefix)));
    Ok(entries)
}

/// Two runs that write the same partial files would spoil them. Ends when what it answers is dropped.
fn alone(folder: &Path) -> anyhow::Result<File> {
    let handle = File::open(folder).with_context(|| folder.display().to_string())?;
    match handle.try_lock() {
        Err(TryLockError::WouldBlock) => {
            bail!(
                "--out {}: another fetch writes there; wait for it, or choose another folder",
                folder.display()
            )
        }
        // Some network file systems know no locks: there, nobody is kept out.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(handle),
    }
}
