"""Scores for parts of a text: by label, arc length and sentence length (McDonald & Nivre 2007, section 4).

There are two more breakdowns: by projectivity (arcs that are projective or not), and by known words (words that are in
the training text or not). Every part has its own counts of gold and of system words, so precision and recall differ as
in that paper, and the parts of a breakdown add up to the score of the whole text. This also holds for another
segmentation: the lengths of the system's arcs are measured in the words of gold at the same places.

Axis letters: W words, A aligned words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import numpy as np

from arcparse.evaluation.alignment import Booleans, Integers
from arcparse.evaluation.comparison import Comparison
from arcparse.evaluation.metrics import count_sentences
from arcparse.evaluation.scores import Score, Scores
from arcparse.sentence import Sentence
from arcparse.trees import non_projective_arcs

Breakdown = dict[str, dict[str, Score]]  # the scores of each part, by metric

DISTANCES = (1, 2, 3, 7, 15)  # the smallest distance from dependent to head in each part, in words
LENGTHS = (1, 11, 21, 31, 41, 51)  # the smallest number of gold words in the sentences of each part
LENGTH_METRICS = ("UAS", "LAS", "CLAS", "Root", "UEM", "LEM")
KNOWN, UNKNOWN = "known", "unknown"


def by_label(comparison: Comparison, *, punctuation: bool = True) -> Breakdown:
    """Return two scores for each label without subtype: correct label (`Label`), and correct label and head (`LAS`).

    Recall counts the words that have the label in gold, precision the words that have it in the system. The most
    frequent labels of gold come first.
    """
    labels = comparison.gold.label, comparison.system.label
    names = [label for label, _ in Counter([*labels[0], *dict.fromkeys(labels[1])]).most_common()]
    number = {label: index for index, label in enumerate(names)}
    in_gold, in_system = (np.array([number[label] for label in side], np.int64) for side in labels)
    right = {"Label": comparison.label_right, "LAS": comparison.labelled_right}
    return _by_part(comparison, names, in_gold, in_system, right, punctuation)


def by_distance(comparison: Comparison, *, starts: Sequence[int] = DISTANCES, punctuation: bool = True) -> Breakdown:
    """Return UAS and LAS by the distance of a word from its head, in words; words with head 0 are a part of their own.

    `starts` are the smallest distances of each part, ascending from 1.
    """
    gold, system, counterpart = comparison.gold.head, comparison.system.head, comparison.counterpart
    in_gold = _part(np.abs(gold - np.arange(len(gold))), starts) + 1
    in_system = _part(np.abs(counterpart[system] - counterpart), starts) + 1
    in_gold[comparison.gold.is_root] = in_system[comparison.system.is_root] = 0
    right = {"UAS": comparison.head_right, "LAS": comparison.labelled_right}
    return _by_part(comparison, ["root", *_names(starts)], in_gold, in_system, right, punctuation)


def by_projectivity(comparison: Comparison, *, punctuation: bool = True) -> Breakdown:
    """Return UAS and LAS of the words whose arc from the head is projective, and of the words whose arc is not.

    A correct arc counts as projective if it is so in gold: other arcs of the tree also decide whether it is projective.
    """
    in_gold, in_system = (_is_non_projective(side.text.sentences) for side in (comparison.gold, comparison.system))
    right_head = comparison.head_right
    in_system[comparison.s[right_head]] = in_gold[comparison.g[right_head]]
    right = {"UAS": right_head, "LAS": comparison.labelled_right}
    return _by_part(comparison, ["projective", "non-projective"], in_gold, in_system, right, punctuation)


def _is_non_projective(sentences: Sequence[Sentence]) -> Integers:
    """Return 1 for words whose arc is not projective, 0 for all others [W]."""
    start, found = 0, np.zeros(sum(map(len, sentences)), np.int64)
    for sentence in sentences:
        found[[start + word - 1 for _, word in non_projective_arcs(sentence.tree.heads)]] = 1
        start += len(sentence)
    return found


def by_length(comparison: Comparison, *, starts: Sequence[int] = LENGTHS, punctuation: bool = True) -> Breakdown:
    """Return LENGTH_METRICS by the number of words of the sentence of gold; `starts` as for `by_distance`."""
    counts = count_sentences(comparison, punctuation=punctuation)
    part = _part(np.bincount(comparison.sentence), starts)
    scores = ((name, Scores.of(counts[part == index].sum(0))) for index, name in enumerate(_names(starts)))
    return {name: {metric: found[metric] for metric in LENGTH_METRICS} for name, found in scores if found["Words"].gold}


def by_known(comparison: Comparison, forms: Collection[str], *, punctuation: bool = True) -> Breakdown:
    """Return UPOS, XPOS, UFeats, UAS and LAS of the words whose form is in `forms`, and of the other words.

    `forms` are the forms of the training text, case-sensitive; `punctuation` affects only UAS and LAS.
    """
    known = frozenset(forms)
    in_gold, in_system = (
        np.array([form not in known for form in side.text.forms], np.int64)
        for side in (comparison.gold, comparison.system)
    )
    in_system[comparison.s] = in_gold[comparison.g]  # a word of a multiword token may differ in case
    tags = {"UPOS": comparison.upos_right, "XPOS": comparison.xpos_right, "UFeats": comparison.feats_right}
    trees = {"UAS": comparison.head_right, "LAS": comparison.labelled_right}
    parts = (KNOWN, UNKNOWN), in_gold, in_system
    of_tags = _by_part(comparison, *parts, tags, punctuation=True)
    of_trees = _by_part(comparison, *parts, trees, punctuation)
    nothing = {metric: Score(aligned=0) for metric in trees}
    return {part: scores | of_trees.get(part, nothing) for part, scores in of_tags.items()}


def label_confusion(comparison: Comparison, *, punctuation: bool = True) -> Counter[tuple[str, str]]:
    """Count the pairs of labels that aligned words have in gold and in the system, both without subtypes."""
    looked_at = comparison.looked_at(punctuation)[0][comparison.g]
    gold, system = comparison.gold.label[comparison.g], comparison.system.label[comparison.s]
    return Counter(zip(gold[looked_at], system[looked_at], strict=True))


def _by_part(
    comparison: Comparison,
    names: Sequence[str],
    in_gold: Integers,
    in_system: Integers,
    right: Mapping[str, Booleans],
    punctuation: bool,
) -> Breakdown:
    """Count by part; `in_gold` and `in_system` ([W]) are the parts of the words, which are equal for a right word."""
    gold_words, system_words = comparison.looked_at(punctuation)
    looked_at, aligned = gold_words[comparison.g], in_gold[comparison.g]

    def count(parts: Integers) -> list[int]:
        return list(map(int, np.bincount(parts, minlength=len(names))))

    totals = count(in_gold[gold_words]), count(in_system[system_words]), count(aligned[looked_at])
    scores = {
        metric: [Score(*counts) for counts in zip(count(aligned[which & looked_at]), *totals, strict=True)]
        for metric, which in right.items()
    }
    there = [index for index in range(len(names)) if totals[0][index] or totals[1][index]]
    return {names[index]: {metric: scores[metric][index] for metric in right} for index in there}


def _part(sizes: Integers, starts: Sequence[int]) -> Integers:
    """Return the part of each size; sizes below the first start belong to the first part."""
    return np.maximum(np.searchsorted(np.asarray(starts), sizes, side="right") - 1, 0)


def _names(starts: Sequence[int]) -> list[str]:
    bounded = [f"{start}-{end - 1}" if start < end - 1 else str(start) for start, end in pairwise(starts)]
    return [*bounded, f"{starts[-1]}+"]
