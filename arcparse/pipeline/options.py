"""The options of a pipeline's methods, for type checkers: their overloads differ in the input alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from arcparse.sentence import Sentence
from arcparse.tagger.dictionary import Dictionary

OnError = Callable[[Sentence, Exception], None]


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
