"""Run all tests in their order over the files of one treebank, in memory that does not grow with the files' size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from arcparse.files import Location, chunks_of, name_of
from arcparse.validation import cells, graph, lines
from arcparse.validation.block import Block, Fault, Problem
from arcparse.validation.metadata import Treebank, metadata_faults


def validate(sources: Iterable[Location], *, level: int = 2) -> Iterator[Problem]:
    """Yield every problem in the files of one treebank: of the format (`level` 1), or also of UD's annotation (2).

    `sources` are paths (.gz, .xz and .bz2 are unpacked) or text streams; a sentence's id must be unique in all of them.
    Raises TreebankError if a file cannot be read.
    """
    treebank = Treebank()
    for source in sources:
        name = name_of(source)
        returns: list[int] = []
        for block in _blocks(chunks_of(source, name), returns):
            for number, test, message in sorted(_faults(block, level, treebank, f"{name}:{block.line}"), key=_line):
                yield Problem(f"{name}:{block.line + number}", block.sent_id, test, message)
        if returns:
            remedy = "end lines with '\\n' alone"
            yield Problem(f"{name}:{returns[0]}", "", "non-unix-newline", f"a line ends in a carriage return; {remedy}")


def _faults(block: Block, level: int, treebank: Treebank, place: str) -> Iterator[Fault]:
    found = list(lines.line_faults(block))
    yield from found
    if not block.rows or any(name in lines.FATAL for _, name, _ in found):
        return
    yield from lines.row_faults(block)
    numbering = lines.number_fault(block)
    if numbering:
        yield numbering
    elif level > 1:
        yield from graph.head_faults(block)
        yield from graph.enhanced_faults(block)
        yield from cells.cell_faults(block)
        yield from metadata_faults(block, treebank, place)


def _blocks(chunks: Iterable[str], returns: list[int]) -> Iterator[Block]:
    """Divide text after blank lines; the first line number with a carriage return is added to `returns`."""
    held: list[str] = []
    number = 0
    for number, raw in enumerate(_lines(chunks), 1):
        line = raw.replace("\r", "")
        if line != raw and not returns:
            returns.append(number)
        held.append(line)
        if not line or line.isspace():
            yield Block(tuple(held), number - len(held) + 1)
            held = []
    if held:
        yield Block(tuple(held), number - len(held) + 1)


def _line(fault: Fault) -> int:
    return fault[0]


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n")
        yield from whole
    if rest:
        yield rest
