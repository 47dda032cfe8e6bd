"""Count non-projective arcs, and those that lifting can restore: `python tools/projectivity.py CONLLU...`.

The table has a row for each file and encoding. `lifted` is the number of words that get another head by lifting,
`labels` the number of labels that a parser has to learn. `kept` is the share of all words that have their head and
label again after projectivise and deprojectivise, `restored` the share of the lifted words.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from arcparse.errors import ArcparseError
from arcparse.treebank import read_conllu
from arcparse.trees.pseudo_projective import survey

COLUMNS = [
    "file",
    "sentences",
    "non-projective sentences",
    "words",
    "non-projective arcs",
    "lifted",
    "encoding",
    "labels",
    "kept",
    "restored",
]


def rows(file: Path) -> Iterator[list[str]]:
    """Yield the rows of a file."""
    found = survey(read_conllu(file))
    counts = [found.sentences, found.non_projective_sentences, found.words, found.non_projective_arcs, found.lifted]
    for encoding, survival in found.survival.items():
        lost = found.words - survival.arcs
        kept, restored = 1 - lost / (found.words or 1), 1 - lost / (found.lifted or 1)
        name = file.name.partition(".")[0]
        yield [name, *map(str, counts), encoding, str(survival.labels), f"{kept:.3%}", f"{restored:.2%}"]


def main(files: list[str]) -> int:
    """Print the table of the files as Markdown."""
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        table = [COLUMNS, ["---"] * len(COLUMNS), *(row for file in files for row in rows(Path(file)))]
    except ArcparseError as error:
        print(f"projectivity.py: {error}", file=sys.stderr)
        return 2
    for row in table:
        print("| " + " | ".join(row) + " |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
