"""Standard streams and arguments as UTF-8, whatever the locale, with line breaks left alone."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TextIO

from arcparse.errors import ArcparseError
from arcparse.files import readable

STANDARD_INPUT = "-"
READABLE = "arcparse-readable"  # the error handler for printing names of files that are not UTF-8
AS_INPUT = "--input {} for its content"  # the remedy of most commands


def settle() -> None:
    """Make the standard streams UTF-8; failures of output are reported in one line, those of messages ignored.

    Streams that a program has put in their place, as tests do, stay there.
    """
    codecs.register_error(READABLE, _readable)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _reopen(number)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(_named(io.FileIO(0, closefd=False), "stdin")))
    if sys.stdout is sys.__stdout__:
        whole = sys.stdout is not None and not (sys.stdout.line_buffering or sys.stdout.write_through)
        sys.stdout = _writer(_named(_Output(1, "w", closefd=False), "stdout"), line_buffering=not whole)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _writer(_named(_Messages(2, "w", closefd=False), "stderr"), line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        _unicode(stream, "utf-8", READABLE)


def _reopen(number: int) -> None:
    """Open the descriptor of a closed stream in the wrong direction: its use fails, and no file gets its number."""
    opened = os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)


def _named(raw: io.FileIO, name: str) -> io.FileIO:
    """Give a descriptor the name of its stream in messages."""
    raw.name = f"<{name}>"
    return raw


def _writer(raw: io.FileIO, line_buffering: bool) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), line_buffering=line_buffering)


class _Output(io.FileIO):
    """Standard output; if it cannot be written, it says so once and drops the rest."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            _discard(self.fileno())
            reason = f"{error.strerror}; look where the output goes"
            raise ArcparseError(f"<stdout>: cannot be written: {reason}") from None


class _Messages(io.FileIO):
    """Standard error: a message that cannot be written is lost, and the work goes on."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _readable(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return readable(error.object[error.start : error.end]).encode("utf-8"), error.end


def standard_input() -> TextIO:
    """Return standard input; a byte that is no UTF-8 becomes a lone surrogate, which readers refuse with its place."""
    return _unicode(sys.stdin, "utf-8", "surrogateescape")


def standard_output() -> TextIO:
    """Return standard output."""
    return sys.stdout


def discard_output() -> None:
    """Point standard output at nothing, so that Python's own flush at exit meets no broken pipe."""
    with suppress(io.UnsupportedOperation):  # a stream of a program that calls the command line
        _discard(sys.stdout.fileno())


def _discard(descriptor: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


class ArgumentError(ArcparseError):
    """An argument that cannot be used; not a ValueError, in whose place argparse would print a message of its own."""


def text_argument(text: str) -> str:
    """Return an argument that is text and no path, for argparse. Raises ArgumentError if it is not UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        raise ArgumentError(f"the argument '{readable(text[:60])}' is not UTF-8; give text in UTF-8") from None


def no_file(remedy: str) -> Callable[[str], str]:
    """Return argparse's `type` of texts: the name of a file, also of one that is not there, raises ArgumentError.

    So does the path of a folder; the name of a folder alone, such as `data`, may be a text. The remedy is the option or
    command that reads the file, with `{}` for its name.
    """

    def text(argument: str) -> str:
        try:
            is_file = os.path.isfile(argument)
            is_folder = os.path.basename(argument) != argument and os.path.isdir(argument)
        except ValueError:  # no file can have this name
            is_file = is_folder = False
        name = readable(argument)
        if is_file:
            raise ArgumentError(f"'{name}' is a file and would be read as text; give {remedy.format(name)}")
        if is_folder:
            file = os.path.join(name, "FILE")
            raise ArgumentError(f"'{name}' is a folder and would be read as text; give {remedy.format(file)}")
        if _names_treebank(argument):
            raise ArgumentError(
                f"'{name}' would be read as text, but ends as the name of a file, and there is no such "
                f"file; check the name, and give {remedy.format('FILE')}"
            )
        return text_argument(argument)

    return text


def text_or_input(argument: str) -> str | None:
    """Return the TEXT of a command, None for `-`, which stands for standard input; raises as `no_file` does."""
    return None if argument == STANDARD_INPUT else no_file(AS_INPUT)(argument)


def _names_treebank(text: str) -> bool:
    """Return whether a text is one word that ends as the files of a format do."""
    if "." not in text or len(text.split()) != 1:
        return False
    from arcparse import formats

    return formats.format_named_by(text, formats.formats().values()) is not None


def located(place: str | None) -> tuple[str | TextIO, str]:
    """Return a file, or standard input for `-` and for None, and its name in messages."""
    return (standard_input(), "<stdin>") if place in (None, STANDARD_INPUT) else (str(place), str(place))


def input_lines(args: argparse.Namespace) -> Iterator[str]:
    """Return the lines of TEXT, of the file --input, or of standard input. Raises TreebankError as `lines` does."""
    from arcparse.seq2seq.pairs import lines

    return lines(*(located(args.input) if args.text is None else (io.StringIO(args.text, newline=""), "TEXT")))


def _unicode(stream: TextIO, encoding: str, errors: str) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding=encoding, errors=errors, newline="")
    return stream
