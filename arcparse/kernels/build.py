"""Compiles the kernels, one library for each instruction set: `python arcparse/kernels/build.py` from a checkout.

It imports nothing of arcparse, because installation runs it before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "source" / "interface.cpp"
LEVELS = {  # from the slowest to the fastest; the flags of a compiler that understands those of gcc
    "baseline": [],
    "avx2": ["-march=x86-64-v3"],
    "avx512": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    "amx": ["-march=sapphirerapids", "-mprefer-vector-width=512"],
}
FLAGS = ["-O3", "-std=c++17", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math"]


def compile_level(level: str, output: Path) -> None:
    """Compile the library of one level. Raises OSError or CalledProcessError if that does not work."""
    compiler = os.environ.get("CXX", "g++")
    command = [compiler, *FLAGS, *LEVELS[level], str(SOURCE), "-o", str(output)]
    subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    for level in sys.argv[1:] or LEVELS:
        compile_level(level, HERE / f"_{level}.so")
