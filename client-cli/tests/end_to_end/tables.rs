//! Tables in other forms than text.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};

use crate::bundle::{Bundle, vcf};
use crate::fake_server::{Behavior, Running};
use crate::program::{outputs, run, score, text};

/// A cell of a table of text as Parquet has it.
fn is_same(cell: &str, field: &Field) -> bool {
    match field {
        Field::Null => cell == ".",
        Field::Str(text) => cell == text,
        Field::Bool(transcribed) => cell == if *transcribed { "yes" } else { "nearest" },
        Field::Int(number) => cell == number.to_string(),
        Field::Long(number) => cell == number.to_string(),
        // Text has six digits.
        Field::Float(number) => (cell.parse::<f32>().unwrap() - number).abs() <= 1e-6,
        _ => false,
    }
}

/// Prints rows, scored rows and the sum of the allele indices as Python's library reads them; none where it is not there.
fn by_python(library: &str, path: &Path) -> Option<String> {
    let script = match library {
        "pyarrow" => {
            "import pyarrow.parquet as p, pyarrow.compute as c\n\
             t = p.read_table(path)\n\
             print(t.num_rows, t.num_rows - t['delta'].null_count, c.sum(t['allele_index']).as_py())"
        }
        _ => {
            "import duckdb\n\
             q = f\"select count(*), count(delta), sum(allele_index) from '{path}'\"\n\
             print(*duckdb.execute(q).fetchone())"
        }
    };
    let known = Command::new("python3").args(["-c", &format!("import {library}")]).output();
    if !known.is_ok_and(|ended| ended.status.success()) {
        eprintln!("skipped: Python has no {library} to read Parquet with");
        return None;
    }
    let script = format!("path = {:?}\n{script}", path.to_str().unwrap());
    let ended = Command::new("python3").args(["-c", &script]).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    Some(String::from_utf8(ended.stdout).unwrap().trim().to_owned())
}

#[test]
fn parquet_has_what_the_text_has() {
    let bundle = Bundle::new();
    let server = Running::start(Behavior::default());
    let mut rows: Vec<String> = (2400..2700).map(|at1| bundle.substitution("chr1", at1)).collect();
    rows[7] += ",<DEL>";
    rows.push(bundle.substitution("chr2", 500));
    let input = bundle.file("in.vcf", vcf(&rows));
    let place = |name: &str| bundle.folder().join(name);
    let with_table = |name: &str| {
        let mut command = score(&input, &bundle.directory(), &server.url, &place("out.vcf"));
        command.arg("--table").arg(place(name));
        command
    };
    run(&mut with_table("out.tsv")).succeeded();
    run(&mut with_table("out.parquet")).succeeded();
    let expected = text(&place("out.tsv"));
    let expected: Vec<Vec<&str>> = expected.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let reader = SerializedFileReader::new(File::open(place("out.parquet")).unwrap()).unwrap();
    let found: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), expected.len());
    for (row, cells) in found.iter().zip(&expected) {
        let same = row.get_column_iter().zip(cells).all(|((_, field), cell)| is_same(cell, field));
        assert!(same && row.len() == cells.len(), "{row:?}: {cells:?}");
    }
    let indices: i32 = found.iter().map(|row| row.get_int(5).unwrap()).sum();
    let summary = format!("{} {} {indices}", found.len(), found.len() - 2);
    for library in ["pyarrow", "duckdb"] {
        if let Some(read) = by_python(library, &place("out.parquet")) {
            assert_eq!(read, summary, "{library}");
        }
    }
    // By its option, whatever the name; and nothing is left of a run that fails.
    run(with_table("out.other").args(["--table-format", "parquet"])).succeeded();
    let read = |name: &str| std::fs::read(place(name)).unwrap();
    assert_eq!(read("out.other"), read("out.parquet"));
    let before = outputs(bundle.folder());
    let mut command = score(&input, &bundle.directory(), &server.url, &place("out.vcf"));
    let missing = command.arg("--models").arg("nobody.K562").arg("--table").arg(place("out2.parquet"));
    run(missing).failed(&["nobody.K562"]);
    assert_eq!(outputs(bundle.folder()), before);
}
