"""`arcparse stats`: the contents of a treebank, in numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_format, add_skip_bad, check_standard_input, treebank
from arcparse.cli.pictures import write_picture
from arcparse.cli.streams import standard_output
from arcparse.cli.tables import in_columns
from arcparse.cli.tally import Skipped
from arcparse.drawing import figures
from arcparse.statistics import Statistics, Unknown, statistics, summary, unknown

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SHOWN = 20  # labels in a plot
BOUNDS = (1, 2, 3, 4, 5, 6, 8, 11, 16, 21, 31, 41, 61, 81)  # the least size of each bar
COMPARED = ("forms", "lemmas", "xpos", "features", "labels")  # with another treebank's
COUNTED = ("upos", "xpos", "features", "labels", "lengths", "arc_lengths", "depths")


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "stats",
        help=SUBCOMMANDS["stats"],
        description="Count sentences, words, types, tags and labels, and measure the trees: non-projectivity, length "
        "of dependencies, depth. Sentences without a tree are not measured.",
    )
    parser.add_argument("file", metavar="FILE", help="treebank of any format; - for standard input")
    add_format(parser)
    add_skip_bad(parser)
    parser.add_argument(
        "--against",
        metavar="FILE",
        help="another treebank, usually for training: also count the forms, lemmas, tags and labels that it lacks",
    )
    parser.add_argument("--json", action="store_true", help="print all counts as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw tags, labels, lengths and depths: .svg or .png")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Count, print and draw; return the exit status."""
    check_standard_input(args.file, args.against)
    skipped = Skipped() if args.skip_bad else None
    counted = statistics(treebank(args.file, args, skipped))
    known = statistics(treebank(args.against, args, skipped)) if args.against else None
    new = {name: unknown(getattr(counted, name), getattr(known, name)) for name in COMPARED} if known else {}
    if args.plot:
        write_picture(figures.bars(groups(counted)), args.plot)
    out = standard_output()
    if args.json:
        print(json.dumps(_record(counted, new) | {"file": args.file}, indent=2, ensure_ascii=False), file=out)
    else:
        print(table(counted, new), file=out)
    if skipped:
        skipped.tell()
    return 0


def table(counted: Statistics, new: Mapping[str, Unknown]) -> str:
    """Return a line for each number, rates as percent."""
    rows = [(name, _shown(name, value)) for name, value in summary(counted).items()]
    for name, found in new.items():
        rows.append((f"unknown {name}, words", f"{found.words} ({found.word_rate:.2%})"))
        rows.append((f"unknown {name}, types", f"{found.types} ({found.type_rate:.2%})"))
    return "\n".join(in_columns(rows, right=(1,)))


def _shown(name: str, value: float) -> str:
    if name.endswith("rate") or name == "dependents before their head":
        return f"{value:.2%}"
    return f"{value:.2f}" if name.startswith("mean") else str(int(value))


def _record(counted: Statistics, new: Mapping[str, Unknown]) -> dict[str, Any]:
    counts = {name: dict(getattr(counted, name).most_common()) for name in COUNTED}
    return {**summary(counted), **counts, "unknown": {name: asdict(found) for name, found in new.items()}}


def groups(counted: Statistics) -> dict[str, dict[str, float]]:
    """Return the bars of a plot: the most frequent tags and labels, and sizes in steps."""
    return {
        "UPOS": dict(counted.upos.most_common(SHOWN)),
        "Labels": dict(counted.labels.most_common(SHOWN)),
        "Words of a sentence": _in_steps(counted.lengths),
        "Length of a dependency, in words": _in_steps(counted.arc_lengths),
        "Depth of a tree, in arcs": _in_steps(counted.depths),
    }


def _in_steps(sizes: Mapping[int, int]) -> dict[str, float]:
    steps = {}
    for start, stop in pairwise([*BOUNDS, max([BOUNDS[-1], *sizes]) + 1]):
        inside = sum(count for size, count in sizes.items() if start <= size < stop)
        name = str(start) if stop == start + 1 else f"{start}+" if start == BOUNDS[-1] else f"{start}-{stop - 1}"
        steps[name] = float(inside)
    last = max((i for i, count in enumerate(steps.values()) if count), default=-1)
    return dict(list(steps.items())[: last + 1])
