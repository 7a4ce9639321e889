#!/bin/sh
# Asks a POLARIS server from a shell: which models it has, and how likely one sequence is bound.
#
#     sh grpcurl.sh localhost:50051 SEQUENCE [TPM]
#
# SEQUENCE is the RNA strand, 5' to 3', as long as the models' windows; TPM the expression of its gene. A server with
# reflection needs neither -import-path nor -proto.
set -eu

server=$1 sequence=$2 tpm=${3:-0}
contract=$(dirname "$0")/../../proto

call() {
    grpcurl -plaintext -import-path "$contract" -proto polaris/v1/polaris.proto "$@"
}

models=$(call "$server" polaris.v1.PolarisService/ListModels)
echo "$models"
# ln(TPM + 1) of every cell line that a model needs.
expression=$(echo "$models" | sed -n 's/.*"cellLine": "\(.*\)".*/\1/p' | sort -u |
    awk -v tpm="$tpm" '{ printf "%s\"%s\": %.6f", separator, $0, log(tpm + 1); separator = ", " }')
call -d "{\"windows\": [{\"sequence\": \"$sequence\", \"expression\": {$expression}, \"region\": \"REGION_EXON\"}]}" \
    "$server" polaris.v1.PolarisService/Predict
