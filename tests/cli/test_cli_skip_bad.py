"""`--skip-bad`: what is malformed is reported and passed over, and without it ends the command with its place."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

from arcparse import cli
from arcparse.treebank import parse_conllu, read_conllu

ROW = "{}\tWolves\twolf\tNOUN\t_\t_\t{}\t{}\t_\t_\n"
GOOD = ROW.format(1, 0, "root") + "\n"
MALFORMED = "# sent_id = m\n" + ROW.format(1, 5, "root") + "\n"
CYCLE = "# sent_id = c\n" + ROW.format(1, 2, "dep") + ROW.format(2, 1, "dep") + "\n"
TWO_ROOTS = "# sent_id = r\n" + ROW.format(1, 0, "root") + ROW.format(2, 0, "root") + "\n"
BAD_BYTE = b"# sent_id = b\n" + ROW.format(1, 0, "root").encode().replace(b"W", b"\xff") + b"\n"


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    path = tmp_path / "t.conllu"
    path.write_bytes((GOOD + MALFORMED + CYCLE + TWO_ROOTS).encode() + BAD_BYTE + GOOD.encode())
    return path


def train(kind: str, treebank: Path, *options: str) -> int:
    return cli.main(["train", kind, "--train", str(treebank), "--dev", str(treebank), "--dry-run", *options])


def test_a_parser_learns_from_what_are_trees(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("parser", treebank, "--skip-bad") == 0
    out, err = capsys.readouterr()
    assert "train: 2 sentences, 2 tokens" in out
    reports = err.splitlines()
    assert reports[:4] == reports[4:]  # of the training and of the development file
    for report, (line, name, what) in zip(
        reports[:4],
        [
            (4, "m", "HEAD '5' is outside"),
            (6, "c", "the heads form a cycle"),
            (10, "r", "words 1, 2"),
            (15, "b", "byte 0xff"),
        ],
        strict=True,
    ):
        assert report.startswith(f"arcparse: {treebank}:{line} (sent_id {name}): {what}")
        assert report.endswith(": skipped")


def test_a_tagger_needs_no_trees(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("tagger", treebank, "--skip-bad") == 0
    assert "train: 4 sentences, 6 tokens" in capsys.readouterr().out


@pytest.mark.parametrize(("bad", "place"), [(MALFORMED, "t.conllu:4 (sent_id m)"), (CYCLE, "t.conllu:3 (sent_id c)")])
def test_without_it_training_does_not_begin(
    bad: str, place: str, treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    treebank.write_text(GOOD + bad, encoding="utf-8")
    assert train("parser", treebank) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert place in err


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("model"))


def test_what_can_be_read_is_parsed(treebank: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = treebank.parent / "out.conllu"
    command = ["parse", "--input", str(treebank), "--output", str(output), "--model", str(model)]
    assert cli.main(command) == 2
    assert not output.exists()
    assert "t.conllu:4 (sent_id m): HEAD '5'" in capsys.readouterr().err
    assert cli.main([*command, "--skip-bad"]) == 0
    assert len(list(read_conllu(output))) == 4
    *told, count = capsys.readouterr().err.splitlines()
    assert [line.partition(")")[0][-1] for line in told] == ["m", "b"]
    assert count == "arcparse: 2 sentences were passed over"


@pytest.mark.parametrize(("options", "status"), [([], 2), (["--skip-bad"], 0)])
def test_bytes_of_standard_input_are_located_too(
    options: list[str], status: int, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(BAD_BYTE + GOOD.encode()), encoding="ascii")
    monkeypatch.setattr(sys, "stdin", stream)
    assert cli.main(["parse", "--from", "conllu", "--model", str(model), *options]) == status
    out, err = capsys.readouterr()
    assert err.startswith("arcparse: <stdin>:2 (sent_id b): byte 0xff is not UTF-8; convert the file to UTF-8")
    assert len(parse_conllu(out)) == (0 if status else 1)
