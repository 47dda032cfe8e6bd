"""Word vectors trained with gensim: skip-gram and continuous bag of words (Mikolov et al. 2013a, b).

Either learns with negative sampling, with hierarchical softmax, or with both. With subwords a word's vector is the mean
of its own and of those of its runs of letters (fastText, Bojanowski et al. 2017): rare words have the vectors of words
that end or begin alike.
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

SUBWORDS = (3, 4)  # letters of a run, the word's edges included: "ed>"
BUCKETS = 200_000  # vectors that runs share by their hash; gensim's 2 million need gigabytes


@dataclass(frozen=True)
class Word2VecConfig:
    """The settings of a training run. Raises ConfigurationError for a value outside its limits."""

    dimension: Units = 100
    window: Annotated[int, Range(1, 1000)] = (
        3  # words to either side; narrow windows give syntactic rather than topical neighbours
    )
    skip_gram: bool = True  # False: continuous bag of words
    negative: Annotated[int, Range(0, 1000)] = 8  # noise words per word; 0 for hierarchical softmax alone
    hierarchical_softmax: bool = False
    subwords: bool = False
    min_count: Positive = 5  # rarer words get no vector
    sample: NotNegative = 1e-4  # words above this share are skipped at random (2013b, section 2.3); 0 for never
    epochs: Positive = 5
    learning_rate: AboveZero = 0.025  # falls linearly to 1e-4
    seed: Seed = 1  # repeatable with one worker only: several race for the same vectors
    workers: Threads = 2

    def __post_init__(self) -> None:
        """Check the limits."""
        check_ranges(self)
        if not self.negative and not self.hierarchical_softmax:
            raise ConfigurationError("nothing to learn from: set negative above 0, or hierarchical_softmax")

    def arguments(self) -> dict[str, Any]:
        """Return the settings as gensim's Word2Vec names them."""
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
    """Train word vectors and return them, most frequent word first.

    The corpus is the path of a file that `prepare` wrote, which is fastest, or word lists that can be iterated over
    `epochs + 1` times (not a generator). `progress` is told the epochs done, 0 once the vocabulary is known; gensim
    says nothing within an epoch.
    Raises VectorsError if there is nothing to learn.
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
        raise VectorsError(f"training went to infinity at learning_rate={config.learning_rate}; lower it")
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
        """Tells the number of epochs done."""

        done = 0

        def on_train_begin(self, model: Any) -> None:
            progress(0)

        def on_epoch_end(self, model: Any) -> None:
            self.done += 1
            progress(self.done)

    return Epochs()
