from __future__ import annotations

import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse import pipeline
from arcparse.cli import main
from arcparse.cli.derivation import table
from arcparse.drawing.widths import cells
from arcparse.parser.model import Parser
from arcparse.parser.trace import Arc, Step
from arcparse.pipeline import Pipeline
from arcparse.pipeline.analysis import Analysis
from arcparse.sentence import DEPREL, DEPS, FEATS, FORM, HEAD, ID, LEMMA, MISC, UPOS, XPOS, Sentence
from arcparse.tokenizer import tokenize
from arcparse.treebank import parse_conllu, read_conllu

CARRIED = (ID, FORM, LEMMA, DEPS, MISC)
TAGS = (UPOS, XPOS, FEATS)
TEXT = "The old man the boats. Don't they?\n\nThey do."
RICH = """\
# newdoc id = d1
# a comment without value
# text = Don't she saw her.
1-2	Don't	_	_	_	_	_	_	_	SpaceAfter=No
1	Do	do	AUX	VBP	_	4	aux	4:aux	_
2	n't	not	PART	RB	_	4	advmod	4:advmod	_
2.1	it	it	PRON	PRP	_	_	_	4:nsubj	CopyOf=1
3	she	she	PRON	PRP	Case=Nom	4	nsubj	4:nsubj	Gloss=x
4	saw	see	VERB	VBD	Tense=Past	0	root	0:root	_
5	her	she	PRON	PRP	Case=Acc	4	obj	4:obj	SpaceAfter=No

"""


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="module")
def model_with_tagger(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("two"), predicts_tags=False)


@pytest.fixture
def parse(model: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `arcparse parse` with a tiny model; return the status and what is printed."""

    def run(*arguments: object, model: Path = model) -> tuple[int, str, str]:
        status = main(["parse", *map(str, arguments), "--model", str(model)])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def horses_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the parser fail on every batch with a horse in it."""
    analysed = Analysis.parse

    def failing(self: Analysis, sentences: list[Sentence], **settings: Any) -> list[Sentence]:
        if any("horse" in sentence.forms for sentence in sentences):
            raise RuntimeError("no memory for a horse\nand more")
        return analysed(self, sentences, **settings)

    monkeypatch.setattr(Analysis, "parse", failing)


def type_in(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode()), encoding="ascii"))


def carried(sentences: list[Sentence]) -> list[tuple[object, ...]]:
    return [(s.comments, *(s.columns[column] for column in CARRIED)) for s in sentences]


def test_a_text_comes_out_as_trees(parse: Callable[..., Any]) -> None:
    status, out, err = parse(TEXT)
    parsed = parse_conllu(out)
    assert (status, err) == (0, "")
    assert carried(parsed) == carried(tokenize(TEXT))
    assert all(sentence.is_parsed and "_" not in sentence.upos for sentence in parsed)


def test_no_text_is_no_sentence(parse: Callable[..., Any]) -> None:
    assert parse("") == (0, "", "")


@pytest.mark.parametrize("arguments", [[], ["--input", "-"]])
def test_standard_input_is_text_in_utf_8(
    arguments: list[str], parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    type_in(monkeypatch, "\ufeffDon’t go.\r\n\r\nGo.")
    status, out, _ = parse(*arguments)
    assert status == 0
    assert carried(parse_conllu(out)) == carried(tokenize("Don’t go.\r\n\r\nGo."))


def test_standard_input_is_conllu_if_told_so(parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, RICH)
    status, out, _ = parse("--from", "conllu")
    assert status == 0
    assert carried(parse_conllu(out)) == carried(parse_conllu(RICH))


def test_streams_are_utf_8_whatever_the_locale(model: Path) -> None:
    command = [sys.executable, "-m", "arcparse", "parse", "--model", str(model)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, input="Zürich schläft.".encode(), env=environment, capture_output=True, check=True)
    assert parse_conllu(done.stdout.decode())[0].forms == ("Zürich", "schläft", ".")
    assert b"\r" not in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("which", ["model", "model_with_tagger"])
def test_of_conllu_all_is_kept_but_what_is_predicted(
    given: bool, which: str, parse: Callable[..., Any], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    (tmp_path / "in.conllu").write_text(RICH)
    options = ["--given", "tags"] if given else []
    status, out, _ = parse("--input", tmp_path / "in.conllu", *options, model=request.getfixturevalue(which))
    [before], [after] = parse_conllu(RICH), parse_conllu(out)
    assert status == 0
    assert carried([after]) == carried([before])
    assert ([after.columns[tag] for tag in TAGS] == [before.columns[tag] for tag in TAGS]) == given
    assert (after.columns[HEAD], after.columns[DEPREL]) != (before.columns[HEAD], before.columns[DEPREL])
    assert after.is_parsed
    assert [after.columns[column][0] for column in (*TAGS, HEAD, DEPREL)] == ["_"] * 5
    assert [after.columns[column][3] for column in (UPOS, XPOS, HEAD)] == ["PRON", "PRP", "_"]


def test_tags_that_are_given_change_the_trees(
    model_with_tagger: Path, tmp_path: Path, parse: Callable[..., Any]
) -> None:
    (tmp_path / "in.conllu").write_text(RICH)
    pipeline = Pipeline.load(model_with_tagger)
    for options, given in (([], False), (["--given", "tags"], True)):
        _, out, _ = parse("--input", tmp_path / "in.conllu", *options, model=model_with_tagger)
        assert parse_conllu(out) == pipeline.parse_sentences(parse_conllu(RICH), given_tags=given)


def test_a_file_is_parsed_to_a_file_in_order_whatever_the_batches(
    sample_treebank: Path, tmp_path: Path, parse: Callable[..., Any]
) -> None:
    outputs = []
    for size in (1, 7, 256):
        output = tmp_path / f"{size}.conllu.xz"
        assert parse("--input", sample_treebank, "--output", output, "--batch-size", size, "--beam", 2) == (0, "", "")
        outputs.append(lzma.decompress(output.read_bytes()).decode())
    assert outputs[0] == outputs[1] == outputs[2]
    assert carried(parse_conllu(outputs[0])) == carried(list(read_conllu(sample_treebank)))


def test_input_is_read_as_it_is_needed(
    model: Path, tmp_path: Path, parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.txt").write_text("It rained. " * 40)
    sizes: list[int] = []
    parse_sentences = Pipeline.parse_sentences

    def watched(self: Pipeline, sentences: list[Sentence], **options: Any) -> list[Sentence]:
        sizes.append(len(sentences))
        return parse_sentences(self, sentences, **options)

    monkeypatch.setattr(Pipeline, "parse_sentences", watched)
    status, out, _ = parse("--input", tmp_path / "in.txt", "--batch-size", 16)
    assert status == 0
    assert sizes == [16, 16, 8]
    assert [sentence.comment("sent_id") for sentence in parse_conllu(out)] == [str(n) for n in range(1, 41)]


def test_what_is_asked_for_is_stronger_than_the_name(tmp_path: Path, parse: Callable[..., Any]) -> None:
    (tmp_path / "in.conllu").write_text("Plain text.")
    _, out, _ = parse("--input", tmp_path / "in.conllu", "--from", "text")
    assert parse_conllu(out)[0].forms == ("Plain", "text", ".")


def test_malformed_input_is_status_2_and_leaves_the_old_output(tmp_path: Path, parse: Callable[..., Any]) -> None:
    (tmp_path / "in.conllu").write_text(RICH + "1\tonly\n\n")
    (tmp_path / "out.conllu").write_text("old")
    status, out, err = parse("--input", tmp_path / "in.conllu", "--output", tmp_path / "out.conllu")
    assert (status, out) == (2, "")
    assert err.startswith(f"arcparse: {tmp_path}/in.conllu:12: 2 columns")
    assert (tmp_path / "out.conllu").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_sentence_that_cannot_be_parsed_is_reported_and_passed_through(
    sample_treebank: Path, parse: Callable[..., Any], horses_fail: None
) -> None:
    status, out, err = parse("--input", sample_treebank)
    gold, parsed = list(read_conllu(sample_treebank)), parse_conllu(out)
    failed = [sentence for sentence in gold if "horse" in sentence.forms]
    *lines, last = err.splitlines()
    assert status == 1
    assert carried(parsed) == carried(gold)
    assert [after for before, after in zip(gold, parsed, strict=True) if "horse" in before.forms] == failed
    assert lines == [
        f"arcparse: {s.place} (sent_id {s.comment('sent_id')}): not parsed: no memory for a horse" for s in failed
    ]
    assert last == f"arcparse: {len(failed)} of {len(gold)} sentences could not be parsed"


def test_a_text_s_place_is_its_line(tmp_path: Path, parse: Callable[..., Any], horses_fail: None) -> None:
    status, out, err = parse("One.\nThe horse fell.")
    assert status == 1
    assert err.splitlines()[0] == "arcparse: TEXT:2 (sent_id 2): not parsed: no memory for a horse"
    assert [sentence.is_parsed for sentence in parse_conllu(out)] == [True, False]


def test_a_place_without_name_and_an_error_without_words(
    parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **settings: object) -> list[Sentence]:
        raise ValueError

    monkeypatch.setattr(Analysis, "parse", fails)
    status, _, err = parse("1\ta" + "\t_" * 8, "--from", "conllu")
    assert status == 1
    assert err.splitlines()[0] == "arcparse: TEXT:1: not parsed: ValueError"


def test_the_speed_is_told_if_asked_or_in_a_terminal(
    parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse("One two.", "--verbose")[2].startswith("1 sentences, 3 words, ")
    with monkeypatch.context() as patch:
        patch.setattr(sys.stderr, "isatty", lambda: True)
        assert parse("One two.")[2].rstrip().endswith(" words/s")
    assert parse("One two.")[2] == ""


@pytest.mark.parametrize(("options", "expected"), [((), 1), (("--threads", 3), 3)])
def test_one_thread_works_unless_more_are_asked_for(
    options: tuple[object, ...], expected: int, parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(pipeline, "asked", lambda number: asked.append(number) or nullcontext())
    parse("One.", *options)
    assert set(asked) == {expected}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--input", "f"], "not allowed with argument"),
        (["--trace", "--output", "f"], "not allowed with argument"),
        (["x", "--beam", "0"], "argument --beam: must be from 1 to 1024, not 0"),
        (["x", "--beam", "100000000"], "argument --beam: must be from 1 to 1024, not 100000000"),
        (["x", "--nbest", "1025"], "argument --nbest: must be from 1 to 1024, not 1025"),
        (["x", "--scores", "--samples", "-1"], "argument --samples: must be from 0 to 1024, not -1"),
        (["x", "--threads", "9" * 5000], "argument --threads: must be a whole number from 1 to 1024, not '9999"),
        (["x", "--batch-size", "100001"], "argument --batch-size: must be from 1 to 100000, not 100001"),
        (["x", "--batch-size", "many"], "must be a whole number from 1 to 100000, not 'many'"),
        (["x", "--given", "trees"], "invalid choice: 'trees'"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["parse", *arguments])
    assert message in capsys.readouterr().err


def test_a_model_that_is_not_there_is_status_2(tmp_path: Path, parse: Callable[..., Any]) -> None:
    status, _, err = parse("x", model=tmp_path / "none")
    assert status == 2
    assert "there is no model directory" in err


def blocks(out: str) -> Iterator[list[str]]:
    return (block.splitlines() for block in out.strip("\n").split("\n\n"))


@pytest.mark.parametrize("which", ["model", "model_with_tagger"])
@pytest.mark.parametrize("beam", [1])
def test_traces_hold_the_arcs_of_the_trees(
    which: str, beam: int, parse: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    chosen = request.getfixturevalue(which)
    status, out, err = parse(TEXT, "--trace", "--beam", beam, model=chosen)
    parsed = parse_conllu(parse(TEXT, "--beam", beam, model=chosen)[1])
    assert (status, err) == (0, "")
    for (title, headings, *rows), sentence in zip(blocks(out), parsed, strict=True):
        assert title == f"{sentence.comment('sent_id')}: {sentence.text}"
        assert headings.split() == ["step", "stack", "buffer", "transition", "arc", "added", "log", "p"]
        assert len(rows) == 2 * len(sentence) + 1
        forms = ("ROOT", *sentence.forms)
        for token in sentence:
            arc = f"{token.deprel}({forms[token.head]}-{token.head}, {token.form}-{token.id})"
            assert sum(arc in row for row in rows) == 1


def test_a_trace_that_fails_is_reported(parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    search = Parser.search

    def failing(self: Parser, words: Any, *rest: Any) -> Any:
        if int(words.length) == 3:
            raise RuntimeError("too short")
        return search(self, words, *rest)

    monkeypatch.setattr(Parser, "search", failing)
    status, out, err = parse("One two. One two three.", "--trace")
    assert status == 1
    assert out.startswith("2: One two three.\n")
    assert err.splitlines()[0] == "arcparse: TEXT:1 (sent_id 1): not parsed: too short"


def test_the_figure_is_aligned_and_long_lists_are_shortened() -> None:
    forms = ["I", "saw", "東京", "a" * 20, "x", "y", "z"]
    sentence = Sentence.from_forms(forms, ["# text = t"])
    steps = [
        Step(("ROOT",), tuple(forms), "SHIFT", -0.25, None),
        Step(("ROOT", *forms), (), "RIGHT-ARC(obj)", -1.5, Arc(6, "obj", 4)),
        Step(("ROOT", *forms[:4]), tuple(forms[4:]), "SHIFT", -10.0, None),
    ]
    lines = table(sentence, steps).splitlines()
    assert lines[0] == "t"
    assert len({cells(line) for line in lines[1:]}) == 1
    assert "[I, saw, 東京, aaaaaaaaaaaaaaa…, …]" in lines[2]
    assert "[ROOT, …, aaaaaaaaaaaaaaa…, x, y, z]" in lines[3]
    assert "obj(y-6, aaaaaaaaaaaaaaa…-4)" in lines[3]
    assert "[ROOT, I, saw, 東京, aaaaaaaaaaaaaaa…]" in lines[4]
    assert "[x, y, z]" in lines[4]
    assert lines[5].split() == ["3", "[ROOT]", "[]", "done", "-11.750"]


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("…", 1)])
def test_width_is_counted_in_columns_of_the_terminal(text: str, columns: int) -> None:
    assert cells(text) == columns


def test_trees_come_out_in_the_format_that_is_asked_for(parse: Callable[..., Any], tmp_path: Path) -> None:
    parsed = parse_conllu(parse(TEXT)[1])
    status, out, err = parse(TEXT, "--to", "nltk4", "--tag", "upos")
    assert (status, err) == (0, "")
    rows = [f"{t.form}\t{t.upos}\t{t.head}\t{t.deprel}" for t in parsed[0]]
    assert out.startswith("\n".join([*rows, "", ""]))
    assert parse(TEXT, "--output", tmp_path / "out.jsonl") == (0, "", "")
    assert (tmp_path / "out.jsonl").read_text(encoding="utf-8").count("\n") == len(parsed)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"It rained.\n" * 20 + b"caf\xe9", ":21: byte 0xe9 at offset 223"),
        ((RICH * 20).encode() + b"1\tb\n", ":221: 2 columns"),
        (b'{"form": ["It"]}\n' * 20 + b"\xe9", ":21: byte 0xe9 at offset 340"),
    ],
)
def test_what_precedes_a_fault_is_written(
    content: bytes, place: str, tmp_path: Path, parse: Callable[..., Any]
) -> None:
    (tmp_path / "in").write_bytes(content)
    status, out, err = parse("--input", tmp_path / "in", "--batch-size", 16)
    assert status == 2
    assert err.startswith(f"arcparse: {tmp_path}/in{place}")
    assert [sentence.is_parsed for sentence in parse_conllu(out)] == [True] * 20
