"""The tool that puts load on a server: what it sends is answered, and what is malformed gets its status."""

from __future__ import annotations

import re
import sys
from importlib import import_module

import pytest

from arcparse.cli.serve import EXTRA

pytestmark = pytest.mark.slow


def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    for module in (*EXTRA, "httpx2"):
        pytest.importorskip(module, reason=f"the server needs {module}: install the extra `serve`, and httpx2")
    monkeypatch.setattr(sys, "argv", ["load.py", "--model", "en-small", *options])
    import_module("load").main()
    return capsys.readouterr().out


def test_texts_are_answered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    out = printed(capsys, monkeypatch, "--clients", "3", "--seconds", "0.5", "--server", "batch=512")
    assert re.search(r"3 clients, 0\.5 s: .* requests/s, answers \{'200': \d+\}", out), out


def test_malformed_requests_get_their_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = printed(capsys, monkeypatch, "--malformed", "50")
    assert "wrong {}; /health then: 200" in out
