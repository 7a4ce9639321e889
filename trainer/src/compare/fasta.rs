//! Labelled windows in pairs of FASTA files, one to learn from and one to be tried on: sequence alone.
//!
//! A record is `> chrom,strand,start,end; class:0` (or `class:1`) over the sequence on the RNA's strand, its first
//! position 1 and its end inclusive, as in the sets of 101 bases of iDeepS and GraphProt. Files may be gzipped.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use std::collections::{BTreeSet, HashSet};

use polaris_genomics::{Strand, Window, contig_key};
use polaris_model::training::Example;

use super::set::{Fold, Place, Set};
use crate::text_table::{TableError, for_each_line};

/// The longest sequence: a bound against files of something else.
const MOST_BASES: usize = 100_000;

/// `NAME=TRAIN,TEST` of the command line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pair {
    pub(super) name: String,
    training: PathBuf,
    test: PathBuf,
}

/// Not such a pair.
#[derive(Debug, thiserror::Error)]
pub(super) enum PairError {
    #[error("`{0}` is not NAME=TRAIN,TEST, such as PUM2=pum2.train.fa.gz,pum2.test.fa.gz")]
    Form(String),
    #[error("the name `{0}` is a folder's: letters, digits, ., - and _, the first no dot")]
    Name(String),
}

impl FromStr for Pair {
    type Err = PairError;

    fn from_str(text: &str) -> Result<Self, PairError> {
        let parts = text.split_once('=').and_then(|(name, files)| Some((name, files.split_once(',')?)));
        let Some((name, (training, test))) = parts.filter(|(_, (a, b))| !a.is_empty() && !b.is_empty())
        else {
            return Err(PairError::Form(text.to_owned()));
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
            return Err(PairError::Name(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), training: training.into(), test: test.into() })
    }
}

impl Pair {
    /// Reads both files.
    ///
    /// # Errors
    /// Files that cannot be read, a record that is none, sequences of different lengths, a file of one class.
    pub(super) fn read(&self) -> Result<Set, TableError> {
        let mut windows = read(&self.training, "train")?;
        let first = windows.first().map_or(0, |(_, example)| example.sequence.len());
        let test = read(&self.test, "test")?;
        if let Some((_, other)) = test.first().filter(|(_, other)| other.sequence.len() != first) {
            let problem =
                format!("{} bases, but {first} in {}", other.sequence.len(), self.training.display());
            return Err(TableError::Content { path: self.test.clone(), problem });
        }
        let training = 0..windows.len();
        windows.extend(test);
        let held_out = training.end..windows.len();
        let folds = vec![Fold { number: 0, training: training.collect(), held_out: held_out.collect() }];
        Ok(Set::new(self.name.clone(), windows, first, folds, (false, false)))
    }
}

/// How many windows of the test file share a base with a training window, on whatever strand, and how many have the sequence
/// of one: a method may know them by heart.
pub(super) fn known_by_heart(set: &Set, fold: &Fold) -> (usize, usize) {
    let places: BTreeSet<(&str, i64)> = fold.training.iter().map(|index| place(set, *index)).collect();
    let sequences: HashSet<&[u8]> =
        fold.training.iter().map(|index| set.examples[*index].sequence.as_slice()).collect();
    // Windows are of one length: those that share a base start less than that apart.
    let length = set.input_length as i64;
    let overlaps = |index: &&usize| {
        let (contig, start0) = place(set, **index);
        places.range((contig, start0 - length + 1)..(contig, start0 + length)).next().is_some()
    };
    let overlapping = fold.held_out.iter().filter(overlaps).count();
    let same = |index: &&usize| sequences.contains(set.examples[**index].sequence.as_slice());
    (overlapping, fold.held_out.iter().filter(same).count())
}

fn place(set: &Set, index: usize) -> (&str, i64) {
    let window = &set.places[index].window;
    (contig_key(&window.contig), window.start0)
}

/// A record while its lines are read.
struct Open {
    line: usize,
    window: Window,
    positive: bool,
    sequence: Vec<u8>,
}

/// All records of a file, called `<prefix>_1` and so on.
fn read(path: &Path, prefix: &str) -> Result<Vec<(Place, Example)>, TableError> {
    let mut records: Vec<(Place, Example)> = Vec::new();
    let mut open: Option<Open> = None;
    for_each_line(path, |line, text| {
        if let Some(header) = text.strip_prefix('>') {
            close(path, prefix, open.take(), &mut records)?;
            let (window, positive) =
                parse_header(header).map_err(|(field, value, expected)| TableError::Field {
                    path: path.to_path_buf(),
                    line,
                    field,
                    value,
                    expected: expected.to_owned(),
                })?;
            open = Some(Open { line, window, positive, sequence: Vec::new() });
            return Ok(());
        }
        let Some(record) = &mut open else {
            return Err(wrong(path, line, "header", text, "a line that starts with > comes first"));
        };
        for letter in text.trim().bytes() {
            record.sequence.push(match letter.to_ascii_uppercase() {
                base @ (b'A' | b'C' | b'G' | b'T' | b'N') => base,
                b'U' => b'T',
                _ => {
                    let value = char::from(letter).to_string();
                    return Err(wrong(path, line, "sequence", &value, "A, C, G, T, U and N belong there"));
                }
            });
        }
        if record.sequence.len() > MOST_BASES {
            let value = format!("{} bases", record.sequence.len());
            return Err(wrong(path, line, "sequence", &value, "100000 at most"));
        }
        Ok(())
    })?;
    close(path, prefix, open, &mut records)?;
    let bound = records.iter().filter(|(_, example)| example.positive).count();
    if bound == 0 || bound == records.len() {
        let problem = format!(
            "{bound} windows of class 1 and {} of class 0: both kinds are needed",
            records.len() - bound
        );
        return Err(TableError::Content { path: path.to_path_buf(), problem });
    }
    Ok(records)
}

/// Ends a record.
fn close(
    path: &Path,
    prefix: &str,
    open: Option<Open>,
    records: &mut Vec<(Place, Example)>,
) -> Result<(), TableError> {
    let Some(Open { line, window, positive, sequence }) = open else { return Ok(()) };
    if sequence.is_empty() {
        return Err(wrong(path, line, "sequence", "", "no bases follow the header"));
    }
    let bases = format!("{} bases", sequence.len());
    if sequence.len() != window.length {
        let expected = format!("from start to end of the header there are {}", window.length);
        return Err(wrong(path, line, "sequence", &bases, &expected));
    }
    if let Some((_, first)) = records.first().filter(|(_, first)| first.sequence.len() != sequence.len()) {
        let expected = format!("the records above have {} bases", first.sequence.len());
        return Err(wrong(path, line, "sequence", &bases, &expected));
    }
    let place = Place { name: format!("{prefix}_{}", records.len() + 1), window, block: None };
    let example = Example { sequence, flank_bases: 0, expression: 0.0, region: None, positive };
    records.push((place, example));
    Ok(())
}

fn wrong(path: &Path, line: usize, field: &'static str, value: &str, expected: &str) -> TableError {
    let (value, expected) = (value.chars().take(60).collect(), expected.to_owned());
    TableError::Field { path: path.to_path_buf(), line, field, value, expected }
}

/// What a header says, or the field that is wrong, its value and what belongs there.
fn parse_header(header: &str) -> Result<(Window, bool), (&'static str, String, &'static str)> {
    let wrong = |field, value: &str, expected| (field, value.chars().take(60).collect(), expected);
    let form = || wrong("header", header, "`> chrom,strand,start,end; class:0` or `class:1` belongs there");
    let (place, class) = header.split_once(';').ok_or_else(form)?;
    let parts: Vec<&str> = place.split(',').map(str::trim).collect();
    let [contig, strand, start, end] = parts[..] else { return Err(form()) };
    if contig.is_empty() {
        return Err(form());
    }
    let strand: Strand = strand.parse().map_err(|_| wrong("strand", strand, "+ or - belongs there"))?;
    let position = |field, text: &str| {
        let position = text.parse::<u32>().ok().filter(|position| *position > 0);
        position.ok_or_else(|| wrong(field, text, "a position from 1 to 4294967295 belongs there"))
    };
    let (start, end_text) = (position("start", start)?, end);
    let end = position("end", end)?;
    let Some(length) = end.checked_sub(start).map(|bases| bases as usize + 1) else {
        return Err(wrong("end", end_text, "the end does not lie before the start"));
    };
    let positive = match class.trim() {
        "class:1" => true,
        "class:0" => false,
        other => return Err(wrong("class", other, "class:0 or class:1 belongs there")),
    };
    Ok((Window { contig: contig.to_owned(), start0: i64::from(start) - 1, length, strand }, positive))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(content: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fa");
        fs::write(&path, content).unwrap();
        let error = read(&path, "train").unwrap_err().to_string();
        error.replace(&path.display().to_string(), "a.fa")
    }

    #[test]
    fn records_with_their_places_and_labels() {
        let folder = tempfile::tempdir().unwrap();
        let (train, test) = (folder.path().join("train.fa"), folder.path().join("test.fa"));
        fs::write(&train, "> chr1,+,11,14; class:0\nac\nGU\n\n> chr2,-,1,4; class:1\r\nNNNN\r\n").unwrap();
        fs::write(&test, ">chrX,-,5,8;class:1\nAAAA\n>chrX,-,6,9;class:0\nCCCC\n").unwrap();
        let pair: Pair = format!("PUM2={},{}", train.display(), test.display()).parse().unwrap();
        let set = pair.read().unwrap();
        assert_eq!((set.name.as_str(), set.input_length), ("PUM2", 4));
        assert_eq!(set.folds, [Fold { number: 0, training: vec![0, 1], held_out: vec![2, 3] }]);
        assert_eq!(set.examples[0].sequence, b"ACGT");
        assert_eq!(set.labels(&[0, 1, 2, 3]), [false, true, true, false]);
        let names: Vec<&str> = set.places.iter().map(|place| place.name.as_str()).collect();
        assert_eq!(names, ["train_1", "train_2", "test_1", "test_2"]);
        let window = Window { contig: "chr1".to_owned(), start0: 10, length: 4, strand: Strand::Forward };
        assert_eq!(set.places[0].window, window);
        // Neither place nor sequence of the test file was seen; then the first shares a base with the last training
        // window and the sequence with none, and the second the sequence.
        assert_eq!(known_by_heart(&set, &set.folds[0]), (0, 0));
        fs::write(&test, ">2,+,4,7;class:1\nAAAA\n>chr2,-,5,8;class:0\nACGT\n").unwrap();
        let set = pair.read().unwrap();
        assert_eq!(known_by_heart(&set, &set.folds[0]), (1, 1));
        fs::write(&test, ">chrX,-,5,7;class:1\nAAA\n>chrX,-,6,8;class:0\nCCC\n").unwrap();
        assert!(pair.read().unwrap_err().to_string().contains("3 bases, but 4 in"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (content, expected) in [
            ("ACGT\n", "a.fa:1:header: `ACGT`: a line that starts with > comes first"),
            ("> chr1,+,1,4\nACGT\n", "a.fa:1:header: ` chr1,+,1,4`: `> chrom,strand,start,end; class:0`"),
            ("> chr1,*,1,4; class:0\n", "a.fa:1:strand: `*`: + or - belongs there"),
            ("> chr1,+,0,4; class:0\n", "a.fa:1:start: `0`: a position from 1"),
            ("> chr1,+,9,4; class:0\n", "a.fa:1:end: `4`: the end does not lie before the start"),
            ("> chr1,+,1,4; class:2\n", "a.fa:1:class: `class:2`: class:0 or class:1"),
            ("> chr1,+,1,4; class:0\nAC\nGX\n", "a.fa:3:sequence: `X`: A, C, G, T, U and N"),
            ("> chr1,+,1,4; class:0\n> chr1,+,1,4; class:0\nA\n", "a.fa:1:sequence: ``: no bases follow"),
            (
                "> chr1,+,1,4; class:0\nACGT\n> chr1,+,1,3; class:1\nACG\n",
                "a.fa:3:sequence: `3 bases`: the records above have 4 bases",
            ),
            (
                "> chr1,+,1,10; class:0\nACGT\n",
                "a.fa:1:sequence: `4 bases`: from start to end of the header there are 10",
            ),
            ("> chr1,+,1,4; class:0\nACGT\n", "a.fa: 0 windows of class 1 and 1 of class 0: both"),
            ("", "a.fa: 0 windows of class 1 and 0 of class 0"),
        ] {
            let told = told(content);
            assert!(told.starts_with(expected), "{told}\n{expected}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_place(
            text in "(> ?[a-z1-9,;:+ -]{0,24}\n|> chr1,[+-],[0-9]{1,11},[0-9]{1,11}; class:[01]\n|[ACGTUNx\r\n]{1,9}){0,8}"
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.fa");
            fs::write(&path, &text).unwrap();
            if let Err(error) = read(&path, "train") {
                proptest::prop_assert!(error.to_string().contains("a.fa:"), "{}", error);
            }
        }
    }

    #[test]
    fn pairs_of_the_command_line() {
        for bad in ["a", "a=b", "=a,b", "a=,b", "a=b,", "../a=b,c", ".a=b,c"] {
            assert!(bad.parse::<Pair>().is_err(), "{bad}");
        }
        assert_eq!("a=b,c,d".parse::<Pair>().unwrap().test, PathBuf::from("c,d"));
    }
}
