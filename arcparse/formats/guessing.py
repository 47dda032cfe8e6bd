"""The format of a file from its beginning: the clearest signs are tested first, and plain text is the rest.

CoNLL-X without PHEAD is taken for CoNLL-U, which reads it in the same way. Faults in later lines do not change the
guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from arcparse.sentence import COLUMNS
from arcparse.treebank.plus import HEADER
from arcparse.treebank.reading import with_line_feeds

Cells = Sequence[str]

BLANKS = re.compile(r"[ \t]+")
BEHIND_COMMENTS = r"(?:#[^\n]*\n|\s)*"
DOT = re.compile(BEHIND_COMMENTS + r"digraph\b")
JSON_LINES = re.compile(rf'\s*\{{\s*"(?:(?:comments|sentences|{"|".join(COLUMNS)})"\s*:\s*\[|text"\s*:\s*")')
DISPLACY = re.compile(r'\s*(?:\[\s*)?\{\s*"(?:words|arcs)"\s*:\s*\[')
PENN = re.compile(r"\s*\(\s*(?:[^\s(),\[\]]*\s*\(|[^\s()\[\]]+\s+[^\s()]+\))")
BRACKETED = re.compile(r"\s*\((?:\\.|[^\\()\[\],\n])+(?:\)[ \r]*(?:\n|$)|, )")
CONLLU_ID = re.compile(r"1|0\.1|1-[0-9]+")
NUMBER = re.compile(r"[0-9]+|_")
CHUNK = re.compile(r"[BIES]-\S+|O|_")
DOCSTART = "-DOCSTART-"
STANDS_OFF = re.compile(r"\S [.!?,;]( |$)")  # punctuation behind a space: words have been divided


def guess(sample: str) -> str:
    """Return the name of the format that a file with this beginning has."""
    if sample.startswith(HEADER):
        return "conllu"
    for name, pattern in (("jsonl", JSON_LINES), ("displacy", DISPLACY), ("dot", DOT)):
        if pattern.match(sample):
            return name
    if BRACKETED.match(sample):
        return "bracketed"
    if PENN.match(sample):
        return "penn"
    lines = "".join(with_line_feeds([sample])).split("\n")
    lines = [line for line in (lines[:-1] or lines) if line.strip(" \t")]  # the last may be cut
    return _table(lines) or _running_text(lines)


def _table(lines: list[str]) -> str:
    """Return the name of the table format of lines, empty if they are no table; CoNLL-U for no line."""
    numbered = [line.split("\t") for line in lines if not line.startswith("#")]
    if not lines or (numbered and len(numbered[0]) >= 8 and CONLLU_ID.fullmatch(numbered[0][0])):
        return _numbered(numbered)
    rows = [BLANKS.split(line.strip(" \t")) for line in lines if not line.startswith(DOCSTART)]
    found = ""
    if len({len(row) for row in rows}) == 1:
        found = _unnumbered(list(zip(*rows, strict=True)), has_tabs="\t" in lines[-1])
    return found or _chunks(rows)


def _chunks(rows: list[list[str]]) -> str:
    """Return the table of chunks that half of the rows belong to; the reader tells the faults of the others."""
    for width, name in ((4, "conll2003"), (3, "conll2000")):
        tags = ["".join(row[2:]) for row in rows if len(row) == width and CHUNK.fullmatch(row[-1])]
        if 2 * len(tags) >= len(rows) and any("-" in tag for tag in tags):
            return name
    return ""


def _numbered(rows: list[list[str]]) -> str:
    width = len(rows[0]) if rows else len(COLUMNS)
    if width > len(COLUMNS) + 1:
        return "conll2009"
    heads = [row[8] for row in rows if len(row) == len(COLUMNS)]
    return "conllx" if width < len(COLUMNS) or (_all(NUMBER, heads) and set(heads) - {"_"}) else "conllu"


def _unnumbered(columns: list[Cells], *, has_tabs: bool) -> str:
    width = len(columns)
    if width in (3, 4) and _all(CHUNK, columns[-1]) and not (has_tabs and set(columns[-1]) == {"_"}):
        return "conll2003" if width == 4 else "conll2000"
    if width in (3, 4) and _all(NUMBER, columns[2]):
        return "nltk" if width == 3 else "nltk4"
    if width == 2 and has_tabs:
        return "tagged"
    return "vertical" if width == 1 and len(columns[0]) > 1 else ""


def _running_text(lines: list[str]) -> str:
    if lines and all("_" in word[1:-1] or word.endswith("__") for line in lines for word in line.split()):
        return "word_tag"
    return "horizontal" if 2 * sum(bool(STANDS_OFF.search(line)) for line in lines) > len(lines) else "text"


def _all(pattern: re.Pattern[str], cells: Cells) -> bool:
    return all(map(pattern.fullmatch, cells))
