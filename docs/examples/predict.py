#!/usr/bin/env python3
"""Asks a POLARIS server how likely each sequence of a FASTA is bound: one row for each sequence and model.

    pip install grpcio grpcio-tools
    python3 predict.py localhost:50051 windows.fa --models QKI.K562 --region exon --tpm 10 > bound.tsv

Sequences are RNA strands, 5' to 3', as long as the models' windows. `--proto` is the folder that `polaris/v1` is in.
Variants are easier scored with `polaris-client score`, which cuts their windows.
"""

import argparse
import math
import pathlib
import sys

import grpc

REGIONS = ["intron", "exon", "1to5kb", "promoter", "3utr", "5utr"]
# The names in the contract, in the same order.
REGION_NAMES = ["INTRON", "EXON", "ONE_TO_FIVE_KB", "PROMOTER", "THREE_PRIME_UTR", "FIVE_PRIME_UTR"]


def records(lines):
    """Names and sequences of a FASTA."""
    name, parts = None, []
    for line in lines:
        line = line.strip()
        if line.startswith(">"):
            if name is not None:
                yield name, "".join(parts)
            name, parts = line[1:].split()[0], []
        elif line:
            parts.append(line.upper())
    if name is not None:
        yield name, "".join(parts)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("server", help="HOST:PORT")
    parser.add_argument("fasta", type=argparse.FileType())
    parser.add_argument("--models", default="", help="ids between commas; all of the server's by default")
    parser.add_argument("--region", choices=REGIONS, help="what lies at the middle of the sequences")
    parser.add_argument("--tpm", type=float, default=0.0, help="expression of their gene")
    parser.add_argument("--proto", default=str(root / "proto"))
    typed = parser.parse_args()

    # The contract is read as it is; a program of more than one file would generate code from it.
    sys.path.insert(0, typed.proto)
    messages, services = grpc.protos_and_services("polaris/v1/polaris.proto")

    with grpc.insecure_channel(typed.server) as channel:
        polaris = services.PolarisServiceStub(channel)
        listed = polaris.ListModels(messages.ListModelsRequest(), timeout=30)
        chosen = [model for model in typed.models.split(",") if model]
        models = [model for model in listed.models if not chosen or model.id in chosen]
        lengths = {model.input_length for model in models}
        if len(lengths) != 1:
            sys.exit(f"models of windows of one length are asked together, these have {sorted(lengths)}")
        length = lengths.pop()
        expression = {model.cell_line: math.log1p(typed.tpm) for model in models}
        region = messages.Region.Value("REGION_UNSPECIFIED")
        if typed.region:
            region = messages.Region.Value("REGION_" + REGION_NAMES[REGIONS.index(typed.region)])

        def ask(batch):
            windows = [messages.Window(sequence=text, expression=expression, region=region) for _, text in batch]
            request = messages.PredictRequest(windows=windows, model_ids=[model.id for model in models])
            # A full server says when to come again; `wait_for_ready` waits for one that is starting.
            reply = polaris.Predict(request, timeout=300, wait_for_ready=True)
            for (name, _), values in zip(batch, reply.predictions):
                for model, probability in zip(reply.model_ids, values.probabilities):
                    print(name, model, f"{probability:.6g}", sep="\t")

        print("name", "model", "probability", sep="\t")
        most = min(64, listed.limits.max_windows_per_request or 64)
        batch = []
        for name, sequence in records(typed.fasta):
            if len(sequence) != length:
                sys.exit(f"{name} has {len(sequence)} bases, the models take {length}")
            batch.append((name, sequence))
            if len(batch) == most:
                ask(batch)
                batch = []
        if batch:
            ask(batch)


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"the server failed: {error.code().name}: {error.details()}")
