"""From text to tags, lemmas and trees: tokeniser, tagger, lemmatiser and parser in one object, loaded once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from arcparse.batches import stream
from arcparse.bundle import LEMMATIZER, REMOVED, SEGMENTER, Bundle, Without, check_without
from arcparse.devices import CPU, is_cpu
from arcparse.errors import ConfigurationError, InputError
from arcparse.kernels.cache import CACHE_MIB
from arcparse.lexicon.tags import COLUMN
from arcparse.parser.parse import SAMPLES, Parse
from arcparse.pipeline import parts
from arcparse.pipeline.analysis import Analysis, with_failures
from arcparse.pipeline.arguments import (
    Input,
    OneOrMore,
    Sequences,
    Tokens,
    as_sentences,
    each_input,
    list_of_sentences,
    text_or_sentence,
)
from arcparse.pipeline.crossing import Work, results_in_order
from arcparse.pipeline.options import OnError
from arcparse.pipeline.parts import Lemmatizes, ParsesSentences, Precision, Segments, TagsSentences
from arcparse.sentence import Sentence
from arcparse.sentence.document import Document
from arcparse.sentence.names import PIPELINE, answers
from arcparse.settings.limits import BATCH_SIZE, BEAM, CACHE, NBEST, THREADS
from arcparse.settings.limits import SAMPLES as SAMPLES_RANGE
from arcparse.tagger.description import KIND as TAGGER
from arcparse.tagger.dictionary import Dictionary
from arcparse.threads import asked
from arcparse.tokenizer import ENGLISH, Tokenizer, find_tokenizer
from arcparse.tokenizer.reading import Divide

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from arcparse.parser.model import Parser
    from arcparse.pipeline.options import NBest, Parsing, ParsingMany, Parts, Tagging, TaggingMany

DEFAULT_MODEL = "en"
NBEST_BEAM = 8  # least number of hypotheses for n-best trees and confidences
NBEST_KEYWORD = "the keyword nbest of parse will be removed in the next version: call nbest(text, n) instead"


@answers(PIPELINE)
class Pipeline:
    """A loaded model: `nlp = arcparse.load("en")`, then `nlp.parse("...")` or `nlp.tag("...")`."""

    def __init__(
        self,
        parser: ParsesSentences | None,
        tagger: TagsSentences | None = None,
        lemmatizer: Lemmatizes | None = None,
        segmenter: Segments | None = None,
        tokenizer: Tokenizer = ENGLISH,
        *,
        threads: int = 1,
        in_torch: Callable[[], Parser] | None = None,
    ) -> None:
        """Combine a parser with a tagger (a parser that predicts tags needs none), or take a tagger alone.

        A lemmatiser adds lemmas to parsed and tagged sentences; if given tags are kept, given lemmas are kept too.
        A segmenter divides raw text instead of the rules of `tokenizer`. At most `threads` threads work at a time.
        For a compiled parser, `in_torch` loads the same as a network in torch.
        """
        self._analysis = Analysis(parser, tagger, lemmatizer)
        self.segmenter, self.threads = segmenter, THREADS.whole("threads", threads)
        self._in_torch, self._rules = in_torch, tokenizer
        self._loaded: dict[str, Any] = {}  # the arguments of `of`
        self.divide: Divide = segmenter.segment if segmenter else tokenizer.tokenize

    def __repr__(self) -> str:
        """Return the parts, in the order in which a text passes through them."""
        own = self._analysis
        parts = {"segmenter": self.segmenter, "tagger": own.tagger, "parser": own.parser, "lemmatizer": own.lemmatizer}
        return f"<Pipeline of {', '.join(name for name, part in parts.items() if part is not None)}>"

    @property
    def makes_trees(self) -> bool:
        """Whether there is a parser; else the model is only a tagger."""
        return self._analysis.parser is not None

    @property
    def beam(self) -> int | None:
        """The hypotheses with which the model parses unless told otherwise; None if there is no parser."""
        return self._analysis.parser.config.beam if self._analysis.parser else None

    @property
    def makes_tags(self) -> bool:
        """Whether it tags; else sentences must have tags."""
        return self._analysis.makes_tags

    @property
    def tagger(self) -> TagsSentences | None:
        """The tagger beside the parser, or alone; None if the parser predicts tags, or has to be given them."""
        return self._analysis.tagger

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns of tags that a tagger of spans reads beside the forms."""
        return self.tagger.reads if self.tagger else ()

    @property
    def lemmatizer(self) -> Lemmatizes | None:
        """The lemmatiser, if there is one."""
        return self._analysis.lemmatizer

    @cached_property
    def parser(self) -> Parser:
        """The parser as a network in torch. Raises ModelError if the model is only a tagger."""
        parser = self._analysis.needed_parser()
        return self._in_torch() if self._in_torch else cast("Parser", parser)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = DEFAULT_MODEL,
        *,
        precision: Precision = "auto",
        threads: int = 1,
        cache_mib: int = CACHE_MIB,
        device: str = CPU,
        **chosen: Unpack[Parts],
    ) -> Pipeline:
        """Load a shipped model by name, or a model at a path. Raises ModelError if there is none, or it is broken.

        The model comes with the parts that it names: a tagger, a lemmatiser, and a segmenter or rules that divide raw
        text. `tagger`, `lemmatizer` and `segmenter` are names or paths of others; `tokenizer` is a name or file for
        `arcparse.tokenizer.find_tokenizer`: rules to divide by instead of a segmenter. `without=["lemmas"]` leaves out
        the lemmatiser, `without=["segmenter"]` the segmenter.

        With the `precision` "auto", compiled models compute as is fastest on this processor, a pretrained Transformer
        as it was trained, and others in float32; few trees change. "bfloat16" is faster on processors that support it
        (AVX-512 BF16, AMX) and slower on others. With two or more `threads`, several batches of sentences are parsed at
        the same time; torch's own number of threads (`torch.set_num_threads`) has no effect here, and is not changed.
        A compiled parser keeps what it has computed of word forms, and a tagger beside it does too: each uses at most
        `cache_mib` MiB for that, beside the memory of a batch. With the `device` "cuda", or "auto" if there is a GPU,
        parser and tagger lie there as networks in torch, while lemmas and segmenter stay on the processor. Raises
        ConfigurationError for a number outside THREADS or CACHE of `arcparse.settings.limits`, for a device that cannot
        be used, and for parts that contradict each other.
        """
        return cls.of(Bundle.find(name_or_path, **chosen), precision, threads, cache_mib, device)

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        precision: Precision = "auto",
        threads: int = 1,
        cache_mib: int = CACHE_MIB,
        device: str = CPU,
        beside: tuple[Bundle, ...] = (),
    ) -> Pipeline:
        """Load the models of a bundle; the parsers of those `beside` it score together with its own.

        Raises as `load` does, and ModelError for parsers that do not fit together.
        """
        parts.check_precision(precision)
        limit = CACHE.whole("cache_mib", cache_mib) << 20
        rules = find_tokenizer(bundle.tokenizer)
        lemmas = parts.lemmatizer_of(bundle.lemmatizer, precision) if bundle.lemmatizer else None
        divider = parts.segmenter_of(bundle.segmenter, precision) if bundle.segmenter else None
        if bundle.kind == TAGGER and not beside:
            tagger = parts.tagger_of(bundle.model, precision, limit, device)
            made = cls(None, tagger, lemmas, divider, rules, threads=threads)
        else:
            models = [bundle.model, *(other.model for other in beside)]
            parser, in_torch = parts.parsers_of(models, precision, limit, device)
            its_tagger = parts.needed_tagger(bundle, parser, precision, limit, device)
            made = cls(parser, its_tagger, lemmas, divider, rules, threads=threads, in_torch=in_torch)
        made._loaded = {
            "bundle": bundle,
            "precision": precision,
            "threads": threads,
            "cache_mib": cache_mib,
            "device": device,
            "beside": beside,
        }
        return made

    @overload
    def parse(self, text: str, **options: Unpack[Parsing]) -> Document: ...  # type: ignore[overload-overlap]
    @overload
    def parse(self, text: Tokens, **options: Unpack[Parsing]) -> Sentence: ...
    def parse(self, text: Input, *, nbest: int | None = None, beam: int | None = None, given_tags: bool = True) -> Any:
        """Parse raw text into the sentences of a `Document`, or a list of word forms or a `Sentence` into one sentence.

        `nlp(text)` is the same. Tags that a sentence has are kept and used for parsing, unless `given_tags` is false;
        see `arcparse.lexicon.tags.given_cells`. Without `beam`, the model's own beam is used. Raises InputError if
        `text` is of another type, ConfigurationError for a beam outside `arcparse.settings.limits.BEAM`.
        """
        if nbest is not None:  # until the next version
            warnings.warn(NBEST_KEYWORD, DeprecationWarning, stacklevel=2)
            return self.nbest(text, nbest, beam=beam, given_tags=given_tags)
        return self._of_one(text, partial(self.parse_sentences, beam=beam, given_tags=given_tags))

    __call__ = parse

    @overload
    def nbest(self, text: str, n: int, **options: Unpack[NBest]) -> list[list[Parse]]: ...  # type: ignore[overload-overlap]
    @overload
    def nbest(self, text: Tokens, n: int, **options: Unpack[NBest]) -> list[Parse]: ...
    def nbest(
        self, text: Input, n: int, *, beam: int | None = None, samples: int = SAMPLES, given_tags: bool = True
    ) -> Any:
        """Return the best trees, at most `n`, with their scores, for each sentence that `parse` would return.

        They are the most probable trees in the beam, the most probable first. Without `beam`, it is the greatest of 8,
        `n` and the model's own; `samples` is as in `nbest_sentences`. Raises ConfigurationError if `n` is greater than
        the beam.
        """
        sentences = as_sentences(text, self.divide)
        found = self.nbest_sentences(sentences, n, beam=beam, samples=samples, given_tags=given_tags)
        return found if isinstance(text, str) else found[0]

    @overload
    def tag(self, text: str, **options: Unpack[Tagging]) -> Document: ...  # type: ignore[overload-overlap]
    @overload
    def tag(self, text: Tokens, **options: Unpack[Tagging]) -> Sentence: ...
    def tag(self, text: Input, *, given_tags: bool = True, dictionary: Dictionary | None = None) -> Any:
        """Tag raw text as the sentences of a `Document`, or a list of word forms or a `Sentence` as one sentence.

        Tags that a sentence has are kept, unless `given_tags` is false. Other words get the tags of the `dictionary`
        (see `arcparse.read_dictionary`), or the model's tags if it does not have them. Trees are not changed.
        """
        return self._of_one(text, partial(self.tag_sentences, given_tags=given_tags, dictionary=dictionary))

    @overload
    def parse_many(self, texts: Iterable[str], **options: Unpack[ParsingMany]) -> Iterator[Document]: ...
    @overload
    def parse_many(self, texts: Iterable[Sequences], **options: Unpack[ParsingMany]) -> Iterator[Sentence]: ...
    @overload
    def parse_many(self, texts: Iterable[Input], **options: Unpack[ParsingMany]) -> Iterator[OneOrMore]: ...
    def parse_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        beam: int | None = None,
        given_tags: bool = True,
        on_error: OnError | None = None,
        workers: int = 1,
    ) -> Iterator[Any]:
        """Yield the result of `parse` for each input, in order; `batch_size` inputs are in memory at a time.

        With `on_error`, a sentence that cannot be parsed is passed to that function with the error, and is yielded
        unchanged. With two or more `workers`, that many processes parse a batch each, and up to two batches for each
        of them are in memory. Raises InputError at once if `texts` is a single input, WorkerError if a process ends.
        """
        parsed = partial(self.parse_sentences, beam=_width(beam), given_tags=given_tags)
        return self._many(texts, parsed, batch_size, on_error, workers)

    @overload
    def tag_many(self, texts: Iterable[str], **options: Unpack[TaggingMany]) -> Iterator[Document]: ...
    @overload
    def tag_many(self, texts: Iterable[Sequences], **options: Unpack[TaggingMany]) -> Iterator[Sentence]: ...
    @overload
    def tag_many(self, texts: Iterable[Input], **options: Unpack[TaggingMany]) -> Iterator[OneOrMore]: ...
    def tag_many(
        self,
        texts: Iterable[Input],
        *,
        batch_size: int = 1024,
        given_tags: bool = True,
        dictionary: Dictionary | None = None,
        on_error: OnError | None = None,
        workers: int = 1,
    ) -> Iterator[Any]:
        """Yield the result of `tag` for each input, in order, as `parse_many` does."""
        tagged = partial(self.tag_sentences, given_tags=given_tags, dictionary=dictionary)
        return self._many(texts, tagged, batch_size, on_error, workers)

    def parse_sentences(
        self,
        sentences: Sequence[Sentence],
        *,
        beam: int | None = None,
        given_tags: bool = True,
        on_error: OnError | None = None,
    ) -> list[Sentence]:
        """Return the sentences, tagged and parsed, in order; one that fails goes to `on_error` and is unchanged."""
        self._analysis.needed_parser()
        parsed = partial(self._analysis.parse, given_tags=given_tags, beam=_width(beam))
        with asked(self.threads):
            return with_failures(parsed, lambda sentence: sentence, list_of_sentences(sentences), on_error)

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
        found = partial(self._analysis.nbest, parser, n=n, given_tags=given_tags, beam=width, samples=samples)
        with asked(self.threads):
            return with_failures(found, lambda sentence: [], sentences, on_error)

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
        if dictionary and self.tagger and set(self.tagger.columns) - set(COLUMN):
            raise ConfigurationError(
                "a dictionary has tags of words, and this tagger finds spans; leave out one of them"
            )
        tagged = partial(self._analysis.tag, given_tags=given_tags, dictionary=dictionary)
        with asked(self.threads):
            return with_failures(tagged, lambda sentence: sentence, sentences, on_error)

    def reduced(self, without: Collection[Without]) -> Pipeline:
        """Return a pipeline of the same models, as `load` gives it `without` some parts; it needs no memory of its own.

        Raises ConfigurationError for other names.
        """
        check_without(without)
        made, loaded, removed = copy(self), dict(self._loaded), {REMOVED[name] for name in without}
        if LEMMATIZER in removed:
            made._analysis = replace(self._analysis, lemmatizer=None)
        if SEGMENTER in removed:
            made.segmenter, made.divide = None, self._rules.tokenize
        if loaded:
            loaded["bundle"] = replace(loaded["bundle"], **dict.fromkeys(removed))
        made._loaded = loaded
        return made

    def divide_many(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """Return the sentences of each raw text, untagged, as the segmenter or the rules divide it."""
        with asked(self.threads):
            return self.segmenter.segment_many(texts) if self.segmenter else list(map(self.divide, texts))

    def _of_one(self, text: Input, results: Callable[[list[Sentence]], list[Sentence]]) -> OneOrMore:
        """Return the results for a text, or the one result for a single sentence."""
        given = text_or_sentence(text)
        if isinstance(given, str):
            return Document(results(self.divide(given)), given)
        [found] = results([given])
        return found

    def _many(
        self, texts: Iterable[Input], work: Work, batch_size: int, on_error: OnError | None, workers: int
    ) -> Iterator[OneOrMore]:
        """Return an iterator over the result for each input. Raises InputError or ConfigurationError at once."""
        if workers != 1 and not is_cpu(self._loaded.get("device", CPU)):
            raise ConfigurationError(
                f"workers must be 1 on a GPU, not {workers}: they would not share it; give a larger batch_size instead"
            )
        batches = stream(each_input(texts), BATCH_SIZE.whole("batch_size", batch_size))
        found = results_in_order(partial(self._results, work), batches, THREADS.whole("workers", workers), on_error)
        return (result for results in found for result in results)

    def _results(self, work: Work, inputs: list[str | Sentence], *, on_error: OnError | None) -> list[OneOrMore]:
        """Return the result for each input, a document for a text; the sentences of all are processed together."""
        divided = iter(self.divide_many([text for text in inputs if isinstance(text, str)]))
        groups = [next(divided) if isinstance(text, str) else [text] for text in inputs]
        found = iter(work([sentence for group in groups for sentence in group], on_error=on_error))
        own = [[next(found) for _ in group] for group in groups]
        return [Document(all, text) if isinstance(text, str) else all[0] for text, all in zip(inputs, own, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        """Return the content of a pickle: if it was loaded, the arguments of `of`; any process then loads it once."""
        return {"_loaded": self._loaded} if self._loaded else self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the result of `__getstate__`."""
        loaded = state["_loaded"]
        self.__dict__.update(_kept(*loaded.values()).__dict__ if loaded else state)


def _width(beam: int | None) -> int | None:
    return None if beam is None else BEAM.whole("beam", beam)


def load(
    name_or_path: str | Path = DEFAULT_MODEL,
    *,
    precision: Precision = "auto",
    tagger: str | Path | None = None,
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path | None = None,
    without: Collection[Without] = (),
    threads: int = 1,
    cache_mib: int = CACHE_MIB,
    device: str = CPU,
) -> Pipeline:
    """Load a model by name ("en", "en-small") or path, as `Pipeline.load` does, and keep it for the next call."""
    found = Bundle.find(
        name_or_path, tagger=tagger, lemmatizer=lemmatizer, segmenter=segmenter, tokenizer=tokenizer, without=without
    )
    return _kept(found, precision, threads, cache_mib, device)


@lru_cache(maxsize=4)
def _kept(
    bundle: Bundle, precision: Precision, threads: int, cache_mib: int, device: str, beside: tuple[Bundle, ...] = ()
) -> Pipeline:
    return Pipeline.of(bundle, precision, threads, cache_mib, device, beside)
