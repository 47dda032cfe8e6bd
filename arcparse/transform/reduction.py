"""Sentences without some of their words: the tree closes over the gap; numbers, ranges and DEPS are adapted.

If the head of a word leaves, its nearest ancestor that stays becomes its head. If the root leaves, its first child that
stays becomes the root, with the label of the root, and the head of the other children, so that a tree stays a tree.
Enhanced dependencies go to the same ancestor. A range shrinks to the words that stay, even to a single one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from arcparse import trees
from arcparse.errors import TreebankError
from arcparse.sentence import DEPREL, DEPS, EMPTY, FORM, HEAD, ID, MISC, NONE, ROOT, Sentence, numbering
from arcparse.sentence.spacing import GLUED, is_mark

DEP = re.compile(r"([0-9]+(?:\.[0-9]+)?)(:.*)", re.DOTALL)
TEXT = re.compile(r"#\s*text\s*=")


def drop_punctuation(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Leave out words of UPOS PUNCT, and words without UPOS and without any letter, digit or symbol.

    A sentence of punctuation only is left out. Raises TreebankError if heads form a cycle.
    """
    for sentence in sentences:
        pairs = enumerate(zip(sentence.upos, sentence.forms, strict=True), 1)
        leaving = {word for word, (upos, form) in pairs if upos == "PUNCT" or (upos == EMPTY and _is_punctuation(form))}
        if len(leaving) < len(sentence):
            yield without(sentence, leaving) if leaving else sentence


def _is_punctuation(form: str) -> bool:
    return not any(unicodedata.category(character)[0] in "LNSM" for character in form)


def without(sentence: Sentence, leaving: AbstractSet[int]) -> Sentence:
    """Return the sentence without some words; at least one word must stay. Raises TreebankError for a cycle."""
    if cycle := trees.find_cycle(sentence.tree.heads):
        problem = f"heads form a cycle at word {cycle[0]}; words can be left out of trees only"
        raise TreebankError(f"{sentence.place}: {problem}")
    anchor, labels = _anchors(sentence, leaving)
    names = _new_names(sentence.columns[ID], leaving)
    new = {str(word): names.get(str(anchor[word]), str(anchor[word])) for word in range(len(sentence) + 1)}
    new |= {name: names[name] for name in names if "." in name}
    marked = zip(zip(*sentence.replace(labels=labels).columns, strict=True), _spaced(sentence, leaving), strict=True)
    rows = [_new_row(row, misc, names[row[ID]], new) for row, misc in marked if row[ID] in names]
    kept = Sentence((), tuple(zip(*rows, strict=True)), sentence.place)
    comments = [f"# text = {kept.text}" if TEXT.match(comment) else comment for comment in sentence.comments]
    return Sentence(tuple(comments), kept.columns, sentence.place)


def _new_row(row: tuple[str, ...], misc: str, own: str, new: Mapping[str, str]) -> tuple[str, ...]:
    """Return a row with the number `own`, and with the heads of `new`."""
    head = new.get(row[HEAD], EMPTY)
    if head == own:  # it takes the place of a root
        head = str(ROOT)
    elif head == str(NONE):
        head = EMPTY
    return own, *row[FORM:HEAD], head, row[DEPREL], _new_deps(row[DEPS], new, row[ID], row[DEPREL]), misc


def _anchors(sentence: Sentence, leaving: AbstractSet[int]) -> tuple[list[int], list[str]]:
    """Return the anchor of each word, from 0, which takes its place as a head, and the labels, with those of new roots.

    The anchor of a word that stays is the word itself, that of another word its nearest ancestor that stays. If there
    is none, the first word below that depends on leaving words only becomes the root, and the anchor.
    """
    heads, labels = sentence.heads, list(sentence.labels)
    top: dict[int, int] = {}  # a root that leaves, and the word that takes its place
    for word, head in enumerate(heads, 1):
        if word not in leaving and head in leaving and (root := _staying(heads, head, leaving)[1]):
            top.setdefault(root, word)
    for root, word in top.items():
        labels[word - 1] = sentence.labels[root - 1]
    anchor = [ROOT]
    for word in range(1, len(heads) + 1):
        found, root = _staying(heads, word, leaving)
        anchor.append(top.get(root, found) if root else found)
    return anchor, labels


def _staying(heads: Sequence[int], word: int, leaving: AbstractSet[int]) -> tuple[int, int]:
    """Return the word or its nearest ancestor that stays; if that is the root, also its child on the way, else 0."""
    child = ROOT
    while word in leaving:
        child, word = word, heads[word - 1]
    return word, child if word == ROOT else ROOT


def _spaced(sentence: Sentence, leaving: AbstractSet[int]) -> list[str]:
    """Return MISC of all rows; the space behind a token that leaves becomes the space behind the token before it."""
    miscs = list(sentence.columns[MISC])
    before = None
    for row, words in numbering.tokens(sentence.columns[ID]):
        if leaving >= set(words):
            own = miscs[row].split("|")
            if before is not None and GLUED not in own:
                rest = [a for a in miscs[before].split("|") if a != EMPTY and not is_mark(a)]
                miscs[before] = "|".join([*filter(is_mark, own), *rest]) or EMPTY
        else:
            before = row
    return miscs


def _new_names(ids: Sequence[str], leaving: AbstractSet[int]) -> dict[str, str]:
    """Return the new ID of each row that stays."""
    number = node = 0
    words: dict[str, str] = {}
    for name in ids:
        if numbering.is_word(name) and int(name) not in leaving:
            number, node = number + 1, 0
            words[name] = str(number)
        elif "." in name:
            node += 1
            words[name] = f"{number}.{node}"
    for row, covered in numbering.ranges(ids):
        inside = [words[str(word)] for word in covered if str(word) in words]
        if inside:
            words[ids[row]] = f"{inside[0]}-{inside[-1]}"
    return words


def _new_deps(deps: str, new: Mapping[str, str], name: str, label: str) -> str:
    """Return DEPS of row `name` with the new numbers, in order, each arc once.

    If the word of the row takes the place of a head that leaves, its arc from that head becomes one from the root.
    """
    arcs = [DEP.fullmatch(arc) for arc in deps.split("|")]
    if None in arcs:  # `_`, or no list of arcs
        return deps
    moved = set()
    for arc in filter(None, arcs):
        head = new.get(arc[1], str(ROOT))
        moved.add((str(ROOT), f":{label}") if head == new.get(name) and arc[1] != name else (head, arc[2]))
    return "|".join(
        f"{head}{relation}" for head, relation in sorted(moved, key=lambda pair: (_order(pair[0]), pair[1]))
    )


def _order(name: str) -> tuple[int, int]:
    word, _, node = name.partition(".")
    return int(word), int(node or 0)
