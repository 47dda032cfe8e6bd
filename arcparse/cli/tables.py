"""Text tables: rows of cells in columns, as wide as a terminal shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from arcparse.drawing.widths import cells

Rows = Sequence[Sequence[str]]  # of equal length; the first one may hold headings


def in_columns(rows: Rows, right: Collection[int] = ()) -> list[str]:
    """Return a line for each row, the columns `right` set to the right, without spaces at its end."""
    return _lines(rows, right, "  ")


def ruled(rows: Rows, left: Collection[int] = (0,)) -> str:
    """Return a table with a rule below its first row; the columns outside `left` are set to the right."""
    headings, *lines = _lines(rows, [column for column in range(len(rows[0])) if column not in left], " | ")
    return "\n".join([headings, "-+-".join("-" * width for width in _widths(rows)), *lines])


def _lines(rows: Rows, right: Collection[int], between: str) -> list[str]:
    widths = _widths(rows)
    return [between.join(_padded(row, widths, right)).rstrip() for row in rows]


def _widths(rows: Rows) -> list[int]:
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def _padded(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    pads = [" " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
    return [pad + cell if i in right else cell + pad for i, (cell, pad) in enumerate(zip(row, pads, strict=True))]
