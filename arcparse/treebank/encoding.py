"""Characters that no UTF-8 file can hold: bytes that are not UTF-8, and lone surrogates in other texts.

Files are decoded with `surrogateescape` (PEP 383): a byte that is not UTF-8 becomes the lone surrogate of this byte.
"""

from __future__ import annotations

import re

from arcparse.errors import CharacterError

BYTE_ORDER_MARK = "\ufeff"
REPLACEMENT = "\ufffd"
SURROGATES = re.compile("[\ud800-\udfff]")
ESCAPED = range(0xDC80, 0xDD00)  # the surrogates that stand for bytes


def described(character: str, where: str = "") -> str:
    """Return the description of a lone surrogate in a text that was read, and the remedy."""
    if ord(character) in ESCAPED:
        return f"byte 0x{ord(character) - 0xDC00:02x}{where} is not UTF-8; convert the file to UTF-8"
    return f"{character!r}{where} has no UTF-8; replace it"


def first_fault(text: str) -> int | None:
    """Return the position of the first character that has no UTF-8, or None if all characters have it."""
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


class Checked:
    """Finds the line and byte of each fault in a text that comes in pieces."""

    def __init__(self, name: str) -> None:
        """Begin at the first byte of the first line of the file `name`."""
        self._name, self._line, self._bytes = name, 1, 0

    def faults(self, text: str) -> list[tuple[int, CharacterError]]:
        """Check the next piece; return the first fault of each line, with its position in the piece."""
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
    """Return the number of bytes that a text was decoded from; a lone surrogate that stands for no byte counts as 3."""
    return len(text.encode("utf-8", "surrogatepass")) - 2 * sum(ord(c) in ESCAPED for c in SURROGATES.findall(text))
