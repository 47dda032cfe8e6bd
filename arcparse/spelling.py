"""The spellings under which a word form is looked up among vectors: schemes, and the order in which they are tried.

Published vectors were trained on normalised text, and a form is found only after the same normalisation:

    google-news   the Google News vectors (Mikolov et al. 2013): every digit of a number of two or more digits is `#`,
                  hyphens and spaces are `_` (`New_York`, `####_##`)
    digits-zero   every digit is `0`, as `arcparse vectors prepare` writes its corpus
    none          forms are not changed

`candidates` lists, in this order: the form (`PARIS`); all but its first character in lower case (`Paris`); all in lower
case (`paris`); then the same three after the scheme's normalisation. The first that has a vector is used, so a form
loses a distinction only if the vectors do not have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from types import MappingProxyType

from arcparse.errors import VectorsError

_DIGIT = re.compile(r"\d")
_LONG_NUMBER = re.compile(r"\d{2,}")
_JOINT = re.compile(r"[-\s]")


def zero_digits(text: str) -> str:
    """Replace every digit, of any script, by `0`."""
    return text if text.isalpha() else _DIGIT.sub("0", text)


def google_news(form: str) -> str:
    """Write a form as the Google News vectors do: `New York` as `New_York`, `2004-05` as `####_##`, `7` as `7`."""
    return _JOINT.sub("_", _LONG_NUMBER.sub(lambda number: "#" * len(number[0]), form))


def _unchanged(form: str) -> str:
    return form


SCHEMES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"none": _unchanged, "digits-zero": zero_digits, "google-news": google_news}
)


def normaliser(scheme: str) -> Callable[[str], str]:
    """Return the function of a scheme, which normalises a form. Raises VectorsError for an unknown name."""
    if scheme not in SCHEMES:
        raise VectorsError(f"unknown normalisation {scheme!r}; choose one of {', '.join(SCHEMES)}")
    return SCHEMES[scheme]


def candidates(form: str, scheme: str) -> tuple[str, ...]:
    """Return the distinct strings under which to look for a form, best first; the form itself is the first.

    Raises VectorsError for an unknown scheme.
    """
    return tuple(dict.fromkeys(_spellings(form, normaliser(scheme))))


def _spellings(form: str, normalise: Callable[[str], str]) -> Iterator[str]:
    """Yield the candidates one by one, since mostly the first ones are enough; some may come twice."""
    yield form
    lower = form.lower()
    cased = (form,) if lower == form else (form, form[:1] + form[1:].lower(), lower)
    yield from cased[1:]
    yield from map(normalise, cased)


def find(form: str, scheme: str, known: Container[str]) -> str | None:
    """Return the first known candidate of a form, or None. Raises VectorsError as `candidates` does."""
    normalise = normaliser(scheme)
    return next(filter(known.__contains__, _spellings(form, normalise)), None)
