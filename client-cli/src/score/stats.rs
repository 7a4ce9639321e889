//! `--stats`: the counts of a run as JSON that MultiQC takes as custom content, and any other program can read.

use serde_json::{Map, Value, json};

use super::header::Provenance;
use super::summary::Counts;

/// The text of the file. `sample` names the row in MultiQC's plot.
pub(super) fn text(sample: &str, counts: &Counts, provenance: &Provenance) -> String {
    let mut bars = Map::new();
    bars.insert("scored".to_owned(), counts.scored.into());
    let skipped: Map<String, Value> =
        counts.by_reason().into_iter().map(|(reason, count)| (reason.to_owned(), count.into())).collect();
    for (reason, count) in &skipped {
        bars.insert(format!("skipped: {reason}"), count.clone());
    }
    let value = json!({
        "id": "polaris_score",
        "section_name": "POLARIS",
        "description": "Alternate alleles that were scored, and those that were not, by reason.",
        "plot_type": "bargraph",
        "pconfig": { "id": "polaris_score_alleles", "title": "POLARIS: alleles", "ylab": "Alleles" },
        "data": { sample: bars },
        "polaris": {
            "version": provenance.version,
            "command": provenance.command,
            "models": provenance.models,
            "model_digest": provenance.model_digest,
            "assembly": provenance.assembly,
            "reference_digest": provenance.reference_digest,
            "device": provenance.device,
            "model_set_digest": provenance.model_set_digest,
            "records": counts.records,
            "alleles": counts.alleles,
            "scored": counts.scored,
            "skipped": counts.skipped(),
            "skipped_by_reason": skipped,
        },
    });
    // A map with text for keys is always JSON.
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

/// The sample of an input: its name without folder and suffixes.
pub(super) fn sample(input: &std::path::Path) -> String {
    let name = input.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut name = name.as_str();
    while let Some(shorter) =
        [".gz", ".bgz", ".vcf", ".bcf"].iter().find_map(|suffix| name.strip_suffix(suffix))
    {
        name = shorter;
    }
    match name {
        "" | "-" => "standard input".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcf::SkipReason;

    #[test]
    fn adds_up() {
        let mut counts = Counts::default();
        for skipped in
            [None, Some(SkipReason::Symbolic), Some(SkipReason::Symbolic), Some(SkipReason::TooLong)]
        {
            counts.allele(skipped);
        }
        let provenance = Provenance {
            version: "0.1.0",
            command: "x".into(),
            models: 2,
            model_digest: "ab".into(),
            assembly: "GRCh38".into(),
            reference_digest: "cd".into(),
            device: "cpu".into(),
            model_set_digest: None,
            shard: None,
        };
        let value: Value = serde_json::from_str(&text("one", &counts, &provenance)).unwrap();
        let bars = value["data"]["one"].as_object().unwrap();
        assert_eq!(bars.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 4);
        assert_eq!(value["polaris"]["alleles"], 4);
        assert_eq!(value["polaris"]["skipped_by_reason"]["symbolic"], 2);
    }

    #[test]
    fn samples() {
        for (input, expected) in
            [("a/b.vcf.gz", "b"), ("b.bcf", "b"), ("-", "standard input"), ("x.y.vcf", "x.y"), ("x", "x")]
        {
            assert_eq!(sample(input.as_ref()), expected);
        }
    }
}
