"""`arcparse convert` and tools/convert.py: files, folders, patterns and streams, what is lost, what is skipped."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arcparse import cli
from arcparse.treebank import read_conllu

ROW = "{}\t{}\t_\t{}\t_\t_\t{}\t{}\t_\t_\n"
HOWL = (
    "# newdoc\n# sent_id = 1\n"
    + ROW.format(1, "Wolves", "NOUN", 2, "nsubj")
    + ROW.format(2, "howl", "VERB", 0, "root")
    + "\n"
)
BARK = (
    "# newdoc\n# sent_id = 2\n"
    + ROW.format(1, "Dogs", "NOUN", 2, "nsubj")
    + ROW.format(2, "bark", "VERB", 0, "root")
    + "\n"
)
BAD = "1\tx\n\n"


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.conllu.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress((HOWL + BARK).encode()))
    return path


def run(*arguments: object) -> int:
    return cli.main(["convert", *map(str, arguments)])


def test_to_standard_output_with_what_is_lost_said_once(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(treebank, "--to", "bracketed") == 0
    out, err = capsys.readouterr()
    assert out == "(howl, nsubj, Wolves)\n(bark, nsubj, Dogs)\n"
    assert err == "arcparse: bracketed cannot hold: comments (4), UPOS (4), places of words (4)\n"


def test_strict_fails_and_leaves_the_output_as_it_was(treebank: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.dp"
    output.write_text("old")
    assert run(treebank, "--output", output, "--strict") == 2
    assert output.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.dp"]


def test_the_output_says_its_format(treebank: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl.xz"
    assert run(treebank, "--output", output, "--strict") == 0
    assert run(output, "--output", tmp_path / "back.conllu") == 0
    assert (tmp_path / "back.conllu").read_text() == HOWL + BARK


def test_a_folder_and_a_pattern_are_all_their_files(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (treebank.parent / "deep").mkdir()
    (treebank.parent / "deep" / "b.vert").write_text("Cats\nmeow\n")
    (treebank.parent / "notes.md").write_text("none of ours")
    assert run(treebank.parent, "--to", "horizontal") == 0
    assert capsys.readouterr().out == "Wolves howl\nDogs bark\nCats meow\n"
    assert run(treebank.parent / "**" / "*.vert", "--to", "horizontal") == 0
    assert capsys.readouterr().out == "Cats meow\n"
    assert run(treebank.parent / "*.none") == 2
    assert "no file with a known suffix" in capsys.readouterr().err


def test_a_folder_gets_a_file_for_each_input(treebank: Path, tmp_path: Path) -> None:
    (treebank.parent / "b.vert").write_text("Cats\nmeow\n")
    assert run(treebank.parent, "--to", "horizontal", "--output", f"{tmp_path / 'out'}/") == 0
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "a.hor": "Wolves howl\nDogs bark\n",
        "b.hor": "Cats meow\n",
    }
    (treebank.parent / "a.vert").write_text("Cats\nmeow\n")
    assert run(treebank.parent, "--to", "horizontal", "--output", tmp_path / "out") == 2


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HOWL.encode()), encoding="ascii"))
    assert run("--to", "tagged", "--tag", "upos") == 0
    assert capsys.readouterr().out == "Wolves\tNOUN\nhowl\tVERB\n\n"


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress])
def test_compressed_standard_input_is_opened(
    compress: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = compress(HOWL.encode())
    for given, status in ((data, 0), (data[:-9], 2)):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(given)), encoding="ascii")  # type: ignore[type-var]
        monkeypatch.setattr(sys, "stdin", stdin)
        assert run("--to", "horizontal") == status
    out, err = capsys.readouterr()
    assert out == "Wolves howl\n"
    assert "<stdin>: cannot be read: " in err


def test_columns_are_named(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(treebank, "--to", "columns", "--columns", "upos,form,NER") == 0
    assert capsys.readouterr().out.startswith("-DOCSTART- -X- O\n\nNOUN Wolves _\nVERB howl _\n\n-DOCSTART-")
    assert run(treebank, "--to", "columns") == 2
    assert run(treebank, "--to", "columns", "--columns", "form", "--output", treebank.parent) == 0
    assert (treebank.parent / "a.columns").read_text().endswith("Dogs\nbark\n\n")


def test_bad_sentences_are_skipped_or_end_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.conllu"
    path.write_text(HOWL + BAD + ROW.format(1, "alone", "X", "_", "_") + "\n")
    assert run(path, "--from", "conllu", "--to", "bracketed", "--skip-bad") == 1
    out, err = capsys.readouterr()
    assert out == "(howl, nsubj, Wolves)\n"
    lines = err.splitlines()
    assert lines[0].startswith(f"arcparse: {path}:6: 2 columns")
    assert lines[1].startswith(f"arcparse: {path}:8: word 1 has no head")
    assert lines[-1] == "arcparse: 2 sentences were passed over"
    assert run(path, "--from", "conllu", "--to", "bracketed") == 2


def test_transformations_are_made_in_their_order(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(treebank, "--to", "horizontal", "--lower-case", "--filter", "'wolves' in form") == 0
    assert capsys.readouterr().out == "wolves howl\n"
    assert run(treebank, "--to", "horizontal", "--filter", "'wolves' in form", "--lower-case") == 0
    assert capsys.readouterr().out == ""


def test_every_transformation_runs(sample_treebank: Path, tmp_path: Path) -> None:
    table, output = tmp_path / "table", tmp_path / "out.conllu"
    table.write_text("nsubj subject\nNN N\n")
    merged = f"upos,xpos={sample_treebank}"
    steps = ["--merge", merged, "--filter", "length > 3", "--drop-punctuation", "--projectivise",
             "head", "--deprojectivise", "head", "--upos-from-xpos", table, "--relabel", table, "--strip-subtypes",
             "--lower-case", "--anonymise", "--sample", "90%", "--sample", "9", "--sort", "length:down"]  # fmt: skip
    assert run(sample_treebank, *steps, "--seed", 3, "--output", output) == 0
    lengths = [len(sentence) for sentence in read_conllu(output)]
    assert len(lengths) == 9
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(
    "step",
    [("--sort", "colour"), ("--sample", "many"), ("--sample", "-1"), ("--merge", "head"), ("--projectivise", "up"),
     ("--filter", "x"), ("--folds", "2"), ("--split", "a=1,b=0", "--output", "{part}.x"), ("--from", "x"),
     ("--to", "penn")],
)  # fmt: skip
def test_what_cannot_be_done_is_told(
    step: tuple[str, ...], treebank: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(treebank.parent)
    assert run(treebank, *step) == 2
    assert capsys.readouterr().err.startswith("arcparse: ")
    assert [path.name for path in treebank.parent.iterdir()] == [treebank.name]


@pytest.mark.parametrize("option", [("--split", "train"), ("--folds", "1"), ("--folds", "x")])
def test_parts_that_are_none_are_refused(option: tuple[str, str], treebank: Path) -> None:
    with pytest.raises(SystemExit):
        run(treebank, *option)


def test_parts_and_folds_are_files(treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(treebank, "--split", "train=1,dev=1", "--output", tmp_path / "x-{part}.dp") == 0
    assert (tmp_path / "x-train.dp").read_text() == "Wolves\t_\t2\nhowl\t_\t0\n\n"
    assert (tmp_path / "x-dev.dp").read_text() == "Dogs\t_\t2\nbark\t_\t0\n\n"
    assert "DEPREL (4)" in capsys.readouterr().err
    assert run(treebank, "--folds", 2, "--output", tmp_path / "{part}.conllu") == 0
    assert (tmp_path / "1.conllu").read_text() + (tmp_path / "2.conllu").read_text() == HOWL + BARK


def test_the_help_has_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    out = capsys.readouterr().out
    assert "newdoc as -DOCSTART-" in out
    assert "  jsonl " in out
    assert "--from FORMAT" in out


def test_the_script_is_the_command(
    treebank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Path(__file__).parents[2] / "tools" / "convert.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(treebank), "--to", "horizontal"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out == "Wolves howl\nDogs bark\n"
