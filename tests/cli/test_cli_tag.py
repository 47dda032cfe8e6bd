"""`arcparse tag` reads and writes any format, keeps what is given, and goes on behind what fails."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse import pipeline
from arcparse.cli import main
from arcparse.formats import formats, read_sentences, write_sentences
from arcparse.pipeline import Pipeline
from arcparse.pipeline.analysis import Analysis
from arcparse.sentence import Sentence
from arcparse.treebank import parse_conllu, read_conllu, write_conllu

TEXT = "The old man the boats. They do."


@pytest.fixture(scope="module")
def models(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    with_tagger = save_tiny_model(sample_treebank, two, predicts_tags=False)
    return {"one": save_tiny_model(sample_treebank, one), "two": with_tagger, "tagger": two / "tagger"}


@pytest.fixture
def tag(models: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `arcparse tag` with a tiny model; return the status and what is printed."""

    def run(*arguments: object, model: str = "one") -> tuple[int, str, str]:
        status = main(["tag", *map(str, arguments), "--model", str(models[model])])
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize("model", ["one", "two", "tagger"])
def test_text_comes_out_as_conllu_with_tags(model: str, tag: Callable[..., Any], models: dict[str, Path]) -> None:
    status, out, err = tag(TEXT, model=model)
    assert (status, err) == (0, "")
    found = parse_conllu(out)
    assert found == Pipeline.load(models[model]).tag(TEXT)
    assert not any(sentence.is_parsed for sentence in found)


def test_words_and_tags_come_out_as_they_are_asked_for(tag: Callable[..., Any], models: dict[str, Path]) -> None:
    first, second = Pipeline.load(models["one"]).tag(TEXT)
    line = " ".join(f"{token.form}_{token.upos}" for token in second)
    assert tag(TEXT, "--to", "word_tag")[1].splitlines()[1] == line
    rows = "".join(f"{token.form}\t{token.xpos}\n" for token in first)
    assert tag(TEXT, "--to", "tagged", "--tag", "xpos")[1].startswith(rows + "\n")


@pytest.mark.parametrize(
    ("format", "text"), [("horizontal", "The cat .\nIt's\n"), ("vertical", "The\ncat\n.\n\nIt's\n")]
)
def test_tokens_stay_as_they_are(
    format: str, text: str, tag: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [("The", "cat", "."), ("It's",)]
    stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert [sentence.forms for sentence in parse_conllu(tag("--from", format)[1])] == expected
    file, output = tmp_path / ("in.hor" if format == "horizontal" else "in.vert"), tmp_path / "out.jsonl"
    file.write_text(text)
    assert tag("--input", file, "--output", output) == (0, "", "")
    assert output.read_text().startswith('{"form": ["The", "cat", "."], "upos": [')


def test_a_treebank_keeps_its_trees_and_on_request_its_tags(
    sample_treebank: Path, tag: Callable[..., Any], tmp_path: Path
) -> None:
    gold = list(read_conllu(sample_treebank))
    none = [["_"] * len(sentence) for sentence in gold]
    odd = [own.replace(upos=["X", *no[1:]], xpos=no, feats=no) for own, no in zip(gold, none, strict=True)]
    write_conllu(odd, tmp_path / "in.conllu")
    made = parse_conllu(tag("--input", tmp_path / "in.conllu")[1])
    kept = parse_conllu(tag("--input", tmp_path / "in.conllu", "--given", "tags", "--batch-size", 7)[1])
    assert [sentence.heads for sentence in made] == [sentence.heads for sentence in kept] == [s.heads for s in gold]
    assert all(sentence.upos[0] == "X" for sentence in kept)
    assert [sentence.upos[1:] for sentence in made] == [sentence.upos[1:] for sentence in kept]
    assert any(sentence.upos[0] != "X" for sentence in made)
    assert "_" not in {upos for sentence in kept for upos in sentence.upos}


def test_xpos_alone_is_kept_and_the_others_are_made(
    sample_treebank: Path, tag: Callable[..., Any], tmp_path: Path
) -> None:
    gold = list(read_conllu(sample_treebank))
    none = [["_"] * len(sentence) for sentence in gold]
    write_conllu([own.replace(upos=no, feats=no) for own, no in zip(gold, none, strict=True)], tmp_path / "in.conllu")
    kept = parse_conllu(tag("--input", tmp_path / "in.conllu", "--given", "tags")[1])
    assert [sentence.xpos for sentence in kept] == [sentence.xpos for sentence in gold]
    assert "_" not in {upos for sentence in kept for upos in sentence.upos}


def test_a_dictionary_says_tags(tag: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "d.tsv").write_text("boats\tX\tFW\tForeign=Yes\n")
    [first, _] = parse_conllu(tag(TEXT, "--dictionary", tmp_path / "d.tsv")[1])
    assert first.columns[3:6] != parse_conllu(tag(TEXT)[1])[0].columns[3:6]
    assert [column[4] for column in first.columns[3:6]] == ["X", "FW", "Foreign=Yes"]
    (tmp_path / "d.tsv").write_text("boats\tX\nboats\n")
    status, out, err = tag(TEXT, "--dictionary", tmp_path / "d.tsv")
    assert (status, out) == (2, "")
    assert err.startswith(f"arcparse: {tmp_path}/d.tsv:2: 1 columns")


def test_what_fails_is_reported_and_comes_out_as_it_came(
    tag: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagged = Analysis.tag

    def fragile(self: Analysis, sentences: list[Sentence], **settings: Any) -> list[Sentence]:
        if any("boats" in sentence.forms for sentence in sentences):
            raise RuntimeError("no boats\nat all")
        return tagged(self, sentences, **settings)

    monkeypatch.setattr(Analysis, "tag", fragile)
    (tmp_path / "d.tsv").write_text("old\tX\n")
    status, out, err = tag(TEXT, "--to", "word_tag", "--dictionary", tmp_path / "d.tsv")
    assert status == 1
    assert out.splitlines()[0] == "The__ old__ man__ the__ boats__ .__"
    assert "__" not in out.splitlines()[1]
    assert err.splitlines() == [
        "arcparse: TEXT:1 (sent_id 1): not tagged: no boats",
        "arcparse: 1 of 2 sentences could not be tagged",
    ]


def test_bad_sentences_are_passed_over_if_asked(tag: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "in.conllu").write_text("1\ta" + "\t_" * 8 + "\n\n1\tb\n\n")
    (tmp_path / "out.conllu").write_text("old")
    status, out, err = tag("--input", tmp_path / "in.conllu", "--output", tmp_path / "out.conllu")
    assert (status, out, (tmp_path / "out.conllu").read_text()) == (2, "", "old")
    assert "in.conllu:3: 2 columns" in err
    status, out, err = tag("--input", tmp_path / "in.conllu", "--skip-bad")
    assert (status, [sentence.forms for sentence in parse_conllu(out)]) == (0, [("a",)])
    assert err.splitlines()[0].endswith(": skipped")
    assert err.splitlines()[1:] == ["arcparse: 1 sentence was passed over"]


def test_threads_and_speed(tag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(pipeline, "asked", lambda number: asked.append(number) or nullcontext())
    assert tag("One two.", "--threads", 2, "--verbose")[2].startswith("1 sentences, 3 words, ")
    assert asked == [2]


def test_an_unknown_format_is_status_2(tag: Callable[..., Any]) -> None:
    status, _, err = tag("x", "--to", "tiger")
    assert status == 2
    assert "format 'tiger' is not known" in err


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, format in formats().items() if format.text])
def test_parse_and_tag_read_and_write_every_format(
    name: str, sample_treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, file = list(islice(read_conllu(sample_treebank), 3)), tmp_path / "file"
    write_sentences(given, file, name)
    for command in ("parse", "tag"):
        to = name if command == "parse" else "conllu"  # pictures and brackets need trees
        assert main([command, "--from", name, "--input", str(file), "--to", to, "--model", "en-small"]) == 0
        found = list(read_sentences(io.StringIO(capsys.readouterr().out, newline=""), to))
        assert [sorted(sentence.forms) for sentence in found] == [sorted(sentence.forms) for sentence in given]
