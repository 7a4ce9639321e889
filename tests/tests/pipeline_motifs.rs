//! `motifs`, `diffusion` and `evaluate-maps` on the tiny pipeline.

use std::path::Path;

use polaris_tests::{HarnessError, Pipeline, Program, rows, text};

/// A command over the pipeline's models and windows.
fn command(pipeline: &Pipeline, name: &str) -> Result<Program, HarnessError> {
    let program = Program::trainer(&[name, "--registry"])?.arg(pipeline.registry());
    let program = program.arg("--prepared").arg(pipeline.prepared());
    Ok(program.arg("--reference").arg(pipeline.reference()))
}

fn motifs(pipeline: &Pipeline, out: &Path) -> Result<Program, HarnessError> {
    let program = command(pipeline, "motifs")?.args(&["--shuffles", "50", "--windows", "10", "--known"]);
    Ok(program.arg(pipeline.simulated().join("motifs.meme")).arg("--out").arg(out))
}

#[test]
fn motifs_are_written_compared_and_the_same_again() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let screen = motifs(&pipeline, &first)?.run()?.succeeded().stdout;
    let table = text(&first.join("motifs.tsv"))?;
    let table = rows(&table);
    assert_eq!(table[0][..2], ["model", "consensus"]);
    let models: Vec<&str> = table[1..].iter().map(|row| row[0]).collect();
    assert_eq!(models, Pipeline::MODELS);
    let matches = text(&first.join("matches.tsv"))?;
    let found: Vec<_> = table[1..].iter().filter(|row| row[1] != "NA").collect();
    // Six known motifs for each that was found.
    assert_eq!(rows(&matches).len(), 1 + 6 * found.len());
    let meme = text(&first.join("motifs.meme"))?;
    assert_eq!(meme.matches("MOTIF ").count(), found.len());
    for row in &found {
        assert!(screen.contains(row[1]), "{screen}");
        assert!(meme.contains(&format!("MOTIF {} {}", row[0], row[1])), "{meme}");
        assert!(text(&first.join(format!("{}.svg", row[0])))?.starts_with("<svg"));
    }
    motifs(&pipeline, &second)?.run()?.succeeded();
    for name in ["motifs.tsv", "matches.tsv", "motifs.meme"] {
        assert_eq!(text(&first.join(name))?, text(&second.join(name))?, "{name}");
    }
    Ok(())
}

#[test]
fn diffusion_counts_every_held_out_bound_window() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("diffusion.tsv");
    command(&pipeline, "diffusion")?.arg("--out").arg(&out).run()?.succeeded();
    let table = text(&out)?;
    let table = rows(&table);
    assert_eq!(table[0], ["model", "diffusion", "effective_bases", "maps", "empty_maps"]);
    let registry = pipeline.open_registry()?;
    for id in Pipeline::MODELS {
        let row = table.iter().find(|row| row[0] == id).unwrap();
        let held_out = registry.manifest(&id.parse().unwrap()).unwrap().training.held_out;
        let counted: usize = row[3..].iter().map(|number| number.parse::<usize>().unwrap()).sum();
        assert_eq!(counted, held_out.positives);
    }
    Ok(())
}

#[test]
fn maps_are_judged_by_the_planted_sites() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let evaluate = |sites: &Path| {
        let program =
            command(&pipeline, "evaluate-maps")?.args(&["--methods", "grad-cam,mutagenesis", "--sites"]);
        program.arg(sites).run()
    };
    let report = evaluate(&pipeline.simulated().join("sites.tsv"))?.succeeded().stdout;
    for method in ["grad-cam", "mutagenesis"] {
        // A line for each model and one for all.
        assert_eq!(report.lines().filter(|line| line.contains(method)).count(), 3, "{report}");
    }
    evaluate(&pipeline.peaks_table())?.refused(1, &["peaks.tsv:1", "header", "start0"]);
    Ok(())
}

#[test]
fn what_does_not_belong_together_is_refused_with_a_remedy() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let prepared = folder.path().join("prepared");
    pipeline.prepare(&prepared)?.args(&["--seed", "2"]).run()?.succeeded();
    let out = folder.path().join("diffusion.tsv");
    let diffusion = || {
        let program = Program::trainer(&["diffusion", "--registry"])?.arg(pipeline.registry());
        let program = program.arg("--reference").arg(pipeline.reference()).arg("--prepared").arg(&prepared);
        Ok::<_, HarnessError>(program.arg("--out").arg(&out))
    };
    diffusion()?.run()?.refused(1, &["windows.bed", "trained on another file", "--other-windows"]);
    diffusion()?.args(&["--other-windows"]).run()?.succeeded();
    diffusion()?.args(&["--only", "PUM2.K562"]).run()?.refused(1, &["PUM2.K562 is not published"]);

    let known = folder.path().join("known.meme");
    std::fs::write(&known, "MEME version 4\n\nMOTIF a\nletter-probability matrix: w= 1\n 0.5 0.5 0.5 0\n")
        .unwrap();
    let program = command(&pipeline, "motifs")?.arg("--out").arg(folder.path().join("out"));
    program
        .arg("--known")
        .arg(&known)
        .run()?
        .refused(1, &["known.meme:5", "four probabilities that sum to 1"]);
    let program = command(&pipeline, "motifs")?.arg("--out").arg(folder.path().join("out"));
    program.args(&["--width", "3"]).run()?.refused(2, &["--width", "auto, a width from 4 to 12"]);
    Ok(())
}
