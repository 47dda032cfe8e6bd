"""Sentences of one text, with the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from itertools import chain
from typing import Any, SupportsIndex, overload

from arcparse.errors import InputError, shown
from arcparse.sentence import DEPREL, FEATS, FORM, LEMMA, UPOS, XPOS, Phrase, Sentence, Token
from arcparse.sentence.lists import each_sentence
from arcparse.sentence.names import DOCUMENT, answers
from arcparse.sentence.patterns import Match, Pattern
from arcparse.sentence.summary import counted, summary

DRAWN = 20  # sentences that a notebook shows


@answers(DOCUMENT)
class Document(list[Sentence]):
    """A list of the sentences of a text. It walks and searches as its sentences do, over all of them."""

    def __init__(self, sentences: Iterable[Sentence] = (), text: str | None = None) -> None:
        """Take sentences, and the raw text of which they were made, if there is one; raises InputError for others."""
        super().__init__(each_sentence(sentences))
        if not isinstance(text, str | None):
            raise InputError(f"the text of a document must be a string, not {shown(text)}")
        self._text = text

    @property
    def text(self) -> str:
        """The raw text in which the words' `start` and `end` count; if there was none, the sentences' texts."""
        return running_text(self).rstrip("\n") if self._text is None else self._text

    @overload
    def __getitem__(self, position: SupportsIndex) -> Sentence: ...
    @overload
    def __getitem__(self, position: slice) -> Document: ...
    def __getitem__(self, position: SupportsIndex | slice) -> Sentence | Document:
        """Return a sentence by its position from 0, or the document of a slice, with the same raw text."""
        found = super().__getitem__(position)
        return Document(found, self._text) if isinstance(found, list) else found

    def copy(self) -> Document:
        """Return another document of the same sentences and text."""
        return self[:]

    @property
    def paragraphs(self) -> list[list[Sentence]]:
        """The sentences of each paragraph; a paragraph begins where a sentence says so."""
        found: list[list[Sentence]] = []
        for sentence in self:
            if sentence.begins_paragraph or not found:
                found.append([])
            found[-1].append(sentence)
        return found

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The words of all sentences."""
        return tuple(chain.from_iterable(self))

    @property
    def forms(self) -> tuple[str, ...]:
        """Word forms of all sentences."""
        return self._words(FORM)

    @property
    def lemmas(self) -> tuple[str, ...]:
        """Lemmas of all sentences."""
        return self._words(LEMMA)

    @property
    def upos(self) -> tuple[str, ...]:
        """Universal part-of-speech tags of all sentences."""
        return self._words(UPOS)

    @property
    def xpos(self) -> tuple[str, ...]:
        """Language-specific tags of all sentences."""
        return self._words(XPOS)

    @property
    def feats(self) -> tuple[str, ...]:
        """Morphological features of all sentences, as they are written."""
        return self._words(FEATS)

    @property
    def labels(self) -> tuple[str, ...]:
        """Dependency relations of all sentences."""
        return self._words(DEPREL)

    def _words(self, column: int) -> tuple[str, ...]:
        return tuple(chain.from_iterable(sentence.words(column) for sentence in self))

    def noun_chunks(self) -> list[Phrase]:
        """Return the noun chunks of all sentences. Raises TreeError if one has no tree."""
        return [chunk for sentence in self for chunk in sentence.noun_chunks()]

    def match(self, pattern: Pattern) -> list[Match]:
        """Return the matches of a pattern in all sentences, as `Sentence.match` does in one."""
        return [match for sentence in self for match in sentence.match(pattern)]

    def to_dict(self) -> dict[str, Any]:
        """Return text and sentences as plain data, as `Sentence.to_dict` does."""
        return {"text": self.text, "sentences": [sentence.to_dict() for sentence in self]}

    def to_json(self, indent: int | None = None) -> str:
        """Return the result of `to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """Return the document of a dict in the form of `to_dict`. Raises InputError for another."""
        if not isinstance(data, Mapping) or not isinstance(data.get("sentences"), list):
            raise InputError(f"a document must be a dict with a list of 'sentences', not {shown(data)}")
        return cls(map(Sentence.from_dict, data["sentences"]), data.get("text"))

    def __str__(self) -> str:
        """Return the sentences as CoNLL-U. Raises TreebankError as `str` of a sentence does."""
        return "".join(map(str, self))

    def __repr__(self) -> str:
        """Return the sizes and the beginning of the text."""
        sizes = f"{counted(len(self), 'sentence')}, {counted(sum(map(len, self)), 'word')}"
        return summary("Document", sizes, self.text)

    def _repr_html_(self) -> str:
        """Return drawings of the first sentences, which a notebook shows."""
        drawn = [f"<div>{sentence.svg()}</div>" for sentence in self[:DRAWN]]
        more = [f"<p>… and {counted(len(self) - DRAWN, 'more sentence')}</p>"] if len(self) > DRAWN else []
        return "\n".join([*drawn, *more]) or f"<p>{escape(repr(self))}</p>"


def running_text(sentences: Iterable[Sentence]) -> str:
    """Return the raw text of a treebank: a blank line before each `# newdoc` or `# newpar`, else a space."""
    parts: list[str] = []
    for sentence in sentences:
        parts += ["\n\n" if sentence.begins_paragraph else " ", sentence.text]
    return "".join(parts).strip() + "\n"
