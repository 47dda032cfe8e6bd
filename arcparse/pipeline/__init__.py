"""From text to tags, lemmas and trees: tokeniser, tagger, lemmatiser and parser in one object, loaded once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, overload

from arcparse.batches import stream
from arcparse.checkpoint import find_model, load_config, sibling
from arcparse.errors import ArcparseError, ConfigurationError, InputError, ModelError
from arcparse.lexicon.tags import COLUMN, lacks_tags
from arcparse.parser.model import Parser
from arcparse.parser.parse import SAMPLES, Parse
from arcparse.pipeline.arguments import Input, as_sentences, each_input, list_of_sentences
from arcparse.segmenter.model import Segmenter
from arcparse.sentence import Sentence
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.settings.limits import BATCH_SIZE, BEAM, NBEST, THREADS
from arcparse.settings.limits import SAMPLES as SAMPLES_RANGE
from arcparse.tagger.description import KIND as TAGGER
from arcparse.tagger.dictionary import Dictionary, with_dictionary
from arcparse.tagger.model import Tagger
from arcparse.threads import asked
from arcparse.tokenizer import ENGLISH, Tokenizer, find_tokenizer
from arcparse.tokenizer.reading import Divide

DEFAULT_MODEL = "en"
NBEST_BEAM = 8  # least number of hypotheses for n-best trees and confidences
NBEST_KEYWORD = "the keyword nbest of parse will be removed in the next version: call nbest(text, n) instead"
Tokens = Sequence[str] | Sentence
Precision = Literal["float32", "bfloat16"]
PRECISIONS = get_args(Precision)
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
        *,
        threads: int = 1,
    ) -> None:
        """Combine a parser with a tagger (a parser that predicts tags needs none), or take a tagger alone.

        A lemmatiser adds lemmas to parsed and tagged sentences; if given tags are kept, given lemmas are kept too.
        A segmenter divides raw text instead of the rules of `tokenizer`. At most `threads` threads work at a time.
        """
        self._parser, self.tagger, self.lemmatizer = parser, tagger, lemmatizer
        self.segmenter, self.threads = segmenter, THREADS.whole("threads", threads)
        self.divide: Divide = segmenter.segment if segmenter else tokenizer.tokenize

    @property
    def parser(self) -> Parser:
        """The parser. Raises ModelError if the model is only a tagger."""
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
        threads: int = 1,
    ) -> Pipeline:
        """Load a shipped model by name, or a model at a path. Raises ModelError if there is none, or it is broken.

        `lemmatizer` and `segmenter` are names or paths too: one makes lemmas, the other divides raw text. With the
        `precision` "bfloat16", parser and segmenter are faster on processors that support it (AVX-512 BF16, AMX) and
        slower on others; few trees change. `tokenizer` is a name or file for `arcparse.tokenizer.find_tokenizer`; a
        segmenter replaces it. With two or more `threads`, several batches of sentences are parsed at the same time;
        torch's own number of threads (`torch.set_num_threads`) has no effect here, and is not changed. Raises
        ConfigurationError for a number outside `arcparse.settings.limits.THREADS`.
        """
        _check_precision(precision)
        rules = find_tokenizer(tokenizer)
        path = find_model(name_or_path)
        kind, config = load_config(path)
        lemmas = Lemmatizer.load(find_model(lemmatizer)) if lemmatizer is not None else None
        divider = Segmenter.load(find_model(segmenter)) if segmenter is not None else None
        if divider:
            divider.set_precision(low=precision == "bfloat16")
        if kind == TAGGER:
            return cls(None, Tagger.load(path), lemmas, divider, rules, threads=threads)
        tagger = config.get("tagger")
        parser = Parser.load(path)
        parser.set_precision(low=precision == "bfloat16")
        own = Tagger.load(sibling(path, tagger)) if tagger else None
        return cls(parser, own, lemmas, divider, rules, threads=threads)

    @overload
    def parse(self, text: str, *, beam: int | None = None, given_tags: bool = True) -> list[Sentence]: ...  # type: ignore[overload-overlap]
    @overload
    def parse(self, text: Tokens, *, beam: int | None = None, given_tags: bool = True) -> Sentence: ...
    def parse(self, text: Input, *, nbest: int | None = None, beam: int | None = None, given_tags: bool = True) -> Any:
        """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

        Tags that a sentence has are kept and used for parsing, unless `given_tags` is false; see
        `arcparse.networks.tags.given_cells`. Without `beam`, the model's own beam is used. Raises InputError if `text`
        is of another type, ConfigurationError for a beam outside `arcparse.settings.limits.BEAM`.
        """
        if nbest is not None:  # until the next version
            warnings.warn(NBEST_KEYWORD, DeprecationWarning, stacklevel=2)
            return self.nbest(text, nbest, beam=beam, given_tags=given_tags)
        return self._of_one(text, partial(self.parse_sentences, beam=beam, given_tags=given_tags))

    @overload
    def nbest(  # type: ignore[overload-overlap]
        self, text: str, n: int, *, beam: int | None = None, samples: int = SAMPLES, given_tags: bool = True
    ) -> list[list[Parse]]: ...
    @overload
    def nbest(
        self, text: Tokens, n: int, *, beam: int | None = None, samples: int = SAMPLES, given_tags: bool = True
    ) -> list[Parse]: ...
    def nbest(
        self, text: Input, n: int, *, beam: int | None = None, samples: int = SAMPLES, given_tags: bool = True
    ) -> Any:
        """Return the best trees, at most `n`, with their scores, for each sentence that `parse` would return.

        They are the most probable trees in the beam, the most probable first. Without `beam`, it is the greatest of 8,
        `n` and the model's own; `samples` is as in `nbest_sentences`. Raises ConfigurationError if `n` is greater than
        the beam.
        """
        found = partial(self.nbest_sentences, n=n, beam=beam, samples=samples, given_tags=given_tags)
        return self._of_one(text, found)

    @overload
    def tag(self, text: str, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> list[Sentence]: ...  # type: ignore[overload-overlap]
    @overload
    def tag(self, text: Tokens, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> Sentence: ...
    def tag(self, text: Input, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> Any:
        """Tag raw text as sentences, or one sentence given as a list of word forms or as a `Sentence`.

        Tags that a sentence has are kept, unless `given_tags` is false. Other words get the tags of the `dictionary`
        (see `arcparse.read_dictionary`), or the model's tags if it does not have them. Trees are not changed.
        """
        return self._of_one(text, partial(self.tag_sentences, given_tags=given_tags, dictionary=dictionary))

    @overload
    def parse_many(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = ...,
        beam: int | None = ...,
        given_tags: bool = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[list[Sentence]]: ...
    @overload
    def parse_many(
        self,
        texts: Iterable[list[str] | tuple[str, ...] | Sentence],
        *,
        batch_size: int = ...,
        beam: int | None = ...,
        given_tags: bool = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[Sentence]: ...
    @overload
    def parse_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = ...,
        beam: int | None = ...,
        given_tags: bool = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[list[Sentence] | Sentence]: ...
    def parse_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        beam: int | None = None,
        given_tags: bool = True,
        on_error: OnError | None = None,
    ) -> Iterator[Any]:
        """Yield the result of `parse` for each input, in order; `batch_size` inputs are in memory at a time.

        With `on_error`, a sentence that cannot be parsed is passed to that function with the error, and is yielded
        unchanged. Raises InputError at once if `texts` is a single input.
        """
        parsed = partial(self.parse_sentences, beam=_width(beam), given_tags=given_tags, on_error=on_error)
        return self._in_order(each_input(texts), BATCH_SIZE.whole("batch_size", batch_size), parsed)

    @overload
    def tag_many(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = ...,
        given_tags: bool = ...,
        dictionary: Dictionary | None = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[list[Sentence]]: ...
    @overload
    def tag_many(
        self,
        texts: Iterable[list[str] | tuple[str, ...] | Sentence],
        *,
        batch_size: int = ...,
        given_tags: bool = ...,
        dictionary: Dictionary | None = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[Sentence]: ...
    @overload
    def tag_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = ...,
        given_tags: bool = ...,
        dictionary: Dictionary | None = ...,
        on_error: OnError | None = ...,
    ) -> Iterator[list[Sentence] | Sentence]: ...
    def tag_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        given_tags: bool = True,
        dictionary: Dictionary | None = None,
        on_error: OnError | None = None,
    ) -> Iterator[Any]:
        """Yield the result of `tag` for each input, in order, as `parse_many` does."""
        tagged = partial(self.tag_sentences, given_tags=given_tags, dictionary=dictionary, on_error=on_error)
        return self._in_order(each_input(texts), BATCH_SIZE.whole("batch_size", batch_size), tagged)

    def parse_sentences(
        self,
        sentences: Sequence[Sentence],
        *,
        beam: int | None = None,
        given_tags: bool = True,
        on_error: OnError | None = None,
    ) -> list[Sentence]:
        """Return the sentences, tagged and parsed, in order; one that fails goes to `on_error` and is unchanged."""
        parser, width, sentences = self.parser, _width(beam), list_of_sentences(sentences)

        def parsed(batch: Sequence[Sentence]) -> list[Sentence]:
            tagged = self._with_needed_tags(batch, given_tags)
            return self._with_lemmas(parser.parse(tagged, given_tags=given_tags, beam=width), given_tags)

        with asked(self.threads):
            return _with_failures(parsed, lambda sentence: sentence, sentences, on_error)

    def nbest_sentences(
        self,
        sentences: Sequence[Sentence],
        n: int,
        *,
        beam: int | None = None,
        samples: int = SAMPLES,
        given_tags: bool = True,
        on_error: OnError | None = None,
    ) -> list[list[Parse]]:
        """Return the best trees of each sentence, as `nbest` does; a sentence that fails goes to `on_error`, with none.

        The confidences of arcs are shares of the trees in the beam and of `samples` random trees of the model. Raises
        ConfigurationError if `n` is greater than the beam.
        """
        parser, n, samples = self.parser, NBEST.whole("n", n), SAMPLES_RANGE.whole("samples", samples)
        width, sentences = _width(beam) or max(n, parser.config.beam, NBEST_BEAM), list_of_sentences(sentences)
        if n > width:
            raise ConfigurationError(f"n must be at most {width}, the width of the beam, not {n}; give a wider beam")

        def found(batch: Sequence[Sentence]) -> list[list[Parse]]:
            tagged = self._with_needed_tags(batch, given_tags)
            best = parser.nbest(tagged, n, given_tags=given_tags, beam=width, samples=samples)
            own = iter(self._with_lemmas([parse.sentence for trees in best for parse in trees], given_tags))
            return [[replace(parse, sentence=next(own)) for parse in trees] for trees in best]

        with asked(self.threads):
            return _with_failures(found, lambda sentence: [], sentences, on_error)

    def tag_sentences(
        self,
        sentences: Sequence[Sentence],
        given_tags: bool = True,
        *,
        dictionary: Dictionary | None = None,
        on_error: OnError | None = None,
    ) -> list[Sentence]:
        """Return the sentences tagged as `tag` does, in order; one that fails goes to `on_error` and is unchanged.

        Raises ModelError if tags are missing and the model has no tagger.
        """
        sentences = list_of_sentences(sentences)
        if dictionary is not None and not isinstance(dictionary, Mapping):
            raise InputError(f"dictionary must be the result of arcparse.read_dictionary(FILE), not {dictionary!r}")

        def tagged(batch: Sequence[Sentence]) -> list[Sentence]:
            if not dictionary:
                return self._with_lemmas(self._tagged(batch, given_tags), given_tags)
            known = [with_dictionary(sentence, dictionary, given_tags=given_tags) for sentence in batch]
            return self._with_lemmas(self._tagged(known, given_tags=True), given_tags)

        with asked(self.threads):
            return _with_failures(tagged, lambda sentence: sentence, sentences, on_error)

    def _of_one(self, text: Input, results: Callable[[list[Sentence]], list[Any]]) -> Any:
        """Return the list of results for a text, or the one result for a single sentence."""
        found = results(as_sentences(text, self.divide))
        return found if isinstance(text, str) else found[0]

    def _in_order(
        self, texts: Iterator[str | Sentence], batch_size: int, results: Callable[[list[Sentence]], list[Sentence]]
    ) -> Iterator[list[Sentence] | Sentence]:
        """Yield the results of each input, a list for a text; all sentences of a batch are processed together."""
        for batch in stream(texts, batch_size):
            raw = [text for text in batch if isinstance(text, str)]
            with asked(self.threads):
                divided = iter(self.segmenter.segment_many(raw) if self.segmenter else map(self.divide, raw))
            groups = [next(divided) if isinstance(text, str) else [text] for text in batch]
            found = iter(results([sentence for group in groups for sentence in group]))
            for text, group in zip(batch, groups, strict=True):
                own = [next(found) for _ in group]
                yield own if isinstance(text, str) else own[0]

    def _with_needed_tags(self, sentences: Sequence[Sentence], given_tags: bool) -> Sequence[Sentence]:
        """Return the sentences with tags; unchanged if the parser predicts its own tags."""
        return sentences if self._predicts_tags else self._tagged(sentences, given_tags)

    def _with_lemmas(self, sentences: list[Sentence], given: bool) -> list[Sentence]:
        return self.lemmatizer.lemmatize(sentences, given_lemmas=given) if self.lemmatizer else sentences

    def _tagged(self, sentences: Sequence[Sentence], given_tags: bool) -> list[Sentence]:
        """Return the sentences with all tags: the given ones, if `given_tags`, and the model's in the other cells."""
        if given_tags:
            columns = self.tagger.columns if self.tagger else tuple(COLUMN) if self._predicts_tags else ("upos",)
            if not any(lacks_tags(sentence, columns) for sentence in sentences):
                return list(sentences)
        if self._parser is not None and self._predicts_tags:
            return self._parser.tag(sentences, given_tags=given_tags)
        if self.tagger is None:
            raise ModelError("this parser needs tags and has no tagger; give sentences with tags, and given_tags=True")
        return self.tagger.tag(sentences, given_tags=given_tags)

    @property
    def _predicts_tags(self) -> bool:
        return self._parser is not None and self._parser.predicts_tags


def _with_failures(
    results: Callable[[Sequence[Sentence]], list[Result]],
    instead: Callable[[Sentence], Result],
    sentences: Sequence[Sentence],
    on_error: OnError | None,
) -> list[Result]:
    """Return the results of all sentences; if that fails and `on_error` is given, try the sentences one by one."""
    try:
        return results(sentences)
    except (ArcparseError, RuntimeError, ValueError) as error:
        if on_error is None:
            raise
        if len(sentences) == 1:
            on_error(sentences[0], error)
            return [instead(sentences[0])]
    return [found for sentence in sentences for found in _with_failures(results, instead, [sentence], on_error)]


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise ConfigurationError(f"precision must be {' or '.join(map(repr, PRECISIONS))}, not {precision!r}")


def _width(beam: int | None) -> int | None:
    return None if beam is None else BEAM.whole("beam", beam)


def load(
    name_or_path: str | Path = DEFAULT_MODEL,
    *,
    precision: Precision = "float32",
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path = "en",
    threads: int = 1,
) -> Pipeline:
    """Load a model by name ("en", "en-small") or path, as `Pipeline.load` does, and keep it for the next call."""
    lemmas, divider = (name if name is None else find_model(name).resolve() for name in (lemmatizer, segmenter))
    return _kept(find_model(name_or_path).resolve(), precision, lemmas, divider, tokenizer, threads)


@lru_cache(maxsize=4)
def _kept(
    model: Path,
    precision: Precision,
    lemmatizer: Path | None,
    segmenter: Path | None,
    tokenizer: str | Path,
    threads: int,
) -> Pipeline:
    return Pipeline.load(
        model, precision=precision, lemmatizer=lemmatizer, segmenter=segmenter, tokenizer=tokenizer, threads=threads
    )
