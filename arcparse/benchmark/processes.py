"""Start-up and memory: processes that make one tree, or analyse the whole file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from arcparse.benchmark.own import Variant, environment
from arcparse.benchmark.peers import SPACY_PROGRAM, UDPIPE_PROGRAM
from arcparse.benchmark.plan import SPACY, UDPIPE, Plan
from arcparse.benchmark.report import Measure, with_ratios
from arcparse.errors import ArcparseError

Command: TypeAlias = "tuple[list[str], dict[str, str]]"  # arguments of Python, and variables of the environment

TEXT = "The first tree is what one waits for."
WALL, CPU, MEMORY = "start to first tree", "start to first tree, processor time", "peak memory, one sentence"
WHOLE = "peak memory, whole file"
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in the system's unit of resident memory


@dataclass(frozen=True)
class Usage:
    """The use of a process."""

    seconds: float  # until its first line
    cpu_seconds: float  # of the whole process
    peak: float  # MiB of resident memory


@dataclass(frozen=True)
class Processes:
    """The use of processes, by the variant of arcparse or the name of another system."""

    first: Mapping[Variant | str, Sequence[Usage]]  # to a first tree, in each run
    whole: Mapping[Variant, Usage]  # to the trees of the whole file


def start_each(plan: Plan, variants: Sequence[Variant]) -> Processes:
    """Run a process for each path in its first precision, and for the other systems of the plan, in turn.

    The memory of this process must be small: Linux counts it for those that it starts.
    """
    own = [one for one in variants if one.is_main]
    commands: dict[Variant | str, Command] = {one: (_arcparse(plan, one, TEXT), environment(one.path)) for one in own}
    commands |= _peers(plan)
    used: dict[Variant | str, list[Usage]] = {}
    for _ in range(plan.runs):
        for system, (command, variables) in commands.items():
            used.setdefault(system, []).append(run(command, variables))
    file = ("--input", str(plan.file), "--from", "conllu", "--output", os.devnull, "--batch-size", str(plan.batch_size))
    return Processes(used, {one: run(_arcparse(plan, one, *file), environment(one.path)) for one in own})


def process_measures(found: Processes, names: Mapping[Variant, str]) -> list[Measure]:
    """Return the measures of processes; the variants of arcparse have names."""
    first = {system if isinstance(system, str) else names[system]: used for system, used in found.first.items()}
    measures = [Measure(WALL, system, "s", tuple(one.seconds for one in used)) for system, used in first.items()]
    measures += [Measure(CPU, system, "s", tuple(one.cpu_seconds for one in used)) for system, used in first.items()]
    measures += [Measure(MEMORY, system, "MiB", tuple(one.peak for one in used)) for system, used in first.items()]
    measures += [Measure(WHOLE, names[variant], "MiB", (used.peak,)) for variant, used in found.whole.items()]
    return with_ratios(measures)


def _arcparse(plan: Plan, variant: Variant, *arguments: str) -> list[str]:
    options = ["--model", plan.model, "--precision", variant.precision, "--threads", str(plan.threads)]
    options += ["--lemmatizer", plan.lemmatizer] if plan.lemmatizer else []
    options += [argument for part in plan.without for argument in ("--without", part)]
    return ["-m", "arcparse", "parse", *arguments, *options]


def _peers(plan: Plan) -> dict[Variant | str, Command]:
    peers: dict[Variant | str, Command] = {}
    if plan.udpipe:
        peers[UDPIPE] = (["-c", UDPIPE_PROGRAM, plan.udpipe, TEXT, f"beam_search={plan.udpipe_beam}"], {})
    if plan.spacy:
        peers[SPACY] = (["-c", SPACY_PROGRAM, plan.spacy, TEXT], {})
    return peers


def run(arguments: Sequence[str], variables: Mapping[str, str]) -> Usage:
    """Run Python with arguments, and variables of the environment beside those of this process, to the end."""
    start = time.perf_counter()
    command, environment = [sys.executable, *arguments], {**os.environ, **variables}
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603 (our own)
        output: Any = process.stdout
        output.readline()
        seconds = time.perf_counter() - start
        output.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        shown = " ".join(arguments)
        raise ArcparseError(f"`python {shown}` ended with status {process.returncode}; see its message above")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT / 2**20)
