use std::io::Read;
use std::path::Path;

use super::*;

fn destination(folder: &Path, name: &str) -> Destination {
    Destination::File(folder.join(name))
}

fn opened(place: &Destination, compressed: bool, length: u64, keep: bool) -> Result<OutputFile, OutputError> {
    let mut output = OutputFile::open(place, compressed, keep)?;
    output.go_on_from(length)?;
    Ok(output)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn gone_on_with_it_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, compressed) in [("a", false), ("b", true)] {
        let whole = destination(folder.path(), &format!("{name}.whole"));
        let mut output = opened(&whole, compressed, 0, false).unwrap();
        output.write_all(b"one\n").unwrap();
        output.checkpoint().unwrap();
        output.write_all(b"two\n").unwrap();
        output.commit().unwrap();

        let halves = destination(folder.path(), name);
        let mut output = opened(&halves, compressed, 0, true).unwrap();
        output.write_all(b"one\n").unwrap();
        let length = output.checkpoint().unwrap();
        output.write_all(b"lost").unwrap();
        drop(output);
        let mut output = opened(&halves, compressed, length, false).unwrap();
        output.write_all(b"two\n").unwrap();
        output.commit().unwrap();
        let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read(name), read(&format!("{name}.whole")));
    }
    assert_eq!(names(folder.path()), ["a", "a.whole", "b", "b.whole"]);
}

#[test]
fn one_run_at_a_time_and_nothing_left() {
    let folder = tempfile::tempdir().unwrap();
    let place = destination(folder.path(), "out.vcf");
    let mut output = opened(&place, false, 0, false).unwrap();
    output.write_all(b"half").unwrap();
    assert!(matches!(opened(&place, false, 0, false), Err(OutputError::Busy { .. })));
    drop(output);
    assert!(names(folder.path()).is_empty());
    let refused = opened(&place, false, 5, false).err().unwrap();
    assert!(matches!(refused, OutputError::Shorter { expected: 5, found: 0, .. }), "{refused}");
}

#[test]
fn what_is_whole_is_found_under_either_name() {
    let folder = tempfile::tempdir().unwrap();
    let place = destination(folder.path(), "out.vcf");
    let mut output = opened(&place, false, 0, true).unwrap();
    output.write_all(b"whole").unwrap();
    let (finished, length) = output.finish().unwrap();
    drop(finished);
    assert_eq!((names(folder.path()), length), (vec![".out.vcf.partial".to_owned()], 5));
    assert!(matches!(Finished::left(&place, 4), Err(OutputError::Shorter { .. })));
    Finished::left(&place, length).unwrap().unwrap().publish().unwrap();
    assert_eq!(names(folder.path()), ["out.vcf"]);
    assert!(Finished::left(&place, length).unwrap().is_none());
    assert!(Finished::left(&place, 9).is_err());
}

#[test]
fn appears_on_commit_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.vcf");
    std::fs::write(&path, b"old").unwrap();
    let mut output = OutputFile::create(&Destination::File(path.clone())).unwrap();
    output.write_all(b"new").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    output.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["out.vcf"]);
}

#[test]
fn dropped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["out.vcf", "out.vcf.gz"] {
        let mut output = OutputFile::create(&Destination::File(folder.path().join(name))).unwrap();
        output.write_all(b"half").unwrap();
        drop(output);
    }
    assert!(names(folder.path()).is_empty());
}

#[test]
fn suffix_decides_on_compression() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.vcf.bgz");
    let mut output = OutputFile::create(&Destination::File(path.clone())).unwrap();
    output.write_all(b"text").unwrap();
    output.commit().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[..4], [0x1f, 0x8b, 8, 4]);
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "text");
}

#[test]
fn a_link_stays_a_link_and_a_device_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("real"), folder.path().join("link"));
    std::fs::write(&path, b"old").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut output = OutputFile::create(&Destination::File(link.clone())).unwrap();
    output.write_all(b"new").unwrap();
    output.commit().unwrap();
    assert!(link.is_symlink());
    assert_eq!(std::fs::read(&path).unwrap(), b"new");

    let output = OutputFile::create(&Destination::File("/dev/null".into())).unwrap();
    assert!(
        matches!(output.encoder, Encoder::Plain(ref writer) if matches!(writer.get_ref(), Target::Direct(_)))
    );
}

#[test]
fn what_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = OutputFile::create(&Destination::File(folder.path().to_owned())).err().unwrap();
    assert!(matches!(refused, OutputError::Directory(_)));
    let missing = folder.path().join("missing").join("out.vcf");
    let refused = OutputFile::create(&Destination::File(missing)).err().unwrap();
    assert!(refused.to_string().contains("missing: No such file"), "{refused}");
}
