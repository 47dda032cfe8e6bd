"""A drawing as PNG, by cairosvg, which does not order or join letters, and does not look for a font that has them.

Therefore letters of scripts from right to left are put in their visual order (the part of Unicode Standard Annex 9 that
one word needs), and Arabic letters become presentation forms, which join (Unicode 17, section 9.2). The first font is
one that has all letters of the drawing, if there is any.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape
from importlib import import_module
from unicodedata import bidirectional, category, decomposition

from arcparse.drawing.elements import SANS
from arcparse.errors import ConfigurationError

TEXT = re.compile(r"(<text\b[^<>]*>)([^<>]+)(?=</text>)")
RIGHT_TO_LEFT = ' direction="rtl"'
RUN = re.compile(r"w(?:s?w)*|.")  # parts that keep their order: words and numbers of scripts from left to right
RUN_CLASSES = {"L": "w", "EN": "w", "AN": "w", "CS": "s", "ES": "s"}
MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
LAM = "\u0644"
TATWEEL = "\u0640"  # joins on both sides and looks the same
KINDS = {(False, False): "<isolated>", (False, True): "<initial>", (True, False): "<final>", (True, True): "<medial>"}
PLAIN = 0x250  # letters below it are in every font
SECONDS = 5  # limit of the search for a font


def png(drawing: str, *, scale: float = 2.0) -> bytes:
    """Turn an SVG drawing into a PNG picture, `scale` times as large in pixels.

    Raises ConfigurationError if cairosvg, or the cairo library below it, is not installed.
    """
    try:
        cairosvg = import_module("cairosvg")
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"PNG pictures need cairosvg ({error}); `pip install cairosvg`, or take the format svg or html"
        ) from None
    visual = TEXT.sub(lambda match: match[1] + escape(_visual(unescape(match[2]), RIGHT_TO_LEFT in match[1])), drawing)
    letters = {letter for match in TEXT.finditer(visual) for letter in unescape(match[2])}
    family = _family(frozenset(letter for letter in letters if ord(letter) >= PLAIN))
    picture: bytes = cairosvg.svg2png(bytestring=visual.replace(SANS, f"{family}{SANS}").encode("utf-8"), scale=scale)
    return picture


def _visual(text: str, right_to_left: bool) -> str:
    """Return letters, each with its marks, in their visual order and form."""
    if not right_to_left and not any(bidirectional(character) in ("R", "AL") for character in text):
        return text
    units: list[str] = []
    for character in text:
        if units and category(character) in ("Mn", "Me", "Cf"):
            units[-1] += character
        elif units and units[-1][0] == LAM and LAM + character in _forms():
            units[-1] = _forms()[LAM + character]["<isolated>"] + units[-1][1:]
        else:
            units.append(character)
    shaped = [_shaped(units, i) for i in range(len(units))]
    classes = "".join([RUN_CLASSES.get(bidirectional(unit[0]), "r") for unit in units])
    runs = ["".join(shaped[run.start() : run.end()]) for run in RUN.finditer(classes)]
    return "".join([run.translate(MIRRORED) if len(run) == 1 else run for run in reversed(runs)])


def _shaped(units: Sequence[str], i: int) -> str:
    """Return a letter in the form for its neighbours."""
    before = i > 0 and _joins(units[i - 1][0], "<initial>") and _joins(units[i][0], "<final>")
    after = i + 1 < len(units) and _joins(units[i][0], "<initial>") and _joins(units[i + 1][0], "<final>")
    return _forms().get(units[i][0], {}).get(KINDS[before, after], units[i][0]) + units[i][1:]


def _joins(letter: str, form: str) -> bool:
    """Return whether a letter has such a form: `<initial>` joins it to the next letter, `<final>` to the one before."""
    return letter == TATWEEL or form in _forms().get(letter, ())


@lru_cache(maxsize=1)
def _forms() -> dict[str, dict[str, str]]:
    """Return the presentation forms of Arabic letters by kind; for lam with alef, also by the isolated form."""
    forms: dict[str, dict[str, str]] = defaultdict(dict)
    for code in (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFBE9), *range(0xFBFC, 0xFC00), *range(0xFE80, 0xFEFD)):
        kind, *letters = decomposition(chr(code)).split() or [""]
        forms["".join(chr(int(letter, 16)) for letter in letters)][kind] = chr(code)
    for kinds in [kinds for letters, kinds in forms.items() if len(letters) == 2]:
        forms[kinds["<isolated>"]] = kinds
    return dict(forms)


@lru_cache(maxsize=256)
def _family(letters: frozenset[str]) -> str:
    """Return the font that fontconfig finds for letters, with a comma behind it, or "" if there is none."""
    search = shutil.which("fc-match")
    if not letters or search is None:
        return ""
    wanted = f"{SANS.partition(',')[0]}:charset={' '.join(f'{ord(letter):x}' for letter in sorted(letters))}"
    try:
        found = subprocess.run([search, "-f", "%{family[0]}", wanted], capture_output=True, timeout=SECONDS, check=True)  # noqa: S603 (fontconfig's own, of letters' numbers)
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{escape(found.stdout.decode('utf-8', 'replace'))}, "
