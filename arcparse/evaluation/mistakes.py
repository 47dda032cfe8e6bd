"""The mistakes of a system, by kind and with examples, and the words that one of two systems has right.

A word is right if its head and its label are (LAS).

Axis letters: W words of gold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from arcparse.evaluation.alignment import Booleans, Integers
from arcparse.evaluation.comparison import UNALIGNED, Comparison, Words
from arcparse.evaluation.parts import Parts
from arcparse.sentence import DEPREL, ROOT

KINDS, EXAMPLES = 10, 3  # of the most frequent kinds of mistakes, and of each kind
SHORT = 25  # words of a sentence that is easy to read as an example
ROOT_NAME = "ROOT"


class Kind(NamedTuple):
    """The labels, without subtype, that a word has in gold and in the system, and whether its head is right.

    The label in the system is empty if the system has no such word.
    """

    gold: str
    system: str
    head_right: bool


@dataclass(frozen=True)
class Example:
    """A wrong word in its sentence of gold, and its arcs: in `obj(saw-2, duck-4)`, the head stands first."""

    sentence: str  # its sent_id, or the place in the file
    before: str  # the words before, with spaces between
    word: str
    after: str
    gold: str
    system: str  # empty if the system has no such word


@dataclass(frozen=True)
class Mistakes:
    """A kind of mistake, the number of its words, their share of all wrong words, and some of them."""

    kind: Kind
    count: int
    share: float  # from 0 to 1
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Agreement:
    """Numbers of words of gold: all, and those that both systems, one alone, or neither have right."""

    words: int
    both: int
    first: int
    second: int
    neither: int


def right_words(comparison: Comparison) -> Booleans:
    """Return which words of gold the system has right, [W]."""
    right = np.zeros(len(comparison.gold.text), np.bool_)
    right[comparison.g[comparison.labelled_right]] = True
    return right


def agreement(first: Comparison, second: Comparison, parts: Parts, *, punctuation: bool = True) -> dict[str, Agreement]:
    """Count by part of gold the words that two systems have right. Raises ValueError if their gold texts differ."""
    _check_gold(first, second)
    right, other = right_words(first), right_words(second)
    looked_at, _ = first.looked_at(punctuation)
    found = {}
    for index, name in enumerate(parts.names):
        inside = looked_at & (parts.in_gold == index)
        both, mine, yours = (int((inside & which).sum()) for which in (right & other, right & ~other, other & ~right))
        words = int(inside.sum())
        if words:
            found[name] = Agreement(words, both, mine, yours, words - both - mine - yours)
    return found


def mistakes(
    comparison: Comparison,
    *,
    beside: Comparison | None = None,
    punctuation: bool = True,
    kinds: int = KINDS,
    examples: int = EXAMPLES,
) -> list[Mistakes]:
    """Return the most frequent kinds of mistakes; with `beside`, only of words that this other system has right.

    Examples come from different sentences, short ones from all over the text. Raises ValueError if the gold texts
    differ.
    """
    wrong = comparison.looked_at(punctuation)[0] & ~right_words(comparison)
    if beside is not None:
        _check_gold(comparison, beside)
        wrong &= right_words(beside)
    counterpart = np.full(len(wrong), UNALIGNED)
    counterpart[comparison.g] = comparison.s
    head_right = np.zeros(len(wrong), np.bool_)
    head_right[comparison.g[comparison.head_right]] = True
    words: dict[Kind, list[int]] = {}
    for word in np.flatnonzero(wrong).tolist():
        other = counterpart[word]
        label = "" if other == UNALIGNED else comparison.system.label[other]
        words.setdefault(Kind(comparison.gold.label[word], label, bool(head_right[word])), []).append(word)
    frequent = sorted(words, key=lambda kind: -len(words[kind]))[:kinds]
    shown = _Examples(comparison, counterpart)
    total = int(wrong.sum())
    return [
        Mistakes(kind, len(words[kind]), len(words[kind]) / total, tuple(shown.of(words[kind], examples)))
        for kind in frequent
    ]


def _check_gold(first: Comparison, second: Comparison) -> None:
    if first.gold.text.forms != second.gold.text.forms or not np.array_equal(first.gold.head, second.gold.head):
        raise ValueError("the gold trees differ; compare two systems on the same sentences of gold")


class _Examples:
    """The words of a comparison in their sentences."""

    def __init__(self, comparison: Comparison, counterpart: Integers) -> None:
        """Take for each word of gold [W] the aligned word of the system, or UNALIGNED."""
        self._comparison, self._counterpart = comparison, counterpart
        self._gold, self._system = _Arcs(comparison.gold), _Arcs(comparison.system)

    def of(self, words: Sequence[int], number: int) -> Iterator[Example]:
        """Yield words of different sentences: at equal steps of the short ones or, if these are few, the shortest."""
        sentence, sentences = self._comparison.sentence, self._comparison.gold.text.sentences
        first = {int(sentence[word]): word for word in reversed(words)}  # of each sentence
        short = sorted(index for index in first if len(sentences[index]) <= SHORT)
        if len(short) < number:
            short = sorted(first, key=lambda index: len(sentences[index]))[:number]
        count = min(number, len(short))
        for index in (short[len(short) * step // count] for step in range(count)):
            yield self._example(first[index], index)

    def _example(self, word: int, index: int) -> Example:
        sentence, other = self._comparison.gold.text.sentences[index], int(self._counterpart[word])
        at = word - self._gold.start(word)
        return Example(
            sentence.comment("sent_id") or sentence.place,
            " ".join(sentence.forms[:at]),
            sentence.forms[at],
            " ".join(sentence.forms[at + 1 :]),
            self._gold.arc(word),
            "" if other == UNALIGNED else self._system.arc(other),
        )


class _Arcs:
    """The arcs of one side of a comparison, as text."""

    def __init__(self, side: Words) -> None:
        """Find the first word of each sentence."""
        self._side, self._labels = side, side.text.column(DEPREL)
        self._starts = np.cumsum([0, *map(len, side.text.sentences)])

    def start(self, word: int) -> int:
        """Return the first word of the word's sentence."""
        return int(self._starts[np.searchsorted(self._starts, word, side="right") - 1])

    def arc(self, word: int) -> str:
        """Return the arc of a word from its head; words are numbered from 1 in their sentence."""
        head, start, forms = int(self._side.head[word]), self.start(word), self._side.text.forms
        source = f"{ROOT_NAME}-{ROOT}" if head == ROOT - 1 else f"{forms[head]}-{head - start + 1}"
        return f"{self._labels[word]}({source}, {forms[word]}-{word - start + 1})"
