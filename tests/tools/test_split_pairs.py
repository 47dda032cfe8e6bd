"""tools/split_pairs.py gives no part a source of another."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from arcparse.seq2seq.pairs import read_pairs

SCRIPT = Path(__file__).parents[2] / "tools" / "split_pairs.py"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return int(str(stopped.value.code))


def test_parts_share_no_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [(f"Go {i}{sign}", f"va {i} {j}") for i in range(20) for j, sign in enumerate("!.")]
    (tmp_path / "all.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    arguments = (tmp_path / "all.tsv", tmp_path / "parts", "--languages", "en", "fr", "--sources", 4)
    assert run(monkeypatch, *arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'parts' / name}: {count} pairs, {count} sources"
        for name, count in (("train", 24), ("dev", 8), ("test", 8))
    ]
    parts = [read_pairs(str(tmp_path / "parts" / name), "en", "fr") for name in ("train", "dev", "test")]
    assert sorted((" ".join(pair.source), " ".join(pair.output)) for part in parts for pair in part) == sorted(pairs)
    sources = [{pair.source[1].strip("!.") for pair in part} for part in parts]
    assert [len(part) for part in sources] == [12, 4, 4]
    assert not sources[0] & sources[1]
    assert not sources[0] & sources[2]
    assert not sources[1] & sources[2]
    before = (tmp_path / "parts" / "train.en").read_bytes()
    assert run(monkeypatch, *arguments[:3], "en", "en") == 2
    assert "--languages en en: the two names must differ" in capsys.readouterr().err
    assert (tmp_path / "parts" / "train.en").read_bytes() == before
    assert run(monkeypatch, *arguments[:-1], 10) == 2
    assert "20 distinct sources leave none to train on" in capsys.readouterr().err
