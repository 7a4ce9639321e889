//! `compare` from the command line: FASTA pairs and prepared windows, what it leaves out, and going on where it stopped.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the trainer in the folder, without anything on the PATH.
    fn run(&self, command: &str) -> Output {
        let mut trainer = Command::new(env!("CARGO_BIN_EXE_polaris-trainer"));
        trainer.current_dir(self.0.path()).env("PATH", "/no/such").args(command.split_whitespace());
        trainer.output().unwrap()
    }

    /// Runs it and returns both streams.
    fn succeeds(&self, command: &str) -> String {
        let output = self.run(command);
        let said =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        said
    }

    fn refused(&self, command: &str) -> String {
        let output = self.run(command);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The table without how long it took.
    fn figures(&self, name: &str) -> Vec<String> {
        let lines = self.text(name);
        lines.lines().filter(|line| !line.contains("\tseconds\t")).map(str::to_owned).collect()
    }

    /// Windows of 101 bases, those of class 1 with a motif.
    fn write_fasta(&self, name: &str, count: usize, mut state: u64) {
        let mut below = move |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        let mut text = String::new();
        for index in 0..count {
            let mut sequence: String = (0..101).map(|_| ["A", "C", "G", "T"][below(4)]).collect();
            let class = index % 2;
            if class == 1 {
                sequence.replace_range(45..53, "TGCATGCA");
            }
            let start = 1 + 300 * index;
            let (head, tail) = sequence.split_at(60);
            let _ = writeln!(text, "> chr1,+,{start},{}; class:{class}\n{head}\n{tail}", start + 100);
        }
        fs::write(self.path(name), text).unwrap();
    }
}

#[test]
fn fasta_pairs_with_what_is_left_out_and_going_on() {
    let folder = Folder::new();
    folder.write_fasta("train.fa", 120, 1);
    folder.write_fasta("test.fa", 40, 2);
    let command = "compare --fasta A=train.fa,test.fa --out out --bootstrap 100 --epochs 2 --jobs 2 \
                   --methods kmer,polaris,polaris-sequence,cnn-lstm,seqweaver,gkm";
    let said = folder.succeeds(command);
    for expected in [
        "left out: gkm: gkmtrain of LS-GKM is not on the PATH",
        "left out: A seqweaver: input length 101: Seqweaver needs 163 to 100000 bases",
        "left out: A polaris-sequence: the same as polaris here: both read the sequence alone",
        "A kmer fold 1: AUROC",
        "AUROC       kmer   polaris  cnn-lstm",
    ] {
        assert!(said.contains(expected), "{expected} is missing in\n{said}");
    }
    let json: serde_json::Value = serde_json::from_str(&folder.text("out/compare.json")).unwrap();
    assert_eq!(json["results"].as_array().unwrap().len(), 3);
    assert_eq!(json["settings"]["recipes"]["cnn-lstm"]["epochs"], 2);
    assert!(said.contains("note: A: of 40 test windows 40 overlap training windows and 0 have"), "{said}");
    assert_eq!(json["results"][1]["method"], "polaris");
    assert_eq!(json["results"][1]["folds"][0]["trained_on"], 120);
    assert_eq!(json["results"][1]["folds"][0]["losses"].as_array().unwrap().len(), 2);
    assert!(json["results"][1]["auroc_over_baseline"]["value"].is_number());
    assert!(folder.text("out/logs/A.log").contains("A cnn-lstm fold 1: epoch 2 of 2: loss"));

    // As after an interruption: what is there is not made again, and what is not comes out the same.
    let figures = folder.figures("out/compare.tsv");
    let kept = fs::read_dir(folder.path("out/A")).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<PathBuf> = kept.filter(|path| path.to_str().unwrap().contains("cnn-lstm-0-")).collect();
    assert_eq!(kept.len(), 1);
    fs::remove_file(&kept[0]).unwrap();
    // Other settings take nothing away.
    let other = command.replace("kmer,polaris,polaris-sequence,cnn-lstm,seqweaver,gkm", "gkm,kmer --kmer 2");
    let said = folder.succeeds(&other);
    assert_eq!(said.matches("made earlier").count(), 0);
    assert!(said.contains("note: without gkm, methods are compared with kmer"), "{said}");
    let said = folder.succeeds(command);
    assert_eq!(said.matches("made earlier").count(), 2, "{said}");
    assert_eq!(folder.figures("out/compare.tsv"), figures);
    // Other data under the same name are another result.
    folder.write_fasta("train.fa", 120, 3);
    assert_eq!(folder.succeeds(command).matches("made earlier").count(), 0);
}

#[test]
fn what_cannot_be_compared_is_told() {
    let folder = Folder::new();
    folder.write_fasta("train.fa", 40, 1);
    fs::write(folder.path("test.fa"), "> chr1,+,1,101; class:3\n").unwrap();
    let of = |options: &str| folder.refused(&format!("compare --out out {options}"));
    let told = of("--fasta A=train.fa,test.fa");
    assert!(told.contains("test.fa:1:class: `class:3`"), "{told}");
    folder.write_fasta("test.fa", 10, 2);
    let told = of("--fasta A=train.fa,test.fa --fasta A=train.fa,test.fa");
    assert!(told.contains("two sets called A"), "{told}");
    let told = of("--fasta A=train.fa,test.fa --methods polaris-structure");
    assert!(told.contains("needs --structure DIR"), "{told}");
    let told = of("--fasta A=train.fa,test.fa --methods seqweaver");
    assert!(told.contains("163") && told.contains("there is nothing to compare"), "{told}");
    let told = of("--fasta A=train.fa,test.fa --methods kmer,rnn");
    assert!(told.contains("`rnn` is no method"), "{told}");
    let told = of("--methods kmer");
    assert!(told.contains("--prepared"), "{told}");
}

#[test]
fn prepared_models_alone_together_and_with_structure() {
    let folder = Folder::new();
    folder.succeeds("simulate --megabases 2 --contigs 5 --sites-per-rbp 60 --variants 12 --out simulated");
    folder.succeeds(
        "prepare --only QKI.K562,PUM2.K562 --length 151 --reference simulated/reference --peaks simulated/peaks.tsv \
         --out prepared",
    );
    let common = "compare --prepared prepared --reference simulated/reference --only QKI.K562,PUM2.K562 --folds 2 \
                  --bootstrap 100 --epochs 1";
    folder.succeeds(&format!("{common} --out out --write-fasta fasta"));
    // Stands for RNAplfold: a file for each record, a line for each base.
    for model in ["QKI.K562", "PUM2.K562"] {
        let windows = folder.text(&format!("fasta/{model}.fa"));
        fs::create_dir_all(folder.path("w50").join(model)).unwrap();
        for record in windows.split('>').skip(1) {
            let (name, sequence) = record.split_once('\n').unwrap();
            let lines = (1..=sequence.trim().len())
                .fold("#unpaired\n #i$\tl=1\t\n".to_owned(), |text, base| {
                    text + &format!("{base}\t0.{}\t\n", base % 10)
                });
            fs::write(folder.path("w50").join(model).join(format!("{name}_lunp")), lines).unwrap();
        }
    }
    let methods = "polaris,seqweaver+,polaris-structure,polaris-joint-dilated,kmer";
    let said = folder.succeeds(&format!("{common} --out out --methods {methods} --structure w50"));
    assert!(said.contains("left out: QKI.K562 seqweaver+: input length 151"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&folder.text("out/compare.json")).unwrap();
    let results = json["results"].as_array().unwrap();
    let names: Vec<&str> = results.iter().map(|one| one["method"].as_str().unwrap()).collect();
    let once = ["polaris", "polaris-structure:w50", "polaris-joint-dilated", "kmer"];
    assert_eq!(names, [once, once].concat());
    let learned = |method: usize| results[method]["folds"][0]["trained_on"].as_u64().unwrap();
    assert!(learned(2) > learned(0) && learned(0) == learned(1), "joint training has more windows");
    assert!(results.iter().all(|one| one["folds"].as_array().unwrap().len() == 2));

    fs::remove_file(folder.path("w50/QKI.K562/positive_1_lunp")).unwrap();
    let told =
        folder.refused(&format!("{common} --out out --methods polaris-structure,kmer --structure w50"));
    assert!(
        told.contains("QKI.K562 polaris-structure:w50: fold 1") && told.contains("positive_1_lunp"),
        "{told}"
    );
    // A model that cannot be read stops no other.
    fs::write(folder.path("prepared/PUM2.K562/windows.bed"), "chr1\tx\n").unwrap();
    let told = folder.refused(&format!("{common} --out out --methods kmer"));
    assert!(told.contains("failed: PUM2.K562: ") && told.contains("1 results could not be made"), "{told}");
    let json: serde_json::Value = serde_json::from_str(&folder.text("out/compare.json")).unwrap();
    assert_eq!(json["results"].as_array().unwrap().len(), 1);
    assert_eq!(json["results"][0]["set"], "QKI.K562");
    assert_eq!(json["failed"][0]["set"], "PUM2.K562");
    assert_eq!(json["settings"]["folds"], 2);
}
