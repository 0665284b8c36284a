"""The messages of the Open Inference Protocol over gRPC, made from a table: no generated code, any protobuf from 4 on.

Field numbers and types are the protocol's (inference.GRPCInferenceService). Fields that Bedside never looks at are left
out, which protobuf allows.
"""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "inference.GRPCInferenceService"
_INTS = "int32 int64 uint32 uint64"
_TYPES = {
    name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in f"bool bytes double float string {_INTS}".split()
}
_TENSOR = "name:string datatype:string shape:int64* parameters:InferParameter% contents:InferTensorContents"
_MESSAGES = {
    "InferParameter": "bool_param:bool? int64_param:int64? string_param:string? double_param:double? "
    "uint64_param:uint64?",
    "InferTensorContents": "bool_contents:bool* int_contents:int32* int64_contents:int64* uint_contents:uint32* "
    "uint64_contents:uint64* fp32_contents:float* fp64_contents:double* bytes_contents:bytes*",
    "Tensor": _TENSOR,
    "TensorMetadata": "name:string datatype:string shape:int64*",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "ready:bool",
    "ModelReadyRequest": "name:string",
    "ModelReadyResponse": "ready:bool",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "name:string version:string extensions:string*",
    "ModelMetadataRequest": "name:string",
    "ModelMetadataResponse": "name:string versions:string* platform:string inputs:TensorMetadata* "
    "outputs:TensorMetadata*",
    "ModelInferRequest": "model_name:string model_version:string id:string parameters:InferParameter% inputs:Tensor* "
    "outputs:Tensor* raw_input_contents:bytes*",
    "ModelInferResponse": "model_name:string model_version:string id:string parameters:InferParameter% outputs:Tensor* "
    "raw_output_contents:bytes*",
}
"""Fields in the order of their numbers, from 1: `*` repeated, `%` a map from texts, `?` one of these."""


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="bedside_open_inference.proto", package="bedside", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields.split(), 1):
            _add(message, number, *field.split(":"))
    return file


def _add(message: Any, number: int, name: str, kind: str) -> None:
    bare = kind.rstrip("*%?")
    field = message.field.add(name=name, number=number, label=3 if kind[-1] in "*%" else 1)
    if kind.endswith("%"):
        entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
        entry.options.map_entry = True
        _add(entry, 1, "key", "string")
        _add(entry, 2, "value", bare)
        bare = f"{message.name}.{entry.name}"
    if kind.endswith("?"):
        if not message.oneof_decl:
            message.oneof_decl.add(name="choice")
        field.oneof_index = 0
    if bare in _TYPES:
        field.type = _TYPES[bare]
    else:
        field.type, field.type_name = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE, f".bedside.{bare}"


_pool = descriptor_pool.DescriptorPool()  # our own: another library in this process may know the real file
_pool.AddSerializedFile(_file().SerializeToString())


def message(kind: str, /, **fields: Any) -> Any:
    """A new message of the protocol."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"bedside.{kind}"))(**fields)
