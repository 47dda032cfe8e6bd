"""Compiles the kernels, one library for each instruction set: `python arcparse/kernels/build.py` from a checkout.

It imports nothing of arcparse, because installation runs it before anything is installed.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "source" / "interface.cpp"
AVX512 = ["-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512"]
LEVELS = {  # from the slowest to the fastest; the flags of a compiler that understands those of gcc
    "baseline": [],
    "avx2": ["-march=x86-64-v3"],
    "avx512": AVX512,
    "amx": [*AVX512, "-mavx512bf16", "-mamx-tile", "-mamx-bf16"],
}
X86 = ("x86_64", "AMD64", "amd64")
FLAGS = ["-O3", "-std=c++17", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=fast"]
FLAGS += [
    "-fno-math-errno",
    "-fno-trapping-math",
]  # not -ffast-math: when linked, it changes floats in the whole process


def levels() -> list[str]:
    """Return the levels that this kind of processor may have."""
    return list(LEVELS) if platform.machine() in X86 else ["baseline"]


def compile_level(level: str, output: Path) -> None:
    """Compile the library of one level. Raises OSError or CalledProcessError if that does not work."""
    compiler = os.environ.get("CXX", "g++")
    command = [compiler, *FLAGS, *LEVELS[level], str(SOURCE), "-o", str(output)]
    subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    for level in sys.argv[1:] or levels():
        compile_level(level, HERE / f"_{level}.so")
