"""`arcparse benchmark`: the speed of each stage, start-up time, latency and memory, and of other systems on request."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import whole, wholes
from arcparse.cli.tables import in_columns
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.settings.limits import BATCH_SIZE, BEAM, RUNS, THREADS

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS")
HEADINGS = ("measure", "system", "median", "min", "max", "unit", "arcparse is")
RIGHT = (2, 3, 4)  # columns of numbers


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "benchmark",
        help=SUBCOMMANDS["benchmark"],
        description="Measure on a gold-tokenised CoNLL-U file; each number of threads is measured in its own process. "
        "Other systems work in one process with one thread and take turns with arcparse.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="gold-tokenised CoNLL-U file")
    parser.add_argument(
        "--model",
        default="en",
        metavar="NAME_OR_PATH",
        help="name of a shipped model, or path of a model (default: en)",
    )
    parser.add_argument(
        "--threads", type=wholes(THREADS), default=(1, 2), metavar="N,N", help="processor threads (default: 1,2)"
    )
    parser.add_argument(
        "--runs", type=whole(RUNS), default=5, metavar="N", help="number of runs; the median counts (default: 5)"
    )
    parser.add_argument(
        "--batch-size", type=whole(BATCH_SIZE), default=1024, metavar="N", help="sentences in a batch (default: 1024)"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="number format of the networks (default: float32)",
    )
    parser.add_argument(
        "--beam", type=whole(BEAM), metavar="K", help="width of the beam; 1 is greedy (default: that of the model)"
    )
    parser.add_argument("--udpipe", default="", metavar="MODEL", help="also measure UDPipe with this model")
    parser.add_argument(
        "--udpipe-beam", type=whole(BEAM), default=5, metavar="K", help="beam of UDPipe (default: 5, its own default)"
    )
    parser.add_argument("--spacy", default="", metavar="MODEL", help="also measure spaCy with this model")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print; return the exit status."""
    if (args.udpipe or args.spacy) and 1 not in args.threads:
        given = ", ".join(map(str, args.threads))
        raise ConfigurationError(f"UDPipe and spaCy are measured at one thread, not at {given}; add 1 to --threads")
    reports = [_report(args, threads) for threads in args.threads]
    print(json.dumps(reports, indent=2) if args.json else "\n\n".join(map(table, reports)))
    return 0


def _report(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    """Measure in this process if it was started with that number of threads, else in a new one."""
    if len(args.threads) == 1 and all(os.environ.get(name) == str(threads) for name in THREAD_VARIABLES):
        from arcparse.benchmark import Plan, benchmark

        plan = {name: value for name, value in vars(args).items() if name in Plan.__dataclass_fields__}
        return benchmark(Plan(**{**plan, "threads": threads})).as_dict()
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    command = [sys.executable, "-m", "arcparse", "benchmark", *_arguments(args, threads)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 (our own)
    if done.returncode:
        raise ArcparseError(
            f"measuring with --threads {threads} ended with status {done.returncode}; the reason stands above"
        )
    [report] = json.loads(done.stdout)
    return dict(report)


def _arguments(args: argparse.Namespace, threads: int) -> list[str]:
    """Return the arguments for the same measurement with one number of threads; peers only if that is 1."""
    peers = ("udpipe", "udpipe_beam", "spacy") if threads == 1 else ()
    options = ["model", "runs", "batch_size", "beam", "precision", *peers]
    given = {name: getattr(args, name) for name in options if getattr(args, name) is not None}
    pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items()]
    return [str(args.file), "--json", "--threads", str(threads), *(part for pair in pairs for part in pair)]


def table(report: Mapping[str, Any]) -> str:
    """Return a report as a table under a line that names the file, the model and the settings."""
    title = (
        f"{report['file']}: {report['sentences']} sentences, {report['tokens']} tokens; model {report['model']}, "
        f"{report['precision']}, beam {report['beam'] or 'of the model'}, "
        f"{report['threads']} thread{'s' if report['threads'] > 1 else ''}, "
        f"batches of {report['batch_size']} sentences, {report['runs']} run{'s' if report['runs'] > 1 else ''}"
    )
    return "\n".join([title, *in_columns([HEADINGS, *map(_row, report["measures"])], RIGHT)])


def _row(measure: Mapping[str, Any]) -> tuple[str, ...]:
    digits = 0 if measure["unit"] in ("tokens/s", "MiB") else 2
    numbers = (f"{measure[name]:,.{digits}f}" for name in ("median", "min", "max"))
    ratio = "" if measure["ratio"] is None else f"{measure['ratio']:.2f} times as fast"
    return (measure["name"], measure["system"], *numbers, measure["unit"], ratio)
