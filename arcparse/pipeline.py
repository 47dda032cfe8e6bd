"""From text to trees: tokeniser, tagger, parser, in one object that is loaded once and called often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from arcparse.batches import stream
from arcparse.checkpoint import find_model, load_model, sibling
from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.parser.model import Parser
from arcparse.parser.nbest import SAMPLES, Parse
from arcparse.sentence import EMPTY, Sentence
from arcparse.tagger.model import Tagger
from arcparse.tags import COLUMN, with_given, with_tags
from arcparse.tokenizer import tokenize

DEFAULT_MODEL = "en"
Input = str | Sequence[str] | Sentence
Precision = Literal["float32", "bfloat16"]
Result = TypeVar("Result")


class Pipeline:
    """A loaded model: `nlp = arcparse.load("en")`, then `nlp.parse("...")`."""

    def __init__(self, parser: Parser, tagger: Tagger | None = None) -> None:
        """Join a parser and, for one that predicts no tags, a tagger."""
        self.parser, self.tagger = parser, tagger

    @classmethod
    def load(cls, name_or_path: str | Path = DEFAULT_MODEL, *, precision: Precision = "float32") -> Pipeline:
        """Load a shipped model by name, or one at a path. Raises ModelError where there is none, or it is broken.

        With `precision` "bfloat16" the recurrent encoder is faster on processors that have it (AVX-512 BF16, AMX) and
        slower on others; few trees change.
        """
        path = find_model(name_or_path)
        tagger = load_model(path).config.get("tagger")
        parser = Parser.load(path)
        if parser.bilstm is not None:
            parser.bilstm.low_precision = precision == "bfloat16"
        return cls(parser, Tagger.load(sibling(path, tagger)) if tagger else None)

    @overload
    def parse(self, text: str, *, beam: int = 1, given_tags: bool = True) -> list[Sentence]: ...  # type: ignore[overload-overlap]
    @overload
    def parse(self, text: Sequence[str] | Sentence, *, beam: int = 1, given_tags: bool = True) -> Sentence: ...
    @overload
    def parse(self, text: str, *, nbest: int, beam: int = 1, given_tags: bool = True) -> list[list[Parse]]: ...  # type: ignore[overload-overlap]
    @overload
    def parse(
        self, text: Sequence[str] | Sentence, *, nbest: int, beam: int = 1, given_tags: bool = True
    ) -> list[Parse]: ...
    def parse(self, text: Input, *, nbest: int = 0, beam: int = 1, given_tags: bool = True) -> Any:
        """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

        With `nbest`, the best trees that the beam holds take the place of each sentence, up to that number, the
        likeliest first, with scores. Words that have a UPOS keep their tags and are parsed with them, unless
        `given_tags` is false. Raises ConfigurationError where the beam has less places than trees are asked for.
        """
        sentences = as_sentences(text)
        parsed: Sequence[Any]
        if nbest:
            parsed = self.nbest_sentences(sentences, nbest, beam=beam, given_tags=given_tags)
        else:
            parsed = self.parse_sentences(sentences, beam=beam, given_tags=given_tags)
        return parsed if isinstance(text, str) else parsed[0]

    def parse_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        beam: int = 1,
        given_tags: bool = True,
        on_error: Callable[[Sentence, Exception], None] | None = None,
    ) -> Iterator[list[Sentence] | Sentence]:
        """Yield for each input what `parse` returns, in order; `batch_size` inputs are in memory at a time.

        With `on_error`, a sentence that cannot be parsed is reported to it and comes out as it went in.
        """
        for batch in stream(texts, batch_size):
            groups = [as_sentences(text) for text in batch]
            flat = [sentence for group in groups for sentence in group]
            parsed = iter(self.parse_sentences(flat, beam=beam, given_tags=given_tags, on_error=on_error))
            for text, group in zip(batch, groups, strict=True):
                own = [next(parsed) for _ in group]
                yield own if isinstance(text, str) else own[0]

    def parse_sentences(
        self,
        sentences: Sequence[Sentence],
        *,
        beam: int = 1,
        given_tags: bool = False,
        on_error: Callable[[Sentence, Exception], None] | None = None,
    ) -> list[Sentence]:
        """Return the sentences tagged and parsed, in order; one that fails and goes to `on_error` as it was."""

        def parsed(batch: Sequence[Sentence]) -> list[Sentence]:
            return self.parser.parse(self.tag_sentences(batch, given_tags), given=given_tags, beam_size=beam)

        return _with_failures(parsed, lambda sentence: sentence, sentences, on_error)

    def nbest_sentences(
        self,
        sentences: Sequence[Sentence],
        nbest: int,
        *,
        beam: int = 8,
        samples: int = SAMPLES,
        given_tags: bool = False,
        on_error: Callable[[Sentence, Exception], None] | None = None,
    ) -> list[list[Parse]]:
        """Return the best trees of each sentence, as `parse` does; none of one that fails and goes to `on_error`.

        Their arcs' confidences are shares of the beam and of `samples` trees drawn from the model. Raises
        ConfigurationError where the beam has less places than trees are asked for.
        """
        if not 1 <= nbest <= beam:
            raise ConfigurationError(f"nbest must be a number from 1 to the beam's {beam}, not {nbest}; widen the beam")

        def found(batch: Sequence[Sentence]) -> list[list[Parse]]:
            tagged = self.tag_sentences(batch, given_tags)
            return self.parser.nbest(tagged, nbest, given=given_tags, beam_size=beam, samples=samples)

        return _with_failures(found, lambda sentence: [], sentences, on_error)

    def tag_sentences(self, sentences: Sequence[Sentence], given_tags: bool = False) -> Sequence[Sentence]:
        """Return the sentences with the tagger's tags; as they are where the parser tags or all tags are given.

        Raises ModelError where tags are needed and nobody makes them.
        """
        if self.parser.predicts_tags or (given_tags and all(EMPTY not in sentence.upos for sentence in sentences)):
            return sentences
        if self.tagger is None:
            raise ModelError("this parser follows tags and has no tagger; give sentences with tags, and `given_tags`")
        tagged = self.tagger.tag(sentences)
        if not given_tags:
            return tagged
        return [
            with_tags(own, with_given(own, {name: new.words(column) for name, column in COLUMN.items()}))
            for own, new in zip(sentences, tagged, strict=True)
        ]


def _with_failures(
    results: Callable[[Sequence[Sentence]], list[Result]],
    instead: Callable[[Sentence], Result],
    sentences: Sequence[Sentence],
    on_error: Callable[[Sentence, Exception], None] | None,
) -> list[Result]:
    """Return the results of all sentences; where that fails and there is `on_error`, try one at a time."""
    try:
        return results(sentences)
    except (ArcparseError, RuntimeError, ValueError) as error:
        if on_error is None:
            raise
        if len(sentences) == 1:
            on_error(sentences[0], error)
            return [instead(sentences[0])]
    return [found for sentence in sentences for found in _with_failures(results, instead, [sentence], on_error)]


def as_sentences(text: Input) -> list[Sentence]:
    """Return what is to be parsed as sentences: text is tokenised, a list of forms is one sentence."""
    if isinstance(text, str):
        return tokenize(text)
    return [text if isinstance(text, Sentence) else Sentence.from_forms(text)]


@lru_cache(maxsize=4)
def load(name_or_path: str | Path = DEFAULT_MODEL, *, precision: Precision = "float32") -> Pipeline:
    """Load a model by name ("en", "en-small") or path; a model once loaded is kept."""
    return Pipeline.load(name_or_path, precision=precision)


@overload
def parse(text: str, *, model: str | Path = DEFAULT_MODEL, beam: int = 1) -> list[Sentence]: ...  # type: ignore[overload-overlap]
@overload
def parse(text: Sequence[str] | Sentence, *, model: str | Path = DEFAULT_MODEL, beam: int = 1) -> Sentence: ...
@overload
def parse(text: str, *, nbest: int, model: str | Path = DEFAULT_MODEL, beam: int = 1) -> list[list[Parse]]: ...  # type: ignore[overload-overlap]
@overload
def parse(
    text: Sequence[str] | Sentence, *, nbest: int, model: str | Path = DEFAULT_MODEL, beam: int = 1
) -> list[Parse]: ...
def parse(text: Input, *, nbest: int = 0, model: str | Path = DEFAULT_MODEL, beam: int = 1) -> Any:
    """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

    With `nbest`, the best trees that the beam holds take the place of each sentence, with scores.
    """
    return load(model).parse(text, nbest=nbest, beam=beam)
