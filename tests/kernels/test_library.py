"""The library that suits the processor is chosen and opened, or the message says why it is not."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from arcparse.errors import ConfigurationError
from arcparse.kernels import build, library
from arcparse.kernels.library import LEVELS, NONE, SETTING, Handle, available, check, in_use, lacking

needs_kernels = pytest.mark.skipif(not available(), reason="no kernels are compiled")


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test finds and opens libraries anew, without a setting."""
    monkeypatch.delenv(SETTING, raising=False)
    remembered = (lacking, library._opened)
    for function in remembered:
        function.cache_clear()
    yield
    for function in remembered:
        function.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the package's."""
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that replaces the processor by one of some levels; all libraries are installed."""

    def replace(*levels: str) -> None:
        runs = SimpleNamespace(arcparse_processor_runs=lambda level: level.decode() in levels)
        monkeypatch.setattr(library, "_opened", dict.fromkeys(LEVELS, runs).__getitem__)

    return replace


@pytest.mark.skipif(not shutil.which("g++"), reason="there is no compiler")
def test_where_a_compiler_is_the_libraries_are_of_today_s_sources() -> None:
    expected = [level for level in LEVELS if level in build.levels()]
    assert [level for level in expected if "compile" in lacking(level)] == [], "run `python arcparse/kernels/build.py`"


@needs_kernels
def test_the_fastest_level_is_used_unless_the_setting_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_use() == available()[0]
    for level in available():
        monkeypatch.setenv(SETTING, level)
        assert in_use() == level
        assert library.library() is library.library(level)
    monkeypatch.setenv(SETTING, "")
    assert in_use() == available()[0]


def test_the_setting_can_ask_for_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, NONE)
    assert in_use() == NONE
    assert library.library() is None
    assert library.library(NONE) is None


def test_an_unknown_level_is_an_error_with_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ", ".join((*LEVELS, NONE))
    message = f"ARCPARSE_KERNELS: there are no kernels 'avx', only {known}; did you mean 'avx2'?"
    monkeypatch.setenv(SETTING, "avx")
    for ask in (in_use, library.library, lambda: library.library("avx")):
        with pytest.raises(ConfigurationError) as caught:
            ask()
        assert str(caught.value) == message


def test_a_level_that_was_not_compiled(folder: Path) -> None:
    assert available() == []
    assert in_use() == NONE
    assert library.library() is None
    with pytest.raises(
        ConfigurationError, match=r"'avx2' cannot be used: it is not compiled; with a C.* compiles it; usable are none"
    ):
        library.library("avx2")


def test_a_library_that_is_damaged_is_left_out(folder: Path) -> None:
    for level in LEVELS:
        (folder / build.file_name(level)).write_bytes(b"\x7fELF")
    assert in_use() == NONE
    with pytest.raises(
        ConfigurationError, match=r"'baseline' cannot be used: _baseline\.so does not suit .* compiles it"
    ):
        library.library("baseline")


@needs_kernels
def test_a_library_of_other_sources_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "digest", lambda: -1)
    assert in_use() == NONE
    assert "it is of other sources" in lacking("baseline")


@needs_kernels
def test_a_library_without_one_of_the_functions_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(library.FUNCTIONS, "arcparse_of_tomorrow", (None, []))
    assert in_use() == NONE


def test_the_processor_decides(processor: Callable[..., None]) -> None:
    processor("baseline", "avx2")
    assert in_use() == "avx2"
    with pytest.raises(ConfigurationError, match=r"'amx' .* lacks it; usable are avx2, baseline, none"):
        library.library("amx")


def test_a_fault_is_told_on_the_command_line_in_one_line() -> None:
    command = [sys.executable, "-m", "arcparse", "--version"]
    done = subprocess.run(command, env=os.environ | {SETTING: "sse"}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("arcparse: ARCPARSE_KERNELS: there are no kernels 'sse'")
    assert done.stderr.count("\n") == 1


def test_an_object_is_freed_when_its_handle_goes() -> None:
    freed: list[int] = []
    handle = Handle(7, freed.append)
    assert freed == []
    del handle
    gc.collect()
    assert freed == [7]


def test_no_object_and_a_status_are_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError):
        Handle(None, print)
    with pytest.raises(MemoryError):
        check(1)
    check(0)


def test_the_compiler_is_the_one_named_or_the_first_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXX", "ccache 'my g++'")
    assert build.compiler() == ["ccache", "my g++"]
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="no C\\+\\+ compiler on PATH"):
        build.compiler()
    (tmp_path / "clang++").touch(mode=0o755)
    assert build.compiler() == ["clang++"]


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("posix", "x86_64", ["baseline", "avx2", "avxvnni", "avx512", "amx"]),
        ("posix", "aarch64", ["baseline"]),
        ("posix", "arm64", ["baseline"]),
        ("nt", "AMD64", []),
    ],
)
def test_levels_are_those_of_the_kind_of_processor(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, expected: list[str]
) -> None:
    monkeypatch.setattr(build, "os", SimpleNamespace(name=system))
    monkeypatch.setattr(build.platform, "machine", lambda: machine)
    assert build.levels() == expected


def test_levels_are_compiled_in_place_one_by_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text(
        '#!/bin/sh\ncase "$*" in *march*) exit 3;; esac\nwhile [ $# -gt 1 ]; do shift; done\ntouch "$1"\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["build.py", "baseline", "avx2"])
    assert build.main() == 1
    printed, errors = capfd.readouterr()
    assert printed == "compiled baseline\n"
    assert errors == f"not compiled: avx2: {compiler} ended with status 3\n"
    assert (tmp_path / "_baseline.so").exists()
