"""Text templates: the small language the demo corpus is written in.

A template is plain text with two kinds of braces, which may nest:

    {red|green|}      one of the alternatives, chosen by the generator's rng
    {name}            the value of slot "name"
    {Name}            the same, first letter in upper case
    {a name}          the same after "a" or "an"; {A name} starts a sentence

A bar outside all braces separates alternatives of the whole template. An unknown slot is a KeyError, so that a typing mistake never reaches a corpus.
"""

import re

_INNERMOST = re.compile(r"\{([^{}]*)\}")


def article(noun):
    """The noun phrase after "a" or "an" (by its first letter, which serves our words)."""
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def capitalise(text):
    """The text with its first letter in upper case and the rest untouched."""
    return text[:1].upper() + text[1:]


def _slot(key, slots):
    with_article = key[:2] in ("a ", "A ")
    name = key[2:] if with_article else key
    upper = key[0].isupper()
    value = slots[name] if name in slots else slots[name[0].lower() + name[1:]]
    if with_article:
        value = article(value)
    return capitalise(value) if upper else value


def _bar_outside_braces(template):
    depth = 0
    for c in template:
        depth += (c == "{") - (c == "}")
        if c == "|" and depth == 0:
            return True
    return False


def spin(rng, template, slots=None):
    """Expand a template. rng is a random.Random; slots maps slot names to text."""
    slots = slots or {}
    if _bar_outside_braces(template):
        template = "{" + template + "}"

    def expand(match):
        inner = match.group(1)
        if "|" in inner:
            return rng.choice(inner.split("|"))
        return _slot(inner, slots)

    while True:
        text = _INNERMOST.sub(expand, template)
        if text == template:
            # An empty alternative may leave a space too many.
            return re.sub(r" ([.?!,])", r"\1", " ".join(text.split()))
        template = text
