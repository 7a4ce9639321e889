//! What the indexed jobs of `deploy/jobs` run, as plain processes: pods know their part by `JOB_COMPLETION_INDEX`, one is
//! killed and started again, and the whole is what one run would have made.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use polaris_tests::{HarnessError, Pipeline, Program, names, text};

const LIMIT: Duration = Duration::from_secs(60);

/// A pod of a job.
fn pod(program: Program, index: usize, count: usize) -> Program {
    program.args(&["--shard", &format!("job/{count}")]).env("JOB_COMPLETION_INDEX", index.to_string())
}

/// A published model, but for the day.
#[derive(Debug, PartialEq)]
struct Published {
    id: String,
    /// The end of its version's name.
    digest: String,
    training: serde_json::Value,
    model: Vec<u8>,
}

/// The models of a registry, of which each must have one version.
fn published(registry: &Path) -> Result<Vec<Published>, HarnessError> {
    let mut models = Vec::new();
    for id in names(registry)? {
        let current = registry.join(&id).join("current");
        let version = std::fs::read_link(&current).unwrap().to_str().unwrap().to_owned();
        assert_eq!(names(&registry.join(&id))?.len(), 2, "{id} has more than one version");
        let manifest: serde_json::Value =
            serde_json::from_str(&text(&current.join("manifest.json"))?).unwrap();
        let digest = version.rsplit_once('-').unwrap().1.to_owned();
        let model = std::fs::read(current.join("model.pt")).unwrap();
        models.push(Published { id, digest, training: manifest["training"].clone(), model });
    }
    Ok(models)
}

#[test]
fn training_in_shards_of_which_one_is_killed() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let train = |name: &str| {
        let (registry, work) = (folder.path().join(name), folder.path().join(format!("{name}-work")));
        let program = pipeline.train_with(&registry, &work, &pipeline.recipe_file())?;
        Ok::<_, HarnessError>(program.args(&["--folds", "2", "--jobs", "1", "--background", "20"]))
    };
    train("whole")?.run()?.succeeded();

    let first = pod(train("shared")?, 0, 3).spawn()?;
    let mut second = pod(train("shared")?, 1, 3).spawn()?;
    second.wait_for_line("fold 1 by chromosome: AUROC")?;
    assert_eq!(second.kill()?.code, None);
    // More pods than models: nothing to do is no failure.
    let third = pod(train("shared")?, 2, 3).run()?.succeeded();
    assert!(third.stderr.contains("nothing is left for 3/3"), "{}", third.stderr);
    first.exit()?.succeeded();
    assert_eq!(names(&folder.path().join("shared"))?, [Pipeline::MODELS[0]]);

    let again = pod(train("shared")?, 1, 3).run()?.succeeded();
    assert!(again.stderr.contains("trained earlier"), "{}", again.stderr);
    assert_eq!(published(&folder.path().join("shared"))?, published(&folder.path().join("whole"))?);
    // And once more, as after a pod whose end nobody has seen.
    pod(train("shared")?, 1, 3).run()?.succeeded();
    assert_eq!(published(&folder.path().join("shared"))?, published(&folder.path().join("whole"))?);
    // Each tells of its own models.
    let summaries = folder.path().join("shared-work/tiny/shards");
    assert_eq!(names(&summaries)?, ["1-of-3", "2-of-3"]);
    assert!(text(&summaries.join("2-of-3/summary.tsv"))?.contains(Pipeline::MODELS[1]));
    Ok(())
}

/// The simulated variants, each many times over, so that there is something for every shard.
fn many_variants(pipeline: &Pipeline) -> Result<String, HarnessError> {
    let mut many = String::new();
    for line in text(&pipeline.variants())?.lines() {
        let times = if line.starts_with('#') { 1 } else { 40 };
        for _ in 0..times {
            writeln!(many, "{line}").unwrap();
        }
    }
    Ok(many)
}

/// All lines but the one that tells the command.
fn records(path: &Path) -> Result<Vec<String>, HarnessError> {
    let lines = text(path)?;
    Ok(lines.lines().filter(|line| !line.starts_with("##POLARIS_command")).map(str::to_owned).collect())
}

#[test]
fn scoring_in_shards_of_which_one_is_killed() -> Result<(), HarnessError> {
    let pipeline = Pipeline::shared()?;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let variants = path("variants.vcf");
    std::fs::write(&variants, many_variants(&pipeline)?).unwrap();
    pipeline.score(&variants, &path("whole.vcf"))?.run()?.succeeded();

    let score = |index: usize| {
        let program = pipeline.score(&variants, &path(&format!("part-{index}.vcf")))?;
        Ok::<_, HarnessError>(pod(program.args(&["--resume"]), index, 2))
    };
    let second = score(1)?.spawn()?;
    let start = Instant::now();
    while !names(folder.path())?.iter().any(|name| name.starts_with(".part-1")) {
        assert!(start.elapsed() < LIMIT, "waited in vain for the part to begin");
        std::thread::park_timeout(Duration::from_millis(2));
    }
    assert_eq!(second.kill()?.code, None);
    assert!(!path("part-1.vcf").exists());
    score(0)?.run()?.succeeded();
    score(1)?.run()?.succeeded();

    let merge = Program::client(&["merge"])?.arg(path("part-0.vcf")).arg(path("part-1.vcf"));
    merge.arg("-o").arg(path("merged.vcf")).run()?.succeeded();
    let whole = records(&path("whole.vcf"))?;
    assert!(whole.len() > 2 * 512, "{} lines", whole.len());
    assert_eq!(records(&path("merged.vcf"))?, whole);
    Ok(())
}
