"""Sentences to tags, lemmas and trees: a parser, a tagger and a lemmatiser in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from arcparse.errors import ArcparseError, ConfigurationError, ModelError, shown
from arcparse.lexicon.tags import COLUMN, lacks_tags
from arcparse.parser.parse import Parse
from arcparse.pipeline.options import OnError
from arcparse.pipeline.parts import Lemmatizes, ParsesSentences, TagsSentences
from arcparse.sentence import Sentence
from arcparse.tagger.dictionary import Dictionary, with_dictionary

if TYPE_CHECKING:
    from arcparse.parser.model import Parser

Result = TypeVar("Result")


@dataclass
class Analysis:
    """The parts that read sentences; a parser that predicts tags needs no tagger."""

    parser: ParsesSentences | None
    tagger: TagsSentences | None
    lemmatizer: Lemmatizes | None

    def needed_parser(self) -> ParsesSentences:
        """Return the parser. Raises ModelError if the model is only a tagger."""
        if self.parser is None:
            raise ModelError("this model is a tagger and makes no trees; call `tag`, or load a parser")
        return self.parser

    def parse(self, sentences: Sequence[Sentence], *, given_tags: bool, beam: int | None) -> list[Sentence]:
        """Return the sentences with tags, lemmas and trees; their own tags stay if `given_tags`."""
        tagged = self._with_needed_tags(sentences, given_tags)
        return self._with_lemmas(self.needed_parser().parse(tagged, given_tags=given_tags, beam=beam), given_tags)

    def nbest(
        self, parser: Parser, sentences: Sequence[Sentence], n: int, *, given_tags: bool, beam: int, samples: int
    ) -> list[list[Parse]]:
        """Return the best `n` trees of each sentence by a parser in torch, with tags and lemmas."""
        tagged = self._with_needed_tags(sentences, given_tags)
        best = parser.nbest(tagged, n, given_tags=given_tags, beam=beam, samples=samples)
        own = iter(self._with_lemmas([parse.sentence for trees in best for parse in trees], given_tags))
        return [[replace(parse, sentence=next(own)) for parse in trees] for trees in best]

    def tag(self, sentences: Sequence[Sentence], *, given_tags: bool, dictionary: Dictionary | None) -> list[Sentence]:
        """Return the sentences with tags, those of the dictionary before the model's, and lemmas."""
        if not dictionary:
            return self._with_lemmas(self._tagged(sentences, given_tags), given_tags)
        known = [with_dictionary(sentence, dictionary, given_tags=given_tags) for sentence in sentences]
        return self._with_lemmas(self._tagged(known, given_tags=True), given_tags)

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
        if self.parser is not None and self._predicts_tags:
            return self.parser.tag(sentences, given_tags=given_tags)
        if self.tagger is None:
            raise ModelError(
                "this parser needs tags and has no tagger; give sentences with tags, and given_tags=True "
                "(on the command line: --given tags)"
            )
        return self.tagger.tag(sentences, given_tags=given_tags)

    @property
    def makes_tags(self) -> bool:
        """Whether there is a tagger, or a parser that needs none."""
        return self.tagger is not None or self._predicts_tags

    @property
    def _predicts_tags(self) -> bool:
        return self.parser is not None and self.parser.predicts_tags


def with_failures(
    results: Callable[[Sequence[Sentence]], list[Result]],
    instead: Callable[[Sentence], Result],
    sentences: Sequence[Sentence],
    on_error: OnError | None,
) -> list[Result]:
    """Return the results of all sentences; if that fails and `on_error` is given, try the sentences one by one."""
    if on_error is not None and not callable(on_error):
        raise ConfigurationError(f"on_error must be a function of a sentence and its error, not {shown(on_error)}")
    try:
        return results(sentences)
    except (ArcparseError, RuntimeError, ValueError, MemoryError) as error:  # torch's lack of memory is a RuntimeError
        if on_error is None:
            raise
        if len(sentences) == 1:
            on_error(sentences[0], error)
            return [instead(sentences[0])]
    return [found for sentence in sentences for found in with_failures(results, instead, [sentence], on_error)]
