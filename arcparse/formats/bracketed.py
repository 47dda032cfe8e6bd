r"""The bracketed linearisation of a tree: `(R, r_a, A, r_b, [B, b_d, D, b_e, E], r_c, C)`, a sentence a line.

A head comes first, then its dependents in their order, each behind its relation; one that has dependents itself stands
in square brackets. So written, the order of the words is that of a walk through the tree, not the sentence's, unless
each word says its place: `(saw@2, nsubj, I@1, obj, [dog@4, det, the@3])`, the format `bracketed-order`. The relation
of the root is not written; it is read as `root`. A backslash stands before any of `\ ( ) [ ] , @` inside a form or
relation, and before a space at its beginning or end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from arcparse import trees
from arcparse.errors import TreebankError, TreeError
from arcparse.formats.format import Loss, OnError, sound
from arcparse.formats.source import lines_of
from arcparse.sentence import ROOT, Sentence, Token

ROOT_LABEL = "root"
SPECIAL = re.compile(r"[\\()\[\],@]|^ | $")
PIECE = re.compile(r"(?:\\.|[^\\()\[\],])+|[()\[\],]|\\")  # an atom, a mark, or a backslash that ends the line
POSITION = re.compile(r"\\.|@([1-9][0-9]{0,6})$")
CLOSING = {"(": ")", "[": "]"}
AFTER_COMMA = {"a comma": "a relation", "a comma and a word": "a word"}


def bracketed_text(sentence: Sentence, *, positions: bool = False) -> str:
    """Return the line of a sentence. Raises TreebankError where its heads form no tree."""
    try:
        trees.check_tree(sentence.tree, sentence.place)
    except TreeError as error:
        raise TreebankError(f"{error}; only trees can be written in brackets: filter the others out first") from None
    children = _children(sentence.heads)
    atoms = ["", *(_escaped(form) for form in sentence.forms)]
    if positions:
        atoms = [f"{atom}@{word}" for word, atom in enumerate(atoms)]
    labels = ["", *(_escaped(label) for label in sentence.labels)]
    for word in reversed(_preorder(children)):  # a word's dependents come before itself
        inside = [atoms[word], *(part for child in children[word] for part in (labels[child], atoms[child]))]
        if len(inside) > 1 and sentence.heads[word - 1] != ROOT:
            atoms[word] = f"[{', '.join(inside)}]"
        elif sentence.heads[word - 1] == ROOT:
            atoms[word] = f"({', '.join(inside)})"
    return atoms[children[ROOT][0]] + "\n"


def _children(heads: Sequence[int]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in range(len(heads) + 1)]
    for word, head in enumerate(heads, 1):
        children[head].append(word)
    return children


def _preorder(children: list[list[int]]) -> list[int]:
    """Return the words as the linearisation has them."""
    order, waiting = [], children[ROOT][::-1]
    while waiting:
        order.append(waiting.pop())
        waiting.extend(reversed(children[order[-1]]))
    return order


def bracketed_losses(sentence: Sentence, *, positions: bool = False) -> Iterable[Loss]:
    """Count the root's label where it is not `root`, and the words that are not where the linearisation has them."""
    labels = [label for label, head in zip(sentence.labels, sentence.heads, strict=True) if head == ROOT]
    yield "labels of roots", sum(label != ROOT_LABEL for label in labels)
    if not positions:
        order = _preorder(_children([head if head >= ROOT else ROOT for head in sentence.heads]))
        yield "places of words", sum(word != place for place, word in enumerate(order, 1))


def read_bracketed(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line. Raises TreebankError, or calls `on_error`, for a malformed one."""
    for number, line in lines_of(stream, name):
        if not line.strip():
            continue
        try:
            yield _parsed(line, name, number)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)


def _parsed(line: str, name: str, number: int) -> Sentence:
    try:
        words = _ordered(_words(line))
    except ValueError as error:
        raise TreebankError(f"{name}:{number}: {error}; expected such as (saw, nsubj, I, obj, [dog, det, a])") from None
    return sound(Sentence.from_tokens(words), name, number)


def _words(line: str) -> list[tuple[str, int, str]]:
    """Return the atom, the head and the label of each word, in the order written."""
    words: list[tuple[str, int, str]] = []
    heads, open_marks, label, awaits = [ROOT], "", ROOT_LABEL, "'('"
    for piece in _pieces(line):
        if piece in ("(", "["):
            if awaits != ("'('" if piece == "(" else "a word"):
                raise ValueError(f"{piece!r} where {awaits} was expected")
            open_marks, awaits = open_marks + piece, "a head"
        elif piece in (")", "]"):
            if awaits != "a comma" or CLOSING[open_marks[-1]] != piece:
                raise ValueError(f"{piece!r} where {awaits} was expected")
            heads.pop()
            open_marks, awaits = open_marks[:-1], "a comma" if len(open_marks) > 1 else "the end"
        elif piece == ",":
            if awaits not in AFTER_COMMA:
                raise ValueError(f"',' where {awaits} was expected")
            awaits = AFTER_COMMA[awaits]
        elif awaits == "a relation":
            label, awaits = _plain(piece), "a comma and a word"
        elif awaits in ("a word", "a head"):
            words.append((piece, heads[-1], label))
            if awaits == "a head":
                heads.append(len(words))
            awaits = "a comma"
        else:
            raise ValueError(f"{piece[:40]!r} where {awaits} was expected")
    if awaits != "the end":
        raise ValueError(f"the line ends where {awaits} was expected")
    return words


def _pieces(line: str) -> Iterator[str]:
    for match in PIECE.finditer(line):
        piece = match[0].lstrip(" ")
        bare = piece.rstrip(" ")
        if bare != piece and (len(bare) - len(bare.rstrip("\\"))) % 2:
            bare += " "  # the space is escaped
        if bare == "\\":
            raise ValueError("a backslash with nothing behind it")
        if bare:
            yield bare


def _ordered(words: list[tuple[str, int, str]]) -> list[Token]:
    """Put words where their positions say; where none has one, they stay as written."""
    found = [next((m for m in POSITION.finditer(atom) if m[1]), None) for atom, _, _ in words]
    forms = [_plain(atom[: match.start()] if match else atom) for (atom, _, _), match in zip(words, found, strict=True)]
    places = [int(match[1]) for match in found if match]
    if not places:
        places = list(range(1, len(words) + 1))
    elif sorted(places) != list(range(1, len(words) + 1)):
        raise ValueError(f"the {len(words)} words do not have the positions @1 to @{len(words)}, each once")
    place_of = [ROOT, *places]
    rows = zip(places, forms, words, strict=True)
    tokens = [Token(place, form, head=place_of[head], deprel=label) for place, form, (_, head, label) in rows]
    return sorted(tokens, key=lambda token: token.id)


def _escaped(text: str) -> str:
    return SPECIAL.sub(lambda match: "\\" + match[0], text)


def _plain(text: str) -> str:
    plain = re.sub(r"\\(.)", r"\1", text)
    if not plain:
        raise ValueError("a word or relation of no characters")
    return plain
