"""The results of parsing: a tree of heads and labels, and one of several trees with its score and its confidences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arcparse.sentence import NONE, Sentence, Tree

SAMPLES = 32  # trees that are drawn for confidences: with 8 they are little worse, with 64 little better
DIVISIONS = ("# newdoc", "# newpar")


@dataclass(frozen=True)
class Parse:
    """One of the trees found for a sentence."""

    sentence: Sentence
    score: float  # of all its derivations in the beam: log of the sum of exp(score), in nats
    probability: float  # its share in the mass of all trees of the beam
    head_confidence: tuple[float, ...]  # by word: the share of the counted trees that have this head
    label_confidence: tuple[float, ...]  # by word: the share of those that have this head and label

    def annotated(self) -> Sentence:
        """Return the sentence with score and probability in comments and its words' confidences in MISC."""
        from arcparse.evaluation.confidence import with_confidence

        scored = _commented(self.sentence, score=f"{self.score:.4f}", probability=f"{self.probability:.4f}")
        return with_confidence(scored, self.head_confidence, self.label_confidence)


def ranked(sentence: Sentence, rank: int) -> Sentence:
    """Return the sentence with its rank in a comment; only the first may keep comments that begin a document."""
    kept = [line for line in sentence.comments if rank == 1 or not line.startswith(DIVISIONS)]
    return _commented(sentence.replace(comments=kept), nbest=rank)


def _commented(sentence: Sentence, **values: object) -> Sentence:
    """Return the sentence with comments `# key = value`, in place of its own comments with these keys."""
    kept = [line for line in sentence.comments if line[1:].partition("=")[0].strip() not in values]
    return sentence.replace(comments=[*kept, *(f"# {key} = {value}" for key, value in values.items())])


def tree_of(head: Sequence[int], label: Sequence[int], length: int, names: Sequence[str]) -> Tree:
    """Return the tree of a complete configuration's heads and labels [N]."""
    return Tree((NONE, *head[1 : length + 1]), ("", *(names[index] for index in label[1 : length + 1])))
