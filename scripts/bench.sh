#!/usr/bin/env bash
# Measures the engine within a process and through a server, in turns, on the same models: docs/benchmarks.md.
#
# Usage: scripts/bench.sh [MODELS] [ROUNDS]    (160 and 3; 160 models take 2.5 GB of disk and 7 GB of memory)
# The registry stays in target/bench-registry.
set -euo pipefail
cd "$(dirname "$0")/.."
models=${1:-160}
rounds=${2:-3}
python3 scripts/setup_libtorch.py
cargo build --release --locked --bins
registry=$PWD/target/bench-registry-$models
engine() { cargo bench --quiet --locked -p polaris-model --bench engine -- "$@" --registry "$registry"; }
[ -d "$registry" ] || fill=--fill
engine "$models" 64 5 ${fill:-}

out=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$out"' EXIT
target/release/polaris-server serve --registry "$registry" --listen "unix:$out/socket" >"$out/log" 2>&1 &
server=$!
until grep -q "serving" "$out/log"; do
    kill -0 "$server" || { cat "$out/log"; exit 1; }
    sleep 1
done
for round in $(seq "$rounds"); do
    engine "$models" 64 5 --predict >"$out/process-$round"
    for windows in 64 1; do
        target/release/polaris-client bench --server "unix:$out/socket" --windows "$windows" \
            --concurrency $((windows > 1 ? 2 : 1)) --duration $((windows > 1 ? 60 : 20)) --warm-up 5 --json "$out/server-$windows-$round.json" \
            >/dev/null
    done
done
python3 - "$out" "$rounds" <<'PYTHON'
import json, statistics, sys
out, rounds = sys.argv[1], range(1, int(sys.argv[2]) + 1)
def process(key):
    lines = [line.split() for number in rounds for line in open(f"{out}/process-{number}")]
    return statistics.median(float(line[0]) for line in lines if len(line) > 1 and line[1] == key)
def server(windows, *path):
    values = []
    for number in rounds:
        value = json.load(open(f"{out}/server-{windows}-{number}.json"))
        for key in path:
            value = value[key]
        values.append(value)
    return statistics.median(values)
rate, single = process("strict_windows_per_s"), process("single_window_p99_ms")
served = server(64, "windows_per_s")
p99 = server(1, "latency_ms", "p99")
print(f"64 windows a call: {served:.1f} windows/s through gRPC, {rate:.1f} within a process, {served / rate:.3f} of it")
print(f"one window, 99th percentile: {p99:.1f} ms through gRPC, {single:.1f} ms within a process, {p99 / single:.3f} of it")
PYTHON
