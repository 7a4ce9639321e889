//! How many results are made at once where nobody says so.

use std::fs;

use polaris_model::comparison::Body;

use super::method::{Kind, Method};

/// What a training of Seqweaver takes: four times its 52 million weights, and what a batch leaves for the gradients.
const SEQWEAVER_BYTES: u64 = 2_000_000_000;
/// Of any other method.
const OTHER_BYTES: u64 = 500_000_000;

/// As many as `most` of the methods' largest trainings, if they fit into memory, and one at least.
pub(super) fn jobs(most: usize, methods: &[Method], available_bytes: Option<u64>) -> usize {
    let seqweaver = methods.iter().any(|method| matches!(method.kind, Kind::Network(Body::Seqweaver)));
    let each = if seqweaver { SEQWEAVER_BYTES } else { OTHER_BYTES };
    let fitting = available_bytes.map_or(most, |bytes| usize::try_from(bytes / each).unwrap_or(most));
    fitting.clamp(1, most.max(1))
}

/// Memory that is free for programs, no more than the control group allows; `None` where the system does not tell.
pub(super) fn available_bytes() -> Option<u64> {
    let free = fs::read_to_string("/proc/meminfo").ok().and_then(|text| free_of(&text));
    let limit =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    [free, limit].into_iter().flatten().min()
}

fn free_of(meminfo: &str) -> Option<u64> {
    let text = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::super::method::MethodName;
    use super::*;

    #[test]
    fn as_many_as_fit() {
        let methods = |name: &str| name.parse::<MethodName>().unwrap().methods(&[]);
        let free = free_of("MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\n");
        assert_eq!(free, Some(8_192_000_000));
        assert_eq!(free_of("MemTotal: 9000000 kB\n"), None);
        assert_eq!(jobs(64, &methods("seqweaver+"), free), 4);
        assert_eq!(jobs(64, &methods("polaris"), free), 16);
        assert_eq!(jobs(2, &methods("seqweaver"), free), 2);
        assert_eq!(jobs(64, &methods("seqweaver"), Some(5)), 1);
        assert_eq!(jobs(64, &methods("seqweaver"), None), 64);
    }
}
