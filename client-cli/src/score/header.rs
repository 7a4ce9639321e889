//! The header to write: kept as it came, with our lines before `#CHROM`, and the format's line first.

use super::info::{Fields, is_ours as is_our_key};
use super::shard_line::{SHARD, ShardLine};
use crate::vcf::{Header, Line};

/// Prefix of our own lines of provenance.
const PROVENANCE: &[u8] = b"##POLARIS_";
/// The line that says what the models ran on.
const DEVICE: &[u8] = b"##POLARIS_device=";
/// The line that says which models the servers had, asked or not.
const MODEL_SET: &[u8] = b"##POLARIS_model_set_digest=";
/// The line that has the command.
const COMMAND: &[u8] = b"##POLARIS_command=";
/// Prefix of the line that must come first.
const FORMAT: &[u8] = b"##fileformat=";

/// What the header says about this run.
#[derive(Clone, Debug)]
pub(super) struct Provenance {
    /// Of the client.
    pub(super) version: &'static str,
    /// As typed.
    pub(super) command: String,
    /// How many models answered.
    pub(super) models: usize,
    /// Which they are: SHA-256 of ids, versions and files.
    pub(super) model_digest: String,
    /// The bundle's assembly.
    pub(super) assembly: String,
    /// SHA-256 of the reference bundle.
    pub(super) reference_digest: String,
    /// What the models run on, as far as it is known here.
    pub(super) device: String,
    /// Which models the servers have, asked or not, if they tell.
    pub(super) model_set_digest: Option<String>,
    /// The part of the input, if it is one.
    pub(super) shard: Option<ShardLine>,
}

/// The header to write. Our lines from an earlier run are replaced. htslib takes a file for a VCF by its first
/// line alone, so that a `##fileformat` which is missing or late is put there.
pub(super) fn with_ours(header: &Header, provenance: &Provenance, fields: &Fields) -> Vec<u8> {
    let ending: &[u8] = if header.columns.ending.is_empty() { b"\n" } else { header.columns.ending };
    let (formats, others): (Vec<&Line>, Vec<&Line>) =
        header.lines.iter().partition(|line| line.content.starts_with(FORMAT));
    let mut out = match formats.first() {
        Some(format) => [&format.content, format.ending].concat(),
        None => [FORMAT, b"VCFv4.2", ending].concat(),
    };
    for line in others.into_iter().filter(|line| !is_ours(&line.content)) {
        out.extend_from_slice(&line.content);
        out.extend_from_slice(line.ending);
    }
    for line in fields.header_lines().into_iter().chain(provenance.lines()) {
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(ending);
    }
    out.extend_from_slice(&header.columns.content);
    out.extend_from_slice(header.columns.ending);
    out
}

/// The header of the first shard as that of the whole, with the command that made it and what the servers of all shards
/// told.
pub(super) fn of_whole(header: &Header, command: &str, shards: &[&Header]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in header.lines.iter().chain([&header.columns]) {
        if line.content.starts_with(SHARD.as_bytes()) {
            continue;
        }
        let told = [DEVICE, MODEL_SET].into_iter().find(|prefix| line.content.starts_with(prefix));
        if line.content.starts_with(COMMAND) {
            out.extend_from_slice(format!("##POLARIS_command=\"{}\"", quoted(command)).as_bytes());
        } else if let Some(prefix) = told {
            out.extend_from_slice(prefix);
            out.extend_from_slice(&all_values(prefix, shards).join(&b", "[..]));
        } else {
            out.extend_from_slice(&line.content);
        }
        out.extend_from_slice(line.ending);
    }
    out
}

/// What the headers say in one line, each value once.
fn all_values<'a>(prefix: &[u8], headers: &[&'a Header]) -> Vec<&'a [u8]> {
    let value = |header: &&'a Header| header.lines.iter().find_map(|line| line.content.strip_prefix(prefix));
    let mut values: Vec<&[u8]> = headers.iter().filter_map(value).collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// What the header of a scored file says about its run.
pub(super) fn provenance(header: &Header) -> Provenance {
    let value = |key: &str| -> String {
        let prefix = format!("##POLARIS_{key}=");
        let value = header.lines.iter().find_map(|line| line.content.strip_prefix(prefix.as_bytes()));
        let value = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
        value.strip_prefix("sha256:").map(str::to_owned).unwrap_or(value)
    };
    Provenance {
        version: env!("CARGO_PKG_VERSION"),
        model_set_digest: Some(value("model_set_digest")).filter(|digest| !digest.is_empty()),
        command: value("command"),
        models: value("models").parse().unwrap_or(0),
        model_digest: value("model_digest"),
        assembly: value("assembly"),
        reference_digest: value("reference_digest"),
        device: value("device"),
        shard: None,
    }
}

/// Whether a line may differ between the shards of a run.
pub(super) fn is_of_one_shard(line: &[u8]) -> bool {
    [SHARD.as_bytes(), COMMAND, DEVICE, MODEL_SET].iter().any(|prefix| line.starts_with(prefix))
}

impl Provenance {
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("##POLARIS_version={}", self.version),
            format!("##POLARIS_command=\"{}\"", quoted(&self.command)),
            format!("##POLARIS_models={}", self.models),
            format!("##POLARIS_model_digest=sha256:{}", self.model_digest),
            format!("##POLARIS_assembly={}", quoted(&self.assembly)),
            format!("##POLARIS_reference_digest=sha256:{}", self.reference_digest),
            format!("##POLARIS_device={}", quoted(&self.device)),
        ];
        lines.extend(
            self.model_set_digest
                .as_ref()
                .map(|digest| format!("##POLARIS_model_set_digest=sha256:{digest}")),
        );
        lines.extend(self.shard.as_ref().map(ToString::to_string));
        lines
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
    id.is_some_and(is_our_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            version: "0.1.0",
            command: String::new(),
            models: 2,
            model_digest: "ab".into(),
            assembly: "GRCh38".into(),
            reference_digest: "cd".into(),
            device: "cpu".into(),
            model_set_digest: None,
            shard: None,
        }
    }

    fn with_ours(header: &Header, provenance: &Provenance) -> Vec<u8> {
        super::with_ours(header, provenance, &Fields::new(&[]))
    }

    fn read(text: &[u8]) -> Header {
        let mut lines = text.split_inclusive(|&byte| byte == b'\n').zip(1..);
        Header::read(|| Ok(lines.next().map(|(line, number)| Line::new(line.to_vec(), number))), "in.vcf")
            .unwrap()
    }

    #[test]
    fn ours_stand_before_the_columns() {
        let header = read(b"##fileformat=VCFv4.2\n##x\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
        let text = String::from_utf8(with_ours(&header, &provenance())).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["##fileformat=VCFv4.2", "##x"]);
        assert!(
            lines[2].starts_with("##INFO=<ID=POLARIS_DELTA,Number=A,Type=Float,Description=\""),
            "{}",
            lines[2]
        );
        assert_eq!(lines[9..12], ["##POLARIS_version=0.1.0", "##POLARIS_command=\"\"", "##POLARIS_models=2"]);
        assert_eq!(
            lines[12..16],
            [
                "##POLARIS_model_digest=sha256:ab",
                "##POLARIS_assembly=GRCh38",
                "##POLARIS_reference_digest=sha256:cd",
                "##POLARIS_device=cpu"
            ]
        );
        assert_eq!(lines[16..], ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]);
    }

    #[test]
    fn what_servers_told_is_joined() {
        let columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
        let of = |device: &str, digest: Option<&str>| {
            let provenance = Provenance {
                device: device.into(),
                model_set_digest: digest.map(str::to_owned),
                ..provenance()
            };
            read(&with_ours(&read(columns.as_bytes()), &provenance))
        };
        let shards =
            [of("cuda:0 (fast)", Some("ab")), of("cpu (strict)", Some("ab")), of("cuda:0 (fast)", None)];
        let whole = of_whole(&shards[0], "merge", &shards.each_ref());
        let whole = String::from_utf8(whole).unwrap();
        assert!(whole.contains("\n##POLARIS_device=cpu (strict), cuda:0 (fast)\n"), "{whole}");
        assert!(whole.contains("\n##POLARIS_model_set_digest=sha256:ab\n"), "{whole}");
        let told = super::provenance(&read(whole.as_bytes()));
        assert_eq!((told.model_set_digest.as_deref(), told.command.as_str()), (Some("ab"), "\"merge\""));
        let different = |line: &[u8]| !is_of_one_shard(line);
        let lines = |header: &Header| {
            let lines = header.lines.iter().map(|line| line.content.clone());
            lines.filter(|line| different(line)).collect::<Vec<_>>()
        };
        assert_eq!(lines(&shards[0]), lines(&shards[2]));
    }

    #[test]
    fn again_gives_the_same() {
        for ending in ["\n", "\r\n"] {
            let text =
                ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1", ""]
                    .join(ending);
            let once = with_ours(&read(text.as_bytes()), &provenance());
            assert_eq!(with_ours(&read(&once), &provenance()), once);
            assert!(once.ends_with(format!("S1{ending}").as_bytes()));
        }
        let similar = b"##INFO=<ID=POLARIS_DELTA2,Number=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
        let kept = b"##fileformat=VCFv4.2\n##INFO=<ID=POLARIS_DELTA2,Number=1>\n##INFO";
        assert!(with_ours(&read(similar), &provenance()).starts_with(kept));
    }

    #[test]
    fn the_format_comes_first() {
        let columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\r\n";
        for (before, expected) in [
            ("", "##fileformat=VCFv4.2\r\n##INFO"),
            ("##x\r\n##fileformat=VCFv4.3\r\n##y\r\n", "##fileformat=VCFv4.3\r\n##x\r\n##y\r\n##INFO"),
        ] {
            let header = with_ours(&read((before.to_owned() + columns).as_bytes()), &provenance());
            assert!(header.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&header));
        }
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
