"""`arcparse corpus`: the public treebanks in the registry, to list, fetch and verify."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from arcparse import corpora as corpus
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import number
from arcparse.cli.tables import in_columns
from arcparse.settings.limits import SECONDS

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

HEADINGS = ("name", "version", "language", "licence", "files", "address")
NOTHING_KNOWN = 1
MEANING = {"whole": "is whole", "differs": "differs from the registry", "missing": "is missing"}


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "corpus",
        help=SUBCOMMANDS["corpus"],
        description="List, fetch and verify the public treebanks of a registry. Each treebank has its own licence; "
        "`arcparse corpus list` shows it.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show the treebanks of the registry")
    listing.set_defaults(run=show)
    fetching = actions.add_parser("fetch", help="fetch a treebank", description="Fetch a treebank and verify it.")
    fetching.set_defaults(run=fetch)
    fetching.add_argument("name", metavar="NAME", help="name in `arcparse corpus list`")
    fetching.add_argument("--to", type=Path, metavar="DIR", help="folder for the files (default: NAME)")
    fetching.add_argument("--base-url", default="", metavar="URL", help="another address of the files")
    fetching.add_argument(
        "--timeout",
        type=number(SECONDS),
        default=corpus.TIMEOUT,
        metavar="S",
        help="seconds without a byte (default: 30)",
    )
    verifying = actions.add_parser("verify", help="compare the files of a folder with the registry")
    verifying.set_defaults(run=verify)
    verifying.add_argument("directory", type=Path, metavar="DIR", help="folder of the files (.xz, .gz, .bz2 too)")
    for action in (listing, fetching, verifying):
        action.add_argument(
            "--registry",
            type=Path,
            metavar="FILE",
            help="registry, a TOML file (default: the one inside arcparse)",
        )


def show(args: argparse.Namespace) -> int:
    """Run `arcparse corpus list`."""
    treebanks = corpus.read_registry(args.registry).values()
    rows = [HEADINGS, *((t.name, t.version, t.language, t.licence, str(len(t.files)), t.address) for t in treebanks)]
    print("\n".join(in_columns(rows)))
    return 0


def fetch(args: argparse.Namespace) -> int:
    """Run `arcparse corpus fetch`."""
    treebank = corpus.find_treebank(corpus.read_registry(args.registry), args.name)
    directory = args.to or Path(treebank.name)
    with tqdm(unit="B", unit_scale=True, leave=False, disable=None) as bar:

        def progress(file: str, done: int, total: int | None) -> None:
            bar.set_description(file, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        paths = corpus.fetch(treebank, directory, base_url=args.base_url, timeout=args.timeout, progress=progress)
    print(f"{directory}: {len(paths)} files of {treebank.name} {treebank.version}, licence {treebank.licence}")
    return 0


def verify(args: argparse.Namespace) -> int:
    """Run `arcparse corpus verify`; return 1 if a file differs or is missing, or if no file is known."""
    findings = corpus.verify(corpus.read_registry(args.registry), args.directory)
    for found in findings:
        print(f"{args.directory / found.file}: {MEANING[found.state]} ({found.treebank.name})")
    if not findings:
        print(f"arcparse: {args.directory}: no file of the registry is there", file=sys.stderr)
        return NOTHING_KNOWN
    return 0 if all(found.state == "whole" for found in findings) else 1
