"""Word vectors trained with gensim: skip-gram and continuous bag of words (Mikolov et al. 2013a, b).

Both can learn with negative sampling, with hierarchical softmax, or with both of these. With subwords, the vector of a
word is the mean of its own vector and of the vectors of its letter n-grams (fastText, Bojanowski et al. 2017): a rare
word gets a vector like those of words with the same beginning or end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import numpy as np

from arcparse.errors import ConfigurationError, VectorsError
from arcparse.settings import check_ranges
from arcparse.settings.limits import AboveZero, NotNegative, Positive, Range, Seed, Threads, Units
from arcparse.vectors.needed import require_gensim

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

SUBWORDS = (3, 4)  # letters of an n-gram, with the marks of the word's edges: "ed>"
BUCKETS = 200_000  # vectors that n-grams share by their hash; gensim's 2 million need gigabytes


@dataclass(frozen=True)
class Word2VecConfig:
    """The settings of a training run. Raises ConfigurationError for a value outside its limits."""

    dimension: Units = 100
    window: Annotated[int, Range(1, 1000)] = (
        3  # words on each side; with narrow windows, neighbours are similar in syntax rather than in topic
    )
    skip_gram: bool = True  # False: continuous bag of words
    negative: Annotated[int, Range(0, 1000)] = 8  # noise words per word; 0: hierarchical softmax only
    hierarchical_softmax: bool = False
    subwords: bool = False
    min_count: Positive = 5  # rarer words get no vector
    sample: NotNegative = 1e-4  # words above this share are skipped at random (2013b, section 2.3); 0: never
    epochs: Positive = 5
    learning_rate: AboveZero = 0.025  # falls linearly to 1e-4
    seed: Seed = 1  # repeatable with one worker only: several change the same vectors in any order
    workers: Threads = 1  # as in every command

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)
        if not self.negative and not self.hierarchical_softmax:
            raise ConfigurationError("there is no training objective: set negative above 0, or hierarchical_softmax")

    def arguments(self) -> dict[str, Any]:
        """Return the settings under the names of gensim's Word2Vec."""
        subwords = {"min_n": SUBWORDS[0], "max_n": SUBWORDS[1], "bucket": BUCKETS} if self.subwords else {}
        return subwords | {
            "vector_size": self.dimension,
            "window": self.window,
            "sg": int(self.skip_gram),
            "negative": self.negative,
            "hs": int(self.hierarchical_softmax),
            "min_count": self.min_count,
            "sample": self.sample,
            "epochs": self.epochs,
            "alpha": self.learning_rate,
            "seed": self.seed,
            "workers": self.workers,
        }


def train_vectors(
    corpus: Iterable[Sequence[str]] | Path,
    config: Word2VecConfig,
    *,
    progress: Callable[[int], object] | None = None,
) -> KeyedVectors:
    """Train word vectors and return them, the most frequent word first.

    The corpus is the path of a file that `prepare` wrote (this is fastest), or word lists that can be iterated over
    `epochs + 1` times (not a generator). `progress` is called with the number of finished epochs, and with 0 when the
    vocabulary is known; gensim reports nothing within an epoch.
    Raises VectorsError if no word is frequent enough, if the corpus cannot be read, or if training diverges.
    """
    text, models = _text(corpus), require_gensim()
    model = (models.FastText if config.subwords else models.Word2Vec)(**config.arguments())
    try:
        model.build_vocab(**text)
    except UnicodeDecodeError as error:
        raise VectorsError(f"{corpus}: not UTF-8: {error}; write it with `arcparse vectors prepare`") from None
    if not len(model.wv):
        raise VectorsError(f"no word occurs min_count={config.min_count} times; lower it, or give more text")
    callbacks = [_epochs(progress)] if progress else []
    model.train(
        **text,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=config.epochs,
        callbacks=callbacks,
    )
    if not np.isfinite(model.wv.vectors).all():
        raise VectorsError(f"training diverged to infinity at learning_rate={config.learning_rate}; lower it")
    return cast("KeyedVectors", model.wv)


def _text(corpus: Iterable[Sequence[str]] | Path) -> dict[str, Any]:
    if isinstance(corpus, Path):
        if not corpus.is_file():
            found = "a folder" if corpus.is_dir() else "no such file"
            raise VectorsError(f"{corpus}: {found}; write a file with `arcparse vectors prepare`")
        return {"corpus_file": str(corpus)}
    if iter(corpus) is corpus:
        raise VectorsError("the corpus is a generator, which can be read only once; pass a list or a RawText")
    return {"corpus_iterable": corpus}


def _epochs(progress: Callable[[int], object]) -> Any:
    from gensim.models.callbacks import CallbackAny2Vec

    class Epochs(CallbackAny2Vec):  # type: ignore[misc]  # gensim has no types
        """Reports the number of finished epochs."""

        done = 0

        def on_train_begin(self, model: Any) -> None:
            progress(0)

        def on_epoch_end(self, model: Any) -> None:
            self.done += 1
            progress(self.done)

    return Epochs()
