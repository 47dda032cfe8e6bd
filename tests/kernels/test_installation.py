"""Setuptools compiles the levels one by one; each may fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from setuptools import Distribution

from arcparse.kernels import build, installation
from arcparse.kernels.installation import Libraries, Wheel

LIBRARIES = "arcparse/kernels"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Libraries:
    """The command that compiles, for all levels; the compiler lacks one."""

    def compile_level(level: str, output: Path) -> None:
        if level == "amx":
            raise OSError("g++ ended with status 1")
        output.write_text(level)

    monkeypatch.setitem(installation.BUILD, "levels", lambda: list(build.LEVELS))
    monkeypatch.setitem(installation.BUILD, "compile_level", compile_level)
    made = Libraries(Distribution())
    made.build_lib, made.build_temp = str(tmp_path), str(tmp_path / "temporary")
    return made


def test_the_levels_that_compile_are_installed(
    command: Libraries, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command.ensure_finalized()
    command.run()
    compiled = {path.name: path.read_text() for path in (tmp_path / LIBRARIES).iterdir()}
    assert compiled == {f"_{level}.so": level for level in ("baseline", "avx2", "avxvnni", "avx512")}


def test_without_a_compiler_nothing_is_installed_and_nothing_fails(
    command: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(installation.BUILD, "compile_level", build.compile_level)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    command.ensure_finalized()
    command.run()
    assert not list((tmp_path / LIBRARIES).iterdir())


def test_a_source_distribution_has_every_source(command: Libraries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(build.__file__).parents[2])
    command.ensure_finalized()
    sources = {path.name for path in build.SOURCES.iterdir()}
    assert {Path(path).name for path in command.get_source_files()} == sources


def test_a_wheel_is_of_one_platform_and_every_python() -> None:
    wheel = Wheel(Distribution({"name": "arcparse", "ext_modules": [object()]}))
    wheel.ensure_finalized()
    python, abi, platform = wheel.get_tag()
    assert (python, abi) == ("py3", "none")
    assert platform != "any"
