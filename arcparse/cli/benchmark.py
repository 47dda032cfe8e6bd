"""`arcparse benchmark`: speed, latency, start-up and memory by each path, and of other systems on request."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse.benchmark import Plan, benchmark
from arcparse.benchmark.own import TORCH
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import SHOWN, whole, wholes
from arcparse.cli.speed_tables import figure, shown
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.kernels.library import LEVELS, available
from arcparse.pipeline.parts import PRECISIONS
from arcparse.settings.limits import BATCH_SIZE, BEAM, RUNS, THREADS

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS")
ALL = "all"
PATHS = (*LEVELS, TORCH)


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "benchmark",
        help=SUBCOMMANDS["benchmark"],
        description="Measure on a gold-tokenised CoNLL-U file; each number of threads is measured in its own process. "
        "Other systems work in one process with one thread and take turns with arcparse. The first path and precision "
        "are measured at all stages, the others at tagging and parsing together, sentence by sentence and from the "
        "start of a process.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="gold-tokenised CoNLL-U file")
    parser.add_argument(
        "--model",
        default="en",
        metavar="NAME_OR_PATH",
        help="name of a shipped model, or path of a model (default: en)",
    )
    parser.add_argument(
        "--lemmatizer",
        default="",
        metavar="NAME",
        help="another lemmatiser than the model's, for the whole path and start-up",
    )
    parser.add_argument(
        "--without",
        action="append",
        choices=("lemmas", "segmenter"),
        default=[],
        help="leave out the lemmas, or the segmenter, which only start-up has",
    )
    parser.add_argument(
        "--paths",
        type=names((*PATHS, ALL)),
        default=(),
        metavar="PATH,PATH",
        help=f"instruction sets of the kernels, or torch: {', '.join(PATHS)}, or all (default: the one in use)",
    )
    parser.add_argument(
        "--precision",
        type=names(PRECISIONS),
        default=("auto",),
        metavar="P,P",
        help="number formats of the networks, as in `arcparse parse`: auto, float32, bfloat16 (default: auto)",
    )
    parser.add_argument(
        "--beams", type=wholes(BEAM), default=(1, 8), metavar="K,K", help="widths of the beam (default: 1,8)"
    )
    parser.add_argument(
        "--growth",
        action="store_true",
        help="also measure how the time grows with the length of a sentence, up to 15,000 words, and with the beam",
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="with --growth: also draw it, with the first number of threads"
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
    parser.add_argument("--udpipe", default="", metavar="MODEL", help="also measure UDPipe with this model")
    parser.add_argument(
        "--udpipe-beam", type=whole(BEAM), default=5, metavar="K", help="beam of UDPipe (default: 5, its own default)"
    )
    parser.add_argument("--spacy", default="", metavar="MODEL", help="also measure spaCy with this model")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Return a reader of known names with commas between them, as argparse's `type`."""

    def read(text: str) -> tuple[str, ...]:
        for name in text.split(","):
            if name not in known:
                raise argparse.ArgumentTypeError(f"must be of {', '.join(known)}, not {name[:SHOWN]!r}")
        return tuple(text.split(","))

    return read


def run(args: argparse.Namespace) -> int:
    """Measure and print; return the exit status."""
    if (args.udpipe or args.spacy) and 1 not in args.threads:
        given = ", ".join(map(str, args.threads))
        raise ConfigurationError(f"UDPipe and spaCy are measured at one thread, not at {given}; add 1 to --threads")
    if args.plot and not args.growth:
        raise ConfigurationError(f"--plot {args.plot} draws the growth of time; add --growth")
    if ALL in args.paths:
        args.paths = (*available(), TORCH)
    reports = [_report(args, threads) for threads in args.threads]
    print(json.dumps(reports, indent=2) if args.json else "\n\n".join(map(shown, reports)))
    if args.plot:
        from arcparse.cli.pictures import write_picture

        write_picture(figure(reports[0]), args.plot)
    return 0


def _report(args: argparse.Namespace, threads: int) -> dict[str, Any]:
    """Measure in this process if it was started with that number of threads, else in a new one."""
    if len(args.threads) == 1 and all(os.environ.get(name) == str(threads) for name in THREAD_VARIABLES):
        plan = {name: value for name, value in vars(args).items() if name in Plan.__dataclass_fields__}
        return benchmark(Plan(**{**plan, "threads": threads, "without": tuple(args.without)})).as_dict()
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
    given = {name: getattr(args, name) for name in ("model", "lemmatizer", "runs", "batch_size")}
    given |= {name: ",".join(map(str, getattr(args, name))) for name in ("paths", "precision", "beams")}
    if threads == 1:
        given |= {name: getattr(args, name) for name in ("udpipe", "udpipe_beam", "spacy")}
    left_out = [argument for part in args.without for argument in ("--without", part)]
    pairs = [(f"--{name.replace('_', '-')}", str(value)) for name, value in given.items() if value]
    growth = ["--growth"] if args.growth else []
    return [
        str(args.file),
        "--json",
        "--threads",
        str(threads),
        *(part for pair in pairs for part in pair),
        *left_out,
        *growth,
    ]
