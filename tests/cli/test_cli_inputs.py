"""What a command reads: by the format that is told, or that the input looks like, or that the file is named after."""

from __future__ import annotations

import argparse
import gzip
import io
import os
import sys
from pathlib import Path

import pytest

from arcparse.cli import main
from arcparse.cli.inputs import add_input, add_target, input_sentences, known_formats, target_format
from arcparse.cli.tally import Skipped
from arcparse.errors import CharacterError, ConfigurationError
from arcparse.formats import formats, write_sentences
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.treebank import parse_conllu

CONLLU = "# sent_id = a\n1\tWolves\twolf\tNOUN\tNNS\t_\t2\tnsubj\t_\t_\n2\thowl\thowl\tVERB\tVBP\t_\t0\troot\t_\t_\n\n"
CONLLX = CONLLU.partition("\n")[2].replace("_\t_\n", "0\t_\n")
JSON = '{"form": ["Wolves", "howl"], "upos": ["NOUN", "VERB"]}\n'
WOLVES = [("Wolves", "howl")]
LINES = "".join(f"Line {number} is good.\n" for number in range(1, 2001))


def parsed(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_input(parser, "read")
    add_target(parser)
    parser.add_argument("--output")
    return parser.parse_args(list(map(str, arguments)))


def sentences(*arguments: object) -> list[Sentence]:
    args = parsed(*arguments)
    return list(input_sentences(args, known_formats(args), tokenize, Skipped()))


def forms(*arguments: object) -> list[tuple[str, ...]]:
    return [sentence.forms for sentence in sentences(*arguments)]


def type_in(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)), encoding="ascii"))  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [CONLLU, CONLLX, JSON, "\ufeff" + CONLLU, CONLLU.replace("\n", "\r\n")])
@pytest.mark.parametrize("arguments", [[], ["--input", "-"], ["-"]])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_treebank_on_standard_input_is_known_by_its_look(
    content: str, arguments: list[str], pack: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(pack)
    type_in(monkeypatch, pack(content.encode()))
    assert forms(*arguments) == WOLVES


@pytest.mark.parametrize(
    "text",
    ["", " \n", "Hello\nWorld\n", "Dogs bark .\n", "(Reuters, London) It rained.", "(see below)", "digraph is a word.",
     "# A heading\n\nText.", "snake_case", "word\ttag\n", "a B-NP O\n", "1\tOne.\n2\tTwo.\n", "[1] x", '{"a": 1}'],
)  # fmt: skip
def test_what_may_be_text_is_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, text.encode())
    assert sentences() == tokenize(text)
    assert sentences(text) == tokenize(text)


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.conllu", CONLLU), ("A.CoNLLU", CONLLU), ("a.conll", CONLLU), ("a.conll", CONLLX),
     ("a.txt", CONLLU), ("a", CONLLU), ("a.jsonl", JSON), ("a.hor", "Wolves howl\n"), ("a.vert", "Wolves\nhowl\n"),
     ("a.tagged", "Wolves_X howl_Y\n"),
     ("a.conllu.bak", CONLLU), ("a.brackets", "(howl, nsubj, Wolves)\n")],
)  # fmt: skip
def test_a_file_is_read_by_its_look_or_its_name(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    found = forms("--input", tmp_path / name)
    assert [tuple(sorted(sentence)) for sentence in found] == WOLVES
    assert forms("--input", tmp_path / name, "--from", "text") == [s.forms for s in tokenize(content)]


def test_conll_in_a_file_of_that_name_keeps_all_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text(CONLLU.replace("0\troot\t_", "0\troot\t0:root"), encoding="utf-8")
    assert sentences("--input", tmp_path / "a.conll") == parse_conllu(CONLLU.replace("0\troot\t_", "0\troot\t0:root"))


@pytest.mark.parametrize("name", [name for name, format in formats().items() if format.text])
def test_every_format_of_convert_is_read(name: str, sample_treebank: Path, tmp_path: Path) -> None:
    gold = sentences("--input", sample_treebank)[:3]
    with (tmp_path / "file").open("w", encoding="utf-8", newline="\n") as file:
        write_sentences(gold, file, name)
    found = sentences("--from", name, "--input", tmp_path / "file")
    assert sorted(form for s in found for form in s.forms) == sorted(form for s in gold for form in s.forms)


def test_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("B-X Wolves\nO howl\n", encoding="utf-8")
    [found] = sentences("--from", "columns", "--columns", "NER,form", "--input", tmp_path / "a")
    assert [(token.form, token.misc) for token in found] == [("Wolves", "NER=B-X"), ("howl", "NER=O")]


def test_conllu_plus_is_known_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, b"# global.columns = ID FORM SRL\n1\tGo\tA\n\n")
    assert [token.misc for token in sentences()[0]] == ["SRL=A"]


def test_what_is_written_is_asked_for_or_named() -> None:
    known = formats()
    assert target_format(parsed(), known).name == "conllu"
    assert target_format(parsed("--output", "a.jsonl.gz"), known).name == "jsonl"
    assert target_format(parsed("--output", "a.jsonl", "--to", "dot"), known).name == "dot"
    assert target_format(parsed("--output", "a.txt"), known).name == "conllu"  # text would hold no trees
    assert target_format(parsed("--output", "a.txt", "--to", "text"), known).name == "text"
    with pytest.raises(ConfigurationError, match="format 'tiger' is not known"):
        target_format(parsed("--to", "tiger"), known)


# Treebanks ------------------------------------------------------------------------------------------------------------


def told(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> tuple[str, str]:
    assert main(list(map(str, arguments))) == status
    return capsys.readouterr()


@pytest.mark.parametrize("command", [["stats", "-"], ["draw", "-"], ["convert", "-"], ["evaluate", "gold.conllu", "-"]])
@pytest.mark.parametrize(("name", "content"), [("", CONLLX), ("", JSON), ("conllx", CONLLX)])
def test_commands_read_any_format_from_standard_input(
    command: list[str],
    name: str,
    content: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gold.conllu").write_text(CONLLU, encoding="utf-8")
    type_in(monkeypatch, content.encode())
    metrics = ["--metrics", "Words"] if command[0] == "evaluate" else []
    assert told(capsys, *command, *(["--from", name] if name else []), *metrics)[0]


def test_columns_and_tags_are_told_to_every_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text("N Wolves\nV howl\n", encoding="utf-8")
    (tmp_path / "b").write_text("V Wolves\nV howl\n", encoding="utf-8")
    options = ["--from", "columns", "--columns", "upos,form"]
    out, _ = told(capsys, "evaluate", tmp_path / "a", tmp_path / "b", *options, "--metrics", "UPOS")
    assert "50.00" in out
    assert " 2" in told(capsys, "stats", tmp_path / "a", *options)[0].splitlines()[1]


def test_a_file_named_conllu_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.conllu").write_text(CONLLU.replace("\t", " "), encoding="utf-8")
    for command in ("stats", "draw", "convert"):
        _, err = told(capsys, command, tmp_path / "a.conllu", status=2)
        assert "expected 10; separate them by single tabs" in err


@pytest.mark.parametrize(
    "command",
    ["evaluate - -", "evaluate a - b --train -", "stats - --against -", "draw - --gold -", "convert - -",
     "validate - -"],
)  # fmt: skip
def test_standard_input_is_read_once(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "standard input, which can be read once only" in told(capsys, *command.split(), status=2)[1]


@pytest.mark.parametrize("command", ["stats", "draw"])
def test_malformed_sentences_are_passed_over(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.conllu").write_text(CONLLU + "1\tx\n\n" + CONLLU, encoding="utf-8")
    assert "a.conllu:5: 2 columns" in told(capsys, command, tmp_path / "a.conllu", status=2)[1]
    out, err = told(capsys, command, tmp_path / "a.conllu", "--skip-bad")
    assert out
    assert err.splitlines()[1:] == ["arcparse: 1 sentence was passed over"]


# The name of a file given as text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["parse", "raw.txt"], "--input raw.txt"),
        (["tag", "raw.txt"], "--input raw.txt"),
        (["translate", "raw.txt", "--model", "m"], "--input raw.txt"),
        (["classify", "raw.txt", "--model", "m"], "--input raw.txt"),
        (["generate", "raw.txt", "--model", "m"], "--perplexity raw.txt"),
        (["draw", "--text", "raw.txt"], "arcparse parse --input raw.txt"),
    ],
)
def test_the_name_of_a_file_is_no_text(
    command: list[str],
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw.txt").write_text("It rained.", encoding="utf-8")
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("arcparse: 'raw.txt' is a file and would be read as text")
    assert remedy in err


def test_the_path_of_a_folder_is_no_text_but_its_name_alone_may_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    for path in ("./data", "data/", str(tmp_path)):
        assert main(["parse", "--model", "en-small", path]) == 2
        message = f"'{path}' is a folder and would be read as text; give --input {os.path.join(path, 'FILE')}"
        assert message in capsys.readouterr().err
    for text in ("data", "data/data"):
        assert main(["tag", "--model", "en-small", "--to", "horizontal", text]) == 0


@pytest.mark.parametrize("name", ["no.conllu", "no.TXT.gz", "*.conllu"])
@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        (["parse"], "--input FILE for its content"),
        (["tag"], "--input FILE for its content"),
        (["translate", "--model", "m"], "--input FILE for its content"),
        (["classify", "--model", "m"], "--input FILE for its content"),
        (["generate", "--model", "m"], "--perplexity FILE"),
        (["draw", "--text"], "`arcparse parse --input FILE`"),
    ],
)
def test_the_name_of_a_file_that_is_not_there_is_no_text(
    command: list[str], remedy: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, name]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"arcparse: '{name}' would be read as text, but ends as the name of a file, and there is no")
    assert remedy in err


def test_a_text_is_no_file_for_all_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for text in ("data", "example.com", ".txt", "Read raw.txt", "a" * 5000, "nul \0"):
        assert sentences(text) == tokenize(text)


# Bytes that are not UTF-8 ---------------------------------------------------------------------------------------------

BAD = LINES.encode() + b"caf\xe9.\n" + LINES.encode()


def test_what_precedes_a_bad_byte_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, BAD)
    found = []
    with pytest.raises(CharacterError, match=f"<stdin>:2001: byte 0xe9 at offset {len(LINES) + 3} is not UTF-8"):
        found.extend(input_sentences(parsed(), formats(), tokenize, Skipped()))
    assert len(found) == 2000


@pytest.mark.parametrize("format", ["text", "horizontal"])
def test_bad_bytes_are_replaced_told_and_counted_on_request(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "raw").write_bytes(BAD)
    skipped = Skipped()
    arguments = parsed("--input", tmp_path / "raw", "--from", format, "--skip-bad")
    found = list(input_sentences(arguments, formats(), tokenize, skipped))
    assert len(found) == 4001
    assert "\ufffd" in "".join(found[2000].forms)
    skipped.tell()
    assert capsys.readouterr().err.splitlines() == [
        f"arcparse: {tmp_path}/raw:2001: byte 0xe9 at offset {len(LINES) + 3} is not UTF-8; convert the file to UTF-8: "
        "replaced by U+FFFD",
        "arcparse: 1 line was changed: bytes that are not UTF-8 became U+FFFD",
    ]
