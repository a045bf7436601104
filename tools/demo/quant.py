"""Q8_0: blocks of 32 weights as one F16 scale and 32 signed bytes (ggml's block_q8_0)."""

import numpy as np

BLOCK = 32
BLOCK_BYTES = 2 + BLOCK


def quantise(x):
    """float32 array with a last axis of whole blocks -> bytes, row by row."""
    rows = np.ascontiguousarray(x, dtype=np.float32).reshape(-1, BLOCK)
    scale = np.abs(rows).max(1) / np.float32(127)
    inverse = np.divide(np.float32(1), scale, out=np.zeros_like(scale), where=scale != 0)
    scaled = rows * inverse[:, None]
    # ggml rounds with roundf: halves go away from zero.
    q = np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8)
    out = np.empty((len(rows), BLOCK_BYTES), np.uint8)
    out[:, :2] = scale.astype("<f2").view(np.uint8).reshape(-1, 2)
    out[:, 2:] = q.view(np.uint8)
    return out.tobytes()


def dequantise(data, shape):
    """The float32 array of `shape` that quantise's bytes stand for."""
    raw = np.frombuffer(data, np.uint8).reshape(-1, BLOCK_BYTES)
    scale = np.ascontiguousarray(raw[:, :2]).view("<f2").astype(np.float32)
    return (scale * raw[:, 2:].view(np.int8).astype(np.float32)).reshape(shape)
