r"""Words and tags from Penn Treebank brackets: `( (S (NP (DT The) (NN cat)) (VP (VBZ sits)) (. .)) )`.

Phrases are ignored and traces (`-NONE-`) left out. Escapes of the treebank, `-LRB-` and `\/`, become plain characters
in forms and stay in tags. A tree may take several lines; each top bracket is a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import WORD, Format, OnError, report, sentence_of
from arcparse.formats.source import lines_of
from arcparse.sentence import Sentence
from arcparse.treebank.reading import LONGEST

PIECE = re.compile(r"[()]|[^()\s]+")
TRACE = "-NONE-"
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}
LONGEST_SENTENCE = LONGEST // 32  # words


def formats(tag: str = "xpos") -> list[Format]:
    """Return the format; the tags of words go into the column `tag`."""
    summary = "Penn Treebank brackets: words and tags, read only"
    return [Format("penn", summary, (".mrg", ".ptb"), WORD | {tag}, partial(read_penn, tag=tag))]


class _Tree:
    """An unfinished tree: the number of its open brackets, and the words so far."""

    def __init__(self) -> None:
        self.depth = self.line = 0
        self.words: list[tuple[str, str]] = []
        self._inside: list[str] = []  # the contents so far of the bracket opened last

    def take(self, piece: str, line: int) -> bool:
        """Take one more piece; return whether the tree is whole. Raises ValueError if the piece has no place there."""
        if piece == "(":
            if len(self._inside) > 1:
                inside = " ".join(self._inside)[:60]
                raise ValueError(f"'(' behind {inside!r}; a bracket has a label, or a tag and a word")
            self.line = self.line or line
            self.depth, self._inside = self.depth + 1, []
            return False
        if not self.depth:
            raise ValueError(f"{piece[:40]!r} outside all brackets")
        if piece != ")":
            self._inside.append(piece)
            return False
        if len(self._inside) not in (0, 2):
            raise ValueError(f"{' '.join(self._inside)[:60]!r} in brackets, expected a tag and a word")
        if self._inside and self._inside[0] != TRACE:
            self.words.append((self._inside[1], self._inside[0]))
        if len(self.words) > LONGEST_SENTENCE:
            raise ValueError(f"over {LONGEST_SENTENCE} words in one tree")
        self.depth, self._inside = self.depth - 1, []
        return not self.depth


def read_penn(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read words and tags of each tree; after a fault, go on at the next line that begins with a bracket.

    Raises TreebankError, or calls `on_error`, for a malformed tree.
    """
    tree, skipping = _Tree(), False
    for number, line in lines_of(stream, name):
        if skipping and not line.startswith("("):
            continue
        skipping = False
        try:
            for match in PIECE.finditer(line):
                if tree.take(match[0], number):
                    whole, tree = tree, _Tree()
                    if whole.words:
                        yield _sentence(whole, name, tag)
        except ValueError as error:
            tree, skipping = _Tree(), True
            report(TreebankError(f"{name}:{number}: {error}"), on_error)
    if tree.depth:
        report(TreebankError(f"{name}:{tree.line}: {tree.depth} brackets of this tree are never closed"), on_error)


def _sentence(tree: _Tree, name: str, tag: str) -> Sentence:
    words, tags = zip(*tree.words, strict=True)
    return sentence_of([_plain(word) for word in words], name, tree.line, **{tag: tags})


def _plain(word: str) -> str:
    return BRACKETS.get(word) or re.sub(r"\\([/*])", r"\1", word)
