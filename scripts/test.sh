#!/usr/bin/env bash
# Sets up what is missing, builds, and runs every test of the workspace.
#
# Tests of real data read POLARIS_DATA (default ../shared/data) and POLARIS_GOLDEN (default ../shared/golden), and
# skip with a word where these are missing. Arguments go to `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 scripts/setup_libtorch.py
# The end-to-end tests run the programs themselves.
cargo build --release --locked --bins
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
cargo test --release --locked --workspace --no-fail-fast "$@" 2>&1 | tee "$log" || code=$?
awk '/^test result:/ { passed += $4; failed += $6 } END { printf "%d passed, %d failed\n", passed, failed }' "$log"
exit "$code"
