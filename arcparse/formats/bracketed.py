r"""The bracketed linearisation of a tree: `(R, r_a, A, r_b, [B, b_d, D, b_e, E], r_c, C)`, a sentence a line.

A head comes first, then its dependents in their order, each behind its relation; a dependent with dependents of its own
stands in square brackets. The words have the order of a walk through the tree, not that of the sentence. The format
`bracketed-order` adds the position of each word: `(saw@2, nsubj, I@1, obj, [dog@4, det, the@3])`. The relation of the
root is not written; it is read as `root`. A backslash stands before any of `\ ( ) [ ] , @` inside a form or relation,
and before a space at its beginning or end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from operator import ne
from typing import TextIO

from arcparse import trees
from arcparse.errors import TreebankError, TreeError
from arcparse.formats.format import TREE, Format, Loss, OnError, report, sentence_of
from arcparse.formats.source import lines_of
from arcparse.sentence import NONE, ROOT, Sentence
from arcparse.sentence.numbering import numbers

ROOT_LABEL = "root"
SPECIAL = re.compile(r"[\\()\[\],@]|^ | $", re.MULTILINE)
ATOM = r"[^\\()\[\],]*(?:\\.[^\\()\[\],]*)*"
FIRST = re.compile(rf" *\(({ATOM})")
STEP = re.compile(rf",({ATOM}),(?: *(\[))?({ATOM})((?:\] *)*)")  # a relation, a word, and the brackets beside it
ESCAPED = re.compile(r"\\(.)")
PLACE = re.compile(r"[1-9][0-9]{0,6}")


def formats(tag: str = "xpos") -> list[Format]:
    """Return the formats; they hold no tag, whichever `tag` is."""
    summary = "(R, r_a, A, r_b, [B, b_d, D]): a tree"
    heads_first = Format("bracketed", summary, (".brackets",), TREE, read_bracketed, bracketed_text, bracketed_losses)
    with_places = Format(
        "bracketed-order",
        "(saw@2, nsubj, I@1): a tree, each word with its position",
        (".tree",),
        TREE,
        read_bracketed,
        partial(bracketed_text, positions=True),
        partial(bracketed_losses, positions=True),
    )
    return [heads_first, with_places]


def bracketed_text(sentence: Sentence, *, positions: bool = False) -> str:
    """Return the line of a sentence. Raises TreebankError if its heads form no tree, or a cell has a line break."""
    heads = sentence.heads
    order, depths = _preorder(heads)
    if len(order) != len(heads) or heads.count(ROOT) != 1:
        _refuse(sentence)
    forms, labels = _escaped(sentence.forms), _escaped(sentence.labels)
    if positions:
        forms = [f"{form}@{word}" for word, form in enumerate(forms, 1)]
    pieces = [f"({forms[order[0] - 1]}"]
    for word, depth, following in zip(order[1:], depths[1:], (*depths[2:], 1), strict=False):
        opening, closing = "[" if following > depth else "", "]" * (depth - following)
        pieces.append(f"{labels[word - 1]}, {opening}{forms[word - 1]}{closing}")
    line = ", ".join(pieces)
    if "\n" in line:
        raise TreebankError(f"{sentence.place}: a cell has a line break inside; replace it before writing")
    return line + ")\n"


def _refuse(sentence: Sentence) -> None:
    try:
        trees.check_tree(sentence.tree, sentence.place)
    except TreeError as error:
        raise TreebankError(f"{error}; only trees can be written in brackets: filter the others out first") from None


@lru_cache(maxsize=1)  # called twice for a sentence: to write it, and to count its losses
def _preorder(heads: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Return the words below the root in the order of the linearisation, and the depth of each, 0 below the root."""
    children: list[list[int]] = [[] for _ in range(len(heads) + 1)]
    for word, head in enumerate(heads, 1):
        if ROOT <= head <= len(heads):
            children[head].append(word)
    depth = [-1] * (len(heads) + 1)
    order, waiting = [], children[ROOT][::-1]
    while waiting:
        word = waiting.pop()
        order.append(word)
        depth[word] = depth[heads[word - 1]] + 1
        if children[word]:
            waiting += children[word][::-1]
    return order, [depth[word] for word in order]


def bracketed_losses(sentence: Sentence, *, positions: bool = False) -> Iterable[Loss]:
    """Count a label of the root other than `root`, and the words whose position the linearisation changes."""
    heads, labels = sentence.heads, sentence.labels
    yield (
        "labels of roots",
        sum(head == ROOT and label != ROOT_LABEL for head, label in zip(heads, labels, strict=True)),
    )
    if not positions:
        yield "places of words", sum(map(ne, _preorder(heads)[0], range(1, len(heads) + 1)))


def read_bracketed(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read a sentence from each line. Raises TreebankError, or calls `on_error`, for a malformed one."""
    for number, line in lines_of(stream, name):
        if not line.strip():
            continue
        try:
            yield _parsed(line, name, number)
        except TreebankError as error:
            report(error, on_error)


def _parsed(line: str, name: str, number: int) -> Sentence:
    try:
        atoms, heads, labels = _words(line)
        words = [_form_and_place(atom) for atom in atoms]
        order = _order([place for _, place in words])
        labels = [_plain(_bare(labels[i])) for i in order]
    except ValueError as error:
        raise TreebankError(
            f"{name}:{number}: {error}; a sentence looks like (saw, nsubj, I, obj, [dog, det, a])"
        ) from None
    names = dict(zip(order, numbers(len(order)), strict=True))
    head_names = [names[heads[i]] if heads[i] != NONE else str(ROOT) for i in order]
    return sentence_of([words[i][0] for i in order], name, number, head=head_names, deprel=labels)


def _words(line: str) -> tuple[list[str], list[int], list[str]]:
    """Return the atoms of words in the written order, the head of each as an index in this order, and its label."""
    first = FIRST.match(line)
    if not first:
        raise ValueError(f"{line[:40]!r} does not begin with '(' and a word")
    atoms, heads, labels = [first[1]], [NONE], [ROOT_LABEL]
    open_heads, end = [0], first.end()
    for step in STEP.finditer(line, end):
        if step.start() != end:
            break
        label, opening, atom, closing = step.groups()
        end = step.end()
        heads.append(open_heads[-1])
        labels.append(label)
        if opening:
            open_heads.append(len(atoms))
        atoms.append(atom)
        if closing:
            del open_heads[max(len(open_heads) - closing.count("]"), 0) :]
            if not open_heads:
                raise ValueError(f"']' behind {atom[:40]!r} closes nothing")
    if line[end:].rstrip(" ") != ")":
        raise ValueError(f"{line[end : end + 40]!r} stands in the place of a relation and a word, or of the last ')'")
    if len(open_heads) > 1:
        raise ValueError(f"{len(open_heads) - 1} brackets are never closed")
    return atoms, heads, labels


def _form_and_place(atom: str) -> tuple[str, int]:
    """Return the form of a word, and its position, or 0 if it has none."""
    bare = _bare(atom)
    form, at, place = bare.rpartition("@")
    if not at or not PLACE.fullmatch(place) or _ends_in_escape(form):
        return _plain(bare), 0
    return _plain(form), int(place)


def _order(places: Sequence[int]) -> list[int]:
    """Return the indices of the words in the order of the sentence: by their positions, else as written."""
    order = list(range(len(places)))
    if any(places):
        order.sort(key=places.__getitem__)
        if [places[i] for i in order] != list(range(1, len(places) + 1)):
            raise ValueError(f"the {len(places)} words do not have the positions @1 to @{len(places)}, each once")
    return order


def _bare(atom: str) -> str:
    """Return an atom without the spaces around it, except an escaped one."""
    bare = atom.strip(" ")
    return bare + " " if _ends_in_escape(bare) else bare


def _ends_in_escape(text: str) -> bool:
    return text[-1:] == "\\" and (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _escaped(cells: Sequence[str]) -> Sequence[str]:
    if not SPECIAL.search("\n".join(cells)):
        return cells
    return [SPECIAL.sub(lambda match: "\\" + match[0], cell) for cell in cells]


def _plain(text: str) -> str:
    if not text:
        raise ValueError("a word or relation is empty")
    return ESCAPED.sub(r"\1", text) if "\\" in text else text
