"""`arcparse info`: the versions that are installed, and the kernels that this processor runs."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.tables import in_columns
from arcparse.kernels.library import LEVELS, in_use, lacking

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

LIBRARIES = ("torch", "numpy", "safetensors")


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "info",
        help=SUBCOMMANDS["info"],
        description="Show the versions of arcparse and of the libraries that it computes with, the compiled kernels in "
        "use and those that could be, and the models that are shipped. A report of a fault is clearer with it.",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line for each fact; return the exit status."""
    from arcparse.checkpoint.places import names_shipped

    facts = [("arcparse", metadata.version("arcparse")), ("kernels in use", in_use())]
    facts += [(f"kernels {level}", lacking(level) or "available") for level in LEVELS]
    facts += [("models", ", ".join(names_shipped()) or "none"), ("Python", platform.python_version())]
    facts += [(name, metadata.version(name)) for name in LIBRARIES]
    facts.append(("system", f"{platform.system()} {platform.machine()}"))
    print("\n".join(in_columns(facts)))
    return 0
