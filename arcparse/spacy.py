"""arcparse inside spaCy: a component that parses spaCy's documents, and a tokenizer that makes them.

`nlp.add_pipe("arcparse")` fills heads, labels, tags, features, lemmas and sentence starts of each `Doc`, over its own
tokens. Sentence starts that are set are kept, the others are those of the model's segmenter or rules. The
root's label is `ROOT`, as in spaCy. Blanks, which are tokens in spaCy and none in Universal Dependencies, are attached
to the word before them. The tokenizer `arcparse.Tokenizer.v1` divides as the model does; a multiword token becomes its
words if they spell it, and else stays one token, which has the tags and the place in the tree of its highest word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from arcparse.bundle import Bundle, Without
from arcparse.checkpoint.places import shipped
from arcparse.libraries import library
from arcparse.pipeline import DEFAULT_MODEL, Pipeline, load
from arcparse.sentence import EMPTY, ROOT, Sentence
from arcparse.settings.limits import BEAM

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

Integers: TypeAlias = "NDArray[np.int64]"
Ids: TypeAlias = "Mapping[str, Callable[[str], int]]"  # for each attribute, the ids of its values

BATCH = 128  # documents, if nobody says how many
WORDS = "arcparse.words"  # the key of `Doc.user_data` with [offset, word, word...] for each token of other words
COLUMN = {"POS": "upos", "TAG": "xpos", "MORPH": "feats", "LEMMA": "lemmas", "DEP": "labels"}
BLANK = {"POS": "SPACE", "TAG": "_SP", "DEP": "dep"}  # as spaCy's own models write them
ASSIGNS = ("dep", "head", "is_sent_start", "lemma", "morph", "pos", "tag")  # of a token


class Model:
    """A model that is loaded when it is first needed: the one that spaCy has saved, or else that of the name."""

    def __init__(self, name: str, without: Sequence[Without] = ()) -> None:
        """Take a name or path, and the parts to leave out, as `arcparse.load` does."""
        self.place: str | Path = name
        self.without = tuple(without)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The loaded model."""
        return load(self.place, without=self.without)

    def to_disk(self, path: str | Path) -> None:
        """Write a copy of the model, unless it is shipped with arcparse."""
        if not shipped(self.place):
            Bundle.find(self.place, without=self.without).save(Path(path))

    def from_disk(self, path: str | Path) -> None:
        """Take the model that `to_disk` wrote, if it wrote one."""
        if Path(path).exists():
            self.place = Path(path)
            self.__dict__.pop("pipeline", None)


# The component


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
        pipeline = self.model.pipeline
        starts = _starts(docs, pipeline)
        divided = [_sentences(doc, own, pipeline) for doc, own in zip(docs, starts, strict=True)]
        every = [sentence for sentences, _ in divided for sentence in sentences]
        parsed = iter(pipeline.parse_sentences(every, beam=self.beam))
        ids = {doc.vocab: _ids(doc.vocab) for doc in docs}
        for doc, own, (sentences, token) in zip(docs, starts, divided, strict=True):
            if len(doc):
                names, values = _annotation(doc, own, list(islice(parsed, len(sentences))), token, ids[doc.vocab])
                doc.from_array(names, values)


def _starts(docs: Sequence[Doc], pipeline: Pipeline) -> list[Integers]:
    """Return for each document the tokens that start a sentence: as it says itself, else as the model divides.

    The model divides the text; a token belongs to the sentence of its first character.
    """
    given = [doc.to_array("SENT_START").astype(np.int64) for doc in docs]
    words = [_words(doc) for doc in docs]
    undecided = [i for i, word in enumerate(words) if (given[i][word[1:]] == 0).any()]
    divided = pipeline.divide_many([docs[i].text for i in undecided])
    for i, sentences in zip(undecided, divided, strict=True):
        begins = [sentence.start for sentence in sentences]
        number = np.searchsorted(begins, docs[i].to_array("IDX").astype(np.int64)[words[i]], side="right")
        new = words[i][1:][np.diff(number) > 0]
        given[i][new[given[i][new] == 0]] = 1
    return [np.unique([0, *np.flatnonzero(own == 1)]) for own in given]


def _words(doc: Doc) -> Integers:
    """Return the numbers of the tokens that are not blank."""
    return np.flatnonzero(doc.to_array("IS_SPACE") == 0)


def _sentences(doc: Doc, starts: Integers, pipeline: Pipeline) -> tuple[list[Sentence], Integers]:
    """Return the sentences of a document that have words, and for each word the number of its token.

    A token that is not blank has one word, or the words that the tokenizer or the segmenter's tables give it.
    """
    own = {offset: tuple(words) for offset, *words in doc.user_data.get(WORDS, ())}
    tables = getattr(pipeline.segmenter, "multiwords", None)
    words: list[tuple[str, ...]] = []
    for token in doc:
        form = token.text
        given = own.get(token.idx) or (tables.divided(form, several=False) if tables else (form,))
        words.append(() if form.isspace() else given)
    parts = np.split(np.arange(len(doc)), starts[1:])
    forms = [[form for i in part for form in words[i]] for part in parts]
    owners = np.repeat(np.arange(len(doc)), np.fromiter(map(len, words), np.int64, len(doc)))
    return [Sentence.from_forms(each) for each in forms if each], owners


def _annotation(
    doc: Doc, starts: Integers, sentences: Sequence[Sentence], token: Integers, ids: Ids
) -> tuple[list[int | str], Any]:
    """Return the attributes that parsed sentences give the tokens, by name; `token` is the token of each word."""
    sizes = np.fromiter(map(len, sentences), np.int64, len(sentences))
    heads = np.fromiter(chain.from_iterable(sentence.heads for sentence in sentences), np.int64, len(token))
    word = np.arange(len(token))
    head = np.where(heads == ROOT, word, heads - 1 + np.repeat(np.cumsum(sizes) - sizes, sizes))
    chosen = word if (np.diff(token) > 0).all() else _highest(token, head)
    of_token = np.arange(len(doc))
    of_token[token[chosen]] = token[head[chosen]]
    columns = {}
    for attribute, column in COLUMN.items():
        values = chain.from_iterable(getattr(sentence, column) for sentence in sentences)
        columns[attribute] = np.zeros(len(doc), np.uint64)
        columns[attribute][token[chosen]] = np.fromiter(map(ids[attribute], values), np.uint64, len(token))[chosen]
    for blank, head_of_blank in _heads_of_blanks(starts, token[chosen], len(doc)).items():
        of_token[blank] = head_of_blank
        for attribute, value in BLANK.items():
            columns[attribute][blank] = ids[attribute](value)
        if head_of_blank == blank:
            columns["DEP"][blank] = ids["DEP"]("root")
    if not columns["LEMMA"].any():  # from a model without a lemmatiser: those of another component stay
        del columns["LEMMA"]
    distance = (of_token - np.arange(len(doc))).astype(np.uint64)
    return ["HEAD", *columns], np.stack([distance, *columns.values()], 1)


def _highest(token: Integers, head: Integers) -> Integers:
    """Return for each token its word that is nearest to the root, the first of several.

    The heads of these words are the heads of a tree of tokens: on each way up, the words come nearer to the root.
    """
    depth, above = np.zeros(len(token), np.int64), np.arange(len(token))
    while (moves := above != head[above]).any():
        depth, above = depth + moves, head[above]
    order = np.lexsort((depth, token))
    return order[np.unique(token[order], return_index=True)[1]]


def _heads_of_blanks(starts: Integers, words: Integers, size: int) -> dict[int, int]:
    """Return the head of each token without words: the word before it, or else the word behind it, in its sentence.

    In a sentence without words, it is the first token.
    """
    found = {}
    for blank in np.setdiff1d(np.arange(size), words).tolist():
        sentence, word = np.searchsorted(starts, blank, side="right"), np.searchsorted(words, blank)
        begin, end = starts[sentence - 1], starts[sentence] if sentence < len(starts) else size
        near = [i for i in (*words[max(word - 1, 0) : word], *words[word : word + 1]) if begin <= i < end]
        found[blank] = int(near[0] if near else begin)
    return found


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


# The tokenizer


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


# What spaCy finds by name


def component(nlp: Language, name: str, model: str, beam: int | None, without: Sequence[Without]) -> Component:
    """Make the component `arcparse` of a pipeline."""
    return Component(name, Model(model, without), beam)


def tokenizer(model: str = DEFAULT_MODEL, without: Sequence[Without] = ()) -> Callable[[Language], Tokenizer]:
    """Make the tokenizer `arcparse.Tokenizer.v1` of a pipeline."""
    return lambda nlp: Tokenizer(nlp.vocab, Model(model, without))


library("spacy.language").Language.factory(
    "arcparse",
    default_config={"model": DEFAULT_MODEL, "beam": None, "without": []},
    assigns=[f"token.{attribute}" for attribute in ASSIGNS],
    func=component,
)
library("spacy.util").registry.tokenizers.register("arcparse.Tokenizer.v1", func=tokenizer)
