r"""White space between tokens, as UDPipe writes it into MISC so that a text can be rebuilt from its tokens.

Behind a token there is one blank where MISC says nothing, no space where it says `SpaceAfter=No`, else what
`SpacesAfter` says; what comes before the first token of a text is `SpacesBefore`. In the value, `\s` is a blank, `\t` a
tab, `\n` and `\r` the ends of lines, `\p` a `|` and `\\` a backslash; all other characters stand for themselves
(UDPipe's manual, "Preserving the spaces": https://ufal.mff.cuni.cz/udpipe/1/users-manual).
"""

from __future__ import annotations

import re

GLUED = "SpaceAfter=No"
AFTER, BEFORE = "SpacesAfter=", "SpacesBefore="
SPACE = re.compile(r"\s*")
ESCAPES = {" ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r", "|": "\\p", "\\": "\\\\"}
CHARACTERS = {escape: character for character, escape in ESCAPES.items()}
ESCAPE = re.compile(r"\\[stnrp\\]")


def spaces_at(text: str, position: int) -> str:
    """Return the white space that begins at a position of a text."""
    found = SPACE.match(text, position)
    return found[0] if found else ""


def mark_after(text: str, end: int) -> str:
    """Return what MISC says of the space behind the token that ends at `end`; the empty string for one blank."""
    space = text[end : end + 1]
    if space == " ":  # mostly, and it is asked for each token
        if not text[end + 1 : end + 2].isspace():
            return ""
    elif not space.isspace():
        return GLUED
    return AFTER + escaped(spaces_at(text, end))


def is_mark(attribute: str) -> bool:
    """Tell whether an attribute of MISC is about the space behind its token."""
    return attribute == GLUED or attribute.startswith(AFTER)


def space_after(misc: str) -> str:
    """Return the space behind a token, as its MISC says it."""
    if "Space" not in misc:
        return " "
    attributes = misc.split("|")
    if GLUED in attributes:
        return ""
    return next((unescaped(a[len(AFTER) :]) for a in attributes if a.startswith(AFTER)), " ")


def space_before(misc: str) -> str:
    """Return the space before a token, as its MISC says it: that at the beginning of a text."""
    if BEFORE not in misc:
        return ""
    return next((unescaped(a[len(BEFORE) :]) for a in misc.split("|") if a.startswith(BEFORE)), "")


def escaped(spaces: str) -> str:
    """Return white space as an attribute of MISC holds it."""
    return "".join([ESCAPES.get(character, character) for character in spaces])


def unescaped(value: str) -> str:
    """Return the white space that an attribute of MISC holds."""
    return ESCAPE.sub(lambda match: CHARACTERS[match[0]], value)
