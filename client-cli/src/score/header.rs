//! The header: kept as it came, with our lines before `#CHROM`, and the format's line first.

use super::info::{FIELDS, Field};
use super::input_error::InputError;
use super::record::{Line, malformed};

/// Prefix of our own lines of provenance.
const PROVENANCE: &[u8] = b"##POLARIS_";
/// Prefix of the line that must come first.
const FORMAT: &[u8] = b"##fileformat=";

/// The lines up to and with `#CHROM`.
#[derive(Debug)]
pub(super) struct Header {
    lines: Vec<Line>,
    columns: Line,
}

/// What the header says about this run.
#[derive(Clone, Debug)]
pub(super) struct Provenance {
    /// Of the client.
    pub(super) version: &'static str,
    /// As typed.
    pub(super) command: String,
    /// How many models answered.
    pub(super) models: usize,
}

impl Header {
    /// Reads lines until `#CHROM`. `next` gives them one by one, `name` is the input's.
    pub(super) fn read(
        mut next: impl FnMut() -> Result<Option<Line>, InputError>,
        name: &str,
    ) -> Result<Self, InputError> {
        let mut lines: Vec<Line> = Vec::new();
        while let Some(line) = next()? {
            if line.content.starts_with(b"#CHROM") {
                // The header line has the same eight columns as a record.
                return match line.content.split(|&byte| byte == b'\t').count() {
                    0..8 => Err(malformed(&line, name)),
                    _ => Ok(Self { lines, columns: line }),
                };
            }
            if line.number == 1 && line.content.starts_with(b"BCF\x02") {
                return Err(InputError::Bcf { name: name.to_owned() });
            }
            if !line.content.starts_with(b"#") {
                return Err(InputError::NoHeader { name: name.to_owned(), line: line.number });
            }
            lines.push(line);
        }
        match lines.last() {
            Some(last) => Err(InputError::NoHeader { name: name.to_owned(), line: last.number + 1 }),
            None => Err(InputError::Empty { name: name.to_owned() }),
        }
    }

    /// The header to write. Our lines from an earlier run are replaced. htslib takes a file for a VCF by its first
    /// line alone, so that a `##fileformat` which is missing or late is put there.
    pub(super) fn with_ours(&self, provenance: &Provenance) -> Vec<u8> {
        let ending: &[u8] = if self.columns.ending.is_empty() { b"\n" } else { self.columns.ending };
        let (formats, others): (Vec<&Line>, Vec<&Line>) =
            self.lines.iter().partition(|line| line.content.starts_with(FORMAT));
        let mut out = match formats.first() {
            Some(format) => [&format.content, format.ending].concat(),
            None => [FORMAT, b"VCFv4.2", ending].concat(),
        };
        for line in others.into_iter().filter(|line| !is_ours(&line.content)) {
            out.extend_from_slice(&line.content);
            out.extend_from_slice(line.ending);
        }
        let fields = FIELDS.iter().map(Field::header_line);
        for line in fields.chain(provenance.lines()) {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(ending);
        }
        out.extend_from_slice(&self.columns.content);
        out.extend_from_slice(self.columns.ending);
        out
    }
}

impl Provenance {
    fn lines(&self) -> [String; 3] {
        [
            format!("##POLARIS_version={}", self.version),
            format!("##POLARIS_command=\"{}\"", quoted(&self.command)),
            format!("##POLARIS_models={}", self.models),
        ]
    }
}

/// The command line as one text: arguments that a shell would split or change stand in single quotes.
pub(super) fn command_line(arguments: impl Iterator<Item = std::ffi::OsString>) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:,=+@%".contains(&byte);
    let arguments = arguments.map(|argument| {
        let argument = argument.to_string_lossy().into_owned();
        match !argument.is_empty() && argument.bytes().all(plain) {
            true => argument,
            false => format!("'{}'", argument.replace('\'', "'\\''")),
        }
    });
    arguments.collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    text.chars()
        .flat_map(|letter| match letter {
            '"' | '\\' => vec!['\\', letter],
            letter if letter.is_control() => vec![' '],
            letter => vec![letter],
        })
        .collect()
}

fn is_ours(line: &[u8]) -> bool {
    if line.starts_with(PROVENANCE) {
        return true;
    }
    let Some(fields) = line.strip_prefix(b"##INFO=<") else { return false };
    let id = fields.split(|&byte| byte == b',' || byte == b'>').find_map(|field| field.strip_prefix(b"ID="));
    id.is_some_and(|id| FIELDS.iter().any(|field| field.id.as_bytes() == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROVENANCE: Provenance = Provenance { version: "0.1.0", command: String::new(), models: 2 };

    fn read(text: &[u8]) -> Result<Header, InputError> {
        let mut lines = text.split_inclusive(|&byte| byte == b'\n').zip(1..);
        Header::read(|| Ok(lines.next().map(|(line, number)| Line::new(line.to_vec(), number))), "in.vcf")
    }

    #[test]
    fn ours_stand_before_the_columns() {
        let header =
            read(b"##fileformat=VCFv4.2\n##x\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n").unwrap();
        let text = String::from_utf8(header.with_ours(&PROVENANCE)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["##fileformat=VCFv4.2", "##x"]);
        assert!(
            lines[2].starts_with("##INFO=<ID=POLARIS_DELTA,Number=A,Type=Float,Description=\""),
            "{}",
            lines[2]
        );
        assert_eq!(lines[9..12], ["##POLARIS_version=0.1.0", "##POLARIS_command=\"\"", "##POLARIS_models=2"]);
        assert_eq!(lines[12..], ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]);
    }

    #[test]
    fn again_gives_the_same() {
        for ending in ["\n", "\r\n"] {
            let text =
                ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1", ""]
                    .join(ending);
            let once = read(text.as_bytes()).unwrap().with_ours(&PROVENANCE);
            assert_eq!(read(&once).unwrap().with_ours(&PROVENANCE), once);
            assert!(once.ends_with(format!("S1{ending}").as_bytes()));
        }
        let similar = b"##INFO=<ID=POLARIS_DELTA2,Number=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
        let kept = b"##fileformat=VCFv4.2\n##INFO=<ID=POLARIS_DELTA2,Number=1>\n##INFO";
        assert!(read(similar).unwrap().with_ours(&PROVENANCE).starts_with(kept));
    }

    #[test]
    fn the_format_comes_first() {
        let columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\r\n";
        for (before, expected) in [
            ("", "##fileformat=VCFv4.2\r\n##INFO"),
            ("##x\r\n##fileformat=VCFv4.3\r\n##y\r\n", "##fileformat=VCFv4.3\r\n##x\r\n##y\r\n##INFO"),
        ] {
            let header = read((before.to_owned() + columns).as_bytes()).unwrap().with_ours(&PROVENANCE);
            assert!(header.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&header));
        }
    }

    #[test]
    fn what_is_no_header() {
        let message = |text: &[u8]| read(text).unwrap_err().to_string();
        assert!(message(b"").starts_with("in.vcf is empty"));
        assert!(message(b"##fileformat=VCFv4.2\n1\t2\n").starts_with("in.vcf:2: no #CHROM"));
        assert!(message(b"##fileformat=VCFv4.2\n").starts_with("in.vcf:2: no #CHROM"));
        assert!(message(b"BCF\x02\x02abc").starts_with("in.vcf is BCF"));
        assert!(message(b"#CHROM POS ID REF ALT QUAL FILTER INFO\n").contains("spaces"));
        assert!(message(b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\n").contains("7 columns"));
    }

    #[test]
    fn command_lines() {
        let typed = ["polaris-client", "score", "my file.vcf", "it's", "", "a\"b\n"].map(Into::into);
        let line = command_line(typed.into_iter());
        assert_eq!(line, "polaris-client score 'my file.vcf' 'it'\\''s' '' 'a\"b\n'");
        assert_eq!(quoted(&line).lines().count(), 1);
        assert!(quoted(&line).ends_with("'a\\\"b '"));
    }
}
