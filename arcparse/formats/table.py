r"""Formats with a word on each line and a blank line behind each sentence: they differ only in their columns.

A column is one of CoNLL-U's or an attribute of MISC. Columns are separated by tabs, or by spaces; a space inside a
cell of the latter is written as a no-break space, as UDPipe does. Sentences are read and written column by column, by
one `zip`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TextIO

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.files import chunks_of
from arcparse.formats.format import ANY_NUMBER, INDEX, Format, Loss, OnError, nothing, report
from arcparse.sentence import COLUMNS, EMPTY, ID, MISC, Sentence
from arcparse.sentence.attributes import attribute, escaped
from arcparse.sentence.numbering import numbers
from arcparse.treebank.block import column_fault
from arcparse.treebank.reading import blocks

NO_BREAK = "\u00a0"
BLANKS = re.compile(r"[ \t]+")
DOCSTART = "-DOCSTART-"
MARK = re.compile(rf"{DOCSTART}(?=\s|$)")
NEWDOC = "# newdoc"
NEWDOC_LINE = re.compile(r"#\s*newdoc\b")
CONLLX = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "PHead", "PDeprel")
CONLL2009 = "id form lemma PLemma TAG PPos feats PFeats head PHead deprel PDeprel FillPred Pred"
COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@dataclass(frozen=True)
class Table:
    """The columns of a format, in order: names as in `COLUMNS`, all others attributes of MISC.

    `tail` names further columns, as many as a sentence needs: tail1, tail2... A file must have `required` columns;
    later ones may be missing. With `docstart`, -DOCSTART- lines stand for `# newdoc`.
    """

    columns: tuple[str, ...]
    separator: str = "\t"
    tail: str = ""
    marks: str = ""  # the column with as many `Y` as there are tail columns
    required: int = 0
    docstart: bool = False

    @property
    def holds(self) -> frozenset[str]:
        """The parts of a sentence that the table holds, as in `Format.holds`; any number of tail columns."""
        names = {name if name in COLUMNS else f"misc:{name}" for name in self.columns}
        names |= {"comment:newdoc"} if self.docstart else set()
        return frozenset({"id", *names, *({f"misc:{self.tail}{ANY_NUMBER}"} if self.tail else ())})


def formats(tag: str = "xpos") -> list[Format]:
    """Return the formats with names of their own; `tag` is the column of the tag if there is only one."""
    conll2009 = tuple(CONLL2009.replace("TAG", tag).split())
    chunks = ("form", tag, "Chunk")
    return [
        _format("conllx", "CoNLL-X, 2006 and 2007", ".conllx .conll .conll06 .conll07", Table(CONLLX, required=8)),
        _format(
            "conll2009",
            "CoNLL-2009, predicates and arguments in MISC",
            ".conll09",
            Table(conll2009, tail="APred", marks="FillPred", required=12),
        ),
        _format("conll2003", "word, tag, chunk, entity", ".conll03", _spaced(*chunks, "NER", docstart=True)),
        _format("conll2000", "word, tag, chunk", ".conll00", _spaced(*chunks)),
        _format("nltk", "Stanford and NLTK: word, tag, head", ".dp", Table(("form", tag, "head"), required=3)),
        _format("nltk4", "word, tag, head, label", ".dp4", Table(("form", tag, "head", "deprel"), required=4)),
        _format("tagged", "word, tag", ".pos", Table(("form", tag), required=2)),
        _format("vertical", "one word on each line", ".vert", Table(("form",), "\n", required=1)),
    ]


def format_of_columns(columns: Sequence[str]) -> Format:
    """Return the format `columns`, which has the named columns.

    Raises ConfigurationError for names that cannot be columns.
    """
    known = all(map(COLUMN.fullmatch, columns)) and len(set(columns)) == len(columns)
    if not known or "form" not in columns or "misc" in columns:
        raise ConfigurationError(
            f"columns {','.join(columns)}: each is one of {', '.join(COLUMNS[:-1])} or a name in MISC such as NER, "
            "no two are the same, and form is among them"
        )
    return _format("columns", "columns named by --columns", ".columns", _spaced(*columns, docstart=True))


def _spaced(*columns: str, docstart: bool = False) -> Table:
    return Table(columns, " ", required=len(columns), docstart=docstart)


def _format(name: str, summary: str, suffixes: str, table: Table) -> Format:
    lost = partial(spaced_losses, table) if table.separator == " " else nothing
    read, text = partial(read_table, table), partial(table_text, table)
    return Format(name, summary, tuple(suffixes.split()), table.holds, read, text, lost)


def read_table(table: Table, stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    """Read sentences. Raises TreebankError, or calls `on_error`, for a malformed one."""
    comments: tuple[str, ...] = ()
    for line, block in blocks(chunks_of(stream, name), name, 1):
        bare = block.strip("\n")
        if not bare:
            continue
        line += len(block) - len(block.lstrip("\n"))
        if table.docstart and MARK.match(bare):  # some files have no blank line behind it
            comments = (NEWDOC,)
            line, bare = line + 1, bare.partition("\n")[2]
            if not bare:
                continue
        try:
            yield _sentence(table, bare, comments, name, line)
        except TreebankError as error:
            report(error, on_error)
        comments = ()


def _sentence(table: Table, block: str, comments: tuple[str, ...], name: str, line: int) -> Sentence:
    lines = block.split("\n")
    first = 0
    if "id" in table.columns:
        while first < len(lines) - 1 and lines[first].startswith("#"):
            first += 1
    rows = _rows(table, lines[first:])
    fault = _shape_fault(table, rows) or (("\r" in block and (0, "carriage return inside a line")) or None)
    if not fault:
        columns = _columns(table, [list(cells) for cells in zip(*rows, strict=True)])
        fault = column_fault(columns)
    if fault:
        raise TreebankError(f"{name}:{line + first + fault[0]}: {fault[1]}")
    return Sentence((*comments, *lines[:first]), columns, f"{name}:{line}")


def _rows(table: Table, lines: list[str]) -> list[list[str]]:
    if table.separator == "\t":
        return [line.split("\t") for line in lines]
    if table.separator == "\n":
        return [[line] for line in lines]
    rows = [BLANKS.split(line.strip(" \t")) for line in lines]
    if any(NO_BREAK in line for line in lines):
        return [[cell.replace(NO_BREAK, " ") for cell in row] for row in rows]
    return rows


def _shape_fault(table: Table, rows: list[list[str]]) -> tuple[int, str] | None:
    width = len(rows[0])
    fits = table.required <= width and (width <= len(table.columns) or bool(table.tail))
    for number, row in enumerate(rows):
        if not fits or len(row) != width:
            expected = f"{width} as above" if fits else f"{len(table.columns)}: {' '.join(table.columns)}"
            return number, f"{len(row)} columns in {' '.join(row)[:60]!r}, expected {expected}"
        if table.separator == "\n" and "\t" in row[0]:
            return number, f"tab in {row[0][:60]!r}; a line is a word; name the format of a table with several columns"
        if "" in row:
            return number, f"column {row.index('') + 1} is empty; write '{EMPTY}' for a missing value"
    return None


def _columns(table: Table, found: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    size = len(found[0])
    names = [*table.columns, *(f"{table.tail}{n}" for n in range(1, len(found) - len(table.columns) + 1))]
    columns = [(EMPTY,) * size] * len(COLUMNS)
    columns[ID] = numbers(size)
    attributes = []
    for name, cells in zip(names, found, strict=False):
        if name in INDEX:
            columns[INDEX[name]] = tuple(cells)
        elif cells.count(EMPTY) != size:
            attributes.append([f"{name}={escaped(cell)}" if cell != EMPTY else "" for cell in cells])
    if attributes:
        columns[MISC] = tuple(["|".join(filter(None, cells)) or EMPTY for cells in zip(*attributes, strict=True)])
    return tuple(columns)


def table_text(table: Table, sentence: Sentence) -> str:
    """Return the lines of a sentence and the blank line behind it.

    Raises TreebankError if a cell has a tab or line break inside.
    """
    miscs = sentence.words(MISC)
    columns = [sentence.words(INDEX[n]) if n in INDEX else attribute(miscs, n) for n in table.columns]
    columns += _tail(table, columns, miscs)
    if table.separator == " ":
        columns = [_without_spaces(cells) for cells in columns]
    text = "\n".join([*map(table.separator.join, zip(*columns, strict=True)), "", ""])
    breaks, separators = len(sentence) + 1, len(sentence) * (len(columns) - 1)
    found = separators if table.separator == "\n" else text.count(table.separator)
    if (text.count("\n"), found) != (breaks, separators) or ("\t" in text and table.separator != "\t"):
        raise TreebankError(f"{sentence.place}: a cell has a tab or line break inside; replace it before writing")
    if table.docstart and MARK.match(text):
        raise TreebankError(f"{sentence.place}: the word {DOCSTART} at its start would be read as a mark; leave it out")
    return _docstart(table, sentence) + text


def _tail(table: Table, columns: list[tuple[str, ...]], miscs: Sequence[str]) -> list[tuple[str, ...]]:
    if not table.tail:
        return []
    marked = columns[table.columns.index(table.marks)].count("Y")
    found = re.findall(rf"(?:^|\|){table.tail}([1-9]\d{{0,3}})=", "\n".join(miscs), re.MULTILINE)
    return [attribute(miscs, f"{table.tail}{n}") for n in range(1, max([marked, *map(int, found)]) + 1)]


def _without_spaces(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([cell.replace(" ", NO_BREAK) for cell in cells]) if any(" " in cell for cell in cells) else cells


def _docstart(table: Table, sentence: Sentence) -> str:
    if not table.docstart or not any(map(NEWDOC_LINE.match, sentence.comments)):
        return ""
    fill = ["-X-"] * (len(table.columns) - 2) + ["O"]
    return table.separator.join([DOCSTART, *fill[: len(table.columns) - 1]]) + "\n\n"


def spaced_losses(table: Table, sentence: Sentence) -> Iterable[Loss]:
    """Count the cells with no-break spaces, which are read back as spaces."""
    if table.separator == " ":
        for column in sorted({INDEX.get(name, MISC) for name in table.columns}):
            cells = sentence.words(column)
            if NO_BREAK in "".join(cells):
                yield "no-break spaces", sum(NO_BREAK in cell for cell in cells)
