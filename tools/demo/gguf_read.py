"""Reader of the GGUF files gguf_write.py writes: for golden values and tests, not for strange files."""

import struct

import numpy as np

import gguf_write as gguf
import quant

_SCALAR = {gguf._U32: "<I", gguf._I32: "<i", gguf._FLOAT: "<f", gguf._BOOL: "<?"}


class _Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, fmt):
        value, = struct.unpack_from(fmt, self.data, self.at)
        self.at += struct.calcsize(fmt)
        return value

    def string(self):
        n = self.take("<Q")
        self.at += n
        return self.data[self.at - n:self.at].decode("utf-8")

    def value(self, kind):
        if kind == gguf._STRING:
            return self.string()
        if kind == gguf._ARRAY:
            item, count = self.take("<I"), self.take("<Q")
            return [self.value(item) for _ in range(count)]
        return self.take(_SCALAR[kind])


def decode(data):
    """(metadata, tensors) of a file's bytes; tensors: name -> float32 array (rows, columns)."""
    c = _Cursor(data)
    magic, version = data[:4], struct.unpack_from("<I", data, 4)[0]
    if (magic, version) != (gguf.MAGIC, gguf.VERSION):
        raise ValueError(f"gguf: got {magic!r} version {version}, want {gguf.MAGIC!r} version {gguf.VERSION}")
    c.at = 8
    tensor_count, key_count = c.take("<Q"), c.take("<Q")
    metadata = {}
    for _ in range(key_count):
        key = c.string()
        metadata[key] = c.value(c.take("<I"))
    entries = []
    for _ in range(tensor_count):
        name = c.string()
        shape = tuple(c.take("<Q") for _ in range(c.take("<I")))[::-1]
        entries.append((name, shape, c.take("<I"), c.take("<Q")))
    base = c.at + -c.at % gguf.ALIGNMENT
    tensors = {}
    for name, shape, kind, offset in entries:
        count = int(np.prod(shape))
        size = {gguf.F32: 4 * count, gguf.Q8_0: count // quant.BLOCK * quant.BLOCK_BYTES}[kind]
        raw = data[base + offset:base + offset + size]
        tensors[name] = (quant.dequantise(raw, shape) if kind == gguf.Q8_0
                         else np.frombuffer(raw, "<f4").reshape(shape))
    return metadata, tensors
