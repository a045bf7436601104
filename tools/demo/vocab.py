"""The demo model's vocabulary: trained here, read by llama.cpp as a SentencePiece one.

Pieces never cross a pre-token (a word with the space before it, one digit, one sign), so the
merge order is all that decides a tokenisation. GGUF stores no merges: llama.cpp's "llama"
tokenizer joins, again and again, the neighbouring pair whose joined text has the highest
score, leftmost first. A piece learnt as the k-th merge gets score -k, which gives it back
the order of training. encode() follows exactly that rule.

Spaces are written U+2581 in pieces; no space is added before a text (add_space_prefix false);
characters without a piece become their UTF-8 bytes.
"""

import re
from collections import Counter

SPACE = "\u2581"
UNK, BOS, EOS = 0, 1, 2
SYSTEM, USER, ASSISTANT = 3, 4, 5
SPECIALS = ["<unk>", "<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>"]
FIRST_BYTE = len(SPECIALS)

# Token types of GGUF (tokenizer.ggml.token_type).
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6

_PRETOKEN = re.compile(r" ?[A-Za-z]+| ?[0-9]| ?[^\sA-Za-z0-9]|\s")


def pretokens(text):
    """Split a text into the units no piece crosses; joined they are the text again."""
    return _PRETOKEN.findall(text)


def train(texts, size):
    """Learn a vocabulary of `size` pieces from an iterable of texts."""
    words = Counter()
    for text in texts:
        words.update(pretokens(text))
    split = {w: list(w.replace(" ", SPACE)) for w in words if w != "\n"}
    characters = sorted({SPACE} | {chr(c) for c in range(33, 127)})
    merges = []
    known = set(characters)
    wanted = size - FIRST_BYTE - 256 - len(characters)
    while len(merges) < wanted:
        pairs = Counter()
        for word, parts in split.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += words[word]
        # Ties are broken by the text, so that the result depends on the corpus alone.
        best = max(pairs.items(), key=lambda kv: (kv[1], kv[0]))[0]
        joined = best[0] + best[1]
        if joined not in known:
            known.add(joined)
            merges.append(joined)
        for word, parts in split.items():
            if best[0] in parts:
                split[word] = _merge(parts, joined)
    return Vocab(merges, characters)


def _merge(parts, joined):
    out, i = [], 0
    while i < len(parts):
        if i + 1 < len(parts) and parts[i] + parts[i + 1] == joined:
            out.append(joined)
            i += 2
        else:
            out.append(parts[i])
            i += 1
    return out


class Vocab:
    """Pieces, scores and types in id order, with encode and decode."""

    def __init__(self, merges, characters):
        pieces = [(p, 0.0, CONTROL) for p in SPECIALS]
        pieces[UNK] = (SPECIALS[UNK], 0.0, UNKNOWN)
        pieces += [("<0x%02X>" % b, 0.0, BYTE) for b in range(256)]
        pieces += [(p, -float(k), NORMAL) for k, p in enumerate(merges + characters)]
        self.pieces = [p for p, _, _ in pieces]
        self.scores = [s for _, s, _ in pieces]
        self.types = [t for _, _, t in pieces]
        self.ids = {p: i for i, p in enumerate(self.pieces) if self.types[i] == NORMAL}
        self._cache = {}

    def __len__(self):
        return len(self.pieces)

    def encode_whole(self, text):
        """Ids of a text by the merge rule of llama.cpp, over the whole text (slow)."""
        parts = list(text.replace(" ", SPACE))
        while True:
            best, at = None, -1
            for i in range(len(parts) - 1):
                t = self.ids.get(parts[i] + parts[i + 1])
                if t is not None and (best is None or self.scores[t] > best):
                    best, at = self.scores[t], i
            if best is None:
                break
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        ids = []
        for p in parts:
            if p in self.ids:
                ids.append(self.ids[p])
            else:
                ids.extend(FIRST_BYTE + b for b in p.encode("utf-8"))
        return ids

    def encode(self, text):
        """Ids of a text without special tokens; equal to encode_whole, by pre-tokens."""
        ids = []
        for w in pretokens(text):
            if w not in self._cache:
                self._cache[w] = self.encode_whole(w)
            ids.extend(self._cache[w])
        return ids

    def decode(self, ids):
        """Text of ids; special tokens give nothing."""
        out = bytearray()
        for i in ids:
            if self.types[i] == BYTE:
                out.append(i - FIRST_BYTE)
            elif self.types[i] == NORMAL:
                out += self.pieces[i].replace(SPACE, " ").encode("utf-8")
        return out.decode("utf-8", "replace")
