"""Make testdata/demo.golden.json: what an exact engine computes for demo.gguf.

Greedy ids, the gap between the best and the second-best logit at each, and the text, from the
file's dequantised weights in float64. An engine that rounds (activations in eight bits, say) may
differ where a gap is smaller than its noise, and only there.
"""

import argparse
import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small matrices: a second thread only waits

import torch

import gguf_read
import model
import vocab as v

COUNT = 32
TEXT_PROMPTS = [
    "Once upon a time", "One day, a fox named", "The capital of France is",
    "What is the opposite of hot?", "There was a girl named",
]
CHATS = [
    ["Hello!"], ["Who are you?"], ["What color is the sky?"], ["What is 2 + 3?"], ["Count to 5."],
    ["How many legs does a spider have?"], ["Tell me a story about a fox."],
    ["My name is Anna.", "Nice to meet you, Anna! How can I help you?", "What is my name?"],
]


def load(path):
    """(weights in float64, shape, vocabulary) of a demo model file."""
    with open(path, "rb") as f:
        meta, tensors = gguf_read.decode(f.read())
    shape = model.Shape(
        vocab=meta["llama.vocab_size"], width=meta["llama.embedding_length"],
        layers=meta["llama.block_count"], heads=meta["llama.attention.head_count"],
        kv_heads=meta["llama.attention.head_count_kv"], ffn=meta["llama.feed_forward_length"],
        context=meta["llama.context_length"], rope_base=meta["llama.rope.freq_base"],
        eps=meta["llama.attention.layer_norm_rms_epsilon"])
    normal = [p for p, t in zip(meta["tokenizer.ggml.tokens"], meta["tokenizer.ggml.token_type"])
              if t == v.NORMAL]
    vocab = v.Vocab(normal, [])
    weights = {name: torch.from_numpy(a.copy()).double() for name, a in tensors.items()}
    return weights, shape, vocab


def chat(messages):
    """The chat template of export.py for alternating user and assistant texts, ready to answer."""
    turns = "".join("<|%s|>%s</s>" % (("user", "assistant")[i % 2], text) for i, text in enumerate(messages))
    return "<s>" + turns + "<|assistant|>"


def chat_ids(vocab, messages):
    """Ids of chat(messages)."""
    ids = [v.BOS]
    for i, text in enumerate(messages):
        ids += [(v.USER, v.ASSISTANT)[i % 2]] + vocab.encode(text) + [v.EOS]
    return ids + [v.ASSISTANT]


def case(weights, shape, vocab, prompt, ids):
    """One entry of the file."""
    new, rows = model.generate(weights, shape, ids, COUNT, v.EOS, model.sampler(0, 0))
    gaps = []
    for row in rows:
        best, second = row.topk(2).values.tolist()
        gaps.append(round(best - second, 4))
    return {"prompt": prompt, "prompt_tokens": ids, "greedy": new, "greedy_top2_gap": gaps,
            "greedy_text": vocab.decode(new)}


def main():
    testdata = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "testdata")
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("model", nargs="?", default=os.path.join(testdata, "demo.gguf"))
    args.add_argument("-o", "--output", default=os.path.join(testdata, "demo.golden.json"))
    args = args.parse_args()
    weights, shape, vocab = load(args.model)
    cases = [case(weights, shape, vocab, t, [v.BOS] + vocab.encode(t)) for t in TEXT_PROMPTS]
    for messages in CHATS:
        entry = case(weights, shape, vocab, chat(messages), chat_ids(vocab, messages))
        cases.append({"chat": messages, **entry})
    with open(args.output, "w") as f:
        f.write(json.dumps({"model": "demo.gguf",
                            "computed_by": "tools/demo/golden.py: dequantised weights, float64",
                            "cases": []})[:-2] + "\n")
        f.write(",\n".join(json.dumps(c) for c in cases) + "\n]}\n")


if __name__ == "__main__":
    main()
