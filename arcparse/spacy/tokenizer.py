"""The tokenizer: arcparse's words and sentences as a spaCy document, without losing a character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.libraries import library
from arcparse.sentence import Sentence
from arcparse.spacy.model import BATCH, Model

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

WORDS = "arcparse.words"  # the key of `Doc.user_data` with [offset, word, word...] for each token of other words


def _tokens(text: str, sentence: Sentence) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield the start, the words and the spelling of each token of a sentence; words that spell it are its spelling."""
    for number, surface in enumerate(sentence.surfaces, 1):
        if number == surface.words[0]:
            words, written = list(sentence.forms[number - 1 : surface.words[-1]]), text[surface.start : surface.end]
            yield surface.start, words, words if "".join(words) == written else [written]


class Tokenizer:
    """A tokenizer for spaCy: words and sentences are those of an arcparse model, every character is kept."""

    def __init__(self, vocab: Vocab, model: Model) -> None:
        """Take spaCy's vocabulary and the model that divides."""
        self.vocab, self.model = vocab, model
        self._doc = library("spacy.tokens").Doc

    def __call__(self, text: str) -> Doc:
        """Return a document of a text."""
        [doc] = self.pipe([text])
        return doc

    def pipe(self, texts: Iterable[str], *, batch_size: int = BATCH) -> Iterator[Doc]:
        """Yield the document of each text; `batch_size` texts are divided together, faster than one by one."""
        texts = iter(texts)
        while batch := list(islice(texts, batch_size)):
            for text, sentences in zip(batch, self.model.pipeline.divide_many(batch), strict=True):
                yield self._made(text, sentences)

    def _made(self, text: str, sentences: Sequence[Sentence]) -> Doc:
        tokens = [token for sentence in sentences for token in _tokens(text, sentence)]
        words: list[str] = []
        spaces: list[bool] = []
        end = 0
        for start, _, spelling in [*tokens, (len(text), [], [])]:
            blank = text[end:start]
            if blank.startswith(" ") and words:  # one blank goes with the word before it, other white space is a token
                spaces[-1], blank = True, blank[1:]
            new = [blank, *spelling] if blank else spelling
            words += new
            spaces += [False] * len(new)
            end = start + sum(map(len, spelling))
        begins = {sentence.start for sentence in sentences[1:]} | {0}
        offsets = accumulate((len(word) + space for word, space in zip(words, spaces, strict=True)), initial=0)
        starts = [offset in begins for offset in islice(offsets, len(words))]
        doc: Doc = self._doc(self.vocab, words, spaces, sent_starts=starts)
        several = [[start, *forms] for start, forms, spelling in tokens if forms != spelling and len(forms) > 1]
        if several:
            doc.user_data[WORDS] = several
        return doc

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write a copy of the model, unless it is shipped with arcparse."""
        self.model.to_disk(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """Take the model that `to_disk` wrote."""
        self.model.from_disk(path)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return nothing: the pipeline's configuration names the model."""
        return b""

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Tokenizer:
        """Return itself."""
        return self
