#!/usr/bin/env python3
"""Calculates the network and its maps in float64 without any library and prints golden values as JSON.

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


def transposed(values, weights):
    """values [rows] times weights [rows][columns]."""
    out = [0.0] * len(weights[0])
    for value, row in zip(values, weights):
        if value:
            out = [total + value * weight for total, weight in zip(out, row)]
    return out


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


def localized(sequence, expression, region, with_expression, with_region):
    """Logit, Grad-CAM and HiResCAM, both signed, over the positions of the second convolution."""
    length = len(sequence)
    signal = [[1.0 if base == letter else 0.0 for letter in "ACGT"] for base in sequence]
    positions = ((length - 7) // 4 - 7) // 4
    signal = pool(convolve(signal, rows(tensor(0, [100, 4, 8], 8), 32), tensor(1, [100])))
    activations = convolve(signal, rows(tensor(2, [100, 100, 8], 8), 800), tensor(3, [100]))
    flat = [value for position in pool(activations) for value in position]
    weights1 = rows(tensor(4, [600, positions, 100]), positions * 100)
    weights2 = rows(tensor(6, [300, 600]), 600)
    weights3 = rows(tensor(8, [64, 300]), 300)
    dense1 = dense(flat, weights1, tensor(5, [600]), True)
    dense2 = dense(dense1, weights2, tensor(7, [300]), True)
    dense3 = dense(dense2, weights3, tensor(9, [64]), True)
    values = list(dense3)
    if with_expression:
        values += dense([expression], rows(tensor(10, [1, 1]), 1), tensor(11, [1]), False)
    if with_region:
        one_hot = [1.0 if region == name else 0.0 for name in REGIONS]
        values += dense(one_hot, rows(tensor(12, [6, 6]), 6), tensor(13, [6]), False)
    output = tensor(14, [1, len(values)])
    value = dense(values, [output], tensor(15, [1]), False)[0]

    # Back from the logit, layer by layer, to each activation.
    gradient = [weight if unit > 0.0 else 0.0 for weight, unit in zip(output, dense3)]
    for weights, units in [(weights3, dense2), (weights2, dense1)]:
        gradient = [g if unit > 0.0 else 0.0 for g, unit in zip(transposed(gradient, weights), units)]
    gradient = rows(transposed(gradient, weights1), 100)
    by_activation = [[0.0] * 100 for _ in activations]
    for position in range(positions):
        for channel in range(100):
            column = [activations[position * 4 + i][channel] for i in range(4)]
            by_activation[position * 4 + column.index(max(column))][channel] = gradient[position][channel]
    mean = [sum(column) / len(activations) for column in zip(*by_activation)]
    grad_cam = [sum(map(mul, mean, row)) for row in activations]
    hires_cam = [sum(map(mul, g, row)) for g, row in zip(by_activation, activations)]
    return value, grad_cam, hires_cam


def shortened(values):
    return [float(f"{value:.9g}") for value in values]


def main():
    cases = []
    for number, length in enumerate([151, 1000]):
        draws = split_mix(7 + number)
        sequence = "".join("ACGT"[next(draws) >> 62] for _ in range(length - 12)) + "N" * 12
        for with_expression in [True, False]:
            for with_region in [True, False]:
                region = REGIONS[next(draws) % 6]
                value, grad_cam, hires_cam = localized(
                    sequence, 2.75, region, with_expression, with_region)
                cases.append({
                    "input_length": length,
                    "uses_expression": with_expression,
                    "uses_region": with_region,
                    "sequence": sequence,
                    "expression_ln_tpm": 2.75,
                    "region": region,
                    "logit": value,
                    "probability": 1.0 / (1.0 + math.exp(-value)),
                    "grad_cam_native_pre_relu": shortened(grad_cam),
                    "hires_cam_native_pre_relu": shortened(hires_cam),
                })
    print('{"cases": [')
    print(",\n".join(json.dumps(case) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
