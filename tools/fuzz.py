"""Give arcparse damaged files, settings and expressions for a while: `python tools/fuzz.py --seconds 600`.

Each input must be read, or refused by an ArcparseError. Everything else is a finding: another exception, more than
`--memory` gigabytes, more than `--limit` seconds, or the end of the process. A finding is printed with the options that
repeat it: `python tools/fuzz.py --kind KIND --replay TEXT`. The kinds share the time, and each runs in its own process.
An input depends only on its kind, the seed and its number. The exit status is 1 if there was a finding.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Iterator
from ctypes import c_longlong
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from fuzz_kinds import KINDS
from fuzz_text import Kind

from arcparse.errors import ArcparseError


class Hang(BaseException):
    """An input took too long. It is a BaseException, so that no code under test catches it."""


@dataclass
class Tally:
    """The results for the inputs of a kind: numbers of inputs, of refused inputs and of findings."""

    inputs: int = 0
    refused: int = 0
    findings: dict[str, bytes] = field(default_factory=dict)  # the shortest input of each description
    found: int = 0

    def count(self, kind: Kind, data: bytes) -> None:
        """Read an input and count the result."""
        self.inputs += 1
        try:
            kind.read(data)
        except ArcparseError as error:
            self.refused += 1
            if "\n" in str(error):
                self.add(f"a message of several lines: {str(error)[:200]!r}", data)
        except (Exception, Hang) as error:
            self.add(described(error), data)

    def add(self, description: str, data: bytes) -> None:
        """Count a finding, and keep its input if it is the shortest with this description."""
        self.found += 1
        if description not in self.findings or len(data) < len(self.findings[description]):
            self.findings[description] = data


def described(error: BaseException) -> str:
    """Return the description of an error: its type, the last line of arcparse in its traceback, its message."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "arcparse/" in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}: {str(error)[:120]!r}"


def inputs(name: str, kind: Kind, seed: int, first: int = 0) -> Iterator[bytes]:
    """Yield the inputs of a kind, without end, from number `first`."""
    number = first
    while True:
        yield kind.draw(random.Random(f"{name} {seed} {number}"))  # noqa: S311 (it must be repeatable)
        number += 1


def _fuzz(name: str, options: argparse.Namespace, seconds: float, number: Any, results: Any) -> None:
    """Read inputs of a kind, from number `number` on, for some seconds; this runs in its own process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, _hang)
    with tempfile.TemporaryDirectory() as folder:
        kind, tally = KINDS[name](Path(folder)), Tally()
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + int(options.memory * (1 << 30)),) * 2)
        end = time.monotonic() + seconds
        for data in inputs(name, kind, options.seed, number.value):
            signal.setitimer(signal.ITIMER_REAL, options.limit)
            tally.count(kind, data)
            signal.setitimer(signal.ITIMER_REAL, 0)
            number.value += 1
            if time.monotonic() > end:
                break
    results.put(tally)


def _hang(*_: object) -> None:
    raise Hang("too long")


def fuzz(name: str, options: argparse.Namespace, seconds: float) -> Tally:
    """Return the results for a kind. If an input ends the process, that is a finding, and a new process goes on."""
    total, end = Tally(), time.monotonic() + seconds
    number = multiprocessing.Value(c_longlong, options.first)
    while time.monotonic() < end:
        first = number.value
        results: Any = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=_fuzz, args=(name, options, end - time.monotonic(), number, results))
        process.start()
        process.join()
        if not results.empty():
            tally = results.get()
            total.inputs, total.refused = total.inputs + tally.inputs, total.refused + tally.refused
            total.found += tally.found
            total.findings |= tally.findings
            break
        with tempfile.TemporaryDirectory() as folder:
            data = next(inputs(name, KINDS[name](Path(folder)), options.seed, number.value))
        total.add(f"the process ended with {process.exitcode}", data)
        total.inputs += number.value - first + 1
        number.value += 1
    return total


def replay(name: str, text: str) -> None:
    """Read the input of a finding again, without limits, and let its error end the program."""
    with tempfile.TemporaryDirectory() as folder:
        data = zlib.decompress(base64.b85decode(text))
        print(repr(data[:2000]))
        KINDS[name](Path(folder)).read(data)


def main(arguments: list[str] | None = None) -> int:
    """Print a row for each kind, and its findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for all kinds together (default: 60)")
    parser.add_argument(
        "--kind", action="append", choices=list(KINDS), metavar="KIND", help=f"one of {', '.join(KINDS)} (default: all)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the inputs (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first input (default: 0)")
    parser.add_argument("--memory", type=float, default=2, help="gigabytes that reading may take (default: 2)")
    parser.add_argument("--limit", type=float, default=20, help="seconds that an input may take (default: 20)")
    parser.add_argument("--replay", metavar="TEXT", help="the text of a finding: read this input once, without limits")
    options = parser.parse_args(arguments)
    kinds = options.kind or list(KINDS)
    if options.replay:
        replay(kinds[0], options.replay)
        return 0
    total = Tally()
    for name in kinds:
        tally = fuzz(name, options, options.seconds / len(kinds))
        print(f"{name:20} {tally.inputs:9} inputs, {tally.refused:9} refused, {tally.found} findings", flush=True)
        for description, data in tally.findings.items():
            code = base64.b85encode(zlib.compress(data, 9)).decode()
            print(f"  {description}\n    {data[:300]!r}\n    --kind {name} --replay '{code}'", flush=True)
        total.inputs, total.refused, total.found = (
            total.inputs + tally.inputs,
            total.refused + tally.refused,
            total.found + tally.found,
        )
    print(f"{'all':20} {total.inputs:9} inputs, {total.refused:9} refused, {total.found} findings")
    return 1 if total.found else 0


if __name__ == "__main__":
    sys.exit(main())
