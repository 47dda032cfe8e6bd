"""Sentences as CoNLL-U writes them: ten columns, kept as they were read.

A sentence holds its rows as columns of strings: nothing is lost between reading and writing, and a million tokens are
read without a million objects. Rows are syntactic words, multiword-token ranges (`3-4`) or empty nodes (`8.1`). A
parser uses only the syntactic words, numbered from 1; token 0 is the root.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, overload

from arcparse.errors import InputError, TreebankError, TreeError, shown
from arcparse.sentence import chunks, numbering, patterns, records
from arcparse.sentence.block import block_text, checked_text
from arcparse.sentence.columns import (
    COLUMNS,
    DEPREL,
    DEPS,
    EMPTY,
    FEATS,
    FORM,
    HEAD,
    ID,
    LEMMA,
    MISC,
    NONE,
    ROOT,
    UPOS,
    XPOS,
    Tree,
    cells_of,
    head_texts,
)
from arcparse.sentence.names import SENTENCE, answers
from arcparse.sentence.patterns import Match, Pattern
from arcparse.sentence.phrase import Phrase
from arcparse.sentence.spacing import GLUED
from arcparse.sentence.spans import Span, spans_in
from arcparse.sentence.summary import counted, summary
from arcparse.sentence.surface import Surface, surfaces
from arcparse.sentence.token import Token, below, children_of, numbered, placed

__all__ = [
    "COLUMNS",
    "DEPREL",
    "DEPS",
    "EMPTY",
    "FEATS",
    "FORM",
    "HEAD",
    "ID",
    "LEMMA",
    "MISC",
    "NONE",
    "ROOT",
    "UPOS",
    "XPOS",
    "Phrase",
    "Sentence",
    "Span",
    "Token",
    "Tree",
    "block_text",
]


@answers(SENTENCE)
@dataclass(frozen=True, repr=False)
class Sentence:
    """A sentence: comments (each with its `#`) and ten columns of strings, one entry per row.

    `place` is the file and line where it was read ("train.conllu:1042"); comparison ignores it.
    """

    comments: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]
    place: str = field(default="", compare=False)
    drawer: ClassVar[Callable[[Sentence], str]]  # set by the package, since this room may not import `drawing`

    @classmethod
    def from_forms(cls, forms: Iterable[str], comments: Iterable[str] = ()) -> Sentence:
        """Make a sentence from word forms alone. Raises InputError for anything but a list of strings."""
        cells = cells_of("forms", forms)
        columns = [(EMPTY,) * len(cells)] * len(COLUMNS)
        columns[ID], columns[FORM] = numbering.numbers(len(cells)), cells
        return cls(tuple(comments), tuple(columns))

    @classmethod
    def from_tokens(cls, tokens: Iterable[Token], comments: Iterable[str] = ()) -> Sentence:
        """Make a sentence from words; a head of -1 is written as `_`.

        Some words of a sentence, such as a phrase, are numbered anew, and a head outside them is 0. Raises InputError
        for anything but tokens, and for two of the same id.
        """
        if not isinstance(tokens, Iterable):
            raise InputError(f"tokens must be a list of Token objects, not {shown(tokens)}")
        tokens = list(tokens)
        for i, token in enumerate(tokens):
            if not isinstance(token, Token):
                raise InputError(f"tokens[{i}] must be a Token, not {shown(token)}; for word forms call from_forms")
        kept = numbered(tokens)
        heads = head_texts([token.head for token in kept])
        rows = [
            (str(t.id), t.form, t.lemma, t.upos, t.xpos, t.feats, head, t.deprel, t.deps, t.misc)
            for t, head in zip(kept, heads, strict=True)
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
        return placed(zip(range(1, len(self) + 1), *before, self.heads, *after, strict=True), self)

    def __iter__(self) -> Iterator[Token]:
        """Iterate over the syntactic words."""
        return iter(self.tokens)

    @overload
    def __getitem__(self, position: int) -> Token: ...
    @overload
    def __getitem__(self, position: slice) -> Phrase: ...
    def __getitem__(self, position: int | slice) -> Token | Phrase:
        """Return a word by its position from 0, or the phrase of a slice. Raises InputError for a slice with steps."""
        return Phrase(self.tokens)[position] if isinstance(position, slice) else self.tokens[position]

    @cached_property
    def children(self) -> Sequence[Sequence[int]]:
        """The numbers of the children of the root, at position 0, and of each word.

        Raises TreeError if a head is outside the sentence.
        """
        return children_of(self.heads, self.place)

    @property
    def root(self) -> Token:
        """The first word whose head is 0. Raises TreeError if there is none."""
        self._check_parsed()
        return self.tokens[self.heads.index(ROOT)]

    def phrase(self, token: Token) -> Phrase:
        """Return the phrase from the first to the last word of the subtree of a word of this sentence.

        Raises InputError for anything else.
        """
        if not isinstance(token, Token) or token not in self.tokens[token.id - 1 : token.id]:
            raise InputError(f"a phrase needs a word of the sentence, such as sentence[0], not {shown(token)}")
        numbers = below(self.children, token.id)
        return Phrase(self.tokens[numbers[0] - 1 : numbers[-1]])

    def noun_chunks(self) -> list[Phrase]:
        """Return the flat noun phrases (see `arcparse.sentence.chunks`). Raises TreeError if there is no tree."""
        self._check_parsed()
        return list(chunks.noun_chunks(self.tokens, self.children))

    def spans(self, column: str) -> list[Span]:
        """Return the spans that an attribute of MISC tags, such as "Chunk" or "NER"; upper and lower case are the same.

        Raises TreebankError for a tag of no scheme (see `arcparse.sentence.spans`).
        """
        return spans_in(self, column)

    def match(self, pattern: Pattern) -> list[Match]:
        """Return the matches of a pattern of words and their relations (see `arcparse.sentence.patterns`).

        Each is a dict of words by their names in the pattern. Raises InputError for a pattern that cannot be read.
        """
        return list(patterns.matches(pattern, self.tokens))

    def _check_parsed(self) -> None:
        if ROOT not in self.heads:
            place = f"{self.place}: " if self.place else ""
            raise TreeError(f"{place}the sentence has no tree, since no word has head 0; parse it first")

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

    @property
    def begins_paragraph(self) -> bool:
        """Whether a paragraph or document begins with this sentence."""
        return any(comment.startswith(("# newdoc", "# newpar")) for comment in self.comments)

    @cached_property
    def surfaces(self) -> tuple[Surface, ...]:
        """The token of the text for each word: form, start, end, white space behind it, and its words."""
        return surfaces(self.columns, self.text)

    @property
    def start(self) -> int:
        """The position of the first character in the raw text that was parsed; 0 if there was none."""
        return self.surfaces[0].start if len(self) else 0

    @property
    def end(self) -> int:
        """The position behind the last character, counted as `start`."""
        return self.surfaces[-1].end if len(self) else 0

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

        Each sequence has one entry per word; `comments` replaces all comments. Raises InputError, also a ValueError, if
        a length differs, or if an entry is not a string, or in `heads` no number of a word, 0 or -1.
        """
        texts = None if heads is None else head_texts(heads, len(self))
        given = {LEMMA: lemmas, UPOS: upos, XPOS: xpos, FEATS: feats, HEAD: texts, DEPREL: labels, MISC: miscs}
        new = {c: cells_of(COLUMNS[c], values) for c, values in given.items() if values is not None}
        for column, values in new.items():
            if len(values) != len(self):
                raise InputError(f"{COLUMNS[column]} has {len(values)} values for a sentence of {len(self)} words")
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

    def to_dict(self) -> dict[str, Any]:
        """Return comments, text and rows as plain data, with numbers as integers (see `arcparse.sentence.records`)."""
        tokens = records.to_records(self.columns, self.surfaces)
        return {"comments": list(self.comments), "text": self.text, "tokens": tokens}

    def to_json(self, indent: int | None = None) -> str:
        """Return the result of `to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sentence:
        """Return the sentence of a dict in the form of `to_dict`; only the forms of its tokens are needed.

        Raises InputError for another form.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("tokens"), list):
            raise InputError(f"a sentence must be a dict with a list of 'tokens', not {shown(data)}")
        comments = data.get("comments", [])
        if not isinstance(comments, list) or not all(isinstance(comment, str) for comment in comments):
            raise InputError(f"the comments must be a list of strings, not {shown(comments)}")
        return cls(tuple(comments), records.from_records(data["tokens"]))

    def svg(self) -> str:
        """Return a drawing of the tree as SVG; `arcparse.drawing` has colours, widths and other formats."""
        return type(self).drawer(self)

    _repr_svg_ = svg  # a notebook shows the tree of a sentence

    def __str__(self) -> str:
        """Return the sentence as a CoNLL-U block that ends in a blank line.

        Raises TreebankError if CoNLL-U cannot hold a cell or comment, for example a form that is empty, or that has a
        tab or a lone surrogate.
        """
        return checked_text(self)

    def __repr__(self) -> str:
        """Return the number of words and the beginning of the text."""
        return summary("Sentence", counted(len(self), "word"), self.text)


def _merged(column: Sequence[str], rows: Sequence[int], values: Sequence[str]) -> tuple[str, ...]:
    """Return a column with other values in the rows of the words."""
    merged = list(column)
    for row, value in zip(rows, values, strict=True):
        merged[row] = value
    return tuple(merged)
