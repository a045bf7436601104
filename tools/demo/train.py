"""Make testdata/demo.gguf: generate text, train vocabulary and model, quantise, write.

Everything is seeded; the same machine type and library versions give the same bytes.
"""

import argparse
import math
import os
import time
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small matrices: a second thread waits more than it works

import numpy as np
import torch
import torch.nn.functional as F

import corpus
import export
import golden
import model
import optim
import vocab as v

SEED = 20


@dataclass(frozen=True)
class Round:
    """One pass from a high learning rate to a low one."""
    steps: int
    peak: float     # share of the full rates
    drills: float   # share of exercises in the corpus
    seed: int


# The first round learns language and facts, the second to look back: without the drills a model of
# this size forgets within a story who its hero is.
ROUNDS = (Round(3600, 1.0, 0.0, SEED), Round(2100, 0.7, 0.4, SEED + 100))
VOCAB_DOCUMENTS = 6000
BATCH_TOKENS = 2048
MATRIX_RATE = 0.02      # Muon, the matrices of the blocks
VECTOR_RATE = 5e-3      # Adam, embeddings and norms
BETAS = (0.9, 0.98)
WARMUP, COOLDOWN, LAST = 40, 0.5, 0.02  # steps; share of all steps; share of the full rate
SHORT, LONG_SHARE = 256, 0.2    # windows of 256 tokens at first, of the whole context at the end


def rate(step, steps):
    """Share of the full learning rate: warm-up, level, then linear down to LAST."""
    left = (steps - step) / max(1.0, steps * COOLDOWN)
    return min((step + 1) / WARMUP, LAST + (1 - LAST) * min(1.0, left))


def batches(vocab, seed, length, drills):
    """Endless (ids, weights, mask): rows x length, rows x length, rows x 1 x length x length."""
    source = corpus.windows(vocab, seed, length, drills)
    causal = model.causal_mask(length)
    while True:
        rows = [next(source) for _ in range(BATCH_TOKENS // length)]
        ids, weights, owner = (np.array(part) for part in zip(*rows))
        owner = torch.from_numpy(owner)
        same = owner[:, None, :, None] == owner[:, None, None, :]
        yield (torch.from_numpy(ids), torch.from_numpy(weights).float(),
               causal.masked_fill(~same, -math.inf))


def loss_of(w, shape, ids, weights, mask):
    """Mean cross entropy of the next token over the tokens that count."""
    states = model.hidden(w, shape, ids, mask)[:, :-1]
    counts = weights[:, 1:] > 0
    return F.cross_entropy(model.logits(w, states[counts]), ids[:, 1:][counts])


def train(shape, vocab, plan, w, report=print):
    """Train name -> tensor by the plan, a Round; returns the new weights."""
    torch.use_deterministic_algorithms(True)
    steps = plan.steps
    w = {name: t.clone().requires_grad_(True) for name, t in w.items()}
    blocks = [t for name, t in w.items() if t.ndim == 2 and name.startswith("blk.")]
    others = [t for name, t in w.items() if t.ndim == 1 or not name.startswith("blk.")]
    muon, adam = optim.Muon(blocks), torch.optim.Adam(others, betas=BETAS)
    long_from = int(steps * (1 - LONG_SHARE))
    source = batches(vocab, plan.seed + 1, min(SHORT, shape.context), plan.drills)
    began, smooth = time.time(), None
    for step in range(steps):
        if step == long_from:
            source = batches(vocab, plan.seed + 2, shape.context, plan.drills)
        loss = loss_of(w, shape, *next(source))
        for t in w.values():
            t.grad = None
        loss.backward()
        share = plan.peak * rate(step, steps)
        muon.step(MATRIX_RATE * share)
        adam.param_groups[0]["lr"] = VECTOR_RATE * share
        adam.step()
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        if step % 50 == 0 or step == steps - 1:
            report(f"step {step}/{steps} loss {smooth:.3f} {time.time() - began:.0f} s")
    return {name: t.detach() for name, t in w.items()}


def main(argv=None):
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "testdata")
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("-o", "--output", default=os.path.join(root, "demo.gguf"))
    args.add_argument("--steps", type=int, help="steps of each round, for a smoke test")
    args.add_argument("--second", metavar="FILE", help="start with the second round from this file of the first")
    args = args.parse_args(argv)
    torch.set_num_threads(1)
    shape = model.Shape()
    vocab = v.train(corpus.texts(SEED, VOCAB_DOCUMENTS), shape.vocab)
    w, rounds = model.init_weights(shape, SEED), ROUNDS
    if args.second:
        w, rounds = golden.load(args.second)[0], ROUNDS[1:]
        w = {name: t.float() for name, t in w.items()}
    for plan in rounds:
        if args.steps:
            plan = replace(plan, steps=args.steps)
        print(plan, flush=True)
        # What the file holds is what the next round starts from.
        w = export.as_stored(train(shape, vocab, plan, w, report=lambda s: print(s, flush=True)), torch.float32)
        data = export.to_gguf(w, shape, vocab)
        with open(args.output + ".part", "wb") as f:
            f.write(data)
        os.replace(args.output + ".part", args.output)
        print(f"{args.output}: {len(data)} bytes, {sum(t.numel() for t in w.values())} parameters")


if __name__ == "__main__":
    main()
