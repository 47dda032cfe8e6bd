"""The pseudo-projective transform, which encodes the origin of each lifted arc in labels, and its inverse.

Nivre & Nilsson 2005, "Pseudo-Projective Dependency Parsing" (ACL, pages 99-106). Non-projective arcs are lifted until
the tree is projective (`arcparse.trees.projectivise`). A lifted word then depends on its linear head, an ancestor of
its syntactic head. Labels are decorated, so that a projective parser learns which words must be moved back:

    encoding    label d of a lifted word (its syntactic head has label h)      label p of a word between the two heads
    lift        d                                                              p
    head        d^h                                                            p
    path        d^                                                             p~
    head+path   d^h                                                            p~

`^` and `~` stand for the paper's arrows up and down. A label of Universal Dependencies consists of letters, `:` and
`_`, so it contains neither. The words "between the two heads" are the path from the syntactic head (included) up to the
linear head (not included). A word may be both lifted and on a path: `d^h~`.

The inverse visits the lifted words from the root downwards, breadth first. For each it searches the words below the
linear head, breadth first, for the syntactic head; a word that finds none is tried again after other words were moved.
If labels leave several candidates, three rules decide. Among the children of one word, the nearest comes first, as in
MaltParser. On paths, a word at which a path ends comes before a word in the middle of one. A candidate is excluded if
the arc from it would be projective, since only non-projective arcs were lifted. In the encodings with the head's label,
all words are restored if all labels of the tree are different.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from arcparse import trees
from arcparse.errors import TreeError
from arcparse.sentence import ROOT, Sentence, Tree

Projectivity = Literal["lift", "head", "path", "head+path"]
PROJECTIVITIES: tuple[Projectivity, ...] = ("lift", "head", "path", "head+path")
LIFTED, ON_PATH = "^", "~"


def projectivise(tree: Tree, encoding: Projectivity, place: str = "") -> Tree:
    """Return the projective tree with decorated labels; a projective tree is returned unchanged.

    Raises TreeError, whose message begins with `place`, if a label already has a mark of the encoding.
    """
    if encoding != "lift":
        _check_labels(tree.labels, encoding, place)
    heads = trees.projectivise(tree.heads)
    if encoding == "lift" or heads == tree.heads:
        return Tree(heads, tree.labels)
    labels = list(tree.labels)
    for word, (syntactic, linear) in enumerate(zip(tree.heads, heads, strict=True)):
        if syntactic != linear:
            labels[word] += LIFTED + (tree.labels[syntactic] if "head" in encoding else "")
    if "path" in encoding:
        for word in _on_paths(tree.heads, heads):
            labels[word] += ON_PATH
    return Tree(heads, tuple(labels))


def _check_labels(labels: Sequence[str], encoding: str, place: str) -> None:
    for word, label in enumerate(labels):
        if LIFTED in label or ON_PATH in label:
            problem = (
                f"label {label!r} of word {word} has a mark, '{LIFTED}' or '{ON_PATH}', of the encoding {encoding!r}"
            )
            raise TreeError(f"{place}: {problem}; rename it, or lift without encoding".removeprefix(": "))


def _on_paths(syntactic: Sequence[int], linear: Sequence[int]) -> set[int]:
    """Return the words on the paths from syntactic heads (included) up to linear heads (not included)."""
    words = set()
    for above, end in zip(syntactic, linear, strict=True):
        while above != end:
            words.add(above)
            above = syntactic[above]
    return words


def deprojectivise(tree: Tree, encoding: Projectivity) -> Tree:
    """Return the tree with plain labels, in which the lifted words depend on their syntactic heads again.

    Any tree with any labels gives a tree with the same child of the root. If no syntactic head is found, a word stays.
    """
    if encoding == "lift" or not any(LIFTED in label or ON_PATH in label for label in tree.labels):
        return tree
    search = _Search(tree, encoding)
    before, waiting = -1, [word for word in search.top_down if LIFTED in tree.labels[word]]
    while len(waiting) != before:
        before, waiting = len(waiting), [word for word in waiting if not search.restore(word)]
    return Tree(tuple(search.heads), search.labels)


class _Search:
    """A tree whose lifted words are moved back one by one."""

    def __init__(self, tree: Tree, encoding: Projectivity) -> None:
        self.heads = list(tree.heads)
        self.labels, self._sought, self._on_path = zip(*map(_parts, tree.labels), strict=True)
        self._by_label, self._by_path = "head" in encoding, "path" in encoding
        self._children: list[list[int]] = [[] for _ in tree.heads]
        for word in range(1, len(tree.heads)):
            self._children[tree.heads[word]].append(word)
        self.top_down = [ROOT]
        for word in self.top_down:
            self.top_down.extend(self._children[word])
        self._spans = self._linear_spans()

    def _linear_spans(self) -> list[tuple[int, int]]:
        """Return the first and the last word of each subtree."""
        spans = [(word, word) for word in range(len(self.heads))]
        for word in reversed(self.top_down[1:]):
            (first, last), (left, right) = spans[self.heads[word]], spans[word]
            spans[self.heads[word]] = (min(first, left), max(last, right))
        return spans

    def restore(self, word: int) -> bool:
        """Attach a lifted word to its syntactic head and return whether one was found."""
        found = self._syntactic_head(word)
        if found != ROOT:
            self._children[self.heads[word]].remove(word)
            self._children[found].append(word)
            self.heads[word] = found
        return found != ROOT

    def _syntactic_head(self, word: int) -> int:
        second = ROOT
        for candidate, ends in self._below_linear_head(word):
            if self._touches(candidate, word) or (self._by_label and self.labels[candidate] != self._sought[word]):
                continue
            if ends or not self._by_path:
                return candidate
            second = second or candidate
        return second if self._by_label else ROOT

    def _below_linear_head(self, word: int) -> Iterator[tuple[int, bool]]:
        """Yield each candidate for the head, breadth first, and whether none of its children is a candidate."""
        queue = deque(self._open_children(self.heads[word], word))
        while queue:
            candidate = queue.popleft()
            children = self._open_children(candidate, word)
            yield candidate, not children
            queue.extend(children)

    def _open_children(self, head: int, word: int) -> list[int]:
        """Return the children of `head` that the search for the head of `word` may visit, nearest first."""
        children = [c for c in self._children[head] if c != word and (self._on_path[c] or not self._by_path)]
        return sorted(children, key=lambda child: (abs(child - word), child))

    def _touches(self, one: int, other: int) -> bool:
        """Return whether no word stands between two subtrees of the linear tree: an arc would be projective."""
        (first, last), (left, right) = self._spans[one], self._spans[other]
        return last + 1 >= left and right + 1 >= first


def _parts(label: str) -> tuple[str, str, bool]:
    """Split a decorated label into the plain label, the syntactic head's label, and whether the word is on a path."""
    plain, _, sought = label.partition(LIFTED)
    return plain.removesuffix(ON_PATH), sought.removesuffix(ON_PATH), label.endswith(ON_PATH)


@dataclass(frozen=True)
class Survival:
    """The arcs of a treebank that are restored after projectivise and deprojectivise, and the labels needed for it."""

    arcs: int  # words with the original head and label
    labels: int  # distinct labels that a parser has to learn


@dataclass(frozen=True)
class Survey:
    """The numbers of non-projective and lifted arcs of a treebank, and the survival of its arcs by encoding."""

    sentences: int
    words: int
    non_projective_sentences: int
    non_projective_arcs: int
    lifted: int  # words whose head lifting changes
    survival: dict[Projectivity, Survival]


def survey(sentences: Iterable[Sentence]) -> Survey:
    """Count the non-projective sentences and arcs, and the arcs that survive each encoding.

    Raises TreeError, whose message names the place, if a sentence has no tree.
    """
    gold = []
    for sentence in sentences:
        trees.check_tree(sentence.tree, sentence.place)
        gold.append(sentence.tree)
    crossing = [tree.heads for tree in gold if not trees.is_projective(tree.heads)]
    return Survey(
        sentences=len(gold),
        words=sum(map(len, gold)),
        non_projective_sentences=len(crossing),
        non_projective_arcs=sum(len(trees.non_projective_arcs(heads)) for heads in crossing),
        lifted=sum(_unequal(heads, trees.projectivise(heads)) for heads in crossing),
        survival={encoding: _survival(gold, encoding) for encoding in PROJECTIVITIES},
    )


def _survival(gold: Sequence[Tree], encoding: Projectivity) -> Survival:
    projective = [projectivise(tree, encoding) for tree in gold]
    restored = [deprojectivise(tree, encoding) for tree in projective]
    lost = sum(_unequal(_arcs(one), _arcs(other)) for one, other in zip(gold, restored, strict=True) if one != other)
    return Survival(sum(map(len, gold)) - lost, len({label for tree in projective for label in tree.labels[1:]}))


def _arcs(tree: Tree) -> list[tuple[int, str]]:
    return list(zip(tree.heads, tree.labels, strict=True))


def _unequal(one: Sequence[object], other: Sequence[object]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
