"""Sentences as CoNLL-U writes them: ten columns, kept as they were read.

A sentence holds its rows as columns of strings: nothing is lost between reading and writing, and a million tokens are
read without a million objects. Rows are syntactic words, multiword-token ranges (`3-4`) or empty nodes (`8.1`). A
parser uses only the syntactic words, numbered from 1; token 0 is the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from arcparse.errors import InputError, TreebankError, TreeError, shown
from arcparse.sentence import numbering
from arcparse.sentence.spacing import GLUED

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
ID, FORM, LEMMA, UPOS, XPOS, FEATS, HEAD, DEPREL, DEPS, MISC = range(10)
EMPTY = "_"
NONE = -1  # the head of the root, and of a word without a head
ROOT = 0
LONGEST = 20_000  # words in a sentence to tag, lemmatise or parse: a bound of time and memory


@dataclass(frozen=True, slots=True)
class Token:
    """One syntactic word; `head` is 0 for the root's child and -1 if the file has no head."""

    id: int
    form: str
    lemma: str = EMPTY
    upos: str = EMPTY
    xpos: str = EMPTY
    feats: str = EMPTY
    head: int = NONE
    deprel: str = EMPTY
    deps: str = EMPTY
    misc: str = EMPTY


@dataclass(frozen=True, slots=True)
class Tree:
    """Heads and labels of the words of a sentence; position 0 is the root, its head -1 and its label empty."""

    heads: tuple[int, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise TreeError if heads and labels differ in length, or if position 0 is not the root."""
        if len(self.heads) != len(self.labels) or not self.heads or self.heads[0] != NONE:
            raise TreeError(
                f"a tree needs as many labels as heads and head -1 at position 0; "
                f"found {len(self.heads)} heads, {len(self.labels)} labels, first head {self.heads[:1]}"
            )

    def __len__(self) -> int:
        """Return the number of words, without the root."""
        return len(self.heads) - 1


@dataclass(frozen=True)
class Sentence:
    """A sentence: comments (each with its `#`) and ten columns of strings, one entry per row.

    `place` is the file and line where it was read ("train.conllu:1042"); comparison ignores it.
    """

    comments: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    place: str = field(default="", compare=False, repr=False)
    drawer: ClassVar[Callable[[Sentence], str]]  # set by the package, since this room may not import `drawing`

    @classmethod
    def from_forms(cls, forms: Iterable[str], comments: Iterable[str] = ()) -> Sentence:
        """Make a sentence from word forms alone."""
        if isinstance(forms, str):  # its letters would be the words
            raise InputError(f"forms must be a list of word forms, not one string, {shown(forms)}")
        return cls.from_tokens([Token(i, form) for i, form in enumerate(forms, 1)], comments)

    @classmethod
    def from_tokens(cls, tokens: Iterable[Token], comments: Iterable[str] = ()) -> Sentence:
        """Make a sentence from words; a head of -1 is written as `_`."""
        rows = [
            (str(t.id), t.form, t.lemma, t.upos, t.xpos, t.feats, _head_text(t.head), t.deprel, t.deps, t.misc)
            for t in tokens
        ]
        return cls(tuple(comments), tuple(zip(*rows, strict=True)) if rows else ((),) * len(COLUMNS))

    def __reduce__(self) -> tuple[type[Sentence], tuple[Any, ...]]:
        """Return what a pickle holds: nothing that is computed, since sentences often cross between processes."""
        return Sentence, (self.comments, self.columns, self.place)

    @cached_property
    def word_rows(self) -> Sequence[int]:
        """The indices of the rows that are syntactic words, in order."""
        return numbering.word_rows(self.columns[ID])

    def words(self, column: int) -> tuple[str, ...]:
        """Return one column of the syntactic words, as strings."""
        values, rows = self.columns[column], self.word_rows
        return values if len(rows) == len(values) else tuple([values[row] for row in rows])

    def __len__(self) -> int:
        """Return the number of syntactic words."""
        return len(self.word_rows)

    @property
    def forms(self) -> tuple[str, ...]:
        """Word forms."""
        return self.words(FORM)

    @property
    def lemmas(self) -> tuple[str, ...]:
        """Lemmas."""
        return self.words(LEMMA)

    @property
    def upos(self) -> tuple[str, ...]:
        """Universal part-of-speech tags."""
        return self.words(UPOS)

    @property
    def xpos(self) -> tuple[str, ...]:
        """Language-specific tags."""
        return self.words(XPOS)

    @property
    def feats(self) -> tuple[str, ...]:
        """Morphological features, as they are written."""
        return self.words(FEATS)

    @property
    def labels(self) -> tuple[str, ...]:
        """Dependency relations (the DEPREL column)."""
        return self.words(DEPREL)

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """Head of each word: 0 for the root, -1 for `_`. Raises TreebankError if a head is not a number."""
        heads = self.words(HEAD)
        try:
            return tuple(map(int, heads if EMPTY not in heads else [str(NONE) if h == EMPTY else h for h in heads]))
        except ValueError as error:
            raise TreebankError(f"{self.place}: HEAD must be a word's number or '_': {error}") from None

    @property
    def is_parsed(self) -> bool:
        """Whether every word has a head."""
        return NONE not in self.heads

    @cached_property
    def tree(self) -> Tree:
        """The basic dependency tree, with the root at position 0."""
        return Tree((NONE, *self.heads), ("", *self.labels))

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The syntactic words as objects."""
        before, after = map(self.words, range(FORM, HEAD)), map(self.words, range(DEPREL, MISC + 1))
        rows = zip(range(1, len(self) + 1), *before, self.heads, *after, strict=True)
        return tuple([Token(*row) for row in rows])

    def __iter__(self) -> Iterator[Token]:
        """Iterate over the syntactic words."""
        return iter(self.tokens)

    def comment(self, key: str) -> str | None:
        """Return the value of the first `# key = value` comment, or None."""
        for line in self.comments:
            name, equals, value = line[1:].partition("=")
            if equals and name.strip() == key:
                return value.strip()
        return None

    @property
    def text(self) -> str:
        """The `# text` comment; if there is none, the forms joined according to `SpaceAfter=No`."""
        given = self.comment("text")
        return given if given is not None else self._detokenised()

    def surface_tokens(self) -> Iterator[tuple[str, str]]:
        """Yield form and MISC of each token of the text: a range, or a word outside all ranges."""
        forms, miscs = self.columns[FORM], self.columns[MISC]
        if len(self) == len(forms):
            return zip(forms, miscs, strict=True)
        return ((forms[row], miscs[row]) for row, _ in numbering.tokens(self.columns[ID]))

    def _detokenised(self) -> str:
        tokens = self.surface_tokens()
        parts = [form if GLUED in misc.split("|") else form + " " for form, misc in tokens]
        return "".join(parts).rstrip(" ")

    def replace(
        self,
        *,
        upos: Sequence[str] | None = None,
        xpos: Sequence[str] | None = None,
        feats: Sequence[str] | None = None,
        lemmas: Sequence[str] | None = None,
        heads: Sequence[int] | None = None,
        labels: Sequence[str] | None = None,
        miscs: Sequence[str] | None = None,
        comments: Sequence[str] | None = None,
    ) -> Sentence:
        """Return a copy with new columns for the words; ranges and empty nodes stay unchanged.

        Each sequence has one entry per word; `comments` replaces all comments. Raises ValueError if a length differs.
        """
        texts = None if heads is None else [_head_text(head) for head in heads]
        given = {LEMMA: lemmas, UPOS: upos, XPOS: xpos, FEATS: feats, HEAD: texts, DEPREL: labels, MISC: miscs}
        new = {column: values for column, values in given.items() if values is not None}
        for column, values in new.items():
            if len(values) != len(self):
                raise ValueError(f"{COLUMNS[column]} has {len(values)} values for a sentence of {len(self)} words")
        return self.with_columns(new, self.comments if comments is None else tuple(comments))

    def with_columns(self, new: Mapping[int, Sequence[str]], comments: tuple[str, ...] | None = None) -> Sentence:
        """Return a copy with new columns for the words, as `replace` does, but fast, for results that need no check.

        `new` has the cells of the words by column, `{HEAD: numbering.head_texts(heads), DEPREL: labels}`.
        """
        columns, rows = list(self.columns), self.word_rows
        for column, values in new.items():
            columns[column] = tuple(values) if type(rows) is range else _merged(columns[column], rows, values)
        made = Sentence(self.comments if comments is None else comments, tuple(columns), self.place)
        made.__dict__["word_rows"] = rows  # the words stay, and are not counted again
        return made

    def with_tree(self, tree: Tree) -> Sentence:
        """Return a copy with the heads and labels of a tree of its words. Raises ValueError if the length differs."""
        return self.replace(heads=tree.heads[1:], labels=tree.labels[1:])

    def svg(self) -> str:
        """Return a drawing of the tree as SVG; `arcparse.drawing` has colours, widths and other formats."""
        return type(self).drawer(self)

    _repr_svg_ = svg  # a notebook shows the tree of a sentence

    def __str__(self) -> str:
        """Return the sentence as a CoNLL-U block that ends in a blank line.

        Raises TreebankError if CoNLL-U cannot hold a cell or comment, for example a form that is empty, or that has a
        tab or a lone surrogate.
        """
        text = block_text(self)
        if not _has_shape(self, text):
            raise _shape_error(self)
        return text


def block_text(sentence: Sentence) -> str:
    """Return the CoNLL-U block of a sentence as `str` does, but without checks of its cells."""
    rows = map("\t".join, zip(*sentence.columns, strict=True))
    return "\n".join([*sentence.comments, *rows, "", ""])


def _has_shape(sentence: Sentence, text: str) -> bool:
    """Return whether the block `text` has exactly the lines and cells of the sentence."""
    if any(not comment.startswith("#") for comment in sentence.comments):
        return False
    comments, size = "".join(sentence.comments), len(sentence.columns[ID]) if sentence.columns else 0
    tabs = comments.count("\t") + (len(COLUMNS) - 1) * size
    lines = len(sentence.comments) + size + 1
    has_empty_cell = size > 0 and not all(map(all, sentence.columns))
    shape = text.count("\n"), text.count("\t")
    return shape == (lines, tabs) and "\r" not in text and not has_empty_cell and _has_utf8(text)


def _has_utf8(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _shape_error(sentence: Sentence) -> TreebankError:
    place = f"{sentence.place}: " if sentence.place else ""
    for comment in sentence.comments:
        if comment[:1] != "#" or "\n" in comment or "\r" in comment or not _has_utf8(comment):
            must = "must begin with '#' and have no line break and no lone surrogate; mend it"
            return TreebankError(f"{place}comment {comment[:60]!r} {must}")
    for name, cells in zip(COLUMNS, sentence.columns, strict=False):
        for row, cell in enumerate(cells, 1):
            if not cell:
                return TreebankError(f"{place}{name.upper()} of row {row} is empty; write '{EMPTY}' for no value")
            if any(character in cell for character in "\t\n\r"):
                remedy = "CoNLL-U cannot hold it: replace it by a space"
                return TreebankError(
                    f"{place}{name.upper()} {cell[:60]!r} of row {row} has a tab or line break; {remedy}"
                )
            if not _has_utf8(cell):
                return TreebankError(f"{place}{name.upper()} {cell[:60]!r} of row {row} has no UTF-8; replace it")
    return TreebankError(f"{place}{len(sentence.columns)} columns; a sentence has {len(COLUMNS)}: add or remove some")


def _merged(column: Sequence[str], rows: Sequence[int], values: Sequence[str]) -> tuple[str, ...]:
    """Return a column with other values in the rows of the words."""
    merged = list(column)
    for row, value in zip(rows, values, strict=True):
        merged[row] = value
    return tuple(merged)


def _head_text(head: int) -> str:
    return EMPTY if head == NONE else str(int(head))  # int: a number of numpy or torch may print differently


def check_length(sentences: Iterable[Sentence]) -> None:
    """Raise TreebankError for a sentence of more than LONGEST words: the limit bounds time and memory."""
    for sentence in sentences:
        if len(sentence) > LONGEST:
            place = sentence.place or f"the sentence that begins with {' '.join(sentence.forms[:3])[:60]!r}"
            raise TreebankError(
                f"{place}: a sentence of {len(sentence)} words is too long to be tagged or parsed, the limit is "
                f"{LONGEST} words; divide it into shorter sentences"
            )
