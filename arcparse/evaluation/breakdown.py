"""Scores for parts of a text: by label, arc length and sentence length (McDonald & Nivre 2007, section 4), and others.

There are three more breakdowns: by genre, by projectivity (arcs that are projective or not), and by known words (words
that are in the training text or not). Every part has its own counts of gold and of system words, and the parts of a
breakdown add up to the score of the whole text.

Axis letters: W words, A aligned words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from arcparse.evaluation.alignment import Booleans, Integers
from arcparse.evaluation.comparison import Comparison
from arcparse.evaluation.metrics import count_sentences
from arcparse.evaluation.parts import (
    DISTANCES,
    LENGTHS,
    Parts,
    SentenceParts,
    distance_parts,
    genre_parts,
    known_parts,
    label_parts,
    length_parts,
    projectivity_parts,
)
from arcparse.evaluation.scores import Score, Scores

Breakdown = dict[str, dict[str, Score]]  # the scores of each part, by metric

LENGTH_METRICS = ("UAS", "LAS", "CLAS", "Root", "UEM", "LEM")
GENRE_METRICS = ("UPOS", "XPOS", "UFeats", "UAS", "LAS", "CLAS")


def by_label(comparison: Comparison, *, punctuation: bool = True) -> Breakdown:
    """Return two scores for each label without subtype: correct label (`Label`), and correct label and head (`LAS`).

    Recall counts the words that have the label in gold, precision the words that have it in the system. The most
    frequent labels of gold come first.
    """
    right = {"Label": comparison.label_right, "LAS": comparison.labelled_right}
    return _by_part(comparison, label_parts(comparison), right, punctuation)


def by_distance(comparison: Comparison, *, starts: Sequence[int] = DISTANCES, punctuation: bool = True) -> Breakdown:
    """Return UAS and LAS by the distance of a word from its head, in words; words with head 0 are a part of their own.

    `starts` are the smallest distances of each part, ascending from 1.
    """
    return _by_part(comparison, distance_parts(comparison, starts), _attachment(comparison), punctuation)


def by_projectivity(comparison: Comparison, *, punctuation: bool = True) -> Breakdown:
    """Return UAS and LAS of the words whose arc from the head is projective, and of the words whose arc is not.

    A correct arc counts as projective if it is so in gold: other arcs of the tree also decide whether it is projective.
    """
    return _by_part(comparison, projectivity_parts(comparison), _attachment(comparison), punctuation)


def by_length(comparison: Comparison, *, starts: Sequence[int] = LENGTHS, punctuation: bool = True) -> Breakdown:
    """Return LENGTH_METRICS by the number of words of the sentence of gold; `starts` as for `by_distance`."""
    return _by_sentence(comparison, length_parts(comparison, starts), LENGTH_METRICS, punctuation)


def by_genre(comparison: Comparison, *, punctuation: bool = True) -> Breakdown:
    """Return GENRE_METRICS by the genre of the sentence of gold, which its comments name (`genres_of`)."""
    return _by_sentence(comparison, genre_parts(comparison), GENRE_METRICS, punctuation)


def by_known(comparison: Comparison, forms: Collection[str], *, punctuation: bool = True) -> Breakdown:
    """Return UPOS, XPOS, UFeats, UAS and LAS of the words whose form is in `forms`, and of the other words.

    `forms` are the forms of the training text, case-sensitive; `punctuation` affects only UAS and LAS.
    """
    tags = {"UPOS": comparison.upos_right, "XPOS": comparison.xpos_right, "UFeats": comparison.feats_right}
    trees, parts = _attachment(comparison), known_parts(comparison, forms)
    of_tags = _by_part(comparison, parts, tags, punctuation=True)
    of_trees = _by_part(comparison, parts, trees, punctuation)
    nothing = {metric: Score(aligned=0) for metric in trees}
    return {part: scores | of_trees.get(part, nothing) for part, scores in of_tags.items()}


def label_confusion(comparison: Comparison, *, punctuation: bool = True) -> Counter[tuple[str, str]]:
    """Count the pairs of labels that aligned words have in gold and in the system, both without subtypes."""
    looked_at = comparison.looked_at(punctuation)[0][comparison.g]
    gold, system = comparison.gold.label[comparison.g], comparison.system.label[comparison.s]
    return Counter(zip(gold[looked_at], system[looked_at], strict=True))


def _attachment(comparison: Comparison) -> dict[str, Booleans]:
    return {"UAS": comparison.head_right, "LAS": comparison.labelled_right}


def _by_part(comparison: Comparison, parts: Parts, right: Mapping[str, Booleans], punctuation: bool) -> Breakdown:
    """Count by part; the parts of a right word are equal in gold and in the system."""
    gold_words, system_words = comparison.looked_at(punctuation)
    looked_at, aligned = gold_words[comparison.g], parts.in_gold[comparison.g]

    def count(indices: Integers) -> list[int]:
        return list(map(int, np.bincount(indices, minlength=len(parts.names))))

    totals = count(parts.in_gold[gold_words]), count(parts.in_system[system_words]), count(aligned[looked_at])
    scores = {
        metric: [Score(*counts) for counts in zip(count(aligned[which & looked_at]), *totals, strict=True)]
        for metric, which in right.items()
    }
    there = [index for index in range(len(parts.names)) if totals[0][index] or totals[1][index]]
    return {parts.names[index]: {metric: scores[metric][index] for metric in right} for index in there}


def _by_sentence(comparison: Comparison, parts: SentenceParts, metrics: Sequence[str], punctuation: bool) -> Breakdown:
    counts = count_sentences(comparison, punctuation=punctuation)
    scores = ((name, Scores.of(counts[parts.of == index].sum(0))) for index, name in enumerate(parts.names))
    return {name: {metric: found[metric] for metric in metrics} for name, found in scores if found["Words"].gold}
