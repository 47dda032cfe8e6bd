"""The parts of a text by which scores and mistakes are told: labels, distances, lengths, genres, known words.

Gold and the system each have their own parts, so precision and recall may differ (McDonald & Nivre 2007, section 4).
This also holds for another segmentation: the lengths of the system's arcs are measured in the words of gold at the same
places.

Axis letters: W words, S sentences of gold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from arcparse.evaluation.alignment import Integers
from arcparse.evaluation.comparison import Comparison
from arcparse.sentence import Sentence
from arcparse.trees import non_projective_arcs

DISTANCES = (1, 2, 3, 7, 15)  # the smallest distance from dependent to head in each part, in words
LENGTHS = (1, 11, 21, 31, 41, 51)  # the smallest number of gold words in the sentences of each part
KNOWN, UNKNOWN = "known", "unknown"
NO_GENRE = "none"
GENRE = re.compile(r"([a-z]+)-", re.IGNORECASE)  # at the start of a sent_id, as in `weblog-juancole.com_juancole-0001`


@dataclass(frozen=True)
class Parts:
    """Names of parts, and for each word of gold [W] and of the system [W] the index of its part."""

    names: Sequence[str]
    in_gold: Integers
    in_system: Integers


@dataclass(frozen=True)
class SentenceParts:
    """Names of parts, and for each sentence of gold [S] the index of its part."""

    names: Sequence[str]
    of: Integers

    def of_words(self, comparison: Comparison) -> Parts:
        """Return the parts of the words: those of their sentences of gold."""
        part = self.of[comparison.sentence]
        return Parts(self.names, part, part[comparison.counterpart])


def label_parts(comparison: Comparison) -> Parts:
    """Divide words by their label without subtype; the most frequent labels of gold come first."""
    labels = comparison.gold.label, comparison.system.label
    names = [label for label, _ in Counter([*labels[0], *dict.fromkeys(labels[1])]).most_common()]
    number = {label: index for index, label in enumerate(names)}
    in_gold, in_system = (np.array([number[label] for label in side], np.int64) for side in labels)
    return Parts(names, in_gold, in_system)


def distance_parts(comparison: Comparison, starts: Sequence[int] = DISTANCES) -> Parts:
    """Divide words by the distance from their head, in words; words with head 0 are a part of their own.

    `starts` are the smallest distances of each part, ascending from 1.
    """
    gold, system, counterpart = comparison.gold.head, comparison.system.head, comparison.counterpart
    in_gold = _part(np.abs(gold - np.arange(len(gold))), starts) + 1
    in_system = _part(np.abs(counterpart[system] - counterpart), starts) + 1
    in_gold[comparison.gold.is_root] = in_system[comparison.system.is_root] = 0
    return Parts(["root", *_names(starts)], in_gold, in_system)


def projectivity_parts(comparison: Comparison) -> Parts:
    """Divide words by the projectivity of the arc from their head.

    A correct arc counts as projective if it is so in gold: other arcs of the tree also decide whether it is projective.
    """
    in_gold, in_system = (_is_non_projective(side.text.sentences) for side in (comparison.gold, comparison.system))
    right = comparison.head_right
    in_system[comparison.s[right]] = in_gold[comparison.g[right]]
    return Parts(["projective", "non-projective"], in_gold, in_system)


def _is_non_projective(sentences: Sequence[Sentence]) -> Integers:
    """Return 1 for words whose arc is not projective, 0 for all others [W]."""
    start, found = 0, np.zeros(sum(map(len, sentences)), np.int64)
    for sentence in sentences:
        found[[start + word - 1 for _, word in non_projective_arcs(sentence.tree.heads)]] = 1
        start += len(sentence)
    return found


def known_parts(comparison: Comparison, forms: Collection[str]) -> Parts:
    """Divide words into those whose form is in `forms`, case-sensitive, and the others."""
    known = frozenset(forms)
    in_gold, in_system = (
        np.array([form not in known for form in side.text.forms], np.int64)
        for side in (comparison.gold, comparison.system)
    )
    in_system[comparison.s] = in_gold[comparison.g]  # a word of a multiword token may differ in case
    return Parts((KNOWN, UNKNOWN), in_gold, in_system)


def length_parts(comparison: Comparison, starts: Sequence[int] = LENGTHS) -> SentenceParts:
    """Divide sentences by their number of words; `starts` as for `distance_parts`."""
    sizes = np.array([len(sentence) for sentence in comparison.gold.text.sentences], np.int64)
    return SentenceParts(_names(starts), _part(sizes, starts))


def genre_parts(comparison: Comparison) -> SentenceParts:
    """Divide sentences by their genre, in the order in which the genres first occur."""
    genres = list(genres_of(comparison.gold.text.sentences))
    names = list(dict.fromkeys(genres))
    return SentenceParts(names, np.array([names.index(genre) for genre in genres], np.int64))


def genres_of(sentences: Iterable[Sentence]) -> Iterable[str]:
    """Yield the genre of each sentence, NO_GENRE if nothing tells it.

    A comment `meta::genre` counts for its whole document. Without one, the genre is the word before the first hyphen of
    the sentence's `sent_id`, or of its document's `newdoc id`.
    """
    document = genre = ""
    for sentence in sentences:
        new = sentence.comment("newdoc id")
        if new is not None:
            document, genre = new, ""
        genre = sentence.comment("meta::genre") or genre
        named = GENRE.match(sentence.comment("sent_id") or "") or GENRE.match(document)
        yield genre or (named[1].lower() if named else NO_GENRE)


def _part(sizes: Integers, starts: Sequence[int]) -> Integers:
    """Return the part of each size; sizes below the first start belong to the first part."""
    return np.maximum(np.searchsorted(np.asarray(starts), sizes, side="right") - 1, 0)


def _names(starts: Sequence[int]) -> list[str]:
    bounded = [f"{start}-{end - 1}" if start < end - 1 else str(start) for start, end in pairwise(starts)]
    return [*bounded, f"{starts[-1]}+"]
