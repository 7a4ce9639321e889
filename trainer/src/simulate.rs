//! Placeholder until written.

/// Options.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Runs.
pub(crate) fn run(_arguments: &Arguments) -> anyhow::Result<()> {
    anyhow::bail!("absent")
}
