//! Networks that are trained together.

use std::fs;

use crate::world::World;

const MODELS: [&str; 2] = ["QKI.HepG2", "QKI.K562"];

#[test]
fn stacks_publish_as_networks_alone_do_and_are_resumed() {
    let world = World::new(&MODELS.join(","));
    let stacked = "--folds 2 --splits chromosome --jobs 1 --stack 3";
    let output = world.train(stacked);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let models = MODELS.map(|id| world.model(id));
    for id in MODELS {
        let log = fs::read_to_string(world.path("training/quick").join(id).join("train.log")).unwrap();
        // Four networks in stacks of at most three are two and two.
        assert!(log.contains("in a stack of 2 networks"), "{log}");
        assert!(said.contains(&format!("{id} fold 2 by chromosome: AUROC")), "{said}");
    }

    // A fold that is lost is trained again, this time in no company; the others are taken as they are.
    fs::remove_file(world.path("training/quick/QKI.K562/chromosome-1.json")).unwrap();
    let said = String::from_utf8(world.train(stacked).stderr).unwrap();
    assert_eq!(said.matches("trained earlier").count(), 3, "{said}");
    assert!(MODELS.map(|id| world.model(id)) == models, "the model files differ");

    // Everything anew gives the same bytes; networks alone are others to the last bit.
    for folder in ["training", "registry"] {
        fs::remove_dir_all(world.path(folder)).unwrap();
    }
    assert!(world.train(stacked).status.success());
    assert!(MODELS.map(|id| world.model(id)) == models, "the model files differ");
    let said = String::from_utf8(world.train("--folds 2 --splits chromosome").stderr).unwrap();
    assert_eq!(said.matches("trained earlier").count(), 0, "{said}");
}
