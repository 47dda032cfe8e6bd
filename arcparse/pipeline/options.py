"""The options of a pipeline's functions and methods, for type checkers: their overloads differ in the input alone."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypedDict

from arcparse.bundle import Without
from arcparse.pipeline.parts import Precision
from arcparse.sentence import Sentence
from arcparse.tagger.dictionary import Dictionary

OnError = Callable[[Sentence, Exception], None]


class Parts(TypedDict, total=False):
    """The parts of a pipeline, as `arcparse.bundle.Bundle.find` takes them."""

    tagger: str | Path | None
    lemmatizer: str | Path | None
    segmenter: str | Path | None
    tokenizer: str | Path | None
    without: Collection[Without]


class Loading(Parts, total=False):
    """Options of `load`."""

    precision: Precision
    threads: int
    cache_mib: int
    device: str


class Parsing(TypedDict, total=False):
    """Options of `Pipeline.parse`."""

    beam: int | None
    given_tags: bool


class NBest(Parsing, total=False):
    """Options of `Pipeline.nbest`."""

    samples: int


class Tagging(TypedDict, total=False):
    """Options of `Pipeline.tag`."""

    given_tags: bool
    dictionary: Dictionary | None


class Many(TypedDict, total=False):
    """Options for many inputs."""

    batch_size: int
    on_error: OnError | None
    workers: int


class ParsingMany(Parsing, Many, total=False):
    """Options of `Pipeline.parse_many`."""


class TaggingMany(Tagging, Many, total=False):
    """Options of `Pipeline.tag_many`."""
