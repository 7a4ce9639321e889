//! What `train` refuses before it begins, and what it passes over.

use std::fs;

use crate::world::World;

#[test]
fn windows_of_another_bundle_are_refused() {
    let world = World::new("QKI.K562");
    let genome = world.path("simulated/reference/genome.fa");
    let bases = fs::read_to_string(&genome).unwrap();
    fs::write(&genome, bases.replace("ACGT", "TGCA")).unwrap();
    let message = world.refused();
    assert!(message.contains("prepared/QKI.K562: prepared with another reference bundle"), "{message}");
}

#[test]
fn windows_that_prepare_did_not_finish_are_refused() {
    let world = World::new("QKI.K562");
    fs::remove_file(world.path("prepared/QKI.K562/prepare.json")).unwrap();
    let message = world.refused();
    assert!(
        message.contains("prepared/QKI.K562/prepare.json")
            && message.contains("run `polaris-trainer prepare` again"),
        "{message}"
    );
}

#[test]
fn a_split_named_twice_is_trained_once() {
    let world = World::new("QKI.K562");
    let output = world.train("--folds 1 --splits chromosome,random,chromosome");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("by chromosome").count(), 1, "{said}");
    let summary = fs::read_to_string(world.path("training/quick/summary.tsv")).unwrap();
    assert_eq!(summary.matches("auroc_chromosome").count(), 1, "{summary}");
}
