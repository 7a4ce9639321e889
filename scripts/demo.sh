#!/usr/bin/env bash
# The whole path on simulated data: set-up, build, simulate, prepare, train, publish, serve, score, explain.
#
#   scripts/demo.sh [FOLDER]     default: demo
#
# Everything is written to FOLDER, which an earlier run of this script may have left; nothing else is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-demo}
marker=$out/.made-by-polaris-demo
binaries=${CARGO_TARGET_DIR:-target}/release

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

if [ -e "$out" ] && [ ! -e "$marker" ]; then
    fail "$out is there and was not made by this script; name another folder"
fi

step 'libtorch'
python3 scripts/setup_libtorch.py

step 'build'
cargo build --release --locked --bins

rm -rf "$out"
mkdir -p "$out"
touch "$marker"

step 'simulate: a genome with genes, expression, eCLIP-like peaks, and variants whose effect is known'
"$binaries/polaris-trainer" simulate --out "$out/simulation" --sites-per-rbp 300

step 'prepare: peaks to labelled windows'
"$binaries/polaris-trainer" prepare --reference "$out/simulation/reference" \
    --peaks "$out/simulation/peaks.tsv" --out "$out/prepared"

step 'train and publish: one network for each protein and cell line, one fifth of the contigs held out'
"$binaries/polaris-trainer" train --prepared "$out/prepared" --reference "$out/simulation/reference" \
    --registry "$out/registry" --splits chromosome --folds 1

step 'serve'
socket_folder=$(mktemp -d)
server=''
stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$socket_folder"
}
trap stop EXIT
"$binaries/polaris-server" serve --registry "$out/registry" --listen "unix:$socket_folder/polaris.sock" \
    2> "$out/server.log" &
server=$!
for _ in $(seq 600); do
    grep -q 'serving' "$out/server.log" && break
    kill -0 "$server" 2>/dev/null || { cat "$out/server.log" >&2; fail 'the server stopped'; }
    sleep 0.1
done
"$binaries/polaris-client" models --server "unix:$socket_folder/polaris.sock"

step 'score'
"$binaries/polaris-client" score "$out/simulation/variants.vcf.gz" \
    --reference "$out/simulation/reference" --server "unix:$socket_folder/polaris.sock" \
    -o "$out/scored.vcf.gz" --tsv "$out/scores.tsv"

step 'compare with what the simulation did'
"$binaries/polaris-trainer" evaluate --truth "$out/simulation/truth.tsv" --scores "$out/scores.tsv" \
    --registry "$out/registry"

step 'localize: which bases drive a prediction, of a variant that breaks a motif of QKI'
gzip -dc "$out/simulation/variants.vcf.gz" | awk '/^#/ || $3 == "sim0169"' > "$out/sim0169.vcf"
"$binaries/polaris-client" localize "$out/sim0169.vcf" --reference "$out/simulation/reference" \
    --server "unix:$socket_folder/polaris.sock" --models QKI.K562 --method mutagenesis -o "$out/localized"

step 'motifs: what the models look for, compared with what was planted'
"$binaries/polaris-trainer" motifs --registry "$out/registry" --prepared "$out/prepared" \
    --reference "$out/simulation/reference" --known "$out/simulation/motifs.meme" --method grad-cam --out "$out/motifs"

printf '\nThe scored variants are in %s, the table of all scores in %s, pictures in %s and %s.\n' \
    "$out/scored.vcf.gz" "$out/scores.tsv" "$out/localized" "$out/motifs"
