//! What shells and `man` know of the command line.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;

use crate::arguments::Arguments;

/// Writes a script to standard output that completes the command line.
pub(crate) fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "polaris-client", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("cannot write standard output")
        }
        _ => Ok(()),
    }
}

/// Writes the manual pages into a folder.
pub(crate) fn pages(folder: &Path) -> anyhow::Result<()> {
    let wrong = || format!("cannot write manual pages into {}", folder.display());
    std::fs::create_dir_all(folder).with_context(wrong)?;
    clap_mangen::generate_to(Arguments::command(), folder).with_context(wrong)
}
