"""`arcparse train seq2seq` and `arcparse translate`, from files to files."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from toy_languages import learned, untrained, words

from arcparse import cli
from arcparse.seq2seq import Seq2Seq, load
from arcparse.seq2seq.task import bleu

BEAM = 5  # the command's, unless told
SMALL = (
    "metric=exact",
    "min_count=1",
    "model.encoder.embedding=8",
    "model.encoder.recurrent.hidden=8",
    "model.decoder.embedding=8",
    "model.decoder.recurrent.hidden=16",
    "training.tensorboard=false",
    "training.batch_tokens=200",
)


@pytest.fixture
def model(tmp_path: Path) -> str:
    learned("general", False).save(tmp_path / "copying")
    return str(tmp_path / "copying")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    lines = [" ".join(word) for word in words(40, 3)]
    (tmp_path / "pairs.tsv").write_text("".join(f"{line}\t{line}\n" for line in lines), encoding="utf-8")
    return tmp_path / "pairs.tsv"


def written(model: str, *lines: str) -> str:
    """What the model makes of lines, by the library, as the command writes it."""
    outputs = load(model, Seq2Seq).generate([tuple(line.split()) for line in lines], beam=BEAM)
    return "".join(" ".join(best.symbols) + "\n" for best, *_ in outputs)


def training(corpus: Path, *options: object) -> list[str]:
    overrides = [word for setting in SMALL for word in ("--set", setting)]
    return ["train", "seq2seq", "--train", str(corpus), "--dev", str(corpus), *overrides, *map(str, options)]


def test_a_model_is_trained_and_translates(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = corpus.parent / "run"
    assert cli.main(training(corpus, "--output", output, "--epochs", 1)) == 0
    assert capsys.readouterr().out.startswith(f"{output / 'best'}: dev exact ")
    assert cli.main(["translate", "--model", str(output / "best"), "a b"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_a_dry_run_prints_settings_and_what_the_data_hold(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(training(corpus, "--dry-run")) == 0
    settings, _, statistics = capsys.readouterr().out.partition("\n# ")
    assert "embedding = 8\n" in settings
    symbols = sum(len(word) for word in words(40, 3))
    assert f"train: 40 pairs, {symbols} symbols of sources, {symbols} of outputs" in statistics
    assert "vocabulary: 14 sources, 14 outputs" in statistics
    assert "parameters: " in statistics


def test_a_corpus_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "seq2seq", "--dry-run"]) == 2
    assert "no train corpus is set" in capsys.readouterr().err


@pytest.mark.slow
def test_lines_come_from_the_line_a_file_or_standard_input(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["translate", "--model", model, "--threads", "1", "c a b"]) == 0
    assert capsys.readouterr().out == written(model, "c a b")
    (tmp_path / "in.txt").write_text("b a\n\nc d\n", encoding="utf-8")
    assert cli.main(["translate", "--model", model, "--input", str(tmp_path / "in.txt")]) == 0
    assert capsys.readouterr().out == written(model, "b a", "", "c d")
    monkeypatch.setattr(sys, "stdin", io.StringIO("e f\n"))
    assert cli.main(["translate", "--model", model, "--output", str(tmp_path / "out.txt")]) == 0
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == written(model, "e f")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--nbest", "9"], "--nbest 9 needs a beam as wide; --beam is 5"),
        (["--nbest", "3", "--beam", "2"], "--nbest 3 needs a beam as wide; --beam is 2"),
        (["--length-power", "nan"], "--length-power: must be a number from 0 to 10, not 'nan'"),
        (["--length-power", "-1"], "--length-power: must be a number from 0 to 10, not '-1'"),
        (["--length-power", "x"], "--length-power: must be a number from 0 to 10, not 'x'"),
    ],
)
def test_numbers_that_the_search_cannot_take_are_refused(
    model: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = cli.main(["translate", "--model", model, "a b", *options])
    except SystemExit as stopped:  # of argparse
        status = stopped.code
    assert status == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_best_outputs_come_with_their_scores(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--beam", "4", "--nbest", "2", "--length-power", "0"]
    assert cli.main(["translate", "--model", model, *options, "a b c"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["1", "1"]
    expected = load(model, Seq2Seq).generate([("a", "b", "c")], beam=4, nbest=2, length_power=0.0)[0]
    assert [row[2] for row in rows] == [" ".join(output.symbols) for output in expected]
    assert [float(row[1]) for row in rows] == pytest.approx([output.score for output in expected], abs=1e-3)


def test_unknown_words_are_copied_unless_they_are_to_stay(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ([], ["--keep-unknown"]):
        assert cli.main(["translate", "--model", model, *option, "zebra"]) == 0
        written = capsys.readouterr().out
        assert ("<unk>" in written) <= bool(option)


def test_a_picture_shows_where_the_model_looked(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["translate", "--model", model, "--attention", str(tmp_path / "map.svg"), "a b"]) == 0
    found = capsys.readouterr().out
    assert found == written(model, "a b")
    picture = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert ">a</text>" in picture
    assert cli.main(["translate", "--model", model, "--attention", str(tmp_path / "map.png"), "a b"]) == 0
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_references_give_a_table_of_scores_by_beam_width(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sacrebleu")
    (tmp_path / "in.txt").write_text("a b c d e\nf e d c b\n", encoding="utf-8")
    (tmp_path / "gold.txt").write_text("a b c d e\nb c d e zebra\n", encoding="utf-8")
    files = ["--input", str(tmp_path / "in.txt"), "--reference", str(tmp_path / "gold.txt")]
    assert cli.main(["translate", "--model", model, *files, "--beam", "1,3"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["beam", "BLEU", "exact"]
    texts = ((tmp_path / name).read_text(encoding="utf-8") for name in ("in.txt", "gold.txt"))
    sources, gold = ([tuple(line.split()) for line in text.splitlines()] for text in texts)
    for row, beam in zip(rows, (1, 3), strict=True):
        own, score, *shares = row.split()[:6]
        best = [outputs[0].symbols for outputs in load(model, Seq2Seq).generate(sources, beam=beam)]
        assert (own, score) == (str(beam), f"{bleu(best, gold):.2f}")
        assert shares[0] == ("50.00" if best[0] == gold[0] else "0.00")
        assert (shares[3], sum(map(float, shares))) == ("50.00", 100)  # an unknown word is out of reach
    assert cli.main(["translate", "--model", model, *files, "--keep-unknown"]) == 0
    kept = capsys.readouterr().out.splitlines()[1].split()
    assert (kept[0], kept[5]) == ("5", "50.00")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beam", "1,5", "a"], "give one"),
        (["--attention", "map.svg", "a\nb"], "found 2 lines"),
        (["--reference", "nowhere.txt", "a"], "nowhere.txt: cannot be read"),
    ],
)
def test_what_is_wrong_is_said(
    model: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["translate", "--model", model, *options]) == 2
    assert message in capsys.readouterr().err


def test_references_must_be_as_many_and_a_picture_needs_attention(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gold.txt").write_text("a\nb\n", encoding="utf-8")
    assert cli.main(["translate", "--model", model, "--reference", str(tmp_path / "gold.txt"), "a"]) == 2
    assert "has 2 lines, the input 1" in capsys.readouterr().err
    untrained("none").save(tmp_path / "blind")
    blind = ["translate", "--model", str(tmp_path / "blind"), "--attention", str(tmp_path / "map.svg"), "a"]
    assert cli.main(blind) == 2
    assert "found a model without attention" in capsys.readouterr().err
