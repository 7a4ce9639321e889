//! Interrupted runs that are gone on with, and runs in parts: the same bytes as in one go.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::bundle::{Bundle, vcf};
use crate::embedded::{signal, until};
use crate::fake_server::{Behavior, Failure, Running};
use crate::program::{client, outputs, records, run, score, text};

/// Variants enough for many checkpoints.
fn many(bundle: &Bundle) -> PathBuf {
    let mut rows = Vec::new();
    for position1 in 1100..4400 {
        let row = bundle.substitution("chr1", position1);
        rows.push(if position1 % 50 == 0 { row + ",<DEL>" } else { row });
    }
    bundle.file("in.vcf", vcf(&rows))
}

const OUTPUTS: [&str; 3] = ["out.vcf.gz", "out.tsv.gz", "out.skipped.tsv"];

fn command(bundle: &Bundle, input: &Path, url: &str, folder: &Path) -> std::process::Command {
    let mut command = score(input, &bundle.directory(), url, Path::new(OUTPUTS[0]));
    command.current_dir(folder).args(["--table", OUTPUTS[1], "--skipped", OUTPUTS[2]]);
    command.args(["--checkpoint-records", "60", "--stats", "out.json"]);
    command
}

fn all_bytes(folder: &Path) -> Vec<Vec<u8>> {
    OUTPUTS.map(|name| std::fs::read(folder.join(name)).unwrap()).to_vec()
}

/// The command lines differ by `--resume` where a run starts with it.
fn without_command(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("##POLARIS_command")).collect::<Vec<_>>().join("\n")
}

#[test]
fn killed_at_any_moment_and_resumed_it_is_the_same() {
    let bundle = Bundle::new();
    let slow = Behavior { delay: Some(Duration::from_millis(2)), ..Behavior::default() };
    let server = Running::start(slow);
    let input = many(&bundle);
    let folder = |name: &str| {
        let folder = bundle.folder().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    };
    let whole = folder("whole");
    run(command(&bundle, &input, &server.url, &whole).arg("--resume")).succeeded();
    let expected = all_bytes(&whole);
    let mut resumed_within = 0;
    let mut state = 7_u64;
    for round in 0..10 {
        let parts = folder(&format!("round{round}"));
        let mut kills = 0;
        loop {
            let mut child = command(&bundle, &input, &server.url, &parts)
                .arg("--resume")
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Killed up to three times, after a time that is drawn.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let answers = server.answered() + usize::try_from(state >> 56).unwrap();
            if kills < 3 {
                let ended = || server.answered() >= answers || all_done(&parts);
                until("the run has come to where it is killed", ended);
                signal(&child, "-KILL");
                kills += 1;
                child.wait().unwrap();
                resumed_within += usize::from(parts.join(".out.vcf.gz.checkpoint").exists());
                if all_done(&parts) {
                    break;
                }
                continue;
            }
            assert!(child.wait().unwrap().success());
            break;
        }
        assert_eq!(all_bytes(&parts), expected, "round {round}");
    }
    assert!(resumed_within > 10, "{resumed_within} runs were gone on with");
    // Nothing of the way there is left.
    let mut left = outputs(&folder("round0"));
    left.retain(|name| name.starts_with('.'));
    assert!(left.is_empty(), "{left:?}");
    let stats = |folder: &Path| text(&folder.join("out.json"));
    assert_eq!(stats(&folder("round1")), stats(&whole));
}

fn all_done(folder: &Path) -> bool {
    folder.join("out.json").exists()
}

#[test]
fn another_run_is_not_gone_on_with() {
    let bundle = Bundle::new();
    let input = many(&bundle);
    let failing = Behavior { after: Some((30, Failure::Status)), ..Behavior::default() };
    let server = Running::start(failing.clone());
    let failed = |arguments: &[&str], url: &str| {
        let mut command = command(&bundle, &input, url, bundle.folder());
        run(command.args(["--resume", "--retry-s", "0"]).args(arguments))
    };
    let ended = failed(&[], &server.url).failed(&["what is done is kept", "the device has gone"]);
    assert_eq!(ended.code, Some(5));
    assert!(!outputs(bundle.folder()).iter().any(|name| OUTPUTS.contains(&name.as_str())));
    let healthy = Running::start(Behavior::default());
    failed(&["--models", "QKI.K562"], &healthy.url).failed(&["--resume", "another models"]);
    failed(&["--window-grid", "16"], &healthy.url).failed(&["another window grid: 1 then, 16 now"]);
    let ended = failed(&[], &healthy.url).succeeded();
    assert!(ended.stderr.contains("going on after"), "{}", ended.stderr);
    // A run that starts anew forgets the checkpoint of another, also if it is killed before it has one of its own.
    std::fs::remove_file(bundle.folder().join(OUTPUTS[0])).unwrap();
    let again = Running::start(failing);
    failed(&[], &again.url).failed(&["what is done is kept"]);
    let checkpoint = bundle.folder().join(".out.vcf.gz.checkpoint");
    assert!(checkpoint.exists());
    let silent = Running::start(Behavior { after: Some((0, Failure::Silence)), ..Behavior::default() });
    let mut child =
        command(&bundle, &input, &silent.url, bundle.folder()).stderr(Stdio::null()).spawn().unwrap();
    until("the first request is sent", || silent.answered() > 0);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert!(!checkpoint.exists());
    failed(&[], &healthy.url).succeeded();
    // Without --resume nothing is kept.
    let mut anew = command(&bundle, &input, &server.url, bundle.folder());
    std::fs::remove_file(bundle.folder().join(OUTPUTS[0])).unwrap();
    run(anew.args(["--retry-s", "0"])).failed(&["the device has gone"]);
    assert!(!outputs(bundle.folder()).iter().any(|name| name.starts_with('.')));
}

#[test]
fn killed_between_the_names_of_its_outputs_it_is_gone_on_with() {
    let bundle = Bundle::new();
    let input = many(&bundle);
    let server = Running::start(Behavior::default());
    let place = |name: &str| bundle.folder().join(name);
    let scored = || {
        let mut command = command(&bundle, &input, &server.url, bundle.folder());
        run(command.args(["--resume", "--write-index", "tbi"]))
    };
    let obstacle = place("out.vcf.gz.tbi.partial");
    std::fs::create_dir(&obstacle).unwrap();
    scored().failed(&["its index is not"]);
    let expected = all_bytes(bundle.folder());
    assert!(place(".out.vcf.gz.checkpoint").exists() && !place("out.json").exists());
    std::fs::remove_dir(&obstacle).unwrap();
    // As if it had been killed when the tables had their names, and the scored file had not.
    std::fs::rename(place("out.vcf.gz"), place(".out.vcf.gz.partial")).unwrap();
    let answered = server.answered();
    scored().succeeded();
    assert_eq!(server.answered(), answered);
    assert_eq!(all_bytes(bundle.folder()), expected);
    assert!(place("out.json").exists() && place("out.vcf.gz.tbi").exists());
    assert!(!outputs(bundle.folder()).iter().any(|name| name.starts_with('.')));
}

#[test]
fn merged_shards_are_the_whole() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let input = many(&bundle);
    for (whole, form) in [("out.vcf.gz", "z"), ("out.bcf", "b")] {
        let place = |name: &str| bundle.folder().join(name);
        run(&mut score(&input, &bundle.directory(), &server.url, &place(whole))).succeeded();
        let mut parts = Vec::new();
        for number in 1..=3 {
            let part = place(&format!("part{number}.{form}"));
            let mut command = score(&input, &bundle.directory(), &server.url, &part);
            run(command.args(["-O", form, "--shard", &format!("{number}/3")])).succeeded();
            parts.push(part);
        }
        let merged = place("merged.vcf");
        let merge = |parts: &[&PathBuf]| run(client().arg("merge").args(parts).arg("-o").arg(&merged));
        // In any order.
        merge(&[&parts[2], &parts[0], &parts[1]]).succeeded();
        let plain = place("plain.vcf");
        run(&mut score(&input, &bundle.directory(), &server.url, &plain)).succeeded();
        assert_eq!(without_command(&text(&merged)), without_command(&text(&plain)), "{whole}");
        assert_eq!(records(&text(&merged)).len(), 3300);
        merge(&[&parts[0], &parts[1]]).failed(&["1 of them are missing"]);
        merge(&[&parts[0], &parts[1], &parts[1]]).failed(&["is shard 2/3, and so is"]);
        merge(&[&plain]).failed(&["is no shard"]);
        let longer =
            bundle.file("longer.vcf", text(&input) + &bundle.substitution("chr1", 4400) + "\t.\tPASS\t.\n");
        let mut command = score(&longer, &bundle.directory(), &server.url, &parts[1]);
        run(command.args(["-O", form, "--shard", "2/3"])).succeeded();
        merge(&[&parts[0], &parts[1], &parts[2]]).failed(&["is part of another input"]);
    }
}

#[test]
fn what_servers_tell_is_in_the_header() {
    let bundle = Bundle::new();
    let input = bundle.file("in.vcf", vcf(&[bundle.substitution("chr1", 1300)]));
    let place = |name: &str| bundle.folder().join(name);
    let server = |device| Running::start(Behavior { device, ..Behavior::default() });
    let (first, second, silent) = (server(Some("cpu")), server(Some("cuda:0")), server(None));
    let header = |output: &str, urls: &[&str], more: &[&str]| {
        let mut command = score(&input, &bundle.directory(), &urls.join(","), &place(output));
        run(command.args(more)).succeeded();
        text(&place(output))
    };
    let told = header("told.vcf", &[&second.url, &first.url, &silent.url], &[]);
    assert!(told.contains("\n##POLARIS_device=cpu (fast), cuda:0 (fast)\n"), "{told}");
    assert!(told.contains("\n##POLARIS_model_set_digest=sha256:ab12\n"), "{told}");
    let silent = header("silent.vcf", &[&silent.url], &[]);
    assert!(silent.contains("\n##POLARIS_device=not told by the server\n"), "{silent}");
    assert!(!silent.contains("model_set_digest"), "{silent}");
    // Shards on different devices are of one run.
    header("part1.vcf", &[&first.url], &["--shard", "1/2"]);
    header("part2.vcf", &[&second.url], &["--shard", "2/2"]);
    let mut merge = client();
    merge.arg("merge").args([place("part1.vcf"), place("part2.vcf")]).arg("-o").arg(place("whole.vcf"));
    run(&mut merge).succeeded();
    let whole = text(&place("whole.vcf"));
    assert!(whole.contains("\n##POLARIS_device=cpu (fast), cuda:0 (fast)\n"), "{whole}");
}

#[test]
fn merged_tables_are_those_of_the_whole() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    // Both strands, skipped alleles, and records that are there twice.
    let mut rows = Vec::new();
    for position1 in 2300..2700 {
        let row = bundle.substitution("chr1", position1);
        rows.extend([row.clone(), if position1 % 50 == 0 { row + ",<DEL>,*" } else { row }]);
    }
    let input = bundle.file("in.vcf", vcf(&rows));
    let place = |name: &str| bundle.folder().join(name);
    // What is lost at the end of a table, and how that shows: one of four rows of an allele, both of one, or its line.
    for (name, layout, lost, told) in [
        ("tsv.gz", "long", 1, "has 3 rows of chr1 2699"),
        ("tsv", "wide", 2, "its end"),
        ("jsonl", "long", 1, "its end"),
    ] {
        let scored = |output: &str, shard: Option<usize>| {
            let mut command =
                score(&input, &bundle.directory(), &server.url, &place(&format!("{output}.vcf")));
            command.args(["--table-layout", layout, "--table"]).arg(place(&format!("{output}.{name}")));
            command.arg("--skipped").arg(place(&format!("{output}.skipped")));
            command.arg("--stats").arg(place(&format!("{output}.json")));
            command.args(shard.map(|number| format!("--shard={number}/2")));
            run(&mut command).succeeded();
        };
        scored("whole", None);
        scored("part1", Some(1));
        scored("part2", Some(2));
        let merge = |parts: [&str; 2], tables: [&str; 2]| {
            let mut command = client();
            command.arg("merge").args(parts.map(|part| place(&format!("{part}.vcf"))));
            command.arg("--table-parts").args(tables.map(|part| place(&format!("{part}.{name}"))));
            command.arg("--table").arg(place(&format!("out.{name}")));
            command.arg("--skipped").arg(place("out.skipped")).arg("--stats").arg(place("out.json"));
            run(command.arg("-o").arg(place("out.vcf")))
        };
        merge(["part2", "part1"], ["part2", "part1"]).succeeded();
        for kind in [name, "skipped"] {
            let read = |output: &str| std::fs::read(place(&format!("{output}.{kind}"))).unwrap();
            assert_eq!(read("out"), read("whole"), "{kind}");
        }
        let counts = |output: &str| {
            let stats = text(&place(&format!("{output}.json")));
            let mut stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
            stats["polaris"].as_object_mut().unwrap().remove("command");
            (stats["polaris"].clone(), stats["data"].as_object().unwrap().values().next().cloned())
        };
        assert_eq!(counts("out"), counts("whole"));
        // Tables that are not those of the shards.
        let before = outputs(bundle.folder());
        merge(["part1", "part2"], ["part2", "part1"]).failed(&["name the tables as the shards' files"]);
        merge(["part1", "part2"], ["part1", "part1"]).failed(&["name the tables as the shards' files"]);
        let (shorter, whole) = (place(&format!("cut.{name}")), text(&place(&format!("part2.{name}"))));
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        std::fs::write(&shorter, lines[..lines.len() - lost].concat()).unwrap();
        merge(["part1", "part2"], ["part1", "cut"]).failed(&[told]);
        std::fs::write(&shorter, lines.concat() + lines[1]).unwrap();
        merge(["part1", "part2"], ["part1", "cut"]).failed(&["has more rows than its shard has alleles"]);
        assert_eq!(outputs(bundle.folder()), before);
    }
}
