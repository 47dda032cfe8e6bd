"""`arcparse evaluate`: the scores of a system's trees against gold trees."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.evaluation import METRICS, evaluate
from arcparse.treebank import read_conllu

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "evaluate",
        help="compare trees with gold trees",
        description="Compare two CoNLL-U files of the same text by the metrics of the CoNLL 2018 shared task.",
    )
    parser.add_argument("gold", type=Path, metavar="GOLD", help="CoNLL-U file of gold trees")
    parser.add_argument("system", type=Path, metavar="SYSTEM", help="CoNLL-U file of the trees to score")
    parser.add_argument("--json", action="store_true", help="print ratios (0 to 1) and counts as JSON")
    parser.add_argument(
        "--no-punct", action="store_true", help="leave gold punctuation out of UAS, LAS and what follows"
    )
    parser.add_argument(
        "--metrics", type=_metrics, default=METRICS, metavar="NAME,NAME", help=f"of {', '.join(METRICS)} (default: all)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the scores; return the exit status."""
    scores = evaluate(read_conllu(args.gold), read_conllu(args.system), punctuation=not args.no_punct)
    print(json.dumps(scores.as_dict(args.metrics), indent=2) if args.json else scores.table(args.metrics))
    return 0


def _metrics(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in METRICS:
            raise argparse.ArgumentTypeError(f"no metric '{name}'; there are {', '.join(METRICS)}")
    return names
