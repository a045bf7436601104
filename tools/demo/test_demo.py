"""Tests of the demo model's tools: run with /usr/bin/python3 tools/demo/test_demo.py

About ten seconds of processor time. Without PyTorch only the parts that need none are tested, and it says so.
"""

import contextlib
import dataclasses
import json
import os
import random
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything loads a BLAS
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
TESTDATA = os.path.join(HERE, "..", "..", "testdata")

import corpus
import drills
import stories
import vocab as v
from chat import conversation
from spin import article, spin

try:
    import numpy as np
    import torch
    import export
    import golden
    import gguf_read
    import gguf_write
    import model
    import optim
    import quant
    import train
except ImportError as missing:
    torch = None
    print(f"skipping the tests of training and files: {missing} (apt-get install python3-torch python3-numpy)")

needs_torch = unittest.skipIf(torch is None, "python3-torch or python3-numpy is not installed")


class Text(unittest.TestCase):
    def test_spin(self):
        rng = random.Random(1)
        self.assertEqual(spin(rng, "{A x} is {x}, {X}.", {"x": "owl"}), "An owl is owl, Owl.")
        self.assertIn(spin(rng, "{a|b{c|d}}"), {"a", "bc", "bd"})
        self.assertIn(spin(rng, "go|stay {in|out}"), {"go", "stay in", "stay out"})
        self.assertEqual(spin(rng, "so{ |} much ?").replace(" ", ""), "somuch?")
        self.assertEqual(article("fox"), "a fox")
        with self.assertRaises(KeyError):
            spin(rng, "{nobody}", {})

    def test_every_plot_and_question_is_well_formed(self):
        rng = random.Random(2)
        for plot in stories.PLOTS:
            for _ in range(30):
                told = stories.story(rng, plot=plot)
                parts = [told.text] + [spin(rng, t, told.slots) for pair in told.questions for t in pair]
                for text in parts:
                    self.assertRegex(text, r"^[A-Z][^{}|]*[.?!\"]$")
                    self.assertNotRegex(text, r"  | [.?!,]")
                self.assertIn(told.slots["hero"], told.text)

    def test_stories_keep_a_wish(self):
        rng = random.Random(3)
        for _ in range(50):
            text = stories.story(rng, {"animal": "fox", "name": "Ruby"}).text
            self.assertRegex(text, r"fox")
            self.assertRegex(text, r"Ruby")
            self.assertIn("kite", stories.story(rng, {"thing": "kite"}).text)

    def test_stories_vary(self):
        rng = random.Random(4)
        self.assertEqual(len({stories.story(rng).text for _ in range(500)}), 500)

    def test_the_same_seed_gives_the_same_text(self):
        self.assertEqual(list(corpus.texts(7, 50)), list(corpus.texts(7, 50)))
        self.assertNotEqual(list(corpus.texts(7, 50)), list(corpus.texts(8, 50)))

    def test_answers_to_drills_are_words_of_the_question(self):
        rng = random.Random(6)
        for make in (drills._repeat, drills._again, drills._owners):
            for _ in range(50):
                messages = make(rng)
                asked = messages[0][1].lower() + " repeat after me say has a an"
                for role, text in messages[1:]:
                    if role != "user":
                        self.assertLessEqual(set(re.findall("[a-z]+", text.lower())), set(re.findall("[a-z]+", asked)))

    def test_conversations_alternate(self):
        rng = random.Random(5)
        for _ in range(200):
            roles = [role for role, _ in conversation(rng) if role != "system"]
            self.assertEqual(roles, ["user", "assistant"] * (len(roles) // 2))


class Vocabulary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vocab = v.train(corpus.texts(1, 600), 700)

    def test_layout(self):
        self.assertEqual(len(self.vocab), 700)
        self.assertEqual(self.vocab.pieces[:3], ["<unk>", "<s>", "</s>"])
        self.assertEqual(self.vocab.pieces[v.FIRST_BYTE + 0x0A], "<0x0A>")
        self.assertEqual(len(set(self.vocab.pieces)), 700)

    def test_encode_equals_the_merge_rule_over_the_whole_text(self):
        for text in list(corpus.texts(2, 60)) + ["", " ", "a  b", "don't\n\nstop", "12345 x9", "Zürich 😀!", "\t."]:
            self.assertEqual(self.vocab.encode(text), self.vocab.encode_whole(text), text)
            self.assertEqual(self.vocab.decode(self.vocab.encode(text)), text)

    def test_only_the_words_of_the_model_count(self):
        ids, weights = corpus.encode(self.vocab, [("user", "Hi"), ("assistant", "Yes")])
        answer = self.vocab.encode("Yes") + [v.EOS]
        self.assertEqual(ids[:2], [v.BOS, v.USER])
        self.assertEqual([i for i, wt in zip(ids, weights) if wt], answer)


@needs_torch
class Files(unittest.TestCase):
    def test_q8_0_bytes(self):
        x = np.zeros((1, 32), np.float32)
        x[0, :3] = 127, -127, 2.5
        data = quant.quantise(x)
        self.assertEqual(data.hex()[:10], "003c" + "7f8103")  # scale 1.0 in F16; 2.5 rounds away from 0
        self.assertEqual(len(data), quant.BLOCK_BYTES)
        self.assertEqual(quant.quantise(np.zeros((1, 32), np.float32)), bytes(34))

    def test_q8_0_error_is_at_most_half_a_step(self):
        x = np.random.default_rng(1).normal(size=(64, 320)).astype(np.float32)
        y = quant.dequantise(quant.quantise(x), x.shape)
        step = np.abs(x.reshape(-1, 32)).max(1) / 127
        # the scale itself is rounded to F16: 127 steps of it are off by up to 127 * 2^-11 steps
        self.assertTrue((np.abs(x - y).reshape(-1, 32).max(1) <= step * 0.57).all())

    def test_gguf_round_trip(self):
        meta = {"a": gguf_write.U32(7), "b": 0.5, "c": True, "d": "é", "e": ["x", ""], "f": [gguf_write.I32(-1)]}
        x = np.arange(64, dtype=np.float32).reshape(2, 32)
        data = gguf_write.encode(meta, {"w": (gguf_write.Q8_0, x.shape, quant.quantise(x)),
                                        "n": (gguf_write.F32, (3,), np.float32([1, 2, 3]).tobytes())})
        got, tensors = gguf_read.decode(data)
        self.assertEqual(got, meta)
        self.assertEqual(tensors["w"].shape, (2, 32))
        self.assertEqual(tensors["n"].tolist(), [1, 2, 3])

    def test_training_learns_and_repeats(self):
        vocab = v.train(corpus.texts(1, 300), 500)
        shape = model.Shape(vocab=500, width=64, layers=2, heads=2, kv_heads=1, ffn=96, context=128)
        first, losses = [], []
        for _ in range(2):
            w = train.train(shape, vocab, train.Round(12, 1.0, 0.5, 1), model.init_weights(shape, 1),
                            report=lambda s: losses.append(float(s.split()[3])))
            first.append(export.to_gguf(w, shape, vocab))
        self.assertEqual(first[0], first[1])
        self.assertLess(losses[1], losses[0])
        with tempfile.NamedTemporaryFile(suffix=".gguf") as f:
            f.write(first[0])
            f.flush()
            weights, shape2, vocab2 = golden.load(f.name)
        self.assertEqual((shape2, vocab2.pieces, vocab2.scores), (shape2, vocab.pieces, vocab.scores))
        stored = export.as_stored(w)
        self.assertTrue(all(torch.equal(stored[n], weights[n]) for n in stored))

    def test_the_command_line_writes_a_whole_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.gguf")
            with contextlib.redirect_stdout(None):
                train.main(["--steps", "2", "-o", path])
            self.assertEqual(os.listdir(folder), ["m.gguf"])
            shape = golden.load(path)[1]
            self.assertAlmostEqual(shape.eps, model.Shape().eps)
            self.assertEqual(dataclasses.replace(shape, eps=1e-5), model.Shape())

    def test_orthogonal_keeps_directions(self):
        g = torch.randn(8, 20, generator=torch.Generator().manual_seed(1))
        values = torch.linalg.svdvals(optim.orthogonal(g))
        self.assertTrue(((values > 0.5) & (values < 1.5)).all(), values)

    def test_a_token_does_not_see_what_follows(self):
        shape = model.Shape(vocab=50, width=32, layers=2, heads=2, kv_heads=1, ffn=32, context=16)
        w = model.init_weights(shape, 1)
        a = torch.tensor([[1, 2, 3, 4]])
        b = torch.tensor([[1, 2, 9, 9]])
        mask = model.causal_mask(4)
        self.assertTrue(torch.equal(model.hidden(w, shape, a, mask)[:, :2], model.hidden(w, shape, b, mask)[:, :2]))


@needs_torch
class Demo(unittest.TestCase):
    """The files in testdata."""

    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(TESTDATA, "demo.gguf")
        cls.weights, cls.shape, cls.vocab = golden.load(cls.path)
        with open(os.path.join(TESTDATA, "demo.golden.json")) as f:
            cls.golden = json.load(f)

    def answer(self, *messages):
        ids, _ = model.generate(self.weights, self.shape, golden.chat_ids(self.vocab, messages), 60,
                                v.EOS, model.sampler(0, 0))
        return self.vocab.decode(ids)

    def test_size(self):
        self.assertLess(os.path.getsize(self.path), 2 << 20)

    def test_golden_values_are_those_of_the_file(self):
        for want in self.golden["cases"][:3] + self.golden["cases"][-1:]:
            got = golden.case(self.weights, self.shape, self.vocab, want["prompt"], want["prompt_tokens"])
            self.assertEqual({k: got[k] for k in ("greedy", "greedy_text")},
                             {k: want[k] for k in ("greedy", "greedy_text")})

    def test_it_answers(self):
        for question, answer in ANSWERS:
            self.assertEqual(self.answer(question), answer)

    def test_it_remembers_a_name(self):
        said = self.answer("My name is Leo.")
        self.assertIn("Leo", said)
        self.assertEqual(self.answer("My name is Leo.", said, "What is my name?"), "Your name is Leo.")

    def test_its_stories_vary_and_end(self):
        told = set()
        for seed in range(4):
            ids, _ = model.generate({n: t.float() for n, t in self.weights.items()}, self.shape,
                                    golden.chat_ids(self.vocab, ["Tell me a story."]), 300, v.EOS,
                                    model.sampler(0.8, seed))
            self.assertEqual(ids[-1], v.EOS)
            self.assertGreater(len(ids), 60)
            told.add(self.vocab.decode(ids))
        self.assertEqual(len(told), 4)


ANSWERS = [
    ("What color is the sky?", "The sky is blue."),
    ("What is the opposite of hot?", "The opposite of hot is cold."),
    ("What is 2 + 3?", "2 plus 3 is 5."),
    ("Count to 5.", "1, 2, 3, 4, 5."),
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("What is the capital of France?", "The capital of France is Paris."),
    ("What comes after Monday?", "Tuesday comes after Monday."),
]

if __name__ == "__main__":
    unittest.main()
