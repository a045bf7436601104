"""From trained weights to the GGUF file, and back to the weights the file stands for."""

import numpy as np
import torch

import gguf_write as gguf
import quant
import vocab as v

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message['role'] }}|>{{ message['content'] | trim }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}")

FILE_TYPE_MOSTLY_Q8_0 = 7   # llama.cpp's LLAMA_FTYPE_MOSTLY_Q8_0
QUANTIZATION_VERSION = 2    # ggml's GGML_QNT_VERSION


def metadata(shape, vocab):
    """The key/value section, in the order of the file."""
    u32, i32 = gguf.U32, gguf.I32
    return {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": "llamaboot demo",
        "general.description": "A tiny model of short stories and simple answers, made for tests and demonstrations.",
        "general.license": "Apache-2.0",
        "general.file_type": u32(FILE_TYPE_MOSTLY_Q8_0),
        "general.quantization_version": u32(QUANTIZATION_VERSION),
        "general.alignment": u32(gguf.ALIGNMENT),
        "llama.vocab_size": u32(shape.vocab),
        "llama.context_length": u32(shape.context),
        "llama.embedding_length": u32(shape.width),
        "llama.block_count": u32(shape.layers),
        "llama.feed_forward_length": u32(shape.ffn),
        "llama.attention.head_count": u32(shape.heads),
        "llama.attention.head_count_kv": u32(shape.kv_heads),
        "llama.attention.layer_norm_rms_epsilon": float(shape.eps),
        "llama.rope.dimension_count": u32(shape.head_size),
        "llama.rope.freq_base": float(shape.rope_base),
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": vocab.pieces,
        "tokenizer.ggml.scores": vocab.scores,
        "tokenizer.ggml.token_type": [i32(t) for t in vocab.types],
        "tokenizer.ggml.bos_token_id": u32(v.BOS),
        "tokenizer.ggml.eos_token_id": u32(v.EOS),
        "tokenizer.ggml.unknown_token_id": u32(v.UNK),
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.add_space_prefix": False,
        "tokenizer.chat_template": CHAT_TEMPLATE,
    }


def to_gguf(weights, shape, vocab):
    """Bytes of the file: matrices in Q8_0, norms in F32."""
    tensors = {}
    for name, w in weights.items():
        a = w.detach().numpy().astype("<f4")
        if a.ndim == 1:
            tensors[name] = (gguf.F32, a.shape, a.tobytes())
        else:
            tensors[name] = (gguf.Q8_0, a.shape, quant.quantise(a))
    return gguf.encode(metadata(shape, vocab), tensors)


def as_stored(weights, dtype=torch.float64):
    """The weights after the rounding of the file: what an exact engine computes with."""
    out = {}
    for name, w in weights.items():
        a = w.detach().numpy().astype(np.float32)
        if a.ndim == 2:
            a = quant.dequantise(quant.quantise(a), a.shape)
        out[name] = torch.from_numpy(a).to(dtype)
    return out
