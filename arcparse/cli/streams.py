"""Standard input and output as UTF-8, whatever the locale, with line breaks left alone."""

from __future__ import annotations

import io
import sys
from typing import TextIO

STANDARD_INPUT = "-"


def standard_input(encoding: str = "utf-8", errors: str = "surrogateescape") -> TextIO:
    """Return standard input; a byte that is no UTF-8 becomes a lone surrogate, which readers refuse where it stands."""
    return _unicode(sys.stdin, encoding, errors)


def standard_output() -> TextIO:
    """Return standard output."""
    return _unicode(sys.stdout, "utf-8", "strict")


def _unicode(stream: TextIO, encoding: str, errors: str) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors=errors, newline="")
    return stream
