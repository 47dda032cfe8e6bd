"""The metrics of the CoNLL 2018 shared task (Zeman et al. 2018), and three more, counted sentence by sentence.

CLAS counts words whose label is a content relation. For the same words, MLAS also needs the right tag, features and
function words, and BLEX the right lemma. Root counts the words with head 0. UEM and LEM count sentences: the bounds,
words and heads of the sentence must all be right, for LEM the labels too.

Each item is counted in one sentence of gold, so the counts add up to those of the whole text. An item of the system is
counted in the sentence of its aligned word of gold; if there is none, in the sentence of its first character.

Axis letters: S sentences of gold, W words, A aligned words, M metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from arcparse.evaluation.alignment import Booleans, Integers, same_spans
from arcparse.evaluation.comparison import Comparison, compare
from arcparse.evaluation.scores import ALL_METRICS, CORRECT, GOLD, SYSTEM, Scores
from arcparse.sentence import Sentence

Items = tuple[Integers, ...]  # the sentence of each correct, gold, system and aligned item


def evaluate(
    gold: Iterable[Sentence], system: Iterable[Sentence], *, punctuation: bool = True, trees: bool = True
) -> Scores:
    """Return the scores of a system by every metric.

    Segmentation may differ; forms joined without spaces may not. Empty nodes and enhanced dependencies are ignored.
    Without `punctuation`, UAS, LAS, CLAS, MLAS, BLEX, Root, UEM and LEM leave out the words of gold with UPOS PUNCT,
    the words of the system aligned with such a word, and the words of the system that are aligned with no word and have
    UPOS PUNCT. The other metrics stay the same, and punctuation may still be the head of other words. Without `trees`,
    heads are not read: sentences need no heads, and no head is right.

    Raises TreebankError if the texts differ, and TreeError if a sentence is not a tree with one root.
    """
    return Scores.of(count_sentences(compare(gold, system, trees=trees), punctuation=punctuation).sum(0))


def count_sentences(comparison: Comparison, *, punctuation: bool = True) -> Integers:
    """Return counts, [S, M, 4] over ALL_METRICS and CORRECT, GOLD, SYSTEM, ALIGNED; `Scores.of` takes their sum."""
    size = len(comparison.gold.text.sentences)
    counts = np.zeros((size, len(ALL_METRICS), 4), np.int64)
    for metric, items in _items(comparison, punctuation):
        for kind, sentence in enumerate(items):
            counts[:, ALL_METRICS.index(metric), kind] = np.bincount(sentence, minlength=size)
    for exact, metric in (("UEM", "UAS"), ("LEM", "LAS")):
        words, sentences = (counts[:, ALL_METRICS.index(name)] for name in (metric, "Sentences"))
        whole = (words[:, CORRECT] == words[:, GOLD]) & (words[:, CORRECT] == words[:, SYSTEM])
        counts[:, ALL_METRICS.index(exact)] = sentences
        counts[:, ALL_METRICS.index(exact), CORRECT] *= whole
    return counts


def _items(comparison: Comparison, punctuation: bool) -> Iterator[tuple[str, Items]]:
    yield from _segmentation_items(comparison)
    sentence = comparison.sentence
    in_gold, in_system, aligned = sentence, sentence[comparison.counterpart], sentence[comparison.g]
    yield "Words", (aligned, in_gold, in_system)
    for metric, right in (
        ("UPOS", comparison.upos_right),
        ("XPOS", comparison.xpos_right),
        ("UFeats", comparison.feats_right),
        ("AllTags", comparison.tags_right),
        ("Lemmas", comparison.lemma_right),
    ):
        yield metric, (aligned[right], in_gold, in_system, aligned)
    all_words = comparison.looked_at(punctuation)
    content = all_words[0] & comparison.gold.is_content, all_words[1] & comparison.system.is_content
    roots = all_words[0] & comparison.gold.is_root, all_words[1] & comparison.system.is_root
    for metric, right, words in (
        ("UAS", comparison.head_right, all_words),
        ("LAS", comparison.labelled_right, all_words),
        ("CLAS", comparison.labelled_right, content),
        ("MLAS", comparison.morphology_right, content),
        ("BLEX", comparison.labelled_right & comparison.lemma_right, content),
        ("Root", comparison.head_right, roots),
    ):
        yield metric, _attachment_items(comparison, right, *words)


def _attachment_items(comparison: Comparison, right: Booleans, in_gold: Booleans, in_system: Booleans) -> Items:
    """Return the sentences of the items; `right` is [A], `in_gold` and `in_system` ([W]) choose the counted words."""
    sentence, looked_at = comparison.sentence, in_gold[comparison.g]
    aligned = sentence[comparison.g]
    return (
        aligned[right & looked_at],
        sentence[in_gold],
        sentence[comparison.counterpart[in_system]],
        aligned[looked_at],
    )


def _segmentation_items(comparison: Comparison) -> Iterator[tuple[str, Items]]:
    gold, system = comparison.gold.text, comparison.system.text
    for metric, ours, theirs in (
        ("Tokens", gold.bounds, system.bounds),
        ("Sentences", gold.sentence_bounds, system.sentence_bounds),
    ):
        in_gold, in_system = (
            np.searchsorted(gold.sentence_bounds, bounds[:-1], side="right") - 1 for bounds in (ours, theirs)
        )
        yield metric, (in_gold[same_spans(ours, theirs)], in_gold, in_system)
