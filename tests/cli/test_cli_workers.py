"""`--workers`: the output of one process, its reports and its status; no half file if a worker is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse.cli import main
from arcparse.pipeline import Pipeline, workers
from arcparse.sentence import Sentence

FORK = "fork" in multiprocessing.get_all_start_methods()
PARSE = Pipeline.parse_sentences


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("one"))


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run a command and return its status and what it prints."""
    status = main(list(map(str, arguments)))
    return status, *capsys.readouterr()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["parse", "tag"])
@pytest.mark.parametrize("target", ["conllu", "jsonl"])
def test_the_output_is_that_of_one_process(
    command: str, target: str, model: Path, sample_treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [command, "--input", sample_treebank, "--model", model, "--batch-size", 3, "--to", target]
    one = told(capsys, *options)
    assert told(capsys, *options, "--workers", 2) == one
    assert (one[0], one[2]) == (0, "")
    assert one[1]


ROW = "1\tOne\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
MALFORMED = f"\ufeff{ROW}\n\n{ROW}1\tOne\n\n{ROW}2\tTwo{ROW[5:]}{ROW}\ufeff{ROW}"
PLUS = "# global.columns = ID FORM NER\n1\tOne\tB\n\n1\tTwo\tC\n\n1\tTwo\tC\n\n1\tTwo\tC\n\n"


@pytest.mark.slow
@pytest.mark.parametrize("text", [MALFORMED, PLUS, PLUS + "# global.columns\n" + PLUS, "", ROW.replace("\n", "\r\n")])
@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_what_is_malformed_is_told_as_by_one_process(
    text: str, options: list[str], model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.conllu"
    path.write_text(text, encoding="utf-8", newline="")
    command = ["parse", "--input", path, "--from", "conllu", "--model", model, "--batch-size", 2, *options]
    one = told(capsys, *command)
    assert told(capsys, *command, "--workers", 2) == one
    assert one[0] == (2 if text in (MALFORMED, PLUS + "# global.columns\n" + PLUS) and not options else 0)


@pytest.mark.skipif(not FORK, reason="a spawned worker has no monkeys")
@pytest.mark.parametrize("target", ["conllu", "jsonl"])
def test_failures_are_reported_and_written_unchanged(
    target: str, model: Path, sample_treebank: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(nlp: Pipeline, sentences: Sequence[Sentence], *, on_error: Any = None, **options: Any) -> list[Sentence]:
        on_error(sentences[0], ValueError("no such tree"))
        return [sentences[0], *PARSE(nlp, sentences[1:], **options)]

    monkeypatch.setattr(workers, "start_method", lambda: "fork")
    monkeypatch.setattr(Pipeline, "parse_sentences", fail)
    options = ["parse", "--input", sample_treebank, "--model", model, "--batch-size", 3, "--to", target]
    one = told(capsys, *options)
    assert told(capsys, *options, "--workers", 2) == one
    assert one[0] == 1
    assert one[2].count("(sent_id ") == one[2].count("not parsed: no such tree") > 1


@pytest.mark.skipif(not FORK, reason="a spawned worker has no monkeys")
@pytest.mark.parametrize("target", ["conllu", "jsonl"])
def test_a_killed_worker_is_told_and_leaves_the_old_file(
    target: str,
    model: Path,
    sample_treebank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent, output, before = os.getpid(), tmp_path / "out.conllu", set(multiprocessing.active_children())
    output.write_text("old")

    def killed(nlp: Pipeline, sentences: Sequence[Sentence], **options: Any) -> list[Sentence]:
        if os.getpid() != parent and "letter" in sentences[0].forms:
            os.kill(os.getpid(), signal.SIGKILL)
        return PARSE(nlp, sentences, **options)

    monkeypatch.setattr(workers, "start_method", lambda: "fork")
    monkeypatch.setattr(Pipeline, "parse_sentences", killed)
    options = ["--input", sample_treebank, "--model", model, "--batch-size", 1, "--output", output, "--workers", 2]
    status, out, err = told(capsys, "parse", *options, "--to", target)
    assert (status, out) == (2, "")
    assert err.startswith("arcparse: worker ")
    assert "was ended by SIGKILL" in err
    assert [path.name for path in tmp_path.iterdir()] == ["out.conllu"]
    assert output.read_text() == "old"
    assert before.issuperset(multiprocessing.active_children())


@pytest.mark.parametrize("option", ["--trace", "--scores", "--nbest=2"])
def test_workers_make_trees_alone(option: str, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = told(capsys, "parse", "One.", "--model", model, option, "--workers", 2)
    assert status == 2
    assert err == "arcparse: --workers 2 makes trees alone; leave out --trace, --nbest and --scores\n"
