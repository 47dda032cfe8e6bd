"""From text to tags, lemmas and trees: tokeniser, tagger, lemmatiser, parser, in one object that is loaded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from arcparse.batches import stream
from arcparse.checkpoint import find_model, load_config, sibling
from arcparse.dictionary import Dictionary, with_dictionary
from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.parser.model import Parser
from arcparse.parser.nbest import SAMPLES, Parse
from arcparse.raw_text import Divide
from arcparse.sentence import EMPTY, Sentence
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.seq2seq.segmenter import Segmenter
from arcparse.tagger.model import KIND as TAGGER
from arcparse.tagger.model import Tagger
from arcparse.tags import COLUMN, with_given, with_tags
from arcparse.tokenizer import ENGLISH, Tokenizer, find_tokenizer, tokenize

DEFAULT_MODEL = "en"
NBEST_BEAM = 8  # hypotheses that n-best trees and confidences need at least
Input = str | Sequence[str] | Sentence
Precision = Literal["float32", "bfloat16"]
Result = TypeVar("Result")
OnError = Callable[[Sentence, Exception], None]


class Pipeline:
    """A loaded model: `nlp = arcparse.load("en")`, then `nlp.parse("...")` or `nlp.tag("...")`."""

    def __init__(
        self,
        parser: Parser | None,
        tagger: Tagger | None = None,
        lemmatizer: Lemmatizer | None = None,
        segmenter: Segmenter | None = None,
        tokenizer: Tokenizer = ENGLISH,
    ) -> None:
        """Join a parser and, for one that predicts no tags, a tagger; or take a tagger alone.

        With a lemmatiser, what is parsed or tagged has lemmas, too; where given tags are kept, so are given lemmas.
        A segmenter divides raw text in place of the rules of the tokenizer.
        """
        self._parser, self.tagger, self.lemmatizer = parser, tagger, lemmatizer
        self.segmenter = segmenter
        self.divide: Divide = segmenter.segment if segmenter else tokenizer.tokenize

    @property
    def parser(self) -> Parser:
        """The parser. Raises ModelError where the model is a tagger alone."""
        if self._parser is None:
            raise ModelError("this model is a tagger and makes no trees; call `tag`, or load a parser")
        return self._parser

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = DEFAULT_MODEL,
        *,
        precision: Precision = "float32",
        lemmatizer: str | Path | None = None,
        segmenter: str | Path | None = None,
        tokenizer: str | Path = "en",
    ) -> Pipeline:
        """Load a shipped model by name, or one at a path. Raises ModelError where there is none, or it is broken.

        A `lemmatizer`, named in the same way, makes lemmas, and a `segmenter` divides raw text. With `precision`
        "bfloat16" both it and parsing are faster on processors that have it (AVX-512 BF16, AMX) and slower on others;
        few trees change. The `tokenizer` without a segmenter is what `arcparse.tokenizer.find_tokenizer` takes.
        """
        rules = find_tokenizer(tokenizer)
        path = find_model(name_or_path)
        kind, config = load_config(path)
        lemmas = Lemmatizer.load(find_model(lemmatizer)) if lemmatizer else None
        divider = Segmenter.load(find_model(segmenter)) if segmenter else None
        if divider:
            divider.set_precision(low=precision == "bfloat16")
        if kind == TAGGER:
            return cls(None, Tagger.load(path), lemmas, divider, rules)
        tagger = config.get("tagger")
        parser = Parser.load(path)
        parser.set_precision(low=precision == "bfloat16")
        return cls(parser, Tagger.load(sibling(path, tagger)) if tagger else None, lemmas, divider, rules)

    @overload
    def parse(self, text: str, *, beam: int | None = None, given_tags: bool = True) -> list[Sentence]: ...  # type: ignore[overload-overlap]
    @overload
    def parse(
        self, text: Sequence[str] | Sentence, *, beam: int | None = None, given_tags: bool = True
    ) -> Sentence: ...
    @overload
    def parse(  # type: ignore[overload-overlap]
        self, text: str, *, nbest: int, beam: int | None = None, given_tags: bool = True
    ) -> list[list[Parse]]: ...
    @overload
    def parse(
        self, text: Sequence[str] | Sentence, *, nbest: int, beam: int | None = None, given_tags: bool = True
    ) -> list[Parse]: ...
    def parse(self, text: Input, *, nbest: int = 0, beam: int | None = None, given_tags: bool = True) -> Any:
        """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

        With `nbest`, the best trees that the beam holds take the place of each sentence, up to that number, the
        likeliest first, with scores. Words that have a UPOS keep their tags and are parsed with them, unless
        `given_tags` is false. The beam is as wide as the model's own, and with `nbest` at least 8, unless told. Raises
        ConfigurationError where the beam has less places than trees are asked for.
        """
        sentences = as_sentences(text, self.divide)
        parsed: Sequence[Any]
        if nbest:
            parsed = self.nbest_sentences(sentences, nbest, beam=beam, given_tags=given_tags)
        else:
            parsed = self.parse_sentences(sentences, beam=beam, given_tags=given_tags)
        return parsed if isinstance(text, str) else parsed[0]

    @overload
    def tag(self, text: str, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> list[Sentence]: ...  # type: ignore[overload-overlap]
    @overload
    def tag(
        self, text: Sequence[str] | Sentence, *, given_tags: bool = True, dictionary: Dictionary | None = None
    ) -> Sentence: ...
    def tag(self, text: Input, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> Any:
        """Tag raw text as sentences, or one sentence given as a list of word forms or as a `Sentence`.

        Words that have a UPOS keep their tags, unless `given_tags` is false; the others have those of the `dictionary`
        (see `arcparse.read_dictionary`), and where it has none the model's. Trees stay as they are.
        """
        tagged = self.tag_sentences(as_sentences(text, self.divide), given_tags, dictionary=dictionary)
        return tagged if isinstance(text, str) else tagged[0]

    def parse_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        beam: int | None = None,
        given_tags: bool = True,
        on_error: OnError | None = None,
    ) -> Iterator[list[Sentence] | Sentence]:
        """Yield for each input what `parse` returns, in order; `batch_size` inputs are in memory at a time.

        With `on_error`, a sentence that cannot be parsed is reported to it and comes out as it went in.
        """
        parsed = partial(self.parse_sentences, beam=beam, given_tags=given_tags, on_error=on_error)
        return self._in_order(texts, batch_size, parsed)

    def tag_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        given_tags: bool = True,
        dictionary: Dictionary | None = None,
        on_error: OnError | None = None,
    ) -> Iterator[list[Sentence] | Sentence]:
        """Yield for each input what `tag` returns, in order, as `parse_many` does."""
        tagged = partial(self.tag_sentences, given_tags=given_tags, dictionary=dictionary, on_error=on_error)
        return self._in_order(texts, batch_size, tagged)

    def parse_sentences(
        self,
        sentences: Sequence[Sentence],
        *,
        beam: int | None = None,
        given_tags: bool = False,
        on_error: OnError | None = None,
    ) -> list[Sentence]:
        """Return the sentences tagged and parsed, in order; one that fails and goes to `on_error` as it was."""
        parser = self.parser

        def parsed(batch: Sequence[Sentence]) -> list[Sentence]:
            tagged = self._with_needed_tags(batch, given_tags)
            return self._with_lemmas(parser.parse(tagged, given=given_tags, beam_size=beam), given_tags)

        return _with_failures(parsed, lambda sentence: sentence, sentences, on_error)

    def nbest_sentences(
        self,
        sentences: Sequence[Sentence],
        nbest: int,
        *,
        beam: int | None = None,
        samples: int = SAMPLES,
        given_tags: bool = False,
        on_error: OnError | None = None,
    ) -> list[list[Parse]]:
        """Return the best trees of each sentence, as `parse` does; none of one that fails and goes to `on_error`.

        Their arcs' confidences are shares of the beam and of `samples` trees drawn from the model. Raises
        ConfigurationError where the beam has less places than trees are asked for.
        """
        parser = self.parser
        beam = beam or max(nbest, parser.config.beam, NBEST_BEAM)
        if not 1 <= nbest <= beam:
            raise ConfigurationError(f"nbest must be a number from 1 to the beam's {beam}, not {nbest}; widen the beam")

        def found(batch: Sequence[Sentence]) -> list[list[Parse]]:
            tagged = self._with_needed_tags(batch, given_tags)
            best = parser.nbest(tagged, nbest, given=given_tags, beam_size=beam, samples=samples)
            own = iter(self._with_lemmas([parse.sentence for trees in best for parse in trees], given_tags))
            return [[replace(parse, sentence=next(own)) for parse in trees] for trees in best]

        return _with_failures(found, lambda sentence: [], sentences, on_error)

    def tag_sentences(
        self,
        sentences: Sequence[Sentence],
        given_tags: bool = False,
        *,
        dictionary: Dictionary | None = None,
        on_error: OnError | None = None,
    ) -> list[Sentence]:
        """Return the sentences tagged as `tag` does, in order; one that fails and goes to `on_error` as it was.

        Raises ModelError where tags are needed and nobody makes them.
        """

        def tagged(batch: Sequence[Sentence]) -> list[Sentence]:
            if not dictionary:
                return self._with_lemmas(self._tagged(batch, given_tags), given_tags)
            known = [with_dictionary(sentence, dictionary, given_tags=given_tags) for sentence in batch]
            return self._with_lemmas(self._tagged(known, given_tags=True), given_tags)

        return _with_failures(tagged, lambda sentence: sentence, sentences, on_error)

    def _in_order(
        self, texts: Iterable[Input], batch_size: int, results: Callable[[list[Sentence]], list[Sentence]]
    ) -> Iterator[list[Sentence] | Sentence]:
        """Yield the results of each input, a list for a text; they are found for the sentences of a batch together."""
        for batch in stream(texts, batch_size):
            raw = [text for text in batch if isinstance(text, str)]
            divided = iter(self.segmenter.segment_many(raw) if self.segmenter else map(self.divide, raw))
            groups = [next(divided) if isinstance(text, str) else as_sentences(text) for text in batch]
            found = iter(results([sentence for group in groups for sentence in group]))
            for text, group in zip(batch, groups, strict=True):
                own = [next(found) for _ in group]
                yield own if isinstance(text, str) else own[0]

    def _with_needed_tags(self, sentences: Sequence[Sentence], given_tags: bool) -> Sequence[Sentence]:
        """Return the sentences with tags, or as they are where the parser makes its own on the way."""
        return sentences if self.parser.predicts_tags else self._tagged(sentences, given_tags)

    def _with_lemmas(self, sentences: list[Sentence], given: bool) -> list[Sentence]:
        return self.lemmatizer.lemmatize(sentences, given=given) if self.lemmatizer else sentences

    def _tagged(self, sentences: Sequence[Sentence], given_tags: bool) -> list[Sentence]:
        if given_tags and all(EMPTY not in sentence.upos for sentence in sentences):
            return list(sentences)
        if self._parser is not None and self._parser.predicts_tags:
            return self._parser.tag(sentences, given=given_tags)
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
    on_error: OnError | None,
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


def as_sentences(text: Input, divide: Divide = tokenize) -> list[Sentence]:
    """Return what is to be parsed as sentences: text is divided, a list of forms is one sentence."""
    if isinstance(text, str):
        return divide(text)
    return [text if isinstance(text, Sentence) else Sentence.from_forms(text)]


@lru_cache(maxsize=4)
def load(
    name_or_path: str | Path = DEFAULT_MODEL,
    *,
    precision: Precision = "float32",
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path = "en",
) -> Pipeline:
    """Load a model by name ("en", "en-small") or path, with lemmatiser and segmenter if wanted; it is kept."""
    return Pipeline.load(
        name_or_path, precision=precision, lemmatizer=lemmatizer, segmenter=segmenter, tokenizer=tokenizer
    )


@overload
def parse(text: str, *, model: str | Path = DEFAULT_MODEL, beam: int | None = None) -> list[Sentence]: ...  # type: ignore[overload-overlap]
@overload
def parse(
    text: Sequence[str] | Sentence, *, model: str | Path = DEFAULT_MODEL, beam: int | None = None
) -> Sentence: ...
@overload
def parse(  # type: ignore[overload-overlap]
    text: str, *, nbest: int, model: str | Path = DEFAULT_MODEL, beam: int | None = None
) -> list[list[Parse]]: ...
@overload
def parse(
    text: Sequence[str] | Sentence, *, nbest: int, model: str | Path = DEFAULT_MODEL, beam: int | None = None
) -> list[Parse]: ...
def parse(text: Input, *, nbest: int = 0, model: str | Path = DEFAULT_MODEL, beam: int | None = None) -> Any:
    """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

    With `nbest`, the best trees that the beam holds take the place of each sentence, with scores.
    """
    return load(model).parse(text, nbest=nbest, beam=beam)


@overload
def tag(  # type: ignore[overload-overlap]
    text: str, *, model: str | Path = DEFAULT_MODEL, dictionary: Dictionary | None = None
) -> list[Sentence]: ...
@overload
def tag(
    text: Sequence[str] | Sentence, *, model: str | Path = DEFAULT_MODEL, dictionary: Dictionary | None = None
) -> Sentence: ...
def tag(text: Input, *, model: str | Path = DEFAULT_MODEL, dictionary: Dictionary | None = None) -> Any:
    """Tag raw text as sentences, or one sentence given as a list of word forms or as a `Sentence`, without parsing.

    Words that have a UPOS keep their tags; so do the forms of the `dictionary`.
    """
    return load(model).tag(text, dictionary=dictionary)
