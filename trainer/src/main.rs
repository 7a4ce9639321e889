//! `polaris-trainer`: from eCLIP peaks to a registry of models.

mod assess;
mod compare;
mod diffusion;
mod evaluate;
mod evaluate_maps;
mod experiments;
mod fetch;
mod files;
mod held_out;
mod kmer_regression;
mod meme;
mod metrics;
mod motifs;
mod peaks_table;
mod position_matrix;
mod prepare;
mod report;
mod simulate;
mod terminal;
mod text_table;
mod train;
mod transfer;
mod windows_file;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turns eCLIP peaks, a genome, gene models and expression into models of RNA-binding proteins.
#[derive(Debug, Parser)]
#[command(name = "polaris-trainer", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Download public data by a manifest: resumable, verified, whole files only.
    Fetch(fetch::Arguments),
    /// Make a small genome with genes, expression, eCLIP-like peaks and variants whose effect is known.
    Simulate(simulate::Arguments),
    /// Turn peaks into labelled windows with covariates and folds: a BED file that a person can read.
    Prepare(prepare::Arguments),
    /// Train, evaluate and publish the prepared models.
    Train(train::Arguments),
    /// Fetch a registry from object storage, verified.
    Pull(transfer::PullArguments),
    /// Store a registry in object storage.
    Push(transfer::PushArguments),
    /// Report models on held-out windows with intervals, calibration and a floor of k-mer counts.
    Assess(assess::Arguments),
    /// Compare networks and other methods on the same windows and folds; nothing is published.
    Compare(compare::Arguments),
    /// Compare the scores of simulated variants with what the simulation did.
    Evaluate(evaluate::Arguments),
    /// Compare where the models look with where the simulation planted motifs.
    EvaluateMaps(evaluate_maps::Arguments),
    /// Measure how far the maps of each model are spread over a window.
    Diffusion(diffusion::Arguments),
    /// Find the motif that each model looks for, and compare it with known ones.
    Motifs(motifs::Arguments),
    /// Test models of one cell line on the windows of another, beside the other line's peaks.
    CrossCell(experiments::cross_cell::Arguments),
    /// Train with and without region and expression, and say what each adds.
    Ablation(experiments::ablation::Arguments),
    /// Train on ever smaller parts of the windows: AUROC against sample size.
    LearningCurve(experiments::learning_curve::Arguments),
    /// Draw the figures of the paper from your own runs: one page, and a CSV of every number.
    Report(report::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Fetch(arguments) => fetch::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::Prepare(arguments) => prepare::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Pull(arguments) => transfer::pull(&arguments),
        Command::Push(arguments) => transfer::push(&arguments),
        Command::Assess(arguments) => assess::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::EvaluateMaps(arguments) => evaluate_maps::run(&arguments),
        Command::Diffusion(arguments) => diffusion::run(&arguments),
        Command::Motifs(arguments) => motifs::run(&arguments),
        Command::CrossCell(arguments) => experiments::cross_cell::run(&arguments),
        Command::Ablation(arguments) => experiments::ablation::run(&arguments),
        Command::LearningCurve(arguments) => experiments::learning_curve::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::say(format_args!("polaris-trainer: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
