"""The messages that are read, as protobuf has them: only what the guard knows of them stands here.

source: moby/buildkit, control.proto and gateway.proto; tonistiigi/fsutil, wire.proto and stat.proto
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

# message: field, number, kind. [] is a list, {X} a map from texts to X; a message that must stay empty is bytes.
_SCHEMA = {
    "Bytes": "data 1 bytes",
    "Stat": "path 1 text, mode 2 uint, uid 3 uint, gid 4 uint, size 5 int, mtime 6 int",
    "Packet": "type 1 int, stat 2 Stat, id 3 uint, data 4 bytes",
    "Exporter": "type 1 text, attrs 2 {text}",
    "Solve": "ref 1 text, definition 2 bytes, exporter 3 text, exporter_attrs 4 {text}, session 5 text,"
    " frontend 6 text, frontend_attrs 7 {text}, cache 8 bytes, entitlements 9 []text, inputs 10 {bytes},"
    " internal 11 bool, policy 12 bytes, exporters 13 []Exporter, session_exporter 14 bool",
    "Solved": "response 1 {text}",
    "Status": "ref 1 text",
    "Vertex": "name 3 text, error 7 text",
    "VertexStatus": "id 1 text, name 3 text",
    "Progress": "vertexes 1 []Vertex, statuses 2 []VertexStatus",
    "Ref": "id 1 text",
    "RefMap": "refs 1 {Ref}",
    "Result": "ref 3 Ref, refs 4 RefMap, metadata 10 {bytes}",
    "Fault": "code 1 int, message 2 text",
    "Return": "result 1 Result, error 2 Fault",
    "BridgeSolve": "definition 1 bytes, frontend 2 text, options 3 {text}, return_result 5 bool, return_array 6 bool,"
    " final 10 bool, exporter_attr 11 bytes, cache_imports 12 []bytes, inputs 13 {bytes}, evaluate 14 bool,"
    " policies 15 []bytes",
    "BridgeSolved": "result 3 Result",
}
_KINDS = {
    "text": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "bool": Field.TYPE_BOOL,
    "int": Field.TYPE_INT64,
    "uint": Field.TYPE_UINT32,
}


def _add(message: DescriptorProto, name: str, number: int, kind: str) -> None:
    many = kind.startswith(("[]", "{"))
    field = message.field.add(name=name, number=number, label=Field.LABEL_REPEATED if many else Field.LABEL_OPTIONAL)
    if kind.startswith("{"):
        entry = message.nested_type.add(name="".join(part.capitalize() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        _add(entry, "key", 1, "text")
        _add(entry, "value", 2, kind.strip("{}"))
        field.type, field.type_name = Field.TYPE_MESSAGE, f".kit.{message.name}.{entry.name}"
    elif (plain := kind.removeprefix("[]")) in _KINDS:
        field.type = _KINDS[plain]
    else:
        field.type, field.type_name = Field.TYPE_MESSAGE, f".kit.{plain}"


def _classes() -> dict[str, Any]:
    file = FileDescriptorProto(name="kit.proto", package="kit", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for entry in filter(None, map(str.strip, fields.split(","))):
            field, number, kind = entry.split(" ")
            _add(message, field, int(number), kind)
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"kit.{name}")) for name in _SCHEMA}


MESSAGE = _classes()
