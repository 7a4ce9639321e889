"""A prediction by Triton's own client: `python3 triton.py HOST:PORT MODEL BASES`. Needs tritonclient[grpc]."""

import sys

import numpy
import tritonclient.grpc as triton

address, model, bases = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = triton.InferenceServerClient(address)
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
metadata = client.get_model_metadata(model)
assert [output.name for output in metadata.outputs] == ["probability", "logit"], metadata


def tensor(name, values, datatype):
    tensor = triton.InferInput(name, list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    return tensor


letters = numpy.array([("ACGT" * bases)[:bases], "N" * bases], dtype=numpy.object_)
one_hot = numpy.zeros((2, 4, bases), dtype=numpy.float32)
one_hot[0, numpy.arange(bases) % 4, numpy.arange(bases)] = 1
covariates = {
    "expression": ("FP32", numpy.array([[1.5], [0.0]], dtype=numpy.float32)),
    "region": ("INT64", numpy.array([1, 0], dtype=numpy.int64)),
}
names = [each.name for each in metadata.inputs]
others = [tensor(name, values, datatype) for name, (datatype, values) in covariates.items() if name in names]
replies = [
    client.infer(model, [tensor("sequence", letters, "BYTES"), *others]),
    client.infer(model, [tensor("sequence", one_hot, "FP32"), *others]),
]
probabilities = [reply.as_numpy("probability") for reply in replies]
logits = replies[0].as_numpy("logit")
assert probabilities[0].shape == (2, 1) and (probabilities[0] == probabilities[1]).all(), probabilities
assert numpy.allclose(probabilities[0], 1 / (1 + numpy.exp(-logits)))
try:
    client.infer("NONE.K562", [tensor("sequence", letters, "BYTES")])
    raise AssertionError("a model that is not there answered")
except triton.InferenceServerException as error:
    assert "NOT_FOUND" in str(error.status()), error
print("probability", probabilities[0].ravel().tolist())
