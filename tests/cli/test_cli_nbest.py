"""`arcparse parse --nbest --scores`: more trees than the best, and how sure each is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse.cli import main
from arcparse.evaluation.confidence import HEAD, LABEL, read_confidence
from arcparse.parser.model import Parser
from arcparse.sentence import HEAD as HEADS
from arcparse.sentence import MISC, Sentence
from arcparse.treebank import parse_conllu, read_conllu

TEXT = "They go. We stay here."
CONLLU = """\
# newdoc id = d
# sent_id = a
# probability = mine
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDo\tdo\tAUX\tVBP\t_\t_\t_\t_\tGloss=do
2\tn't\tnot\tPART\tRB\t_\t_\t_\t_\tHeadConfidence=0.5|B
3\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_

"""


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("one"))


@pytest.fixture
def parse(model: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[Sentence], str]]:
    def run(*arguments: object) -> tuple[int, list[Sentence], str]:
        status = main(["parse", *map(str, arguments), "--model", str(model)])
        out, err = capsys.readouterr()
        return status, parse_conllu(out), err

    return run


def test_nbest_writes_the_trees_of_a_sentence_one_after_the_other(parse: Callable[..., Any]) -> None:
    status, found, _ = parse(TEXT, "--nbest", 3)
    assert status == 0
    assert [sentence.comment("nbest") for sentence in found] == ["1", "2", "3"] * 2
    assert [sentence.comment("sent_id") for sentence in found] == ["1"] * 3 + ["2"] * 3
    for start in (0, 3):
        trees = {(sentence.heads, sentence.labels) for sentence in found[start : start + 3]}
        assert len(trees) == 3
    assert sum(sentence.comments[0].startswith("# newdoc") for sentence in found) == 1
    assert not any("Confidence" in misc for sentence in found for misc in sentence.words(MISC))
    assert found[0].comment("score") is None


@pytest.mark.parametrize("samples", [[], ["--samples", "0"], ["--samples", "4"]])
def test_scores_are_written_beside_what_is_there(
    samples: list[str], tmp_path: Path, parse: Callable[..., Any], model: Path
) -> None:
    (tmp_path / "in.conllu").write_text(CONLLU, encoding="utf-8")
    status, [found], _ = parse("--input", tmp_path / "in.conllu", "--scores", *samples)
    assert status == 0
    assert found.comments[:2] == ("# newdoc id = d", "# sent_id = a")
    assert [comment.partition(" = ")[0] for comment in found.comments[2:]] == ["# score", "# probability"]
    assert 0 < float(found.comment("probability") or "") <= 1
    assert [misc.partition("|Head")[0] for misc in found.columns[MISC][:3]] == ["SpaceAfter=No", "Gloss=do", "B"]
    head, label = (read_confidence([found], name) for name in (HEAD, LABEL))
    assert all(0 < both <= own <= 1 for own, both in zip(head, label, strict=True))
    settings = {"beam": 8} | ({"samples": int(samples[1])} if samples else {})
    [[expected]] = Parser.load(model).nbest(list(read_conllu(tmp_path / "in.conllu")), 1, **settings)
    assert head == pytest.approx(expected.head_confidence, abs=1e-4)


def test_both_together_and_an_explicit_beam(parse: Callable[..., Any]) -> None:
    _, found, _ = parse("They go.", "--nbest", 2, "--scores", "--beam", 2)
    assert [sentence.comment("nbest") for sentence in found] == ["1", "2"]
    assert sum(float(sentence.comment("probability")) for sentence in found) == pytest.approx(1, abs=1e-3)
    _, wide, _ = parse("They go.", "--nbest", 12)
    assert [sentence.comment("nbest") for sentence in wide] == [str(rank) for rank in range(1, 13)]


def test_a_sentence_that_fails_comes_out_as_it_came(parse: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    nbest = Parser._nbest_batch

    def failing(self: Parser, sentences: list[Sentence], *rest: Any) -> Any:
        if any("go" in sentence.forms for sentence in sentences):
            raise RuntimeError("no")
        return nbest(self, sentences, *rest)

    monkeypatch.setattr(Parser, "_nbest_batch", failing)
    status, found, err = parse(TEXT, "--nbest", 2)
    assert status == 1
    assert [sentence.columns[HEADS][0] == "_" for sentence in found] == [True, False, False]
    assert "not parsed: no" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace", "--nbest", "2"], "--trace shows derivations"),
        (["--trace", "--scores"], "leave out --nbest and --scores"),
        (["--nbest", "3", "--beam", "2"], "--nbest 3 needs a beam as wide; --beam is 2"),
        (["--samples", "3"], "--samples 3 goes with --scores"),
    ],
)
def test_options_that_contradict_are_refused(arguments: list[str], message: str, parse: Callable[..., Any]) -> None:
    status, found, err = parse("Go.", *arguments)
    assert (status, found) == (2, [])
    assert message in err
