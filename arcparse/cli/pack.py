"""`arcparse pack`: a model and its parts as one directory or archive."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_parts, chosen_parts

if TYPE_CHECKING:
    from arcparse.bundle import Bundle

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
    parser.add_argument(
        "--card", metavar="FILE", help="description of the bundle, in Markdown, to put in (default: the card of MODEL)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the bundle, and print its parts; return 0."""
    from arcparse.bundle import Bundle

    chosen = chosen_parts(args)
    found = Bundle.find(args.model, **chosen)
    card = Path(args.card).read_text(encoding="utf-8") if args.card else _its_card(found, changed=any(chosen.values()))
    found.save(args.output, card=card)
    print(f"{args.output}: {_described(found)}")
    return 0


def _its_card(bundle: Bundle, *, changed: bool) -> str:
    """Return the card that the model has; if its parts are not those of the card, the end of it says so."""
    from arcparse.bundle import card_of

    card = card_of(bundle.model)
    if not card or not changed:
        return card
    return f"{card}\n## Changed\n\nParts were replaced or left out since: {_described(bundle)}.\n"


def _described(bundle: Bundle) -> str:
    return f"{', '.join(bundle.parts())}; text is divided by {bundle.divided_by}"
