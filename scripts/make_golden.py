#!/usr/bin/env python3
"""Calculates the network in float64 without any library and prints golden values as JSON.

    scripts/make_golden.py > model/tests/golden/polaris.json

One case for each input length (151, 1000) and choice of covariates. Weights come from the formula that
`Weights::from_formula` documents, with seed 1000; sequences from the same generator. Takes about a minute.
"""

import json
import math
import struct
from operator import mul

REGIONS = ["intron", "exon", "1to5kb", "promoter", "3utr", "5utr"]
MASK = (1 << 64) - 1


def split_mix(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def as_float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def tensor(ordinal, shape, kernel=1):
    count = math.prod(shape)
    limit = 0.05
    if len(shape) > 1:
        limit = math.sqrt(6.0 / (math.prod(shape[1:]) + shape[0] * kernel))
    draws = split_mix(1000 + ordinal)
    return [as_float32((2.0 * ((next(draws) >> 40) / 2.0**24) - 1.0) * limit) for _ in range(count)]


def rows(flat, width):
    return [flat[start:start + width] for start in range(0, len(flat), width)]


def convolve(signal, weights, biases):
    """signal [positions][channels]; weights [filters][channels][8]; valid, rectified."""
    channels = len(signal[0])
    # Width-major kernels, so that a window of the flattened signal is one product.
    kernels = [[row[c * 8 + w] for w in range(8) for c in range(channels)] for row in weights]
    flat = [value for position in signal for value in position]
    out = []
    for position in range(len(signal) - 7):
        window = flat[position * channels:(position + 8) * channels]
        out.append([max(0.0, b + sum(map(mul, window, k))) for k, b in zip(kernels, biases)])
    return out


def pool(signal):
    return [[max(column) for column in zip(*signal[i * 4:i * 4 + 4])] for i in range(len(signal) // 4)]


def dense(values, weights, biases, rectify):
    out = [b + sum(map(mul, values, row)) for row, b in zip(weights, biases)]
    return [max(0.0, value) for value in out] if rectify else out


def logit(sequence, expression, region, with_expression, with_region):
    length = len(sequence)
    signal = [[1.0 if base == letter else 0.0 for letter in "ACGT"] for base in sequence]
    positions = ((length - 7) // 4 - 7) // 4
    signal = pool(convolve(signal, rows(tensor(0, [100, 4, 8], 8), 32), tensor(1, [100])))
    signal = pool(convolve(signal, rows(tensor(2, [100, 100, 8], 8), 800), tensor(3, [100])))
    values = [value for position in signal for value in position]
    values = dense(values, rows(tensor(4, [600, positions, 100]), positions * 100), tensor(5, [600]), True)
    values = dense(values, rows(tensor(6, [300, 600]), 600), tensor(7, [300]), True)
    values = dense(values, rows(tensor(8, [64, 300]), 300), tensor(9, [64]), True)
    if with_expression:
        values += dense([expression], rows(tensor(10, [1, 1]), 1), tensor(11, [1]), False)
    if with_region:
        one_hot = [1.0 if region == name else 0.0 for name in REGIONS]
        values += dense(one_hot, rows(tensor(12, [6, 6]), 6), tensor(13, [6]), False)
    return dense(values, [tensor(14, [1, len(values)])], tensor(15, [1]), False)[0]


def main():
    cases = []
    for number, length in enumerate([151, 1000]):
        draws = split_mix(7 + number)
        sequence = "".join("ACGT"[next(draws) >> 62] for _ in range(length - 12)) + "N" * 12
        for with_expression in [True, False]:
            for with_region in [True, False]:
                region = REGIONS[next(draws) % 6]
                value = logit(sequence, 2.75, region, with_expression, with_region)
                cases.append({
                    "input_length": length,
                    "uses_expression": with_expression,
                    "uses_region": with_region,
                    "sequence": sequence,
                    "expression_ln_tpm": 2.75,
                    "region": region,
                    "logit": value,
                    "probability": 1.0 / (1.0 + math.exp(-value)),
                })
    print(json.dumps({"cases": cases}, indent=1))


if __name__ == "__main__":
    main()
