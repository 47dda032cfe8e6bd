"""`arcparse pack`: a model and its parts as one directory or archive."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_parts, chosen_parts

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "pack",
        help=SUBCOMMANDS["pack"],
        description="Copy a model, with all parts that it names or that are given here, into one directory or .zip "
        "archive: a bundle, which --model takes like any model.",
    )
    parser.add_argument("model", metavar="MODEL", help="a parser or tagger: the name or path of a model, run or bundle")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="PLACE",
        help="directory to write, or an archive if its name ends with .zip",
    )
    add_parts(parser)
    parser.add_argument("--card", metavar="FILE", help="description of the bundle, in Markdown, to put in")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the bundle, and print its parts; return 0."""
    from arcparse.bundle import Bundle

    found = Bundle.find(args.model, **chosen_parts(args))
    card = Path(args.card).read_text(encoding="utf-8") if args.card else ""
    found.save(args.output, card=card)
    print(f"{args.output}: {', '.join(found.parts())}; text is divided by {found.divided_by}")
    return 0
