r"""CoNLL-U Plus: a table whose first line names its columns, `# global.columns = ID FORM UPOS HEAD DEPREL PARSEME:MWE`.

The columns of CoNLL-U are put in their places, and a missing column is filled with `_`. Every other column becomes an
attribute of MISC under its name, `PARSEME:MWE=1:LVC.full`, with `\p` for a `|` and `\\` for a backslash. Only the line
with the names is lost (https://universaldependencies.org/ext-format.html).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from arcparse.errors import TreebankError
from arcparse.sentence import COLUMNS, EMPTY, ID, MISC

HEADER = "# global.columns"
NAMES = re.compile(r"# global\.columns\s*=\s*(\S.*)")
INDEX = {name.upper(): column for column, name in enumerate(COLUMNS)}


def header_columns(line: str, place: str) -> tuple[str, ...]:
    """Return the column names in a header line. Raises TreebankError if it names no column, or one column twice."""
    found = NAMES.fullmatch(line)
    names = tuple(found[1].split()) if found else ()
    if not names or len(set(names)) < len(names):
        what = "names a column twice" if names else "names no column"
        raise TreebankError(f"{place}: {line[:60]!r} {what}; write such as '{HEADER} = ID FORM UPOS PARSEME:MWE'")
    return names


def is_conllu(names: Sequence[str]) -> bool:
    """Return whether the columns are the ten of CoNLL-U in their order."""
    return tuple(name.lower() for name in names) == COLUMNS


def as_conllu(block: str, names: Sequence[str], place: str, line: int) -> str:
    """Return a block with columns of these names as a block with the ten columns of CoNLL-U.

    `place` is the file and `line` the number of the block's first line. Raises TreebankError if a row has another
    number of columns.
    """
    lines = block.split("\n")
    first = next((number for number, text in enumerate(lines) if not text.startswith("#")), len(lines))
    rows = [text.split("\t") for text in lines[first:]]
    for number, row in enumerate(rows, line + first):
        if len(row) != len(names):
            told = f"{len(row)} columns, expected the {len(names)} that '{HEADER}' names: {' '.join(names)}"
            raise TreebankError(f"{place}:{number}: {told}")
    made = ["\t".join(_row(row, names, number)) for number, row in enumerate(rows, 1)]
    return "\n".join([*lines[:first], *made])


def _row(cells: Sequence[str], names: Sequence[str], number: int) -> list[str]:
    row = [EMPTY] * len(COLUMNS)
    row[ID] = str(number)
    others = []
    for name, cell in zip(names, cells, strict=True):
        if name in INDEX:
            row[INDEX[name]] = cell
        elif cell != EMPTY:
            others.append(f"{name}={_escaped(cell)}")
    if others:
        row[MISC] = "|".join([*([] if row[MISC] == EMPTY else [row[MISC]]), *others])
    return row


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("|", "\\p") if "\\" in value or "|" in value else value
