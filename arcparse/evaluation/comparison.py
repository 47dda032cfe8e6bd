"""Compare a system's words with gold, word by word, by the rules of the CoNLL 2018 shared task (Zeman et al. 2018).

Tags and lemmas of aligned words are compared unchanged. Of the features, only the universal ones are compared; labels
are compared without subtypes. A head is right if the two heads are aligned, or if both are the root.

Axis letters: W words, A aligned words, each over a whole text. Index -1 is the root, stored after the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from arcparse.evaluation.alignment import Booleans, Integers, Text, align, check_same_text
from arcparse.sentence import DEPREL, EMPTY, FEATS, LEMMA, ROOT, UPOS, XPOS, Sentence
from arcparse.trees import check_tree

Strings = NDArray[np.object_]

# fmt: off
CONTENT_RELATIONS = frozenset({
    "nsubj", "obj", "iobj", "csubj", "ccomp", "xcomp", "obl", "vocative", "expl", "dislocated", "advcl", "advmod",
    "discourse", "nmod", "appos", "nummod", "acl", "amod", "conj", "fixed", "flat", "compound", "list", "parataxis",
    "orphan", "goeswith", "reparandum", "root", "dep",
})
FUNCTION_RELATIONS = frozenset({"aux", "cop", "mark", "det", "clf", "case", "cc"})
UNIVERSAL_FEATURES = frozenset({
    "PronType", "NumType", "Poss", "Reflex", "Foreign", "Abbr", "Gender", "Animacy", "Number", "Case", "Definite",
    "Degree", "VerbForm", "Mood", "Tense", "Aspect", "Voice", "Evident", "Polarity", "Person", "Polite",
})
# fmt: on
UNALIGNED = -2
UNREAD = -3  # a head that is not read, and never right
PUNCTUATION = "PUNCT"


def compare(gold: Iterable[Sentence], system: Iterable[Sentence], *, trees: bool = True) -> Comparison:
    """Align the words of two texts; segmentation may differ, forms joined without spaces may not.

    Without `trees`, heads are not read, and none is right: tags can then be compared in text without trees. Raises
    TreebankError if the texts differ, and TreeError if a sentence is not a tree with one root.
    """
    gold_words, system_words = Words.of(gold, trees=trees), Words.of(system, trees=trees)
    check_same_text(gold_words.text, system_words.text)
    return Comparison(gold_words, system_words, *align(gold_words.text, system_words.text))


@dataclass(frozen=True)
class Words:
    """The columns of a text that the metrics need, each of shape [W]."""

    text: Text
    head: Integers  # indices of words, -1 for the root; or UNREAD
    upos: Strings
    xpos: Strings
    feats: Strings
    lemma: Strings
    label: Strings

    @classmethod
    def of(cls, sentences: Iterable[Sentence], *, trees: bool = True) -> Words:
        """Read the columns of sentences. Raises TreeError, TreebankError."""
        text = Text.of(sentences)
        return cls(
            text,
            _heads(text.sentences) if trees else np.full(len(text), UNREAD),
            _strings(text.column(UPOS)),
            _strings(text.column(XPOS)),
            _strings(list(map(_universal, text.column(FEATS)))),
            _strings(text.column(LEMMA)),
            _strings(list(map(_without_subtype, text.column(DEPREL)))),
        )

    @cached_property
    def is_content(self) -> Booleans:
        """Whether the label is a content relation."""
        return self._has_label_in(CONTENT_RELATIONS)

    @cached_property
    def is_function(self) -> Booleans:
        """Whether the label is that of a function word."""
        return self._has_label_in(FUNCTION_RELATIONS)

    @property
    def is_root(self) -> Booleans:
        """Whether the head is the root."""
        is_root: Booleans = self.head == ROOT - 1
        return is_root

    def _has_label_in(self, relations: frozenset[str]) -> Booleans:
        return np.fromiter((label in relations for label in self.label), np.bool_, len(self.label))

    def function_children(self) -> Integers:
        """Return the number of function words that depend on each word, [W]."""
        return _count(self.head[self.is_function & (self.head >= 0)], len(self.label))


@dataclass(frozen=True)
class Comparison:
    """Two texts and their aligned words; each `..._right` tells which aligned words ([A]) are right in one respect."""

    gold: Words
    system: Words
    g: Integers  # [A] indices of the aligned words in gold
    s: Integers  # [A] indices of the aligned words in system

    @cached_property
    def sentence(self) -> Integers:
        """The sentence of each word of gold, [W]."""
        sizes = [len(sentence) for sentence in self.gold.text.sentences]
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def counterpart(self) -> Integers:
        """The word of gold for each word of the system, [W]: the aligned one, or the one at its first character."""
        counterpart: Integers = np.searchsorted(self.gold.text.starts, self.system.text.starts, side="right") - 1
        counterpart[self.s] = self.g
        return counterpart

    @cached_property
    def upos_right(self) -> Booleans:
        """Equal universal tags."""
        return self._equal(self.gold.upos, self.system.upos)

    @cached_property
    def xpos_right(self) -> Booleans:
        """Equal language-specific tags."""
        return self._equal(self.gold.xpos, self.system.xpos)

    @cached_property
    def feats_right(self) -> Booleans:
        """Equal universal features."""
        return self._equal(self.gold.feats, self.system.feats)

    @cached_property
    def lemma_right(self) -> Booleans:
        """Equal lemmas; any lemma is right if gold has none."""
        return self._equal(self.gold.lemma, self.system.lemma) | _equal(self.gold.lemma, EMPTY)[self.g]

    @cached_property
    def head_right(self) -> Booleans:
        """Heads that are aligned, or the root on both sides."""
        in_gold = np.full(len(self.system.head) - UNREAD, UNALIGNED)  # all indices down to UNREAD are there
        in_gold[self.s] = self.g
        in_gold[ROOT - 1] = ROOT - 1
        right: Booleans = in_gold[self.system.head[self.s]] == self.gold.head[self.g]
        return right

    @cached_property
    def label_right(self) -> Booleans:
        """Equal labels, without subtypes."""
        return self._equal(self.gold.label, self.system.label)

    @cached_property
    def tags_right(self) -> Booleans:
        """Tag, language-specific tag and universal features."""
        return self.upos_right & self.xpos_right & self.feats_right

    @cached_property
    def labelled_right(self) -> Booleans:
        """Head and label."""
        return self.head_right & self.label_right

    @cached_property
    def morphology_right(self) -> Booleans:
        """Head, label, tag and features, of the word itself and of its function words."""
        return self.labelled_right & self.upos_right & self.feats_right & self._function_children_right()

    def looked_at(self, punctuation: bool) -> tuple[Booleans, Booleans]:
        """Return which words of gold ([W]) and of the system ([W]) are counted in scores of attachment.

        Without `punctuation`, three kinds are left out: words of gold with UPOS PUNCT, words of the system aligned with
        such a word, and words of the system that are aligned with no word and have UPOS PUNCT.
        """
        if punctuation:
            return np.ones(len(self.gold.head), np.bool_), np.ones(len(self.system.head), np.bool_)
        in_gold, in_system = ~_equal(self.gold.upos, PUNCTUATION), ~_equal(self.system.upos, PUNCTUATION)
        in_system[self.s] = in_gold[self.g]
        return in_gold, in_system

    def _function_children_right(self) -> Booleans:
        """Return which aligned words ([A]) have the same function words, with equal labels, tags and features.

        The number of right function words must equal the numbers in gold and in the system. Alignment keeps the order.
        """
        heads = self.gold.head[self.g]
        child_right = self.labelled_right & self.upos_right & self.feats_right
        counted = child_right & self.gold.is_function[self.g] & (heads >= 0)
        right = _count(heads[counted], len(self.gold.head))[self.g]
        in_gold, in_system = self.gold.function_children()[self.g], self.system.function_children()[self.s]
        equal: Booleans = (right == in_gold) & (right == in_system)
        return equal

    def _equal(self, gold: Strings, system: Strings) -> Booleans:
        return _equal(gold[self.g], system[self.s])


def _heads(sentences: Sequence[Sentence]) -> Integers:
    """Return heads as indices of words in the whole text, -1 for the root. Raises TreeError, TreebankError."""
    for sentence in sentences:
        heads = sentence.heads
        if heads.count(ROOT) != 1 or min(heads) < ROOT or max(heads) > len(heads):
            check_tree(sentence.tree, sentence.place)
    sizes = np.array([len(sentence) for sentence in sentences], np.int64)
    head = np.fromiter(chain.from_iterable([sentence.heads for sentence in sentences]), np.int64, int(sizes.sum()))
    head = np.where(head == ROOT, -1, head - 1 + np.repeat(np.cumsum(sizes) - sizes, sizes))
    if _has_cycle(head, int(sizes.max(initial=0))):
        for sentence in sentences:
            check_tree(sentence.tree, sentence.place)
    return head


def _has_cycle(head: Integers, longest: int) -> bool:
    """Return whether a word does not reach the root within `longest` steps, the number of words in a sentence."""
    ancestor = np.append(head, -1)  # the root is its own head
    for _ in range(longest.bit_length()):
        ancestor = ancestor[ancestor]  # doubles the number of steps
    return bool((ancestor != -1).any())


@lru_cache(maxsize=1 << 16)
def _universal(feats: str) -> str:
    features = feats.split("|")
    return "|".join(sorted(feature for feature in features if feature.partition("=")[0] in UNIVERSAL_FEATURES))


@lru_cache(maxsize=1 << 16)
def _without_subtype(label: str) -> str:
    return label.partition(":")[0]


def _strings(values: list[str]) -> Strings:
    return np.array(values, dtype=object)


def _equal(values: Strings, others: Strings | str) -> Booleans:
    return np.equal(values, others, dtype=np.object_).astype(np.bool_)


def _count(indices: Integers, size: int) -> Integers:
    return np.bincount(indices, minlength=size)
