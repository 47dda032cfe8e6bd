"""Divide a parallel text into train, dev and test, so that no source sentence is in two parts.

    python tools/split_pairs.py FILE FOLDER --languages eng fra

FILE has lines `source TAB output`; a source may occur several times, with different outputs. The name may end in .gz,
.xz or .bz2. A part is a pair of files, such as FOLDER/train.eng and FOLDER/train.fra, for `arcparse train seq2seq
--train FOLDER/train --set source=eng --set output=fra`. Sources that differ only in case and punctuation are in the
same part.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from arcparse.cli.options import whole
from arcparse.errors import ArcparseError, ConfigurationError, TreebankError
from arcparse.formats import opened
from arcparse.seq2seq.pairs import columns
from arcparse.settings.limits import COUNT, SEED

WORD = re.compile(r"\w+")
PARTS = ("train", "dev", "test")

Lines = Sequence[tuple[str, str]]


def split(pairs: Lines, sources: int, seed: int) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of each part, in their order; dev and test have all pairs of `sources` random sources each.

    Raises TreebankError if nothing is left for training.
    """
    keys = [tuple(WORD.findall(source.casefold())) for source, _ in pairs]
    distinct = sorted(set(keys))
    if 2 * sources >= len(distinct):
        raise TreebankError(f"{len(distinct)} distinct sources leave none to train on; lower --sources ({sources})")
    drawn = random.Random(f"split {seed}").sample(distinct, 2 * sources)  # noqa: S311 (not for secrets)
    part = dict.fromkeys(drawn[:sources], "dev") | dict.fromkeys(drawn[sources:], "test")
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in PARTS}
    for key, pair in zip(keys, pairs, strict=True):
        found[part.get(key, "train")].append(pair)
    return found


def write(pairs: Lines, place: Path, languages: Sequence[str]) -> None:
    """Write the two files of a part."""
    with ExitStack() as stack:
        files = [stack.enter_context(opened(place.with_name(f"{place.name}.{language}"))) for language in languages]
        for pair in pairs:
            for file, text in zip(files, pair, strict=True):
                file.write(text + "\n")


def main() -> int:
    """Write the parts and print their sizes; return the status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", metavar="FILE")
    options.add_argument("folder", metavar="FOLDER", type=Path)
    options.add_argument("--languages", nargs=2, default=["source", "output"], help="suffixes of the files of a part")
    options.add_argument(
        "--sources", type=whole(COUNT), default=2000, help="distinct sources in dev, and in test (default: 2000)"
    )
    options.add_argument("--seed", type=whole(SEED), default=1, help="of the random division (default: 1)")
    args = options.parse_args()
    try:
        if len(set(args.languages)) == 1:
            raise ConfigurationError(f"--languages {' '.join(args.languages)}: the two names must differ")
        parts = split(list(columns(args.file)), args.sources, args.seed)
        args.folder.mkdir(parents=True, exist_ok=True)
        for name, pairs in parts.items():
            write(pairs, args.folder / name, args.languages)
            print(f"{args.folder / name}: {len(pairs)} pairs, {len({source for source, _ in pairs})} sources")
    except ArcparseError as error:
        print(f"split_pairs.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
