mod real;
mod small;
mod world;

use clap::Parser;

use super::*;

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

fn prepare(arguments: &[&str]) -> anyhow::Result<()> {
    let command = std::iter::once("prepare").chain(arguments.iter().copied());
    run(&CommandLine::try_parse_from(command)?.arguments)
}
