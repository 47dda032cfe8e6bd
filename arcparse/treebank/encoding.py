"""Characters that no UTF-8 file can hold: bytes that were no UTF-8, and lone surrogates of other texts.

Files are decoded so that a byte which is no UTF-8 becomes a lone surrogate (PEP 383), which says the byte.
"""

from __future__ import annotations

import re

from arcparse.errors import CharacterError

BYTE_ORDER_MARK = "\ufeff"
REPLACEMENT = "\ufffd"
SURROGATES = re.compile("[\ud800-\udfff]")
ESCAPED = range(0xDC80, 0xDD00)  # what bytes are decoded to


def described(character: str, where: str = "") -> str:
    """Return what is wrong with a lone surrogate in a text that was read, and the remedy."""
    if ord(character) in ESCAPED:
        return f"byte 0x{ord(character) - 0xDC00:02x}{where} is not UTF-8; convert the file to UTF-8"
    return f"{character!r}{where} has no UTF-8; replace it"


def first_fault(text: str) -> int | None:
    """Return the place of the first character that has no UTF-8, None where there is none."""
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


class Checked:
    """Looks through a text that comes in pieces, and knows line and byte of each fault."""

    def __init__(self, name: str) -> None:
        """Begin at the first byte of the first line of the file `name`."""
        self._name, self._line, self._bytes = name, 1, 0

    def faults(self, text: str) -> list[tuple[int, CharacterError]]:
        """Go through the next piece; return the first fault of each line, with its place in the piece."""
        found: list[tuple[int, CharacterError]] = []
        if not text.isascii():
            try:
                self._bytes += len(text.encode("utf-8"))
            except UnicodeEncodeError:
                found = self._located(text)
                self._bytes += _size(text)
        else:
            self._bytes += len(text)
        self._line += text.count("\n")
        return found

    def _located(self, text: str) -> list[tuple[int, CharacterError]]:
        found: list[tuple[int, CharacterError]] = []
        line, counted, offset, reached = self._line, 0, self._bytes, 0
        for match in SURROGATES.finditer(text):
            at = match.start()
            lines = text.count("\n", counted, at)
            line, counted = line + lines, at
            if found and not lines:
                continue
            offset, reached = offset + _size(text[reached:at]), at
            message = described(match[0], f" at offset {offset}")
            found.append((at, CharacterError(f"{self._name}:{line}: {message}")))
        return found


def replaced(text: str) -> str:
    """Return a text with U+FFFD for each character that has no UTF-8."""
    return SURROGATES.sub(REPLACEMENT, text)


def _size(text: str) -> int:
    """Return the number of bytes that a text was decoded from; a lone surrogate that is no byte counts three."""
    return len(text.encode("utf-8", "surrogatepass")) - 2 * sum(ord(c) in ESCAPED for c in SURROGATES.findall(text))
