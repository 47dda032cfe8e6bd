"""Labelled texts: lines `label TAB ... TAB text`, their words, and which of a long text's words are read.

The first column is the label, the last the text; columns between, such as an id, are not read. Files may end in .gz,
.xz or .bz2.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.files import Location
from arcparse.seq2seq.pairs import lines
from arcparse.tokenizer import split_words

LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)  # a mark of HTML that is left in reviews from the web

Kept = Literal["beginning", "end", "both"]
Word = TypeVar("Word", str, int)


@dataclass(frozen=True)
class LabelledText:
    """A text and the label that it has."""

    label: str
    text: str


def read_labelled(place: Location, name: str = "") -> Iterator[LabelledText]:
    """Yield the labelled texts of a file or stream.

    Raises TreebankError if it cannot be read or is empty, a line has no tab, or a label is empty.
    """
    name, number = name or str(place), 0
    for number, line in enumerate(lines(place, name), 1):
        label, tab, rest = line.partition("\t")
        if not tab or not label.strip():
            lacks = "has no tab between label and text" if not tab else "has no label before its first tab"
            raise TreebankError(f"{name}:{number}: {lacks}; write label, tab, text on each line")
        yield LabelledText(label.strip(), rest.rpartition("\t")[2])
    if not number:
        raise TreebankError(f"{name}: holds no text; give a file with lines of label, tab, text")


def words_of(text: str, lower: bool = True) -> list[str]:
    """Return the words of a text as the tokeniser divides it, without marks of line breaks."""
    text = LINE_BREAK.sub(" ", text) if "<" in text else text
    return split_words(text.lower() if lower else text)


def cut(words: Sequence[Word], longest: int, kept: Kept) -> list[Word]:
    """Return at most `longest` words: from the beginning, from the end, or half of them from either."""
    if len(words) <= longest:
        return list(words)
    if kept == "beginning":
        return list(words[:longest])
    first = longest // 2 if kept == "both" else 0
    last = len(words) - (longest - first)
    return list(words[:first]) + list(words[last:])


def hold_out_texts(
    texts: Sequence[LabelledText], share: float, seed: int
) -> tuple[list[LabelledText], list[LabelledText]]:
    """Shuffle texts, since files may be sorted by label, and divide them into texts to learn from and to score on.

    `share` is that of the texts to score on; of each label, at least one text is there to learn from. Raises
    ConfigurationError if either part would be empty.
    """
    count = max(1, round(len(texts) * share))
    if not 0 < share < 1 or count >= len(texts):
        raise ConfigurationError(
            f"held_out = {share:g} of {len(texts)} texts leaves nothing to learn from or to score; "
            f"set it between 0 and 1, or name a dev file"
        )
    shuffled = list(texts)
    random.Random(f"hold out {seed}").shuffle(shuffled)  # noqa: S311 (not for secrets)
    train, held_out = shuffled[:-count], list[LabelledText]()
    known = {text.label for text in train}
    for text in shuffled[-count:]:
        (held_out if text.label in known else train).append(text)
        known.add(text.label)
    if not held_out:
        raise ConfigurationError(
            f"held_out = {share:g} of {len(texts)} texts draws only texts that are alone with their label; "
            f"give more texts of each label, or name a dev file"
        )
    return train, held_out
