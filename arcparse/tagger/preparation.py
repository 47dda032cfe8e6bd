"""Words as the Google News vectors know them (Mikolov et al. 2013b), and tags back to the words as given.

The tagger then reads units instead of words. Neighbours of the same tag become a phrase if the vectors know it
(`New_York`). Digits become `#` and hyphens `_` if the vectors know the word so. A hyphenated word that they do not know
is divided, and each part is a unit. All words of a phrase get its tag; a divided word gets the tag of its last part,
its head. Before there are tags, the words of a phrase are tagged on their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import COLUMN, with_tags
from arcparse.sentence import Sentence
from arcparse.spelling import find

Preparation = Literal["none", "google-news"]
Knows = Callable[[str], bool]  # tells whether the vectors know a form or a variant of it

LONGEST_PHRASE = 4  # words: `New_York_Stock_Exchange`
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Prepared:
    """A sentence's units, with the tags of their words, and for each word the unit that its tag comes from."""

    units: Sentence
    unit: tuple[int, ...]


def known_to(pretrained: Pretrained) -> Knows:
    """Return the function that tells whether vectors have a form or a variant of it."""
    return lambda form: find(form, pretrained.scheme, pretrained.words) is not None


def prepare(sentence: Sentence, knows: Knows, *, phrases: bool) -> Prepared:
    """Divide the words of a sentence into units and, with `phrases`, join neighbours that have the same tags."""
    forms: list[str] = []
    words: list[int] = []  # the word that each unit takes its tags from
    unit: list[int] = []
    tags = list(zip(*(sentence.words(column) for column in COLUMN.values()), strict=True))
    first = 0
    while first < len(sentence):
        size = _phrase(sentence.forms[first:], tags[first:], knows) if phrases else 1
        phrase = "_".join(sentence.forms[first : first + size])
        parts = [phrase] if size > 1 else units_of(phrase, knows)
        forms += parts
        words += [first] * len(parts)
        unit += [len(forms) - 1] * size
        first += size
    columns = {name: [sentence.words(column)[word] for word in words] for name, column in COLUMN.items()}
    return Prepared(with_tags(Sentence.from_forms(forms), columns), tuple(unit))


def _phrase(forms: Sequence[str], tags: Sequence[tuple[str, ...]], knows: Knows) -> int:
    """Return the length of the longest known phrase of one tag that begins here; 1 if there is none."""
    same = 1
    while same < min(len(forms), LONGEST_PHRASE) and tags[same] == tags[0]:
        same += 1
    return next((size for size in range(same, 1, -1) if knows("_".join(forms[:size]))), 1)


def units_of(form: str, knows: Knows) -> list[str]:
    """Return the units of a word: the word as it is, normalised or in parts, the first that the vectors know."""
    normal = _DIGIT.sub("#", form.replace("-", "_"))
    for known in (form, normal):
        if knows(known):
            return [known]
    parts = [part for part in form.split("-") if part]
    return [unit for part in parts for unit in units_of(part, knows)] if len(parts) > 1 else [form]


def tags_of_words(sentence: Sentence, prepared: Prepared, tagged: Sentence, columns: Sequence[str]) -> Sentence:
    """Return the sentence with the tags that its units have in `tagged`, in the columns named."""
    tags = {name: tagged.words(COLUMN[name]) for name in columns}
    return with_tags(sentence, {name: [own[unit] for unit in prepared.unit] for name, own in tags.items()})
