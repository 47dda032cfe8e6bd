"""How setuptools compiles the kernels and names the wheel; pyproject.toml names these classes.

A level that cannot be compiled is left out with a notice, and without any, arcparse works through torch. Setuptools
loads this file by its path, before anything is installed: nothing of arcparse can be imported here.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import Extension
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

BUILD = runpy.run_path(str(Path(__file__).with_name("build.py")))
PACKAGE = "arcparse.kernels"
SOURCES = "arcparse/kernels/source"


class Libraries(build_ext):  # type: ignore[misc]
    """Compiles one library for each level, all of them optional."""

    def finalize_options(self) -> None:
        """Replace the one extension of pyproject.toml, which says that there are some, by those of this processor."""
        headers = sorted(map(str, Path(SOURCES).glob("*.h")))
        self.distribution.ext_modules = [
            Extension(f"{PACKAGE}._{level}", [f"{SOURCES}/interface.cpp"], depends=headers, optional=True)
            for level in BUILD["levels"]()
        ]
        super().finalize_options()
        self.parallel = True

    def build_extension(self, ext: Extension) -> None:
        """Compile one level. Raises CompileError, which is a notice for an optional extension."""
        output = Path(self.get_ext_fullpath(ext.name))
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            BUILD["compile_level"](ext.name.rpartition("._")[2], output)
        except OSError as error:
            raise CompileError(f"arcparse works without these kernels, slower: {error}") from error

    def get_ext_filename(self, ext_name: str) -> str:
        """Return the file of a dotted name: a library for ctypes is of no version of Python."""
        *package, name = ext_name.split(".")
        return str(Path(*package, BUILD["file_name"](name.removeprefix("_"))))


class Wheel(bdist_wheel):  # type: ignore[misc]
    """Names the wheel for its platform and every version of Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the tags of Python, of its binary interface and of the platform."""
        return ("py3", "none", str(super().get_tag()[2]))
