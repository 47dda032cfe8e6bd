"""The parts of a pipeline, and the methods that it needs of them.

Each part is a network in torch, or the same as compiled loops over arrays: the pipeline does not tell them apart. Torch
is imported here alone, and late: a pipeline whose parts are compiled does without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from arcparse.bundle import Bundle
from arcparse.devices import CPU, is_cpu, select_device
from arcparse.errors import ConfigurationError
from arcparse.lexicon.tags import check_tags_words
from arcparse.parser.compiled import CompiledParser
from arcparse.parser.settings import ParserConfig
from arcparse.segmenter.compiled import load as compiled_segmenter
from arcparse.sentence import Sentence
from arcparse.seq2seq.compiled import load as compiled_lemmatizer
from arcparse.tagger.compiled import CompiledTagger

if TYPE_CHECKING:
    from arcparse.parser.model import Parser

Precision = Literal["auto", "float32", "bfloat16"]
PRECISIONS = get_args(Precision)


class ParsesSentences(Protocol):
    """A parser."""

    @property
    def config(self) -> ParserConfig:
        """Its settings."""

    @property
    def predicts_tags(self) -> bool:
        """Whether it tags on its own; else its sentences must have tags."""

    def parse(
        self, sentences: Sequence[Sentence], *, given_tags: bool = False, beam: int | None = None
    ) -> list[Sentence]:
        """Return the sentences with trees, and with tags if it predicts them; see `arcparse.parser.model.Parser`."""
        ...

    def tag(self, sentences: Sequence[Sentence], *, given_tags: bool = False) -> list[Sentence]:
        """Return the sentences with the tags that it predicts. Raises ModelError if it predicts none."""
        ...


class TagsSentences(Protocol):
    """A tagger."""

    columns: tuple[str, ...]  # that it fills: "upos", "xpos", "feats" or some of them, or an attribute of MISC
    reads: tuple[str, ...]  # the columns of tags that it reads, if it is one of spans

    def tag(self, sentences: Sequence[Sentence], *, given_tags: bool = False) -> list[Sentence]:
        """Return the sentences with tags; see `arcparse.tagger.model.Tagger`."""
        ...


class Lemmatizes(Protocol):
    """A lemmatiser."""

    def lemmatize(self, sentences: Sequence[Sentence], *, given_lemmas: bool = False) -> list[Sentence]:
        """Return tagged sentences with lemmas; see `arcparse.seq2seq.lemmatizer.Lemmatizer`."""
        ...


class Segments(Protocol):
    """A segmenter."""

    def segment(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Divide a text into sentences; see `arcparse.segmenter.model.Segmenter`."""
        ...

    def segment_many(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """Divide texts as `segment` does each of them."""
        ...


def check_precision(precision: str) -> None:
    """Raise ConfigurationError for another precision than those of `Precision`."""
    if precision not in PRECISIONS:
        *names, last = map(repr, PRECISIONS)
        raise ConfigurationError(f"precision must be {', '.join(names)} or {last}, not {precision!r}")


def parser_of(
    directory: Path, precision: Precision, limit: int, device: str
) -> tuple[ParsesSentences, Callable[[], Parser]]:
    """Load a parser, compiled if it has kernels; return it, and a function that returns it as a network in torch.

    A compiled parser has a cache of forms of at most `limit` bytes. On another device than the processor, none is
    compiled.
    """
    in_torch = cache(partial(parser_in_torch, directory, precision, device))
    compiled = CompiledParser.load(directory, low=precision != "float32", limit=limit) if is_cpu(device) else None
    return compiled or in_torch(), in_torch


def parsers_of(
    directories: Sequence[Path], precision: Precision, limit: int, device: str
) -> tuple[ParsesSentences, Callable[[], Parser]]:
    """Load a parser as `parser_of` does; if there are several, load them in torch as one that has their mean scores.

    Raises ModelError if they do not fit together.
    """
    if len(directories) == 1:
        return parser_of(directories[0], precision, limit, device)
    from arcparse.parser.ensemble import Ensemble

    together = Ensemble({str(path): parser_in_torch(path, precision, device) for path in directories})
    return together, lambda: together


def parser_in_torch(directory: Path, precision: Precision, device: str = CPU) -> Parser:
    """Load a parser as a network in torch, which n-best trees, traces and analyses need."""
    from arcparse.parser.model import Parser

    parser = Parser.load(directory).to(select_device(device))
    if precision != "auto":
        parser.set_precision(low=precision == "bfloat16")
    return parser


def needed_tagger(
    bundle: Bundle, parser: ParsesSentences, precision: Precision, limit: int, device: str
) -> TagsSentences | None:
    """Load the tagger of a parser. Raises ConfigurationError if there is one for a parser that tags by itself."""
    if bundle.tagger is None:
        return None
    if parser.predicts_tags:
        raise ConfigurationError(
            f"{bundle.model}: predicts tags itself; leave out the tagger {bundle.tagger}, or tag before and parse with "
            "given_tags=True"
        )
    tagger = tagger_of(bundle.tagger, precision, limit, device)
    check_tags_words(bundle.tagger, tagger.columns)
    return tagger


def tagger_of(directory: Path, precision: Precision, limit: int, device: str) -> TagsSentences:
    """Load a tagger, compiled if it has kernels, with a cache of forms of at most `limit` bytes, as for a parser."""
    compiled = CompiledTagger.load(directory, low=precision != "float32", limit=limit) if is_cpu(device) else None
    return compiled or tagger_in_torch(directory, device)


def tagger_in_torch(directory: Path, device: str = CPU) -> TagsSentences:
    """Load a tagger as a network in torch."""
    from arcparse.tagger.model import Tagger

    return Tagger.load(directory).to(select_device(device))


def lemmatizer_of(directory: Path, precision: Precision) -> Lemmatizes:
    """Load a lemmatiser, compiled if it has kernels."""
    return compiled_lemmatizer(directory, low=precision != "float32") or lemmatizer_in_torch(directory)


def lemmatizer_in_torch(directory: Path) -> Lemmatizes:
    """Load a lemmatiser as a network in torch."""
    from arcparse.seq2seq.lemmatizer import Lemmatizer

    return Lemmatizer.load(directory)


def segmenter_of(directory: Path, precision: Precision) -> Segments:
    """Load a segmenter, compiled if it has kernels."""
    return compiled_segmenter(directory, low=precision != "float32") or segmenter_in_torch(directory, precision)


def segmenter_in_torch(directory: Path, precision: Precision) -> Segments:
    """Load a segmenter as a network in torch."""
    from arcparse.segmenter.model import Segmenter

    segmenter = Segmenter.load(directory)
    segmenter.set_precision(low=precision == "bfloat16")
    return segmenter
