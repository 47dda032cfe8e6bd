"""Compiles the kernels, one library for each instruction set: `python arcparse/kernels/build.py` from a checkout.

Installation does the same (`installation.py`), before anything is installed: nothing of arcparse is imported here.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
import zlib
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCES = FOLDER / "source"
AVX512 = ["-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512"]
LEVELS = {  # from the slowest to the fastest; the options are those of GCC and Clang
    "baseline": [],
    "avx2": ["-march=x86-64-v3"],
    "avxvnni": ["-march=x86-64-v3", "-mavxvnni"],
    "avx512": AVX512,
    "amx": [*AVX512, "-mavx512bf16", "-mamx-tile", "-mamx-bf16"],
}
X86 = ("x86_64", "AMD64")
OPTIONS = ["-O3", "-std=c++17", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=fast"]
OPTIONS += ["-fno-math-errno", "-fno-trapping-math"]  # not -ffast-math: a library with it changes floats everywhere
COMPILERS = ("c++", "g++", "clang++")


def levels() -> list[str]:
    """Return the levels that can be compiled for this kind of processor, from the slowest to the fastest."""
    if os.name == "nt":
        return []  # the code is written for GCC and Clang, whose libraries need more than Windows has
    return list(LEVELS) if platform.machine() in X86 else ["baseline"]


def file_name(level: str) -> str:
    """Return the name of a level's library, which is the same for each version of Python."""
    return f"_{level}.so"


def compiler() -> list[str]:
    """Return the command of the C++ compiler: the variable CXX, or the first that is found. Raises OSError."""
    if named := shlex.split(os.environ.get("CXX", "")):
        return named
    if found := next(filter(shutil.which, COMPILERS), None):
        return [found]
    raise FileNotFoundError(f"there is no C++ compiler on PATH ({', '.join(COMPILERS)}); install one or set CXX")


def compile_level(level: str, output: Path) -> None:
    """Compile the library of one level. Raises OSError if that does not work."""
    import subprocess  # slow to import, and the loader imports this module

    options = [*OPTIONS, *LEVELS[level], *shlex.split(os.environ.get("ARCHFLAGS", ""))]  # ARCHFLAGS: of macOS
    source = [f"-DARCPARSE_DIGEST={digest()}", str(SOURCES / "interface.cpp")]
    command = [*compiler(), *options, *source, "-o", str(output)]
    if status := subprocess.run(command, check=False).returncode:  # noqa: S603
        raise OSError(f"{command[0]} ended with status {status}")


@lru_cache(maxsize=1)
def digest() -> int:
    """Return a number of 31 bits that changes with the sources and the options."""
    value = 0
    for path in [Path(__file__), SOURCES / "interface.cpp", *sorted(SOURCES.glob("*.h"))]:
        value = zlib.crc32(path.read_bytes(), value)
    return value & 0x7FFFFFFF


def main() -> int:
    """Compile the levels that are named, or else all, in place; return the number of those that failed."""
    failed = 0
    for level in sys.argv[1:] or levels():
        try:
            compile_level(level, FOLDER / file_name(level))
            print(f"compiled {level}")  # noqa: T201 (a command)
        except (OSError, KeyError) as error:
            print(f"not compiled: {level}: {error}", file=sys.stderr)  # noqa: T201
            failed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
