"""Edits that make a lemma of a form; a dictionary shows the edits of a language.

A network that writes letter by letter may write any letter, so its lemma is compared with the form. Letters that the
network leaves alone are taken from the form, even if it read others in their place. Its changes, all edits together,
must make a script that the dictionary has (edit scripts: Chrupała 2006). So letters vanish or become others only by a
pattern of the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeAlias

Script: TypeAlias = "tuple[tuple[str, str, bool, bool], ...]"  # letters out, letters in, at the start, at the end

LEAST = 2  # entries of a dictionary that make a pattern; one alone may be a mistake
_LATIN = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .*)?")


def scripts(pairs: Iterable[tuple[str, str]]) -> frozenset[Script]:
    """Return the scripts of at least `LEAST` pairs of form and lemma, and the script without edits."""
    low = ((lowered(form), lowered(lemma)) for form, lemma in pairs)
    counts = Counter(script(form, lemma) for form, lemma in low if form != lemma)
    return frozenset({(), *(known for known, count in counts.items() if count >= LEAST)})


def script(form: str, lemma: str) -> Script:
    """Return the edits that make a lemma of a form, both in lower case."""
    return _script(form, lemma, _opcodes(form, lemma))


def _opcodes(form: str, lemma: str) -> Sequence[tuple[str, int, int, int, int]]:
    size = len(lemma)
    if lemma and form.startswith(lemma):  # as most lemmas are: the same result, sooner
        return [("equal", 0, size, 0, size), *([("delete", size, len(form), size, size)] if form != lemma else [])]
    return SequenceMatcher(None, form, lemma, autojunk=False).get_opcodes()


def _script(form: str, lemma: str, opcodes: Sequence[tuple[str, int, int, int, int]]) -> Script:
    changes = (places for edit, *places in opcodes if edit != "equal")
    return tuple((form[i:j], lemma[k:m], i == 0, j == len(form)) for i, j, k, m in changes)


def held(form: str, read: str, written: str, known: frozenset[Script], *, keeps_case: bool) -> str | None:
    """Return a network's lemma for a form, its unchanged letters the form's; None if its edits are no known script.

    `read` is the network's input, a letter for each letter of the form. Unless `keeps_case`, capitals become small if
    the network wrote small letters, but small letters become capitals only if the form has no capital.
    """
    opcodes = _opcodes(lowered(read), lowered(written))
    if _script(lowered(form), lowered(written), opcodes) not in known:
        return None
    lemma, may_rise = "", form.islower()
    for edit, i, j, k, m in opcodes:
        if edit != "equal":
            lemma += written[k:m]
        elif keeps_case:
            lemma += form[i:j]
        else:
            lemma += "".join(_cased(own, new, may_rise) for own, new in zip(form[i:j], written[k:m], strict=True))
    return lemma


def _cased(own: str, written: str, may_rise: bool) -> str:
    if written.islower():
        return lowered(own)
    return own.upper() if may_rise and len(own.upper()) == 1 else own


def is_mixed(form: str) -> bool:
    """Return whether a form mixes capitals and small letters like iPhone or eBay, unlike Paris or PARIS."""
    return form not in (form.lower(), form.upper(), form.capitalize())


def lowered(text: str) -> str:
    """Return the text in lower case, of the same length."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=10_000)
def plain(letter: str) -> str:
    """Return the letter without its marks, as `e` for `é` and `l` for `ł`; any other character as it is."""
    found = _LATIN.fullmatch(unicodedata.name(letter, ""))
    if not found:
        return letter
    return found[2] if found[1] == "CAPITAL" else found[2].lower()
