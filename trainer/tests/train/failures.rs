//! A model that fails stops no other, and leaves nothing behind.

use std::fs;
use std::path::Path;

use crate::world::World;

const ONE_FOLD: &str = "--folds 1 --splits chromosome";

/// Another model with the windows of QKI.K562 that `keep` keeps.
fn add_model(world: &World, id: &str, keep: impl Fn(usize, &str) -> bool) {
    let (from, to) = (world.path("prepared/QKI.K562"), world.path("prepared").join(id));
    fs::create_dir(&to).unwrap();
    fs::copy(from.join("prepare.json"), to.join("prepare.json")).unwrap();
    let windows = fs::read_to_string(from.join("windows.bed")).unwrap();
    let kept = windows.lines().enumerate().filter(|(line, text)| *line == 0 || keep(*line, text));
    let kept: String = kept.map(|(_, text)| format!("{text}\n")).collect();
    fs::write(to.join("windows.bed"), kept).unwrap();
}

fn is_positive(window: &str) -> bool {
    window.split('\t').nth(6) == Some("1")
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn the_others_are_trained_and_all_failures_are_in_a_table() {
    let world = World::new("QKI.K562");
    add_model(&world, "FEW.K562", |line, text| line < 15 || !is_positive(text));
    add_model(&world, "NONE.K562", |_, _| false);
    add_model(&world, "ONE.K562", |_, text| is_positive(text));
    add_model(&world, "TORN.K562", |line, _| line < 50);
    fs::remove_file(world.path("prepared/TORN.K562/prepare.json")).unwrap();
    let output = world.train(ONE_FOLD);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("3 of 4 models failed"), "{said}");
    assert_eq!(entries(&world.path("registry")), ["QKI.K562"]);

    let table = fs::read_to_string(world.path("training/quick/failures.tsv")).unwrap();
    let expected = [
        ("NONE.K562\tfailed\t", "no windows"),
        ("ONE.K562\tfailed\t", "no fold holds both bound and unbound windows"),
        ("TORN.K562\tfailed\t", "run `polaris-trainer prepare` again"),
        ("FEW.K562\tskipped\t", " bound windows, at least 20 are needed"),
    ];
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert_eq!(rows.len(), expected.len(), "{table}");
    for (row, (start, part)) in rows.iter().zip(expected) {
        assert!(row.starts_with(start) && row.contains(part), "{row}");
        assert!(said.contains(part), "{said}");
    }
    let log = fs::read_to_string(world.path("training/quick/QKI.K562/train.log")).unwrap();
    for part in
        ["recipe quick, seed 1, cpu", "fold 1 by chromosome: epoch 1 of 1, loss", "AUROC", "published as"]
    {
        assert!(log.contains(part), "{log}");
    }
}

#[test]
fn a_fold_of_one_class_is_left_out_with_a_word() {
    let world = World::new("QKI.K562");
    let path = world.path("prepared/QKI.K562/windows.bed");
    let windows = fs::read_to_string(&path).unwrap();
    // No unbound window is left in the first fold by chromosome.
    let of_fold = |text: &str| text.split('\t').nth(10) == Some("0");
    let kept = windows.lines().filter(|text| !of_fold(text) || is_positive(text));
    let kept: String = kept.map(|text| format!("{text}\n")).collect();
    assert_ne!(kept, windows);
    fs::write(&path, kept).unwrap();
    let output = world.train(ONE_FOLD);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("note: QKI.K562: fold 1 by chromosome is left out: "), "{said}");
    assert!(said.contains(" bound and 0 unbound windows are held out"), "{said}");
    assert!(said.contains("QKI.K562 fold 2 by chromosome: AUROC"), "{said}");
}

#[test]
fn a_full_disk_leaves_nothing_half_published() {
    let world = World::new("QKI.K562");
    // A network of 151 bases has 2.8 MB.
    let failed = world.train_within(2000, ONE_FOLD);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("chromosome-0.pt") && said.contains("File too large"), "{said}");
    assert_eq!(entries(&world.path("registry")), [""; 0]);
    assert_eq!(entries(&world.path("training/quick/QKI.K562")), ["train.log"]);

    assert!(world.train(ONE_FOLD).status.success());
    let model = world.model("QKI.K562");
    // The fold is there now: it is the publishing that fails.
    fs::remove_dir_all(world.path("registry")).unwrap();
    let failed = world.train_within(2000, ONE_FOLD);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(1), "{said}");
    assert!(said.contains("trained earlier"), "{said}");
    assert!(said.contains("model.pt") && said.contains("File too large"), "{said}");
    assert_eq!(entries(&world.path("registry")), [""; 0]);

    assert!(world.train(ONE_FOLD).status.success());
    assert!(world.model("QKI.K562") == model, "the model files differ");
}
