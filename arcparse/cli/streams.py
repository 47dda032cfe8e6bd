"""Standard input and output as UTF-8, whatever the locale, with line breaks left alone."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from arcparse.errors import ConfigurationError

STANDARD_INPUT = "-"
AS_INPUT = "--input {} for what it holds"  # the remedy of most commands


def standard_input() -> TextIO:
    """Return standard input; a byte that is no UTF-8 becomes a lone surrogate, which readers refuse where it stands."""
    return _unicode(sys.stdin, "utf-8", "surrogateescape")


def standard_output() -> TextIO:
    """Return standard output."""
    return _unicode(sys.stdout, "utf-8", "strict")


def no_file(remedy: str) -> Callable[[str], str]:
    """Return argparse's `type` of texts: one that is the name of a file raises ConfigurationError.

    The remedy is what reads that file, with `{}` for its name.
    """

    def text(argument: str) -> str:
        try:
            is_file = os.path.isfile(argument)
        except ValueError:  # of texts that no file can be named
            is_file = False
        if is_file:
            told = f"{argument!r} is a file and would be read as text; give {remedy.format(argument)}"
            raise ConfigurationError(told.encode("utf-8", "backslashreplace").decode("utf-8"))
        return argument

    return text


def input_lines(args: argparse.Namespace) -> Iterator[str]:
    """Return the lines of TEXT, or else of --input FILE, or of standard input. Raises TreebankError as `lines` does."""
    from arcparse.seq2seq.pairs import lines

    if args.text is not None:
        return lines(io.StringIO(args.text, newline=""), "TEXT")
    if args.input in (None, STANDARD_INPUT):
        return lines(standard_input(), "<stdin>")
    return lines(args.input, args.input)


def _unicode(stream: TextIO, encoding: str, errors: str) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors=errors, newline="")
    return stream
