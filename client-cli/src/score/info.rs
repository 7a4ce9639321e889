//! Our fields in INFO: what they are called, and how they join what stands there already.

/// One of our INFO fields; all are `Number=A`.
pub(super) struct Field {
    pub(super) id: &'static str,
    kind: &'static str,
    description: &'static str,
}

/// In the order in which they are written.
pub(super) const FIELDS: [Field; 7] = [
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
    pub(super) fn header_line(&self) -> String {
        let Self { id, kind, description } = self;
        format!(
            "##INFO=<ID={id},Number=A,Type={kind},Description=\"{description}\",Source=\"polaris-client\">"
        )
    }
}

/// Values of our fields for a record, in the order of `FIELDS`; a value for each allele in each.
#[derive(Debug, Default)]
pub(super) struct Annotation {
    values: [Vec<u8>; FIELDS.len()],
}

impl Annotation {
    /// Forgets the alleles of the record before.
    pub(super) fn clear(&mut self) {
        self.values.iter_mut().for_each(Vec::clear);
    }

    /// Adds an allele: a value for each field, empty for a missing one.
    pub(super) fn push(&mut self, values: [&[u8]; FIELDS.len()]) {
        for (joined, value) in self.values.iter_mut().zip(values) {
            if !joined.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(if value.is_empty() { b"." } else { value });
        }
    }

    /// Appends the INFO column: what was there, without our fields of an earlier run, then ours.
    pub(super) fn write(&self, before: &[u8], out: &mut Vec<u8>) {
        let mut kept: Vec<&[u8]> =
            before.split(|&byte| byte == b';').filter(|field| !is_ours(field)).collect();
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
        for (field, values) in FIELDS.iter().zip(&self.values) {
            out.extend_from_slice(field.id.as_bytes());
            out.push(b'=');
            out.extend_from_slice(values);
            out.push(b';');
        }
        out.pop();
    }
}

fn is_ours(field: &[u8]) -> bool {
    let key = field.split(|&byte| byte == b'=').next().unwrap_or_default();
    FIELDS.iter().any(|known| known.id.as_bytes() == key)
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
        let mut annotation = Annotation::default();
        annotation.push([b"-0.25", b"QKI.K562", b"0.5", b"0.25", b"+", b"", b""]);
        annotation.push([b"", b"", b"", b"", b"", b"", b"symbolic"]);
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
