"""`arcparse info` and `--version` name what is installed and the kernels in use."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

from arcparse import cli
from arcparse.cli import info
from arcparse.kernels.library import LEVELS, SETTING, available, in_use


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    assert cli.main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return dict(map(str.strip, line.split("  ", 1)) for line in lines)


def test_info_names_versions_kernels_and_models(capsys: pytest.CaptureFixture[str]) -> None:
    facts = shown(capsys)
    assert facts["arcparse"] == metadata.version("arcparse")
    assert facts["torch"] == metadata.version("torch")
    assert facts["kernels in use"] == in_use()
    assert [level for level in LEVELS if facts[f"kernels {level}"] == "available"] == available()
    assert {"en", "en-small"} <= set(facts["models"].split(", "))


def test_info_says_why_a_level_is_not_available(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(info, "lacking", lambda level: f"no {level}")
    monkeypatch.setenv(SETTING, "none")
    facts = shown(capsys)
    assert facts["kernels in use"] == "none"
    assert facts["kernels amx"] == "no amx"


def test_the_version_names_the_kernels_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(SETTING, "none")
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"arcparse {metadata.version('arcparse')} (kernels: none)\n"


def test_the_version_needs_no_torch() -> None:
    code = "import sys; from arcparse.kernels.library import in_use; in_use(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "False\n"
