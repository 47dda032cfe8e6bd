"""Silver sentences: a teacher made their tags and trees. Each epoch sees a share of them beside the gold sentences.

Analyses of an accurate model teach a small one more than it can learn from a treebank alone (Kuncoro et al. 2016,
section 4; Petrov et al. 2010, "Uptraining for Accurate Deterministic Question Parsing").
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from arcparse.batches import bucket
from arcparse.errors import ArcparseError, TreebankError
from arcparse.formats import read_sentences
from arcparse.sentence import Sentence
from arcparse.training.loop import TrainingConfig, epoch_generator

CONFIDENCE = "confidence"  # the key of the comment: the probability of the tree's derivation, per word
SHARDS = "*.conllu.xz"  # the files of a folder


def with_confidence(sentence: Sentence, confidence: float) -> Sentence:
    """Return the sentence with its confidence, from 0 to 1, as the only comment."""
    return sentence.replace(comments=[f"# {CONFIDENCE} = {confidence:.4f}"])


def confidence_of(sentence: Sentence) -> float:
    """Return the confidence of a sentence's tree; 1 if it has none. Raises TreebankError if it is no number."""
    for line in sentence.comments:
        key, _, value = line[1:].partition("=")
        if key.strip() == CONFIDENCE:
            try:
                return float(value)
            except ValueError:
                raise TreebankError(
                    f"{sentence.place}: the {CONFIDENCE} of a tree must be a number from 0 to 1, not {value.strip()!r}"
                ) from None
    return 1.0


def read_silver(place: str, on_error: Callable[[ArcparseError], None] | None = None) -> Iterator[Sentence]:
    """Yield the trees of a folder of shards, or of a file; none if `place` is empty.

    With `on_error`, bad sentences are left out and their errors go to that function. Raises TreebankError for a folder
    without shards.
    """
    if not place:
        return
    path = Path(place)
    files = sorted(path.glob(SHARDS)) if path.is_dir() else [path]
    if not files:
        raise TreebankError(f"{place}: holds no {SHARDS}; name a folder that `arcparse distil` has written")
    for file in files:
        yield from read_sentences(file, on_error=on_error)


def confident(silver: Iterable[Sentence], least: float) -> list[Sentence]:
    """Return the sentences that have words, and a confidence of at least `least`; one without it counts as sure."""
    return [sentence for sentence in silver if len(sentence) and confidence_of(sentence) >= least]


class Mixture:
    """The sentences that a model learns from: an epoch has all gold ones, and some silver ones beside them."""

    def __init__(self, gold: Sequence[Sentence], silver: Sequence[Sentence], share: float, seed: int) -> None:
        """Join the sentences; a `share` of an epoch's words is silver, as far as these last."""
        self.sentences = (*gold, *silver)
        self._gold = len(gold)
        words = sum(map(len, gold)) * share / (1 - share)
        self._draws = Draws([len(sentence) for sentence in silver], words, seed)

    def batches(self, epoch: int, training: TrainingConfig) -> list[list[int]]:
        """Return the indices of each batch's sentences, gold and silver ones together."""
        indices = [*range(self._gold), *(self._gold + i for i in self._draws.of(epoch))]
        lengths = [len(self.sentences[i]) + 1 for i in indices]
        batches = bucket(lengths, training.batch_tokens, generator=epoch_generator(training, epoch))
        return [[indices[i] for i in batch] for batch in batches]


class Draws:
    """The sentences of each epoch: their order is drawn once, and an epoch goes on where the one before has ended."""

    def __init__(self, lengths: Sequence[int], words: float, seed: int) -> None:
        """Draw the order of sentences with these `lengths`, of which an epoch sees about `words` words."""
        order = list(range(len(lengths)))
        random.Random(f"silver {seed}").shuffle(order)  # noqa: S311 (not for secrets)
        self._order = np.array(order, dtype=np.int64)
        ends = np.cumsum(np.array(lengths, dtype=np.int64)[self._order])
        self._begin = np.concatenate([[0], ends[:-1]])[: len(order)]  # of each sentence, in words
        self._total = int(ends[-1]) if order else 0
        self._words = min(words, self._total)

    def of(self, epoch: int) -> list[int]:
        """Return the sentences of an epoch: those that begin among its words; after the last word comes the first."""
        begin = epoch * self._words % self._total if self._total else 0
        end = begin + self._words
        inside = (self._begin >= begin) & (self._begin < end) | (self._begin + self._total < end)
        found: list[int] = self._order[inside].tolist()
        return found
