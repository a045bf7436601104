"""The demo model: a llama transformer in PyTorch, in the order llama.cpp computes it.

B sequences of T tokens; D model width; H query heads and G key/value heads of size K = D/H.
Tensor names are GGUF's. The output matrix is the embedding (tied).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Shape:
    """Hyper-parameters; widths are multiples of 32 so that every row is whole Q8_0 blocks."""
    vocab: int = 1024
    width: int = 128
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 320
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head_size(self):
        return self.width // self.heads


def init_weights(shape, seed):
    """Name -> tensor (rows x columns), random but for the norms, the same for every seed."""
    gen = torch.Generator().manual_seed(seed)

    def matrix(rows, cols, scale):
        return torch.randn(rows, cols, generator=gen) * scale

    d, kv = shape.width, shape.kv_heads * shape.head_size
    std = 1 / math.sqrt(d)
    out = std / math.sqrt(2 * shape.layers)  # residual branches start small
    w = {"token_embd.weight": matrix(shape.vocab, d, 0.06)}
    for i in range(shape.layers):
        p = f"blk.{i}."
        w[p + "attn_norm.weight"] = torch.ones(d)
        w[p + "attn_q.weight"] = matrix(d, d, std)
        w[p + "attn_k.weight"] = matrix(kv, d, std)
        w[p + "attn_v.weight"] = matrix(kv, d, std)
        w[p + "attn_output.weight"] = matrix(d, d, out)
        w[p + "ffn_norm.weight"] = torch.ones(d)
        w[p + "ffn_gate.weight"] = matrix(shape.ffn, d, std)
        w[p + "ffn_up.weight"] = matrix(shape.ffn, d, std)
        w[p + "ffn_down.weight"] = matrix(d, shape.ffn, out)
    w["output_norm.weight"] = torch.ones(d)
    return w


def rms_norm(x, weight, eps):
    """x / rms(x) * weight over the last axis."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight


def rope_tables(shape, length, dtype=torch.float32):
    """cos and sin of position * base^(-2i/K): two tables of length x K/2."""
    k = shape.head_size
    freq = shape.rope_base ** (-torch.arange(0, k, 2, dtype=torch.float64) / k)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * freq
    return angle.cos().to(dtype), angle.sin().to(dtype)


def rope(x, cos, sin):
    """Rotate neighbouring pairs (2i, 2i+1), llama.cpp's NORM rope. x: B x heads x T x K."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cos - b * sin, a * sin + b * cos), -1).flatten(-2)


def hidden(w, shape, ids, mask):
    """B x T ids -> B x T x D after the final norm. mask: B x 1 x T x T (or 1 x 1 x T x T),
    0 where a token may look and -inf where it may not."""
    b, t = ids.shape
    h, g, k = shape.heads, shape.kv_heads, shape.head_size
    cos, sin = rope_tables(shape, t, w["token_embd.weight"].dtype)
    x = F.embedding(ids, w["token_embd.weight"])                      # B T D
    for i in range(shape.layers):
        p = f"blk.{i}."
        y = rms_norm(x, w[p + "attn_norm.weight"], shape.eps)
        q = F.linear(y, w[p + "attn_q.weight"]).view(b, t, h, k).transpose(1, 2)
        kk = F.linear(y, w[p + "attn_k.weight"]).view(b, t, g, k).transpose(1, 2)
        v = F.linear(y, w[p + "attn_v.weight"]).view(b, t, g, k).transpose(1, 2)
        q, kk = rope(q, cos, sin), rope(kk, cos, sin)
        kk = kk.repeat_interleave(h // g, 1)                          # B H T K
        v = v.repeat_interleave(h // g, 1)
        score = q @ kk.transpose(-1, -2) / math.sqrt(k) + mask        # B H T T
        y = (score.softmax(-1) @ v).transpose(1, 2).reshape(b, t, h * k)
        x = x + F.linear(y, w[p + "attn_output.weight"])
        y = rms_norm(x, w[p + "ffn_norm.weight"], shape.eps)
        y = F.silu(F.linear(y, w[p + "ffn_gate.weight"])) * F.linear(y, w[p + "ffn_up.weight"])
        x = x + F.linear(y, w[p + "ffn_down.weight"])
    return rms_norm(x, w["output_norm.weight"], shape.eps)


def logits(w, rows):
    """Scores of every token for rows of hidden states (N x D -> N x vocab)."""
    return F.linear(rows, w["token_embd.weight"])


def causal_mask(length, dtype=torch.float32):
    """1 x 1 x T x T additive mask: a token sees itself and what came before."""
    return torch.full((length, length), -math.inf, dtype=dtype).triu(1)[None, None]


@torch.no_grad()
def generate(w, shape, ids, count, stop, pick):
    """Continue ids by up to `count` tokens; pick(logits) -> id; ends before token `stop`.
    Returns the new ids and the logits each was picked from. Recomputes everything at each
    token: simple, and fast enough for a model this small."""
    ids, new, rows = list(ids), [], []
    for _ in range(count):
        row = logits(w, hidden(w, shape, torch.tensor([ids]), causal_mask(
            len(ids), w["token_embd.weight"].dtype))[0, -1:])[0]
        token = pick(row)
        rows.append(row)
        new.append(token)
        if token == stop:
            break
        ids.append(token)
    return new, rows


def sampler(temperature, seed):
    """A pick function: greedy at temperature 0, else seeded sampling from the whole softmax."""
    gen = torch.Generator().manual_seed(seed)

    def pick(row):
        if temperature == 0:
            return int(row.argmax())
        return int(torch.multinomial((row / temperature).softmax(-1), 1, generator=gen))
    return pick
