"""The choice of sentences, their order and their parts: filtering, sampling, sorting, dividing.

`sort` holds all sentences in memory, `sample` those that it returns; the other functions take constant memory.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from arcparse.errors import ConfigurationError
from arcparse.sentence import Sentence
from arcparse.transform.expression import Expression

Sentences = Iterable[Sentence]

NEWDOC = re.compile(r"#\s*newdoc\b")


def keep(sentences: Sentences, expression: str) -> Iterator[Sentence]:
    """Keep the sentences for which an expression holds (see `arcparse.transform.expression`)."""
    holds = Expression(expression)
    return (sentence for sentence in sentences if holds(sentence))


def sample(sentences: Sentences, number: int, seed: int = 0) -> Iterator[Sentence]:
    """Draw a number of sentences, all equally likely, and yield them in order (reservoir sampling, Vitter 1985)."""
    draw = random.Random(seed)  # noqa: S311 (chosen for being repeatable)
    chosen: list[tuple[int, Sentence]] = []
    for index, sentence in enumerate(sentences):
        if len(chosen) < number:
            chosen.append((index, sentence))
        elif (place := draw.randrange(index + 1)) < number:
            chosen[place] = index, sentence
    yield from (sentence for _, sentence in sorted(chosen, key=lambda pair: pair[0]))


def sample_share(sentences: Sentences, share: float, seed: int = 0) -> Iterator[Sentence]:
    """Keep each sentence with the probability `share`."""
    draw = random.Random(seed)  # noqa: S311 (chosen for being repeatable)
    return (sentence for sentence in sentences if draw.random() < share)


SORT_KEYS: dict[str, Callable[[Sentence], Any]] = {
    "length": len,
    "text": lambda sentence: sentence.text,
    "sent_id": lambda sentence: _natural(sentence.comment("sent_id") or ""),
}


def sort(sentences: Sentences, key: str, *, descending: bool = False) -> Iterator[Sentence]:
    """Sort by `length`, `text` or `sent_id`, with the numbers in it by value; equal sentences stay in their order."""
    yield from sorted(sentences, key=SORT_KEYS[key], reverse=descending)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() and len(part) < 19 else (-1, part) for part in re.split(r"(\d+)", text)]


def parts(sentences: Sentences, shares: Mapping[str, float]) -> Iterator[tuple[str, Sentence]]:
    """Divide documents among parts in one pass, so that the words of each part come near to its share.

    A document begins at `# newdoc`; before the first one, each sentence is a document. A document goes to the part that
    lacks most words. Raises ConfigurationError unless shares are above 0.
    """
    if not shares or min(shares.values()) <= 0:
        raise ConfigurationError(f"shares {dict(shares)}: give numbers above 0")
    total = sum(shares.values())
    words, seen, part, in_document = dict.fromkeys(shares, 0), 0, "", False
    for sentence in sentences:
        begins = any(map(NEWDOC.match, sentence.comments))
        if begins or not in_document:
            part = max(shares, key=lambda name: shares[name] / total * (seen + 1) - words[name])
            in_document = in_document or begins
        words[part] += len(sentence)
        seen += len(sentence)
        yield part, sentence
