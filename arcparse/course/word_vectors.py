"""The word vectors of a course, of its raw text, without paragraphs of its dev and test files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from arcparse import recipes, vectors
from arcparse.course.settings import PipelineSettings
from arcparse.errors import ArcparseError
from arcparse.sentence import Sentence
from arcparse.tokenizer import find_tokenizer

SCHEME = "digits-zero"  # `vectors.prepare` makes zeros of digits
TRIED = 2000  # paragraphs of a trial

OnError = Callable[[ArcparseError], None]


def train_word_vectors(settings: PipelineSettings, store: Path, on_error: OnError | None) -> None:
    """Train word vectors on the raw text, and write their store and, beside it, their file."""
    corpus, file = store.with_name("raw.txt"), store.with_name("vectors.bin")
    shutil.rmtree(store, ignore_errors=True)
    unseen = vectors.runs(
        chain.from_iterable(_texts(place, on_error) for place in (settings.dev, settings.test) if place)
    )
    split = find_tokenizer(settings.tokenizer).split_words
    vectors.prepare([Path(settings.raw)], corpus, split, exclude=unseen, processes=settings.word2vec.workers)
    trained = vectors.train_vectors(corpus, settings.word2vec)
    vectors.save_vectors(trained, file, "word2vec-binary")
    vectors.VectorStore.create(store, trained, normalisation=SCHEME, source=file).close()
    corpus.unlink()


def vectors_trial(settings: PipelineSettings) -> float:
    """Return the seconds that the vectors of the raw text take, by its first paragraphs."""
    read: list[int] = []
    raw, split = Path(settings.raw), find_tokenizer(settings.tokenizer).split_words
    begun = time.monotonic()
    words = [split(text) for text in islice(vectors.DistinctLines([raw], read.append), TRIED)]
    divided = time.monotonic()
    if any(words):
        vectors.train_vectors(words, replace(settings.word2vec, epochs=1, min_count=1))
    trained = time.monotonic()
    share = sum(read) / raw.stat().st_size if read else 1.0
    return (divided - begun + settings.word2vec.epochs * (trained - divided)) / share


def _texts(place: str, on_error: OnError | None) -> Iterator[str]:
    """Give a treebank as text and then as forms, the two ways in which raw text may quote it."""
    sentences: list[Sentence] = recipes.read_treebank(place, "dev", on_error)
    yield from (sentence.text for sentence in sentences)
    yield from chain.from_iterable(sentence.forms for sentence in sentences)
