//! Real bytes with mistakes in them: whatever they are, reading ends with text or with an error.
//!
//! `PROPTEST_CASES=1000000 cargo test --release -p polaris-client mutations` looks longer.

use std::io::Cursor;

use proptest::prelude::*;

use super::{Encoder, TextOfBcf};
use crate::vcf::{InputError, Reader, SkipReason};

const HEADER: &str = "##fileformat=VCFv4.2\n##FILTER=<ID=q10,Description=\"x\">\n##INFO=<ID=DP,Number=1,Type=Integer>\n\
    ##INFO=<ID=AF,Number=A,Type=Float>\n##INFO=<ID=DB,Number=0,Type=Flag>\n##INFO=<ID=CSQ,Number=.,Type=String>\n\
    ##FORMAT=<ID=GT,Number=1,Type=String>\n##FORMAT=<ID=AD,Number=R,Type=Integer>\n##FORMAT=<ID=GP,Number=G,Type=Float>\n\
    ##FORMAT=<ID=FT,Number=1,Type=String>\n##contig=<ID=1>\n##contig=<ID=2>\n\
    #CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n";

const RECORDS: [&str; 4] = [
    "1\t1\trs1;rs2\tA\tC,<DEL>,*\t1.5\tPASS\tDP=3;AF=0.1,.,1e-09;DB;CSQ=a|b,c\tGT:AD:GP:FT\t0/1:1,2,3:0.5,0.25:PASS\t1|.:.:.:.",
    "2\t100000\t.\tACGTACGTACGTACGTACGT\t.\t.\t.\t.\tGT\t1\t./.",
    "2\t0\t.\tN\tG]1:5]\t100\tq10\tDP=70000;CSQ=.\tGT\t0|0|300\t.",
    "1\t7\t.\tA\tC\t.\tPASS\tDP=-300\tAD:FT\t70000,-5:xyz\t.:.",
];

/// A mistake in bytes.
#[derive(Clone, Debug)]
enum Mutation {
    Set(usize, u8),
    /// A number as lengths and values are written.
    SetNumber(usize, u32),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let place = 0..4096_usize;
    let numbers = prop_oneof![
        any::<u32>(),
        Just(0),
        Just(u32::MAX),
        Just(0x7fff_ffff),
        Just(0x8000_0000),
        Just(0x7f80_0001),
        0..70_000_u32,
    ];
    prop_oneof![
        8 => (place.clone(), any::<u8>()).prop_map(|(place, byte)| Mutation::Set(place, byte)),
        4 => (place.clone(), numbers).prop_map(|(place, number)| Mutation::SetNumber(place, number)),
        1 => (place.clone(), proptest::collection::vec(any::<u8>(), 1..9)).prop_map(|(place, bytes)| Mutation::Insert(place, bytes)),
        1 => (place.clone(), 1..40_usize).prop_map(|(place, count)| Mutation::Remove(place, count)),
        1 => (place.clone(), 1..60_usize).prop_map(|(place, count)| Mutation::Repeat(place, count)),
        1 => place.prop_map(Mutation::Cut),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |place: usize, bytes: &[u8]| place % (bytes.len() + 1);
        let end = |start: usize, count: usize, bytes: &[u8]| (start + count).min(bytes.len());
        match self {
            Self::Set(place, byte) => {
                let place = at(*place, bytes);
                bytes.splice(place..end(place, 1, bytes), [*byte]);
            }
            Self::SetNumber(place, number) => {
                let place = at(*place, bytes);
                bytes.splice(place..end(place, 4, bytes), number.to_le_bytes());
            }
            Self::Insert(place, more) => {
                let place = at(*place, bytes);
                bytes.splice(place..place, more.iter().copied());
            }
            Self::Remove(place, count) => {
                let place = at(*place, bytes);
                bytes.drain(place..end(place, *count, bytes));
            }
            Self::Repeat(place, count) => {
                let place = at(*place, bytes);
                let repeated = bytes[place..end(place, *count, bytes)].to_vec();
                bytes.splice(place..place, repeated);
            }
            Self::Cut(place) => bytes.truncate(at(*place, bytes)),
        }
    }
}

/// The header's bytes, with its length before them, and those of the records.
fn whole() -> (Vec<u8>, Vec<u8>) {
    let (mut encoder, header) = Encoder::new(HEADER.as_bytes()).unwrap();
    let mut records = Vec::new();
    for record in RECORDS {
        encoder.encode(record.as_bytes(), &mut records).unwrap();
    }
    (header, records)
}

/// Reads as `score` does; how many records there were.
fn read(bytes: Vec<u8>) -> Result<usize, InputError> {
    let Ok(text) = TextOfBcf::new(Box::new(Cursor::new(bytes))) else { return Ok(0) };
    let mut reader = Reader::new(Box::new(text), "mutated.bcf".to_owned());
    reader.header()?;
    let mut count = 0;
    loop {
        let records = reader.next_records(64)?;
        if records.is_empty() {
            return Ok(count);
        }
        for record in &records {
            for alternate in record.alternates() {
                SkipReason::of_spelling(record.reference(), alternate);
            }
            let mut line = Vec::new();
            record.write(b"DP=1", &mut line);
            assert!(line.len() >= 8, "{record:?}");
            if let Ok((mut encoder, _)) = Encoder::new(HEADER.as_bytes()) {
                // What cannot be said is refused.
                let _ = encoder.encode(record.text(), &mut Vec::new());
            }
        }
        count += records.len();
    }
}

#[test]
fn without_mistakes_everything_is_read() {
    let (header, records) = whole();
    assert_eq!(read([header, records].concat()).unwrap(), RECORDS.len());
}

proptest! {
    #[test]
    fn mistakes_in_records_are_told(mutations in proptest::collection::vec(mutation(), 1..5)) {
        let (header, mut records) = whole();
        mutations.iter().for_each(|mutation| mutation.apply(&mut records));
        // Text or an error, and no panic.
        let _ = read([header, records].concat());
    }

    #[test]
    fn mistakes_anywhere_are_told(mutations in proptest::collection::vec(mutation(), 1..5)) {
        let (mut bytes, records) = whole();
        bytes.extend_from_slice(&records);
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        let _ = read(bytes);
    }
}
