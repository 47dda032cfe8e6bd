"""`arcparse curves`: the course of training, as a picture."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.pictures import write_picture
from arcparse.drawing import figures
from arcparse.drawing.figures import Panel
from arcparse.errors import ConfigurationError
from arcparse.files import readable
from arcparse.training.log import Scalars, read_log

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

GROUPS = {"train": "training", "evaluation": "development"}
RATE = "train/learning_rate"
LOGARITHMIC = ("loss", "perplexity")  # endings of the names of such quantities


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "curves",
        help=SUBCOMMANDS["curves"],
        description="Draw the logs of runs of `arcparse train`: a panel for each quantity, with a line for each run. "
        "Quantities are the training loss (the mean of the epoch so far), the losses, perplexities and scores on "
        "development data after each epoch, and the learning rate. Runs need not be finished.",
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folder that was --output of `arcparse train`"
    )
    parser.add_argument("--output", required=True, type=Path, metavar="FILE", help="picture to write: .svg or .png")
    parser.add_argument(
        "--only", type=_names, metavar="NAME,NAME", help="quantities, for example loss,BLEU (default: all)"
    )
    parser.set_defaults(run=run)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def run(args: argparse.Namespace) -> int:
    """Draw; return the exit status."""
    logs = dict(zip(_short(args.runs), map(read_log, args.runs), strict=True))
    write_picture(figures.curves(panels(logs, args.only)), args.output)
    return 0


def _short(runs: Sequence[Path]) -> list[str]:
    """Return the names of runs, or their whole paths if names are not distinct."""
    names = [readable(run.resolve().name) for run in runs]
    return names if len(set(names)) == len(names) else [readable(str(run)) for run in runs]


def panels(logs: dict[str, Scalars], only: Sequence[str] | None = None) -> list[Panel]:
    """Return the panels, the learning rate last. Raises ConfigurationError for a quantity that no run has."""
    found = sorted(dict.fromkeys(name for log in logs.values() for name in log), key=lambda name: name == RATE)
    names = [name.rpartition("/")[2] for name in found]
    for name in only or ():
        if name not in names:
            raise ConfigurationError(
                f"--only {name}: no run has logged it; there are {', '.join(dict.fromkeys(names))}"
            )
    return [
        Panel(_title(full), {run: _finite(log.get(full, [])) for run, log in logs.items()}, name.endswith(LOGARITHMIC))
        for full, name in zip(found, names, strict=True)
        if not only or name in only
    ]


def _finite(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    return [(step, value) for step, value in points if math.isfinite(value)]


def _title(name: str) -> str:
    """Return `train/loss` as `loss, training`."""
    group, _, quantity = name.partition("/")
    return quantity.replace("_", " ") + ("" if name == RATE else f", {GROUPS.get(group, group)}")
