"""Documents of the demo corpus: seeded, endless, as token ids with a weight for each.

A document is what the model later sees in one session: <s>, then plain text or turns. Only
what the model itself would write has weight 1; the user's words have weight 0.
"""

import random

import vocab as v
from chat import ask, conversation, fact, typed
from drills import drill
from stories import story

ROLE_TOKEN = {"system": v.SYSTEM, "user": v.USER, "assistant": v.ASSISTANT}


def document(rng, drills=0.0):
    """A list of (role, text): role "text" is plain text, "prompt" plain text without weight.
    drills is the share of exercises."""
    if drills and rng.random() < drills:
        return drill(rng)
    kind = rng.random()
    if kind < 0.2:
        return [("text", story(rng).text)]
    if kind < 0.28:
        question, answer = ask(rng)
        return [("prompt", typed(rng, question)), ("text", "\n" + answer)]
    if kind < 0.33:
        return [("text", " ".join(fact(rng) for _ in range(rng.randint(2, 6))))]
    return conversation(rng)


def encode(vocab, messages):
    """(ids, weights) of a document. weights[i] says how much predicting ids[i] counts.
    The same layout as the chat template of export.py."""
    ids, weights = [v.BOS], [0.0]
    for role, text in messages:
        body = vocab.encode(text)
        weight = 1.0 if role in ("text", "assistant") else 0.0
        if role in ROLE_TOKEN:
            ids.append(ROLE_TOKEN[role])
            weights.append(0.0)
            body.append(v.EOS)
        ids += body
        weights += [weight] * len(body)
    if messages[-1][0] == "text":
        ids.append(v.EOS)
        weights.append(1.0)
    return ids, weights


def texts(seed, count):
    """Plain texts to train a vocabulary from."""
    rng = random.Random(seed)
    for _ in range(count):
        for _, text in document(rng):
            yield text


def windows(vocab, seed, length, drills=0.0):
    """Endless windows of `length` tokens, packed with whole documents (the last one is cut).
    Yields (ids, weights, document numbers): lists of `length`; attention stays within a number."""
    rng = random.Random(seed)
    while True:
        ids, weights, owner, number = [], [], [], 0
        while len(ids) < length:
            i, wt = encode(vocab, document(rng, drills))
            ids += i
            weights += wt
            owner += [number] * len(i)
            number += 1
        yield ids[:length], weights[:length], owner[:length]
