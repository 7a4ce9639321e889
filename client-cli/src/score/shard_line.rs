//! The line of a header that says which part of which input a file is.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::Context;
use polaris_genomics::Shard;
use sha2::{Digest, Sha256};

use super::source::SHARD_RECORDS;

/// Its beginning.
pub(super) const SHARD: &str = "##POLARIS_shard=";
/// Bytes from each end of the input by which it is known, beside its length: all of a genome's variants take long to read.
const END_BYTES: u64 = 64 << 10;

/// `I/N,RECORDS,INPUT`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ShardLine {
    pub(super) shard: Shard,
    /// Records that a shard has in a row.
    pub(super) block: u64,
    /// The same for all shards of one input.
    pub(super) input: String,
}

impl ShardLine {
    /// Of this run.
    pub(super) fn of(shard: Shard, input: &Path) -> anyhow::Result<Self> {
        let known = fingerprint(input).with_context(|| format!("cannot read {}", input.display()))?;
        Ok(Self { shard, block: SHARD_RECORDS, input: known })
    }

    /// From a line of a header, if it is one.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line.strip_prefix(SHARD.as_bytes())?).ok()?;
        let mut parts = line.splitn(3, ',');
        let (shard, block) = (Shard::parse(parts.next()?, None).ok()?, parts.next()?.parse().ok()?);
        (block > 0).then_some(Self { shard, block, input: parts.next().unwrap_or_default().to_owned() })
    }
}

impl fmt::Display for ShardLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SHARD}{},{},{}", self.shard, self.block, self.input)
    }
}

/// Length of a file and SHA-256 of its ends; nothing of what can be read only once.
fn fingerprint(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() == "-" || !std::fs::metadata(path)?.is_file() {
        return Ok("unknown".to_owned());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut ends = Vec::new();
    Read::by_ref(&mut file).take(END_BYTES).read_to_end(&mut ends)?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    file.take(END_BYTES).read_to_end(&mut ends)?;
    let digest: String = Sha256::digest(&ends).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{length}:{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let line = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            ShardLine::of("2/3".parse().unwrap(), &path).unwrap()
        };
        let mut long = vec![b'A'; 200_000];
        let first = line("a", &long);
        assert_eq!(line("b", &long), first);
        long[199_999] = b'C';
        assert_ne!(line("c", &long).input, first.input);
        assert_eq!(ShardLine::parse(first.to_string().as_bytes()), Some(first));
        assert_eq!(ShardLine::parse(b"##POLARIS_shard=2/3,0,x"), None);
        assert_eq!(ShardLine::of("1/2".parse().unwrap(), Path::new("-")).unwrap().input, "unknown");
    }
}
