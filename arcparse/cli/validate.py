"""`arcparse validate`: every problem of CoNLL-U files, with file and line."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import check_standard_input
from arcparse.cli.streams import STANDARD_INPUT, standard_input, standard_output
from arcparse.validation import validate

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PROBLEMS = 1  # the exit status if any was found


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "validate",
        help=SUBCOMMANDS["validate"],
        description="Report every problem of the files of one treebank. The tests are those of the validator of "
        "Universal Dependencies, with its names: level 1 (format) and level 2 (trees, universal tags and relations, "
        "spelling of features, enhanced graphs and comments). The exit status is 1 if there is a problem.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="CoNLL-U file (.gz, .xz, .bz2 too); - for standard input"
    )
    parser.add_argument("--level", type=int, choices=(1, 2), default=2, help="highest level of tests (default: 2)")
    parser.add_argument(
        "--ignore",
        type=_names,
        default=frozenset(),
        metavar="NAME,NAME",
        help="tests to leave out, for example missing-sent-id",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object for each problem, one a line")
    parser.set_defaults(run=run)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


def run(args: argparse.Namespace) -> int:
    """Report and count the problems; return 1 if there are any."""
    check_standard_input(*args.files)
    sources = [standard_input() if name == STANDARD_INPUT else name for name in args.files]
    out, counts = standard_output(), Counter[str]()
    for problem in validate(sources, level=args.level):
        if problem.name in args.ignore:
            continue
        counts[problem.name] += 1
        line = json.dumps(asdict(problem), ensure_ascii=False) if args.json else str(problem)
        print(line.encode("utf-8", "backslashreplace").decode("utf-8"), file=out)
    for name, count in counts.most_common():
        print(f"arcparse: {count} x {name}", file=sys.stderr)
    return PROBLEMS if counts else 0
