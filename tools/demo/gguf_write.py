"""Writer of GGUF version 3, little endian (ggml's docs/gguf.md), as far as the demo needs it."""

import struct

MAGIC, VERSION, ALIGNMENT = b"GGUF", 3, 32
F32, F16, Q8_0 = 0, 1, 8                              # ggml_type
# gguf_metadata_value_type
_U32, _I32, _FLOAT, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9


class U32(int):
    """An int to be stored as uint32 (a bare int would not say its width)."""


class I32(int):
    """An int to be stored as int32."""


def _string(text):
    raw = text.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def _kind(value):
    for kind, python in ((_BOOL, bool), (_U32, U32), (_I32, I32), (_FLOAT, float), (_STRING, str),
                         (_ARRAY, list)):
        if isinstance(value, python):
            return kind
    raise TypeError("gguf: no value type for %r" % (value,))


def _value(value):
    kind = _kind(value)
    if kind == _STRING:
        return _string(value)
    if kind == _ARRAY:
        items = b"".join(map(_value, value))
        return struct.pack("<IQ", _kind(value[0]), len(value)) + items
    return struct.pack({_BOOL: "<?", _U32: "<I", _I32: "<i", _FLOAT: "<f"}[kind], value)


def _pad(data):
    return data + bytes(-len(data) % ALIGNMENT)


def encode(metadata, tensors):
    """The bytes of a GGUF file.

    metadata: key -> value (bool, U32, I32, float, str or list of these), kept in order.
    tensors: name -> (ggml type, shape, data), shape in numpy order (rows, columns); GGUF wants
    the columns first.
    """
    head = MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    for key, value in metadata.items():
        head += _string(key) + struct.pack("<I", _kind(value)) + _value(value)
    body = b""
    for name, (kind, shape, data) in tensors.items():
        head += _string(name) + struct.pack("<I", len(shape))
        head += b"".join(struct.pack("<Q", n) for n in reversed(shape))
        head += struct.pack("<IQ", kind, len(body))
        body += _pad(data)
    return _pad(head) + body
