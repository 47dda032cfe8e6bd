"""Measure the speed and memory of conversions of treebanks: `python tools/conversion.py FILE.conllu`.

arcparse converts CoNLL-U to each format and back; `conllu` and `udapi`, if they are installed, convert CoNLL-U to
CoNLL-U. Each conversion runs in its own process. Its processor time for reading and writing together is measured,
without the start of the process. The conversions take turns, and the median of the runs is printed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from arcparse.cli.options import whole
from arcparse.cli.tables import in_columns
from arcparse.formats import formats, read_sentences, write_sentences
from arcparse.settings.limits import RUNS as RUNS_RANGE

OWN, PLAIN, RUNS = "arcparse", "conllu", 5
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in the system's unit of resident memory

Job = tuple[str, str, str, str]  # system, source file, target file, target format


def by_arcparse(source: str, target: str, format: str) -> None:
    """Convert with the functions of `arcparse convert`."""
    known = formats()
    suffix = Path(source).suffix
    of_source = next(candidate for candidate in known.values() if suffix in candidate.suffixes)
    write_sentences(read_sentences(source, of_source), target, known[format])


def by_conllu(source: str, target: str, _: str) -> None:
    """Parse and serialise sentence by sentence."""
    with open(source, encoding="utf-8") as lines, open(target, "w", encoding="utf-8") as out:
        for sentence in import_module("conllu").parse_incr(lines):
            out.write(sentence.serialize())


def by_udapi(source: str, target: str, _: str) -> None:
    """Load and store a document."""
    document = import_module("udapi.core.document").Document()
    document.load_conllu(source)
    document.store_conllu(target)


SYSTEMS: dict[str, Callable[[str, str, str], None]] = {OWN: by_arcparse, "conllu": by_conllu, "udapi": by_udapi}


def run(job: Job) -> tuple[float, float]:
    """Run a conversion in its own process; return its seconds and its peak of resident memory in bytes."""
    with subprocess.Popen([sys.executable, __file__, "--job", *job], stdout=subprocess.PIPE, text=True) as process:
        printed = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(process.returncode)
    return float(printed), usage.ru_maxrss * RSS_UNIT


def jobs(source: str, folder: str) -> Iterator[tuple[str, Job]]:
    """Yield each conversion with its name; a conversion back follows the one that writes its source."""
    for system in SYSTEMS:
        if find_spec(system):
            yield f"{PLAIN} to {PLAIN}, {system}", (system, source, f"{folder}/{system}.conllu", PLAIN)
    for format in formats().values():
        if format.text and format.name != PLAIN:
            there, back = f"{folder}/{format.name}{format.suffixes[0]}", f"{folder}/back.conllu"
            yield f"{PLAIN} to {format.name}", (OWN, source, there, format.name)
            yield f"{format.name} to {PLAIN}", (OWN, there, back, PLAIN)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", nargs="?", help="CoNLL-U, not compressed")
    parser.add_argument("--runs", type=whole(RUNS_RANGE), default=RUNS, help=f"(default: {RUNS})")
    parser.add_argument("--job", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        system, *job = args.job
        start = time.process_time()
        SYSTEMS[system](*job)
        print(time.process_time() - start)
        return
    words = sum(map(len, read_sentences(args.file, PLAIN)))
    with tempfile.TemporaryDirectory() as folder:
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in jobs(args.file, folder)}
        for _ in range(args.runs):
            for name, job in jobs(args.file, folder):
                measured[name].append(run(job))
    own = [seconds for seconds, _ in measured[f"{PLAIN} to {PLAIN}, {OWN}"]]
    rows = [("conversion", "tokens/s", "arcparse is faster by", "peak, MiB")]
    for name, runs in measured.items():
        speed = median(words / seconds for seconds, _ in runs)
        ratio = median(seconds / mine for (seconds, _), mine in zip(runs, own, strict=True))
        rows.append((name, f"{speed:,.0f}", f"{ratio:.1f}" if "," in name else "", f"{runs[0][1] / 2**20:.0f}"))
    print("\n".join(in_columns(rows, right=(1, 2, 3))))


if __name__ == "__main__":
    main()
