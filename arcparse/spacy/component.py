"""The component: spaCy's documents to arcparse's sentences, and their tags and trees back, as arrays over a batch.

The tokens of all documents of a batch are numbered through. A token that is not blank has one word, or the words that
the tokenizer or the segmenter's tables give it; so words, tokens and sentences are arrays that refer to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from arcparse.libraries import library
from arcparse.pipeline import Pipeline
from arcparse.sentence import EMPTY, ROOT, Sentence
from arcparse.settings.limits import BEAM
from arcparse.spacy.model import BATCH, Model
from arcparse.spacy.tokenizer import WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

Integers: TypeAlias = "NDArray[np.int64]"
Ids: TypeAlias = "Mapping[str, Callable[[str], int]]"  # for each attribute, the ids of its values

COLUMN = {"POS": "upos", "TAG": "xpos", "MORPH": "feats", "LEMMA": "lemmas", "DEP": "labels"}
BLANK = {"POS": "SPACE", "TAG": "_SP", "DEP": "dep"}  # as spaCy's own models write them


class Component:
    """A component of a spaCy pipeline: `nlp.add_pipe("arcparse", config={"model": "en", "beam": 8})`."""

    def __init__(self, name: str, model: Model, beam: int | None = None) -> None:
        """Take the name in spaCy's pipeline, a model, and a beam instead of the model's own."""
        self.name, self.model, self.beam = name, model, beam if beam is None else BEAM.whole("beam", beam)
        self._on_error: Callable[..., None] = library("spacy.util").raise_error

    def __call__(self, doc: Doc) -> Doc:
        """Parse a document in place, and return it."""
        self._parse([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = BATCH) -> Iterator[Doc]:
        """Parse documents in place, the sentences of `batch_size` documents together, and yield them in order."""
        stream = iter(stream)
        while docs := list(islice(stream, batch_size)):
            try:
                self._parse(docs)
            except Exception as error:
                self._on_error(self.name, self, docs, error)
            else:
                yield from docs

    def set_error_handler(self, handler: Callable[..., None]) -> None:
        """Take the function that gets batches that cannot be parsed, from `nlp.set_error_handler`."""
        self._on_error = handler

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write a copy of the model, unless it is shipped with arcparse."""
        self.model.to_disk(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Component:
        """Take the model that `to_disk` wrote."""
        self.model.from_disk(path)
        return self

    def _parse(self, docs: Sequence[Doc]) -> None:
        batch, pipeline = Batch([doc for doc in docs if len(doc)]), self.model.pipeline
        if batch.docs:
            starts = batch.starts(pipeline)
            sentences, token = batch.sentences(starts, pipeline)
            parsed = pipeline.parse_sentences(sentences, beam=self.beam)
            batch.fill(*_annotation(batch.size, starts, parsed, token, _ids(batch.docs[0].vocab)))


class Batch:
    """The tokens of some documents that are not empty, numbered through."""

    def __init__(self, docs: Sequence[Doc]) -> None:
        """Take the documents; those of a pipeline have the same vocabulary."""
        self.docs = docs
        self.begin = np.cumsum([0, *map(len, docs)])  # of each document; at last, the end of all
        self.size = int(self.begin[-1])
        cells = [doc.to_array(["IS_SPACE", "SENT_START", "IDX", "LENGTH"]) for doc in docs]
        table = np.concatenate(cells or [np.zeros((0, 4))]).astype(np.int64)
        self.blank, self._start, self._offset, self._length = table.T

    def starts(self, pipeline: Pipeline) -> Integers:
        """Return the tokens that start a sentence: as the documents say themselves, else as the model divides.

        The model divides the text; a token belongs to the sentence of its first character.
        """
        words = np.flatnonzero(self.blank == 0)
        doc = np.searchsorted(self.begin, words, side="right") - 1
        inner = words[1:][doc[1:] == doc[:-1]]  # words that are not the first of their document
        undecided = np.unique(np.searchsorted(self.begin, inner[self._start[inner] == 0], side="right") - 1)
        number = np.zeros(self.size, np.int64)  # of the sentence of each token of these documents
        divided = pipeline.divide_many([self.docs[i].text for i in undecided])
        for i, sentences in zip(undecided, divided, strict=True):
            tokens = slice(self.begin[i], self.begin[i + 1])
            begins = [sentence.start for sentence in sentences]
            number[tokens] = np.searchsorted(begins, self._offset[tokens], side="right")
        new = words[1:][(doc[1:] == doc[:-1]) & (np.diff(number[words]) > 0)]
        starts = self._start == 1
        starts[new[self._start[new] == 0]] = True
        starts[self.begin[:-1]] = True
        return np.flatnonzero(starts)

    def sentences(self, starts: Integers, pipeline: Pipeline) -> tuple[list[Sentence], Integers]:
        """Return the sentences that have words, and for each of their words the number of its token."""
        words = list(self._words(pipeline))
        bounds = pairwise([*starts.tolist(), self.size])
        forms = [list(chain.from_iterable(words[begin:end])) for begin, end in bounds]
        token = np.repeat(np.arange(self.size), np.fromiter(map(len, words), np.int64, self.size))
        return [Sentence.from_forms(own) for own in forms if own], token

    def _words(self, pipeline: Pipeline) -> Iterator[tuple[str, ...]]:
        """Yield the words of each token."""
        tables = getattr(pipeline.segmenter, "multiwords", None)
        begins = self.begin.tolist()
        for doc, begin, end in zip(self.docs, begins, begins[1:], strict=False):
            text, own = doc.text, {offset: tuple(words) for offset, *words in doc.user_data.get(WORDS, ())}
            places = zip(
                *(column[begin:end].tolist() for column in (self.blank, self._offset, self._length)), strict=True
            )
            for blank, offset, length in places:
                form = text[offset : offset + length]
                if blank:
                    yield ()
                elif offset in own:
                    yield own[offset]
                else:
                    yield tables.divided(form, several=False) if tables else (form,)

    def fill(self, names: list[int | str], values: NDArray[np.uint64]) -> None:
        """Write attributes of all tokens [N, attributes] into the documents."""
        for doc, begin, end in zip(self.docs, self.begin, self.begin[1:], strict=False):
            made: Any = values[begin:end]
            doc.from_array(names, made)


def _annotation(
    size: int, starts: Integers, sentences: Sequence[Sentence], token: Integers, ids: Ids
) -> tuple[list[int | str], NDArray[np.uint64]]:
    """Return the attributes that parsed sentences give `size` tokens, by name; `token` is the token of each word."""
    chosen, above = _tree(sentences, token)
    head, columns = np.arange(size), {name: np.zeros(size, np.uint64) for name in COLUMN}
    head[token[chosen]] = above
    for attribute, column in COLUMN.items():
        values = chain.from_iterable(getattr(sentence, column) for sentence in sentences)
        columns[attribute][token[chosen]] = np.fromiter(map(ids[attribute], values), np.uint64, len(token))[chosen]
    for blank, head_of_blank in _heads_of_blanks(starts, token[chosen], size):
        head[blank] = head_of_blank
        for attribute, value in BLANK.items():
            columns[attribute][blank] = ids[attribute](value)
        if head_of_blank == blank:
            columns["DEP"][blank] = ids["DEP"]("root")
    if not columns["LEMMA"].any():  # from a model without a lemmatiser: those of another component stay
        del columns["LEMMA"]
    distance = (head - np.arange(size)).astype(np.uint64)
    return ["HEAD", *columns], np.stack([distance, *columns.values()], 1)


def _tree(sentences: Sequence[Sentence], token: Integers) -> tuple[Integers, Integers]:
    """Return a word for each token that has words, and the token that is its head; a root is its own head."""
    sizes = np.fromiter(map(len, sentences), np.int64, len(sentences))
    heads = np.fromiter(chain.from_iterable(sentence.heads for sentence in sentences), np.int64, len(token))
    word = np.arange(len(token))
    head = np.where(heads == ROOT, word, heads - 1 + np.repeat(np.cumsum(sizes) - sizes, sizes))
    chosen = word if (np.diff(token) > 0).all() else _highest(token, head)
    return chosen, token[head[chosen]]


def _highest(token: Integers, head: Integers) -> Integers:
    """Return for each token its word that is nearest to the root, the first of several.

    The heads of these words are the heads of a tree of tokens: on each way up, the words come nearer to the root.
    """
    depth, above = np.zeros(len(token), np.int64), np.arange(len(token))
    while (moves := above != head[above]).any():
        depth, above = depth + moves, head[above]
    order = np.lexsort((depth, token))
    return order[np.unique(token[order], return_index=True)[1]]


def _heads_of_blanks(starts: Integers, words: Integers, size: int) -> Iterator[tuple[int, int]]:
    """Yield each token without words, and its head: the word before it, or else the word behind it, in its sentence.

    In a sentence without words, it is the first token.
    """
    blank = np.ones(size, bool)
    blank[words] = False
    for token in np.flatnonzero(blank).tolist():
        sentence, word = np.searchsorted(starts, token, side="right"), np.searchsorted(words, token)
        begin, end = starts[sentence - 1], starts[sentence] if sentence < len(starts) else size
        near = [i for i in (*words[max(word - 1, 0) : word], *words[word : word + 1]) if begin <= i < end]
        yield token, int(near[0] if near else begin)


def _ids(vocab: Vocab) -> Ids:
    """Return functions that give the ids of values, and add new ones to a vocabulary; the id of `_` is that of none."""
    tags, string = library("spacy.parts_of_speech").IDS, vocab.strings.add

    def known(add: Callable[[str], int]) -> Callable[[str], int]:
        return cache(lambda value: 0 if value == EMPTY else add(value))

    return {
        "POS": known(lambda tag: tags.get(tag, 0)),
        "TAG": known(string),
        "MORPH": known(vocab.morphology.add),
        "LEMMA": known(string),
        "DEP": known(lambda label: string("ROOT" if label == "root" else label)),
    }
