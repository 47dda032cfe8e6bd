"""The statistics of a treebank: sizes, vocabularies, tags and labels, and the shape of its trees.

The length of an arc is the distance of head and dependent in words; arcs from the root are left out. The depth of a
tree is the number of arcs from the root to its lowest word. For non-projective arcs see
`arcparse.trees.non_projective_arcs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from arcparse.errors import TreeError
from arcparse.sentence import EMPTY, ID, ROOT, Sentence, numbering
from arcparse.trees import check_tree, non_projective_arcs

Counts = Counter[str]
Sizes = Counter[int]


@dataclass
class Statistics:
    """Counts over sentences; each count can be summed over files."""

    sentences: int = 0
    words: int = 0
    tokens: int = 0  # as in the text: a multiword token is one token
    multiword_tokens: int = 0
    empty_nodes: int = 0
    trees: int = 0  # sentences whose heads form one tree; the counts of arcs and depths use only these
    non_projective_trees: int = 0
    non_projective_arcs: int = 0
    forms: Counts = field(default_factory=Counter)
    lemmas: Counts = field(default_factory=Counter)
    upos: Counts = field(default_factory=Counter)
    xpos: Counts = field(default_factory=Counter)
    features: Counts = field(default_factory=Counter)  # each `Name=Value` by itself
    labels: Counts = field(default_factory=Counter)
    lengths: Sizes = field(default_factory=Counter)  # words of a sentence
    arc_lengths: Sizes = field(default_factory=Counter)
    leftward_arcs: int = 0  # arcs whose dependent stands before its head
    depths: Sizes = field(default_factory=Counter)

    def add(self, sentence: Sentence) -> None:
        """Add the counts of one sentence."""
        size, ids = len(sentence), sentence.columns[ID]
        self.sentences += 1
        self.words += size
        self.lengths[size] += 1
        self.forms.update(sentence.forms)
        if len(ids) == size:
            self.tokens += size
        else:
            self._add_rows(ids)
        for counter, column in (
            (self.lemmas, sentence.lemmas),
            (self.upos, sentence.upos),
            (self.xpos, sentence.xpos),
            (self.labels, sentence.labels),
        ):
            counter.update(value for value in column if value != EMPTY)
        self.features.update(feature for cell in sentence.feats if cell != EMPTY for feature in cell.split("|"))
        self._add_tree(sentence)

    def _add_rows(self, ids: Sequence[str]) -> None:
        self.multiword_tokens += sum(1 for _ in numbering.ranges(ids))
        self.empty_nodes += sum("." in name for name in ids)
        self.tokens += sum(1 for _ in numbering.tokens(ids))

    def _add_tree(self, sentence: Sentence) -> None:
        heads = sentence.tree.heads
        try:
            check_tree(sentence.tree)
        except TreeError:
            return
        crossing = len(non_projective_arcs(heads))
        self.trees += 1
        self.non_projective_trees += crossing > 0
        self.non_projective_arcs += crossing
        lengths = [head - word for word, head in enumerate(heads) if word and head != ROOT]
        self.arc_lengths.update(map(abs, lengths))
        self.leftward_arcs += sum(length > 0 for length in lengths)
        self.depths[_depth(heads)] += 1


def _depth(heads: Sequence[int]) -> int:
    depth = [0] + [-1] * (len(heads) - 1)
    for word in range(1, len(heads)):
        path = []
        while depth[word] < 0:
            path.append(word)
            word = heads[word]
        for below, node in enumerate(reversed(path), depth[word] + 1):
            depth[node] = below
    return max(depth)


def statistics(sentences: Iterable[Sentence]) -> Statistics:
    """Return the statistics of sentences. Raises TreebankError if a head is not a number."""
    counted = Statistics()
    for sentence in sentences:
        counted.add(sentence)
    return counted


@dataclass(frozen=True)
class Unknown:
    """Numbers of words, and of distinct words (types), that another treebank, mostly the training data, lacks."""

    words: int
    types: int
    word_rate: float  # share of all words, 0 to 1
    type_rate: float  # share of all types, 0 to 1


def unknown(counts: Mapping[str, int], known: Mapping[str, int]) -> Unknown:
    """Compare counts of forms, labels or other values with the counts of another treebank."""
    new = [value for value in counts if value not in known]
    words = sum(counts[value] for value in new)
    return Unknown(words, len(new), _ratio(words, sum(counts.values())), _ratio(len(new), len(counts)))


def mean(sizes: Mapping[int, int]) -> float:
    """Return the mean of sizes, each given with its count; 0 if there are none."""
    return _ratio(sum(size * count for size, count in sizes.items()), sum(sizes.values()))


def quantile(sizes: Mapping[int, int], share: float) -> int:
    """Return the smallest size such that at least `share` of all sizes are not larger; 0 if there are none."""
    wanted, seen = share * sum(sizes.values()), 0
    for size in sorted(sizes):
        seen += sizes[size]
        if seen >= wanted:
            return size
    return 0


def summary(counted: Statistics) -> dict[str, float]:
    """Return the numbers of a treebank by name; rates are from 0 to 1, lengths are in words."""
    arcs = sum(counted.arc_lengths.values())
    return {
        "sentences": counted.sentences,
        "words": counted.words,
        "tokens": counted.tokens,
        "multiword tokens": counted.multiword_tokens,
        "empty nodes": counted.empty_nodes,
        "form types": len(counted.forms),
        "lemma types": len(counted.lemmas),
        "UPOS tags": len(counted.upos),
        "XPOS tags": len(counted.xpos),
        "features": len(counted.features),
        "labels": len(counted.labels),
        "sentences without a tree": counted.sentences - counted.trees,
        "non-projective sentences": counted.non_projective_trees,
        "non-projective sentence rate": _ratio(counted.non_projective_trees, counted.trees),
        "non-projective arcs": counted.non_projective_arcs,
        "non-projective arc rate": _ratio(counted.non_projective_arcs, arcs + counted.trees),
        "mean sentence length": mean(counted.lengths),
        "median sentence length": quantile(counted.lengths, 0.5),
        "longest sentence": max(counted.lengths, default=0),
        "mean dependency length": mean(counted.arc_lengths),
        "longest dependency": max(counted.arc_lengths, default=0),
        "dependents before their head": _ratio(counted.leftward_arcs, arcs),
        "mean tree depth": mean(counted.depths),
        "deepest tree": max(counted.depths, default=0),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
