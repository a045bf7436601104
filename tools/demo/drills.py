"""Exercises in looking back: every answer is words of the question.

Stories need it (who is the hero, what was lost), but alone they teach it slowly: most of their
words can be guessed without. Here nothing can.
"""

import words as w
from chat import _count, _name_turns, _story_turns, _sum, typed
from spin import article, capitalise, spin

POOL = (w.GIRLS + w.BOYS + w.TOYS + w.FRUITS + w.COLOURS + w.TRAITS + list(w.HERO_ANIMALS)
        + list(w.USES) + list(w.CAPITALS) + w.NUMBERS)


def _repeat(rng):
    """Say some words again."""
    said = rng.choice([" ", " ", ", "]).join(rng.choice(POOL) for _ in range(rng.randint(1, 8)))
    question = spin(rng, "{Say|Repeat|Please say|Repeat after me:}") + " " + said + rng.choice([".", "", "!"])
    return [("user", question), ("assistant", capitalise(said) + ".")]


def _again(rng):
    """A list, and the same list a few times more."""
    said = ", ".join(rng.choice(POOL) for _ in range(rng.randint(3, 10))) + "."
    return [("prompt", said), ("text", "".join(" " + said for _ in range(rng.randint(1, 3))))]


def _owners(rng):
    """Who has what, asked from both sides."""
    names = rng.sample(w.GIRLS + w.BOYS, rng.randint(2, 5))
    things = rng.sample(w.TOYS + w.FRUITS, len(names))
    has = {n: f"{rng.choice(w.COLOURS)} {t}" for n, t in zip(names, things)}
    facts = [f"{n} has {article(t)}." for n, t in has.items()]
    messages = []
    for i, name in enumerate(rng.sample(names, rng.randint(1, len(names)))):
        question = spin(rng, rng.choice(["What does {n} have?", "Who has {a t}?"]), {"n": name, "t": has[name]})
        messages += [("user", question if i else " ".join(facts) + " " + question),
                     ("assistant", f"{name} has {article(has[name])}.")]
    return messages


def _talk_about(turns):
    def drill(rng):
        return [m for question, answer in turns(rng)
                for m in (("user", typed(rng, question)), ("assistant", answer))]
    return drill


def _numbers(rng):
    """A few counts and sums: where a count ends depends on the question."""
    return [(rng.choice([_count, _count, _sum]))(rng) for _ in range(rng.randint(1, 5))]


DRILLS = [(_repeat, 4), (_again, 3), (_owners, 4), (_talk_about(_name_turns), 3),
          (_talk_about(_story_turns), 3), (_talk_about(_numbers), 4)]


def drill(rng):
    """One document, a list of (role, text) as in corpus.py."""
    kinds, weights = zip(*DRILLS)
    return rng.choices(kinds, weights)[0](rng)
