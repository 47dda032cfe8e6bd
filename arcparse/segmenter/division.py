"""The division of texts by the classes of their characters, which a network finds.

Each character has one of five classes (Straka et al. 2016, section 3; Qi et al. 2018, section 2.1): nothing ends behind
it, a token, a token of several words, and either of these with its sentence. The rules for English may divide tokens
instead. A blank line always ends a sentence. A long text is read in windows that overlap. Nothing here needs torch: the
network is a function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint.saved import SavedModel
from arcparse.errors import TreebankError
from arcparse.lexicon.characters import CharacterIds
from arcparse.lexicon.pretrained import Pretrained
from arcparse.segmenter.multiwords import Multiwords, surface_tokens
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.sentence import Sentence
from arcparse.spelling import find
from arcparse.threads import spread
from arcparse.tokenizer import ENGLISH, Divided, Token, assembled, clusters, paragraphs
from arcparse.vocabulary import Vocabulary

KIND = "segmenter"
INSIDE, TOKEN, MULTIWORD, SENTENCE, MULTIWORD_SENTENCE = range(5)  # the classes of characters: the ends behind one
CLASSES = 5
WINDOW, MARGIN = 512, 64  # characters read together; those of the margin at either side are only context
STEP = 32  # windows of short texts have multiples of it as length: few lengths, so that many are read together
BATCH = 64 * WINDOW  # characters read at a time

WORD = re.compile(r"[^\W_]+")  # a word that may have a vector
Ids: TypeAlias = "NDArray[np.int64]"
Read: TypeAlias = "Callable[[Ids], NDArray[Any]]"  # a network: ids [2, B, N] to classes [B, N]


@dataclass(frozen=True)
class Description:
    """All that a segmenter knows beside its weights."""

    config: SegmenterConfig
    characters: Vocabulary
    multiwords: Multiwords
    pretrained: Pretrained

    @classmethod
    def restore(cls, saved: SavedModel) -> Description:
        """Read a saved segmenter but its weights, and the vectors beside it. Raises ModelError if they do not fit."""
        pretrained, multiwords = Pretrained.beside(saved), Multiwords.restore(saved)
        return cls(saved.settings(SegmenterConfig), saved.vocabulary("characters"), multiwords, pretrained)


class Division:
    """Divides texts into sentences of tokens and words; `read` gives the classes of characters."""

    def __init__(self, description: Description, read: Read) -> None:
        """Take what the segmenter knows, and its network."""
        self.config, self.characters = description.config, description.characters
        self.multiwords, self.pretrained = description.multiwords, description.pretrained
        self._read = read

    def segment(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Divide a text into sentences of tokens and words, with the comments and MISC of `arcparse.tokenize`.

        The model must be in evaluation mode, as it is when loaded.
        """
        [ends] = self.classes([text])
        return self._sentences(text, ends, offset)

    def segment_many(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """Divide texts as `segment` does each of them, short ones read together."""
        return [self._sentences(text, ends) for text, ends in zip(texts, self.classes(texts), strict=True)]

    def _sentences(self, text: str, ends: list[int], offset: int = 0) -> list[Sentence]:
        for begin, stop in clusters(text):  # nothing ends inside one
            ends[begin:stop] = [*[INSIDE] * (stop - begin - 1), max(ends[begin:stop])]
        return assembled(text, (self._divided(text, ends, *span) for span in paragraphs(text)), offset)

    def classes(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the class of each character of texts, read in windows that overlap."""
        windows = [self._windows(text) for text in texts]
        by_length: dict[int, list[int]] = {}
        for index, own in enumerate(windows):
            by_length.setdefault(own.shape[2], []).append(index)
        ends: list[list[int]] = [[]] * len(texts)
        for length, indices in by_length.items():
            together, size = np.concatenate([windows[i] for i in indices], 1), max(1, BATCH // length)
            batches = [together[:, start : start + size] for start in range(0, together.shape[1], size)]
            found = np.concatenate(spread(self._read, batches))
            counts = [windows[i].shape[1] for i in indices]
            for i, own in zip(indices, np.split(found, np.cumsum(counts)[:-1]), strict=True):
                settled = own[:, MARGIN:-MARGIN] if len(texts[i]) > WINDOW else own
                ends[i] = settled.ravel()[: len(texts[i])].tolist()
        return ends

    def ids(self, text: str) -> Ids:
        """Return the ids of a text's characters, and the rows of their words' vectors: [2, N]."""
        ids = np.zeros((2, len(text)), np.int64)
        ids[0] = self._character_ids.ids(text)
        if self.pretrained.dimension:
            words = list(WORD.finditer(text))
            row = {form: self._row(form) for form in {found[0] for found in words}}
            bounds = np.fromiter((end for found in words for end in found.span()), np.int64, 2 * len(words))
            rows = np.zeros(len(bounds) + 1, np.int64)  # of the words and of the gaps around them
            rows[1::2] = [row[found[0]] for found in words]
            ids[1] = np.repeat(rows, np.diff(bounds, prepend=0, append=len(text)))
        return ids

    @cached_property
    def _character_ids(self) -> CharacterIds:
        return CharacterIds(self.characters)

    def _row(self, form: str) -> int:
        words, scheme = self.pretrained.words, self.pretrained.scheme
        return words.id(find(form, scheme, words) or "")

    def _windows(self, text: str) -> Ids:
        """Return the ids of a long text's windows, which overlap, or of the one window of a short text: [2, W, N]."""
        if len(text) <= WINDOW:
            return self.ids(text.ljust(max(1, -(-len(text) // STEP)) * STEP))[:, None]
        step = WINDOW - 2 * MARGIN
        padded = np.tile(self.ids(" "), -(-len(text) // step) * step + 2 * MARGIN)
        padded[:, MARGIN : MARGIN + len(text)] = self.ids(text)
        return np.lib.stride_tricks.sliding_window_view(padded, WINDOW, 1)[:, ::step]

    def _divided(self, text: str, ends: Sequence[int], start: int, stop: int) -> Iterator[Divided]:
        """Give the sentences of a paragraph, each its tokens with their words."""
        if self.config.tokens == "rules":
            yield from _grouped(text, ENGLISH.tokens(text, start, stop), ends)
            return
        tokens: Divided = []
        begin = -1
        for i in range(start, stop):
            if text[i].isspace():
                continue
            begin = i if begin < 0 else begin
            end = ends[i]
            is_last = i + 1 == stop or (text[i + 1].isspace() and not self._may_hold(text[i + 1 : i + 3]))
            if end != INSIDE or is_last:
                form = text[begin : i + 1]
                words = self.multiwords.divided(form, several=end in (MULTIWORD, MULTIWORD_SENTENCE))
                tokens.append(((begin, i + 1), words))
                begin = -1
            if end >= SENTENCE and begin < 0:
                yield tokens
                tokens = []
        if begin >= 0:
            form = text[begin:stop].rstrip()
            tokens.append(((begin, begin + len(form)), (form,)))
        if tokens:
            yield tokens

    def _may_hold(self, gap: str) -> bool:
        """Tell whether a token may go on behind a gap: only one space, because a form is a cell of CoNLL-U."""
        return self.config.spaces and gap[0] == " " and not gap[1:].isspace()


def _grouped(text: str, tokens: Iterable[Token], ends: Sequence[int]) -> Iterator[Divided]:
    """Give the sentences of tokens; one ends with a token in which the network found an end, if the rules allow it."""
    sentence: Divided = []
    for (begin, end), words in tokens:
        sentence.append(((begin, end), words))
        if max(ends[begin:end]) >= SENTENCE and ENGLISH.may_end(text[begin:end]):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def labelled(text: str, sentences: Sequence[Sentence]) -> list[int]:
    """Return the class of each character of a treebank's text (see `arcparse.sentence.document.running_text`).

    Raises TreebankError if a sentence's tokens are not those of its text.
    """
    ends = [INSIDE] * len(text)
    position = 0
    for sentence in sentences:
        end = TOKEN
        for form, words in surface_tokens(sentence):
            while position < len(text) and text[position].isspace():
                position += 1
            if not text.startswith(form, position):
                raise TreebankError(
                    f"{sentence.place}: the token {form!r} is not where it should be in the text, which goes on with "
                    f"{text[position : position + 20]!r}; mend `# text` or the tokens"
                )
            position += len(form)
            end = MULTIWORD if len(words) > 1 else TOKEN
            ends[position - 1] = end
        ends[position - 1] = SENTENCE if end == TOKEN else MULTIWORD_SENTENCE
    return ends
