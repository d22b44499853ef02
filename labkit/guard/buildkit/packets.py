"""The messages in which an engine asks for files, as protobuf has them.

source: tonistiigi/fsutil, types/wire.proto and types/stat.proto
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

STAT, REQUEST, DATA, FINISH, ERROR = range(5)  # types of a packet
MODE_TYPE, MODE_FOLDER = 0x8F280000, 1 << 31  # bits of a mode (source: Go, io/fs.ModeType)

_SCHEMA = {
    "Stat": (
        ("path", 1, Field.TYPE_STRING),
        ("mode", 2, Field.TYPE_UINT32),
        ("uid", 3, Field.TYPE_UINT32),
        ("gid", 4, Field.TYPE_UINT32),
        ("size", 5, Field.TYPE_INT64),
        ("mtime", 6, Field.TYPE_INT64),
    ),
    "Packet": (
        ("type", 1, Field.TYPE_INT32),
        ("stat", 2, Field.TYPE_MESSAGE),
        ("id", 3, Field.TYPE_UINT32),
        ("data", 4, Field.TYPE_BYTES),
    ),
}


def _classes() -> dict[str, Any]:
    file = FileDescriptorProto(name="fsutil.proto", package="fsutil", syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            entry = message.field.add(name=field, number=number, type=kind, label=Field.LABEL_OPTIONAL)
            if kind == Field.TYPE_MESSAGE:
                entry.type_name = ".fsutil.Stat"
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"fsutil.{name}")) for name in _SCHEMA}


_CLASSES = _classes()
Packet, Stat = _CLASSES["Packet"], _CLASSES["Stat"]
