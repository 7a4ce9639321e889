//! Our fields in INFO: what they are called, and how they join what stands there already.

use std::sync::Arc;

/// One of our INFO fields; all are `Number=A`.
struct Field {
    id: &'static str,
    kind: &'static str,
    description: &'static str,
}

/// In the order in which they are written.
const FIELDS: [Field; 7] = [
    Field {
        id: "POLARIS_DELTA",
        kind: "Float",
        description: "Largest change of a binding probability (alternate minus reference) over the models and strands",
    },
    Field { id: "POLARIS_MODEL", kind: "String", description: "Model (protein.cell line) of POLARIS_DELTA" },
    Field {
        id: "POLARIS_REF",
        kind: "Float",
        description: "Binding probability of that model for the reference",
    },
    Field {
        id: "POLARIS_ALT",
        kind: "Float",
        description: "Binding probability of that model for the alternate",
    },
    Field { id: "POLARIS_STRAND", kind: "String", description: "Strand of the transcript of POLARIS_DELTA" },
    Field {
        id: "POLARIS_QUANTILE",
        kind: "Float",
        description: "Share of random substitutions that change that model no more than this",
    },
    Field { id: "POLARIS_SKIPPED", kind: "String", description: "Why the allele has no score" },
];

impl Field {
    /// The line that declares it.
    fn header_line(&self) -> String {
        let Self { id, kind, description } = self;
        format!(
            "##INFO=<ID={id},Number=A,Type={kind},Description=\"{description}\",Source=\"polaris-client\">"
        )
    }
}

/// Our fields for a run: those of the largest change, and those of each model that was chosen by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// Ids of the models with fields of their own, in the order of `names`.
    pub(super) models: Arc<[String]>,
    /// Ids of all fields.
    names: Vec<String>,
}

/// Kinds of fields that a chosen model has of its own, with their descriptions.
const MODEL_FIELDS: [(&str, &str, &str); 5] = [
    ("DELTA", "Float", "Change of the binding probability, of the strand where it is largest, by"),
    ("REF", "Float", "Binding probability for the reference by"),
    ("ALT", "Float", "Binding probability for the alternate by"),
    ("STRAND", "String", "Strand of the change by"),
    ("QUANTILE", "Float", "Share of random substitutions that change no more"),
];

impl Fields {
    /// With fields for each of `models`.
    pub(super) fn new(models: &[String]) -> Self {
        let own = models.iter().flat_map(|model| MODEL_FIELDS.map(|(kind, ..)| model_field(kind, model)));
        let names = FIELDS.iter().map(|field| field.id.to_owned()).chain(own).collect();
        Self { models: models.into(), names }
    }

    /// The lines that declare them.
    pub(super) fn header_lines(&self) -> Vec<String> {
        let own = self.models.iter().flat_map(|model| {
            MODEL_FIELDS.map(|(kind, number, description)| {
                let id = model_field(kind, model);
                let description = format!("{description} {model}").replace(['"', '\\'], " ");
                format!("##INFO=<ID={id},Number=A,Type={number},Description=\"{description}\",Source=\"polaris-client\">")
            })
        });
        FIELDS.iter().map(Field::header_line).chain(own).collect()
    }
}

/// The id of a field of a model: letters that an INFO key cannot have become `_`.
fn model_field(kind: &str, model: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '.';
    let model: String = model.chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect();
    format!("POLARIS_{kind}_{model}")
}

/// Values of our fields for a record, a value for each allele in each.
#[derive(Debug, Default)]
pub(super) struct Annotation {
    fields: Fields,
    values: Vec<Vec<u8>>,
    /// The field whose value comes next.
    next: usize,
}

impl Annotation {
    /// For a run with these fields.
    pub(super) fn new(fields: Fields) -> Self {
        let values = vec![Vec::new(); fields.names.len()];
        Self { fields, values, next: 0 }
    }

    /// The fields.
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Forgets the alleles of the record before.
    pub(super) fn clear(&mut self) {
        self.values.iter_mut().for_each(Vec::clear);
        self.next = 0;
    }

    /// Adds the next field's value of an allele; empty for a missing one.
    pub(super) fn push(&mut self, value: &[u8]) {
        if let Some(joined) = self.values.get_mut(self.next) {
            if !joined.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(if value.is_empty() { b"." } else { value });
        }
        self.next += 1;
    }

    /// Ends an allele: fields that have no value yet are missing.
    pub(super) fn end_allele(&mut self) {
        while self.next < self.values.len() {
            self.push(b"");
        }
        self.next = 0;
    }

    /// Appends the INFO column: what was there, without our fields of an earlier run, then ours.
    pub(super) fn write(&self, before: &[u8], out: &mut Vec<u8>) {
        let mut kept: Vec<&[u8]> =
            before.split(|&byte| byte == b';').filter(|field| !is_our_field(field)).collect();
        // Empty fields at the end are what an empty column or a closing `;` leave.
        while kept.last().is_some_and(|field| field.is_empty()) {
            kept.pop();
        }
        if kept != [b"."] {
            for field in kept {
                out.extend_from_slice(field);
                out.push(b';');
            }
        }
        for (name, values) in self.fields.names.iter().zip(&self.values) {
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(values);
            out.push(b';');
        }
        out.pop();
    }
}

fn is_our_field(field: &[u8]) -> bool {
    is_ours(field.split(|&byte| byte == b'=').next().unwrap_or_default())
}

/// Whether an INFO key is one of ours, of this run or an earlier one.
pub(super) fn is_ours(key: &[u8]) -> bool {
    let Some(rest) = key.strip_prefix(b"POLARIS_") else { return false };
    let of_model = |(kind, ..): &(&str, &str, &str)| {
        rest.strip_prefix(kind.as_bytes()).is_some_and(|model| model.starts_with(b"_"))
    };
    FIELDS.iter().any(|known| known.id.as_bytes() == key) || MODEL_FIELDS.iter().any(of_model)
}

/// A text as a value in INFO: what separates fields and values there is percent-encoded (VCF 4.3, 1.2).
pub(super) fn encoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b':' | b';' | b'=' | b'%' | b',' | 0..=b' ' | 0x7f => out.extend(format!("%{byte:02X}").bytes()),
            byte => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours() -> Annotation {
        let mut annotation = Annotation::new(Fields::new(&[]));
        for values in
            [["-0.25", "QKI.K562", "0.5", "0.25", "+"].as_slice(), &["", "", "", "", "", "", "symbolic"]]
        {
            values.iter().for_each(|value| annotation.push(value.as_bytes()));
            annotation.end_allele();
        }
        annotation
    }

    fn joined(before: &[u8]) -> Vec<u8> {
        let mut out = b"7\t".to_vec();
        ours().write(before, &mut out);
        out.split_off(2)
    }

    const OURS: &str = "POLARIS_DELTA=-0.25,.;POLARIS_MODEL=QKI.K562,.;POLARIS_REF=0.5,.;POLARIS_ALT=0.25,.;\
                        POLARIS_STRAND=+,.;POLARIS_QUANTILE=.,.;POLARIS_SKIPPED=.,symbolic";

    #[test]
    fn joins_what_is_there() {
        for (before, kept) in [
            ("DP=3;FLAG", "DP=3;FLAG;"),
            (".", ""),
            ("", ""),
            ("DP=3;", "DP=3;"),
            ("POLARIS_DELTA=1;DP=3;POLARIS_SKIPPED=.", "DP=3;"),
            ("POLARIS_DELTA=1", ""),
            ("POLARIS_DELTA2=1;XPOLARIS_DELTA=2", "POLARIS_DELTA2=1;XPOLARIS_DELTA=2;"),
        ] {
            assert_eq!(
                String::from_utf8(joined(before.as_bytes())).unwrap(),
                format!("{kept}{OURS}"),
                "{before}"
            );
        }
    }

    #[test]
    fn chosen_models_have_fields_of_their_own() {
        let fields = Fields::new(&["QKI.K562".to_owned(), "odd name.K562".to_owned()]);
        assert_eq!(fields.names.len(), 17);
        assert_eq!(fields.names[7], "POLARIS_DELTA_QKI.K562");
        assert_eq!(fields.names[16], "POLARIS_QUANTILE_odd_name.K562");
        assert!(fields.names.iter().all(|name| is_ours(name.as_bytes())));
        assert!(
            fields.header_lines()[12]
                .starts_with("##INFO=<ID=POLARIS_DELTA_odd_name.K562,Number=A,Type=Float,")
        );
        assert!(!is_ours(b"POLARIS_OTHER_QKI") && !is_ours(b"POLARIS_DELTA2"));
        let mut annotation = Annotation::new(fields);
        annotation.end_allele();
        let mut out = Vec::new();
        annotation.write(b".", &mut out);
        assert!(out.ends_with(b";POLARIS_QUANTILE_odd_name.K562=."));
    }

    #[test]
    fn model_names_cannot_break_the_column() {
        assert_eq!(encoded("RBFOX2.K562"), b"RBFOX2.K562");
        assert_eq!(encoded("a;b=c,d e"), b"a%3Bb%3Dc%2Cd%20e");
    }

    proptest! {
        #[test]
        fn again_gives_the_same(before in "[.;=A-C]{0,12}") {
            let once = joined(before.as_bytes());
            prop_assert_eq!(joined(&once), once);
        }
    }
}
