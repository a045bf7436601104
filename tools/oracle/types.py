"""Write what ggml makes of the same numbers in every weight type: types.py LIBGGML_BASE OUT.json

OUT.json is {"source": f32, "types": [{"name", "id", "blocks": bytes, "values": f32}]}: source are ROWS rows of 256 weights
(normal, standard deviation 0.02, one in 64 ten times as large), blocks what ggml_quantize_chunk makes of them, values what
the type's to_float makes of the blocks; bytes and little-endian f32 in base64.
"""

import base64
import ctypes
import json
import random
import struct
import sys

ROWS, WIDTH = 4, 256
TYPES = [  # numbers of enum ggml_type
    0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 29, 30, 34, 35, 39, 40, 41, 42,
]


class Traits(ctypes.Structure):
    """struct ggml_type_traits of ggml.h."""
    _fields_ = [
        ("type_name", ctypes.c_char_p), ("blck_size", ctypes.c_int64), ("blck_size_interleave", ctypes.c_int64),
        ("type_size", ctypes.c_size_t), ("is_quantized", ctypes.c_bool),
        ("to_float", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)),
    ]


def main(library, out):
    lib = ctypes.CDLL(library)
    lib.ggml_get_type_traits.restype = ctypes.POINTER(Traits)
    lib.ggml_quantize_requires_imatrix.restype = ctypes.c_bool
    lib.ggml_quantize_chunk.restype = ctypes.c_size_t
    lib.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
    rng = random.Random(1)
    numbers = [rng.gauss(0, 0.02) * (10 if rng.randrange(64) == 0 else 1) for _ in range(ROWS * WIDTH)]
    source = (ctypes.c_float * len(numbers))(*numbers)
    importance = (ctypes.c_float * WIDTH)(*[1.0] * WIDTH)
    text = lambda b: base64.b64encode(bytes(b)).decode()
    answer = {"source": text(source), "types": []}
    for t in TYPES:
        traits = lib.ggml_get_type_traits(t).contents
        size = len(numbers) // traits.blck_size * traits.type_size
        blocks, values = ctypes.create_string_buffer(size), (ctypes.c_float * len(numbers))()
        if t == 0:
            ctypes.memmove(blocks, source, size)
            ctypes.memmove(values, source, size)
        else:
            got = lib.ggml_quantize_chunk(t, source, blocks, 0, ROWS, WIDTH,
                                          importance if lib.ggml_quantize_requires_imatrix(t) else None)
            if got != size:
                raise SystemExit("type %d: %d bytes, want %d" % (t, got, size))
            traits.to_float(blocks, values, len(numbers))
        answer["types"].append({"name": traits.type_name.decode(), "id": t, "blocks": text(blocks), "values": text(values)})
    with open(out, "w") as f:
        f.write('{"source": "%s", "types": [\n' % answer["source"])
        f.write(",\n".join(json.dumps(t) for t in answer["types"]) + "\n]}\n")


main(*sys.argv[1:])
