"""Standard input and output as UTF-8, whatever the locale, with line breaks left alone."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from typing import TextIO

STANDARD_INPUT = "-"


def standard_input(encoding: str = "utf-8", errors: str = "surrogateescape") -> TextIO:
    """Return standard input; a byte that is no UTF-8 becomes a lone surrogate, which readers refuse where it stands."""
    return _unicode(sys.stdin, encoding, errors)


def standard_output() -> TextIO:
    """Return standard output."""
    return _unicode(sys.stdout, "utf-8", "strict")


def input_lines(args: argparse.Namespace) -> Iterator[str]:
    """Return the lines of TEXT, or else of --input FILE, or of standard input. Raises TreebankError as `lines` does."""
    from arcparse.seq2seq.pairs import lines

    if args.text is not None:
        return lines(io.StringIO(args.text, newline=""), "TEXT")
    if args.input in (None, STANDARD_INPUT):
        return lines(standard_input("utf-8-sig"), "<stdin>")
    return lines(args.input, args.input)


def _unicode(stream: TextIO, encoding: str, errors: str) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors=errors, newline="")
    return stream
