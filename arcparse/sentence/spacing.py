r"""White space between tokens, as UDPipe writes it into MISC so that a text can be rebuilt from its tokens.

After a token there is no space if MISC has `SpaceAfter=No`, the value of `SpacesAfter` if MISC has it, and else one
blank. `SpacesBefore` is the white space before the first token of a text. In the values, `\s` is a blank, `\t` a tab,
`\n` and `\r` are line ends, `\p` is a `|` and `\\` a backslash; all other characters stand for themselves (UDPipe's
manual, "Preserving the spaces": https://ufal.mff.cuni.cz/udpipe/1/users-manual).
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
    """Return the MISC attribute for the space after the token that ends at `end`; the empty string for one blank."""
    space = text[end : end + 1]
    if space == " ":  # first, because this is the most frequent case
        if not text[end + 1 : end + 2].isspace():
            return ""
    elif not space.isspace():
        return GLUED
    return AFTER + escaped(spaces_at(text, end))


def is_mark(attribute: str) -> bool:
    """Return whether an attribute of MISC describes the space after its token."""
    return attribute == GLUED or attribute.startswith(AFTER)


def space_after(misc: str) -> str:
    """Return the white space after a token, read from its MISC."""
    if "Space" not in misc:
        return " "
    attributes = misc.split("|")
    if GLUED in attributes:
        return ""
    return next((unescaped(a[len(AFTER) :]) for a in attributes if a.startswith(AFTER)), " ")


def space_before(misc: str) -> str:
    """Return the white space before a token, read from its MISC; only the first token of a text has it."""
    if BEFORE not in misc:
        return ""
    return next((unescaped(a[len(BEFORE) :]) for a in misc.split("|") if a.startswith(BEFORE)), "")


def escaped(spaces: str) -> str:
    """Return white space in the form that an attribute of MISC holds."""
    return "".join([ESCAPES.get(character, character) for character in spaces])


def unescaped(value: str) -> str:
    """Return the white space that an attribute of MISC holds."""
    return ESCAPE.sub(lambda match: CHARACTERS[match[0]], value)
