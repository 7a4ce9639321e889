#!/usr/bin/env bash
# Trains on ENCODE eCLIP peaks: KHSRP and TARDBP of K562 with both recipes, QKI and TARDBP of HepG2 with the standard one.
# Scores ClinVar variants, and recovers motifs and compares them with RNAcompete's.
#
#   scripts/real_data.sh [FOLDER]     default: real
#
# Needs POLARIS_DATA (default ../shared/data) with hg38/ laid out as docs/results.md says. Run again after an
# interruption: folds that are done are not trained again.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-real}
data=$(realpath -m "${POLARIS_DATA:-../shared/data}/hg38")
binaries=${CARGO_TARGET_DIR:-target}/release
if [ ! -d "$data" ]; then
    printf 'real_data: skipped: no folder %s; set POLARIS_DATA\n' "$data" >&2
    exit 0
fi
python3 scripts/setup_libtorch.py
cargo build --release --locked --bins

mkdir -p "$out/reference"
cat > "$out/reference/reference.toml" <<TOML
format = 1
assembly = "GRCh38"
fasta = "$data/genome.fa.gz"
annotation = "$data/annotation.gtf.gz"
sequenced = "$data/sequenced.bed"

[expression]
K562 = "$data/expression/K562.tsv.gz"
HepG2 = "$data/expression/HepG2.tsv.gz"
TOML
{
    printf 'rbp\tcell_line\tpath\n'
    printf 'KHSRP\tK562\t%s\n' "$data/peaks/KHSRP.K562.ENCFF031FMO.bed.gz"
    printf 'TARDBP\tK562\t%s\n' "$data/peaks/TARDBP.K562.ENCFF037TVC.bed.gz"
    printf 'QKI\tHepG2\t%s\n' "$data/peaks/QKI.HepG2.ENCFF704OCI.bed.gz"
    printf 'TARDBP\tHepG2\t%s\n' "$data/peaks/TARDBP.HepG2.ENCFF673QBV.bed.gz"
} > "$out/peaks.tsv"

"$binaries/polaris-trainer" prepare --reference "$out/reference" --peaks "$out/peaks.tsv" --out "$out/prepared"
train() {
    printf '\n== recipe %s\n' "$1"
    "$binaries/polaris-trainer" train --prepared "$out/prepared" --reference "$out/reference" \
        --registry "$out/registry-$1" --work "$out/training" --recipe "$@"
}
train paper --only KHSRP.K562,TARDBP.K562
train standard

printf '\n== score\n'
variants=$data/variants/clinvar_small.hg38.vcf.gz
scored=$out/clinvar_small.scored.vcf.gz
"$binaries/polaris-client" score "$variants" --reference "$out/reference" --registry "$out/registry-standard" \
    --models KHSRP.K562,TARDBP.K562 -o "$scored" --tsv "$out/clinvar_small.tsv"
records() { gzip -dc "$1" | grep -vc '^#'; }
printf '%s records in, %s records out\n' "$(records "$variants")" "$(records "$scored")"
if command -v bcftools >/dev/null; then
    bcftools view "$scored" > /dev/null
    bcftools index --force "$scored"
    printf 'bcftools view and bcftools index accept %s\n' "$scored"
fi

printf '\n== motifs\n'
"$binaries/polaris-trainer" motifs --prepared "$out/prepared" --reference "$out/reference" \
    --registry "$out/registry-standard" --known "$data/../motifs/Ray2013_rbp_RNA.meme" --out "$out/motifs"
