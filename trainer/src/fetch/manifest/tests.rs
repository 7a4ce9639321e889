use super::*;

fn read(content: &str) -> Result<Vec<Entry>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.tsv");
    std::fs::write(&path, content).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read_manifest(&path).map_err(|error| error.to_string().replace(&prefix, ""))
}

#[test]
fn columns_are_found_by_name_and_may_be_unknown() {
    let md5 = "900150983CD24FB0D6963F7D28E17F72";
    let text = format!(
        "# ENCODE\nsize\tname\tnote\taddress\tmd5\r\n3\tpeaks/a.bed\tx\thttps://e.org/@@download/a\t{md5}\r\n\
         -\tb\t\thttps://e.org:8443/b?c=d\n"
    );
    let entries = read(&text).unwrap();
    let entry = |name, address: &str, md5: Option<&str>, size_bytes| Entry {
        name: FileName::new(name).unwrap(),
        address: address.to_owned(),
        sha256: None,
        md5: md5.map(str::to_owned),
        size_bytes,
    };
    let known = Some("900150983cd24fb0d6963f7d28e17f72");
    assert_eq!(
        entries,
        [
            entry("peaks/a.bed", "https://e.org/@@download/a", known, Some(3)),
            entry("b", "https://e.org:8443/b?c=d", None, None),
        ]
    );
}

#[test]
fn mistakes_are_named_with_their_place() {
    let header = "name\taddress\tsha256\tsize\n";
    let cases = [
        ("", "m.tsv: no header"),
        ("# only\n", "m.tsv: no header"),
        ("name\tmd5\n", "m.tsv: the header `name md5` lacks the column `address`"),
        ("name\taddress\tsha-256\n", "m.tsv: the header has `sha-256`; columns are name"),
        ("name address\n", "m.tsv: the header has `name address`"),
        ("H../a\thttps://e.org/a\n", "m.tsv:2:name: `../a`: a path within the folder"),
        ("Ha/../../b\thttps://e.org/a\n", "m.tsv:2:name: `a/../../b`"),
        ("H/a\thttps://e.org/a\n", "m.tsv:2:name: `/a`"),
        ("Ha\n", "m.tsv:2: 1 columns, `address` belongs in column 2"),
        ("Ha\thttp://e.org/a\n", "m.tsv:2:address: `http://e.org/a`: an https address"),
        ("Ha\tftp://e.org/a\n", "m.tsv:2:address:"),
        ("Ha\thttps://\n", "m.tsv:2:address:"),
        ("Ha\thttps://e.org/a b\n", "m.tsv:2:address:"),
        ("Ha\thttps://e.org/a\t12\n", "m.tsv:2:sha256: `12`: 64 hexadecimal digits"),
        ("Ha\thttps://e.org/a\t-\t3 MB\n", "m.tsv:2:size: `3 MB`: a number of bytes"),
        ("Ha\thttps://e.org/a\t-\t-3\n", "m.tsv:2:size: `-3`"),
        ("Ha\thttps://e.org/a\n\na\thttps://e.org/b\n", "m.tsv:4:name: `a`: line 2 has this name already"),
        ("Ha/b/c\thttps://e.org/a\na\thttps://e.org/b\n", "m.tsv:2:name: `a/b/c`: a is a file in line 3"),
    ];
    for (text, expected) in cases {
        let text = text.strip_prefix('H').map_or_else(|| text.to_owned(), |rest| format!("{header}{rest}"));
        let error = read(&text).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn the_manifest_of_the_documentation_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/encode-manifest.tsv");
    let entries = read_manifest(&path).unwrap();
    assert_eq!(entries.len(), 208);
    for entry in entries.iter().filter(|entry| entry.name.as_str().starts_with("peaks/")) {
        let parts: Vec<&str> = entry.name.as_str().split('.').collect();
        let accession = parts[2];
        let address =
            format!("https://www.encodeproject.org/files/{accession}/@@download/{accession}.bed.gz");
        assert_eq!(entry.address, address, "{}", entry.name);
    }
}
