"""The content of a drawing: words with their tags, arcs between them, and the analyses that have them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from arcparse.errors import TreebankError
from arcparse.sentence import EMPTY, MISC, Sentence

Side = Literal["both", "gold", "system"]

CONFIDENCE = "HeadConfidence"  # the key of MISC with the confidence of the parser in a head, 0 to 1
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
DIFFERENT = " ≠ "  # between the value of gold and that of the system


@dataclass(frozen=True)
class Word:
    """A form, and the tag below it."""

    form: str
    tag: str = ""
    differs: bool = False  # whether gold and system have different tags


@dataclass(frozen=True)
class Arc:
    """An arc to word `dependent` from word `head`, counted from 1; head 0 is the root."""

    head: int
    dependent: int
    label: str
    confidence: float | None = None
    side: Side = "both"  # the analysis that has the arc, if two are drawn
    differs: bool = False  # whether gold and system agree on the head only


@dataclass(frozen=True)
class Diagram:
    """Words in their order, and arcs; `right_to_left` is the direction of the script."""

    words: tuple[Word, ...]
    arcs: tuple[Arc, ...]
    right_to_left: bool = False
    compares: bool = False  # whether two analyses are drawn
    title: str = ""
    names: tuple[str, str] = ("gold", "system")  # of the two analyses


def diagram(sentence: Sentence) -> Diagram:
    """Return the words and arcs of a sentence; a word without a head has no arc."""
    words = tuple(map(Word, map(_visible, sentence.forms), _tags(sentence)))
    arcs = zip(sentence.heads, range(1, len(words) + 1), _labels(sentence), _confidences(sentence), strict=True)
    drawn = tuple(Arc(head, word, label, sure) for head, word, label, sure in arcs if 0 <= head <= len(words))
    return Diagram(words, drawn, _runs_right_to_left(sentence.forms), title=_visible(sentence.text))


def overlay(gold: Sentence, system: Sentence, names: tuple[str, str] = ("gold", "system")) -> Diagram:
    """Return two analyses of the same words in one: arcs of both, of gold only and of the system only.

    `names` are the names of the two in the legend and in tooltips. Raises TreebankError if the words differ.
    """
    if gold.forms != system.forms:
        pairs = zip(gold.forms, system.forms, strict=False)
        at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(gold.forms), len(system.forms)))
        found = [repr(forms[at]) if at < len(forms) else "the end" for forms in (gold.forms, system.forms)]
        place = f" ({gold.place})" if gold.place else ""
        raise TreebankError(
            f"{system.place or names[1]}: word {at + 1} is {found[1]}, in {names[0]}{place} {found[0]}; "
            "trees over different words cannot be compared; draw each alone"
        )
    words = [
        Word(_visible(form), tag if tag == other else f"{tag}{DIFFERENT}{other}", tag != other)
        for form, tag, other in zip(gold.forms, _tags(gold), _tags(system), strict=True)
    ]
    heads = zip(gold.heads, system.heads, strict=True)
    labels = zip(_labels(gold), _labels(system), strict=True)
    rows = zip(heads, labels, _confidences(system), strict=True)
    arcs = [arc for word, row in enumerate(rows, 1) for arc in _compared(word, *row) if 0 <= arc.head <= len(words)]
    right_to_left = _runs_right_to_left(gold.forms)
    shown = (_visible(names[0]), _visible(names[1]))
    return Diagram(tuple(words), tuple(arcs), right_to_left, compares=True, title=_visible(gold.text), names=shown)


def _compared(word: int, heads: tuple[int, int], labels: tuple[str, str], sure: float | None) -> list[Arc]:
    if heads[0] == heads[1]:
        same = labels[0] == labels[1]
        return [Arc(heads[0], word, labels[0] if same else DIFFERENT.join(labels), sure, "both", not same)]
    return [Arc(heads[0], word, labels[0], None, "gold"), Arc(heads[1], word, labels[1], sure, "system")]


def _labels(sentence: Sentence) -> list[str]:
    return ["" if label == EMPTY else _visible(label) for label in sentence.labels]


def _tags(sentence: Sentence) -> list[str]:
    tags = sentence.upos if any(tag != EMPTY for tag in sentence.upos) else sentence.xpos
    return ["" if tag == EMPTY else _visible(tag) for tag in tags]


def _confidences(sentence: Sentence) -> list[float | None]:
    return [_confidence(cell) for cell in sentence.words(MISC)]


def _confidence(cell: str) -> float | None:
    for pair in cell.split("|"):
        key, _, value = pair.partition("=")
        if key == CONFIDENCE:
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return None
    return None


def _visible(text: str) -> str:
    """Replace characters that XML cannot hold, or that would change the direction of the text around them."""
    return UNSAFE.sub("\ufffd", text)


def _runs_right_to_left(forms: Sequence[str]) -> bool:
    classes = Counter(unicodedata.bidirectional(character) for form in forms for character in form)
    return classes["R"] + classes["AL"] > classes["L"]
