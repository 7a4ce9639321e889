"""A prediction by grpcio with what the server says of itself by reflection: `python3 grpcio.py HOST:PORT MODEL BASES`.

Needs grpcio, grpcio-reflection and grpcio-health-checking.
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, model, bases = sys.argv[1], sys.argv[2], int(sys.argv[3])
channel = grpc.insecure_channel(address)
pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
service = pool.FindServiceByName("polaris.v1.PolarisService")


def call(name, metadata=(), timeout=10, **fields):
    method = service.FindMethodByName(name)
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    rpc = channel.unary_unary(
        f"/{service.full_name}/{name}", request.SerializeToString, response.FromString
    )
    return rpc.with_call(request(**fields), metadata=metadata, timeout=timeout)


for name in ["", service.full_name, model]:
    reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=name))
    assert reply.status == health_pb2.HealthCheckResponse.SERVING, name
window = {"sequence": "A" * bases, "expression": {"K562": 1.5, "HepG2": 0.5}, "region": 1}
reply, done = call("Predict", metadata=[("x-request-id", "from-python")], windows=[window], model_ids=[model])
assert dict(done.initial_metadata())["x-request-id"] == "from-python", done.initial_metadata()
info, _ = call("ServerInfo")
assert len(info.model_set_digest) == 64, info
try:
    call("Predict", windows=[{**window, "sequence": "ACGT"}])
    raise AssertionError("a short window was predicted")
except grpc.RpcError as error:
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
print("probability", list(reply.predictions[0].probabilities))
