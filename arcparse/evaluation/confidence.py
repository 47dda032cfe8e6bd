"""The confidence of a parser in each word's arc, as two attributes of MISC with values from 0 to 1.

`HeadConfidence=0.9713|LabelConfidence=0.9554`: the first is for the head, the second for head and label together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from arcparse.errors import TreebankError
from arcparse.sentence import EMPTY, MISC, Sentence

HEAD, LABEL = "HeadConfidence", "LabelConfidence"
DIGITS = 4


def with_confidence(sentence: Sentence, head: Iterable[float], label: Iterable[float]) -> Sentence:
    """Return the sentence with the two confidences of each word in MISC; other attributes of MISC stay."""
    rows = zip(sentence.words(MISC), head, label, strict=True)
    return sentence.replace(miscs=[_merged(misc, {HEAD: own, LABEL: both}) for misc, own, both in rows])


def _merged(misc: str, new: dict[str, float]) -> str:
    kept = [part for part in misc.split("|") if part != EMPTY and part.partition("=")[0] not in new]
    return "|".join([*kept, *(f"{name}={value:.{DIGITS}f}" for name, value in new.items())])


def read_confidence(sentences: Iterable[Sentence], name: str) -> list[float]:
    """Return the confidence `name`, HEAD or LABEL, of all words.

    Raises TreebankError if a word has no such confidence, or if its value is not a number from 0 to 1.
    """
    return [
        _value(sentence, word, misc, name)
        for sentence in sentences
        for word, misc in enumerate(_split(sentence.words(MISC)), 1)
    ]


def _split(miscs: Sequence[str]) -> Iterable[dict[str, str]]:
    return (dict(part.partition("=")[::2] for part in misc.split("|")) for misc in miscs)


def _value(sentence: Sentence, word: int, misc: dict[str, str], name: str) -> float:
    try:
        value = float(misc[name])
    except (KeyError, ValueError):
        value = -1.0
    if not 0 <= value <= 1:
        found = f"is '{misc[name]}'" if name in misc else "is missing"
        raise TreebankError(
            f"{sentence.place}: {name} of word {word} {found}; MISC must have it as a number from 0 to 1, "
            "as `arcparse parse --scores` writes it"
        )
    return value
