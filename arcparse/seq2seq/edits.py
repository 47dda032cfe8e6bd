"""What makes a lemma of a form: edits, of which a dictionary shows those that the language has.

A network that writes letter by letter may write any letter; its lemma is therefore held to the form. Letters that it
leaves alone are the form's own, whatever the network read for them, and those that it changes must make a script, all
edits together, that the dictionary has (edit scripts: Chrupała 2006). So no letter vanishes, or becomes another one,
but by a pattern of the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeAlias

Script: TypeAlias = "tuple[tuple[str, str, bool, bool], ...]"  # taken out, put in, at the start, at the end

LEAST = 2  # entries of a dictionary that make a pattern; one may be a slip of the pen
_LATIN = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .*)?")


def scripts(pairs: Iterable[tuple[str, str]]) -> frozenset[Script]:
    """Return the scripts that `LEAST` pairs of form and lemma have, and the one of no edits."""
    low = ((lowered(form), lowered(lemma)) for form, lemma in pairs)
    counts = Counter(script(form, lemma) for form, lemma in low if form != lemma)
    return frozenset({(), *(known for known, count in counts.items() if count >= LEAST)})


def script(form: str, lemma: str) -> Script:
    """Return the edits that make a lemma of a form, both in lower case."""
    return _script(form, lemma, _opcodes(form, lemma))


def _opcodes(form: str, lemma: str) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, form, lemma, autojunk=False).get_opcodes()


def _script(form: str, lemma: str, opcodes: Sequence[tuple[str, int, int, int, int]]) -> Script:
    changes = (places for edit, *places in opcodes if edit != "equal")
    return tuple((form[i:j], lemma[k:m], i == 0, j == len(form)) for i, j, k, m in changes)


def held(form: str, read: str, written: str, known: frozenset[Script], *, keeps_case: bool) -> str | None:
    """Return the lemma that a network wrote for a form, held to it; None where its edits are no known script.

    `read` is what the network read, a letter for each of the form's. Capitals become small as the network writes, if
    not `keeps_case`; small letters become capitals only where the form has no capital.
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
    """Return whether a form has capitals as names of things have them: iPhone, eBay, but neither Paris nor PARIS."""
    return form not in (form.lower(), form.upper(), form.capitalize())


def lowered(text: str) -> str:
    """Return the text in lower case, a letter for a letter."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@lru_cache(maxsize=10_000)
def plain(letter: str) -> str:
    """Return the letter without its marks, as `e` for `é` and `l` for `ł`; any other character as it is."""
    found = _LATIN.fullmatch(unicodedata.name(letter, ""))
    if not found:
        return letter
    return found[2] if found[1] == "CAPITAL" else found[2].lower()
