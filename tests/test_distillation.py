"""A teacher labels raw text shard by shard, and a student learns from gold and silver trees together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_model
from overfitted import PARSER, TAGGER, TRAINING, fit, sample, twenty
from overfitted import SAMPLE as TREEBANK

from arcparse import cli, recipes
from arcparse.distillation import Distillation, distil
from arcparse.errors import ConfigurationError, ModelError, TreebankError
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.silver import Draws, confidence_of, read_silver, with_confidence
from arcparse.tagger.task import TaggerSettings, TaggerTask
from arcparse.treebank import write_conllu
from arcparse.trees import check_tree
from arcparse.vectors import runs

PARAGRAPHS = [" ".join(sentence.text for sentence in sample()[i : i + 2]) for i in range(0, 12, 2)]


@pytest.fixture(scope="module")
def teacher() -> Pipeline:
    return Pipeline(tiny_model.tiny_parser(twenty()))


@pytest.fixture
def text(tmp_path: Path) -> str:
    (tmp_path / "raw.txt").write_text("".join(f"{line}\n\n" for line in [*PARAGRAPHS, PARAGRAPHS[0]]), encoding="utf-8")
    return str(tmp_path / "raw.txt")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.xz")}


def test_each_sentence_gets_a_tree_tags_and_a_confidence(teacher: Pipeline, text: str, tmp_path: Path) -> None:
    shards = list(distil(Distillation("t", (text,), paragraphs=2), teacher, tmp_path / "out"))
    assert [shard.file.name for shard in shards] == ["000000.conllu.xz", "000001.conllu.xz", "000002.conllu.xz"]
    found = list(read_silver(str(tmp_path / "out")))
    divided = [sentence for paragraph in PARAGRAPHS for sentence in teacher.divide(paragraph)]
    assert [sentence.forms for sentence in found] == [sentence.forms for sentence in divided]
    assert sum(shard.words for shard in shards) == sum(map(len, found))
    parsed = teacher.parse_sentences(divided)
    for own, other in zip(found, parsed, strict=True):
        check_tree(own.tree)
        assert (own.tree, own.upos, own.xpos) == (other.tree, other.upos, other.xpos)
        assert 0 < confidence_of(own) < 1
        assert len(own.comments) == 1


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_parts_share_the_work(teacher: Pipeline, text: str, tmp_path: Path) -> None:
    settings = Distillation("t", (text,), paragraphs=1)
    list(distil(settings, teacher, tmp_path / "whole"))
    stopped: Iterator[Any] = distil(settings, teacher, tmp_path / "stopped")
    next(stopped), next(stopped)
    assert [shard.file.name[:6] for shard in distil(settings, teacher, tmp_path / "stopped")] == [
        "000002",
        "000003",
        "000004",
        "000005",
    ]
    names = [[s.file.name[:6] for s in distil(settings, teacher, tmp_path / "parts", part=(i, 2))] for i in (1, 2)]
    assert names == [["000000", "000002", "000004"], ["000001", "000003", "000005"]]
    assert contents(tmp_path / "whole") == contents(tmp_path / "stopped") == contents(tmp_path / "parts")


def test_a_run_that_cannot_begin_leaves_no_folder_that_refuses_the_next(
    teacher: Pipeline, text: str, tmp_path: Path
) -> None:
    def told(teacher: Pipeline, *texts: str) -> str:
        with pytest.raises((ConfigurationError, ModelError)) as error:
            next(distil(Distillation("A + B", texts), teacher, tmp_path / "out"))
        assert not (tmp_path / "out").exists()
        return str(error.value)

    missing = str(tmp_path / "missing.txt")
    assert told(teacher, text, missing) == f"{missing}: there is no such file of raw text; check the path"
    assert told(teacher, str(tmp_path)).startswith(f"{tmp_path}: there is no such file")
    untagged = Pipeline(tiny_model.tiny_parser(twenty(), predicts_tags=False))
    assert told(untagged, text).startswith("A + B: needs tags and has no tagger; join one to it by `arcparse pack ")
    tagger = Pipeline.load("en-small-tagger")
    assert told(tagger, text) == "A + B: a tagger makes no trees; name a parser as the teacher"


def test_a_folder_of_other_settings_is_refused(teacher: Pipeline, text: str, tmp_path: Path) -> None:
    settings = Distillation("t", (text,), paragraphs=2)
    list(distil(settings, teacher, tmp_path / "out"))
    for other in (replace(settings, beam=2), replace(settings, teacher="u"), replace(settings, exclude=("dev",))):
        with pytest.raises(ConfigurationError, match=r"shards here were made with (beam|teacher|exclude) .*, not .*"):
            list(distil(other, teacher, tmp_path / "out"))
    for content, message in (("{", "cannot be read"), ("[]", "must be a JSON object")):
        (tmp_path / "out" / "distil.json").write_text(content)
        with pytest.raises(ConfigurationError, match=message):
            list(distil(settings, teacher, tmp_path / "out"))


def test_paragraphs_that_quote_the_unseen_are_left_out(teacher: Pipeline, text: str, tmp_path: Path) -> None:
    long = max(PARAGRAPHS, key=lambda paragraph: len(paragraph.split()))
    list(distil(Distillation("t", (text,)), teacher, tmp_path / "out", unseen=runs([long.upper()])))
    read = [sentence.forms for sentence in read_silver(str(tmp_path / "out"))]
    quoted = [sentence.forms for sentence in teacher.divide(long)]
    assert read
    assert not any(forms in read for forms in quoted)


@pytest.mark.parametrize("words", [0.0, 10.0, 25.0, 1000.0])
def test_epochs_go_through_all_silver_trees_in_turn(words: float) -> None:
    lengths = [3, 5, 1, 8, 2, 7, 4]
    draws = Draws(lengths, words, seed=1)
    epochs = [draws.of(epoch) for epoch in range(60)]
    assert all(len(set(drawn)) == len(drawn) for drawn in epochs)
    if words >= sum(lengths):
        assert all(sorted(drawn) == list(range(7)) for drawn in epochs)
    total = sum(lengths[i] for drawn in epochs for i in drawn)
    assert total == pytest.approx(60 * min(words, sum(lengths)), abs=sum(lengths))
    seen = Counter(i for drawn in epochs for i in drawn)
    assert not words or max(seen.values()) - min(seen[i] for i in range(7)) <= 1
    assert epochs == [Draws(lengths, words, seed=1).of(epoch) for epoch in range(60)]
    assert words in (0.0, 1000.0) or epochs != [Draws(lengths, words, seed=2).of(epoch) for epoch in range(60)]


def test_no_silver_trees_are_none() -> None:
    assert Draws([], 10.0, 1).of(3) == []
    assert list(read_silver("")) == []


def test_an_epoch_has_all_gold_trees_and_a_share_of_silver_ones() -> None:
    silver = [with_confidence(sentence, 0.5 + 0.5 * (i % 2)) for i, sentence in enumerate(twenty())]
    settings = ParserSettings(parser=PARSER["bilstm"], silver_share=0.2, training=TRAINING)
    task = ParserTask(settings, twenty()[:12], twenty()[:2], silver=silver)
    known = set(task.model.system.labels)
    learnable = [sentence for sentence in silver if known.issuperset(sentence.labels)]
    assert 12 <= len(learnable) < len(silver)
    assert [sentence.forms for sentence in task.silver] == [sentence.forms for sentence in learnable]
    gold = sum(map(len, twenty()[:12]))
    for epoch in range(3):
        drawn = sorted(i for batch in task.batches(epoch) for i in batch)
        assert drawn[:12] == list(range(12))
        words = sum(len(task.silver[i - 12]) for i in drawn[12:])
        assert words == pytest.approx(gold / 4, abs=max(map(len, silver)))
    assert task.loss(task.batches(0)[0]).value.isfinite()
    sure = ParserTask(replace(settings, silver_confidence=0.9), twenty()[:12], twenty()[:2], silver=silver)
    assert [confidence_of(sentence) for sentence in sure.silver] == [1.0] * len(sure.silver)
    assert 0 < len(sure.silver) < len(task.silver)


def test_a_tagger_learns_from_the_tags_of_silver_sentences() -> None:
    silver = [with_confidence(sentence, 0.9) for sentence in twenty()[4:]]
    new = twenty()[0].replace(upos=["NEW"] * len(twenty()[0]))
    settings = TaggerSettings(tagger=TAGGER, silver_share=0.9, silver_confidence=0.8, training=TRAINING)
    task = TaggerTask(settings, twenty()[:4], twenty()[4:], silver=[*silver, new, with_confidence(twenty()[5], 0.7)])
    known = set(task.model.tags.vocabularies["upos"])
    assert [sentence.forms for sentence in task.silver] == [s.forms for s in silver if known.issuperset(s.upos)]
    assert "NEW" not in known
    assert task.train == twenty()[:4]
    drawn = {i for batch in task.batches(0) for i in batch}
    assert drawn == set(range(4 + len(task.silver)))
    fit(task, 15)
    alone = TaggerTask(settings, twenty()[:4], twenty()[4:])
    fit(alone, 15)
    assert task.evaluate()["UPOS"] > alone.evaluate()["UPOS"] + 5


def test_a_prepared_tagger_reads_silver_sentences_in_units() -> None:
    config = replace(TAGGER, preparation="google-news")
    gold = [Sentence.from_forms(["semi", "final"]).replace(upos=["ADJ", "NOUN"])]
    silver = [Sentence.from_forms(["semi-final"]).replace(upos=["NOUN"])]
    task = TaggerTask(TaggerSettings(tagger=config, training=TRAINING), gold, gold, silver=silver)
    assert [unit.forms for unit in task.mixture.sentences] == [("semi", "final"), ("semi", "final")]


def test_a_confidence_must_be_a_number() -> None:
    with pytest.raises(TreebankError, match="confidence of a tree must be a number from 0 to 1, not 'high'"):
        confidence_of(sample()[0].replace(comments=["# confidence = high"]))
    assert confidence_of(sample()[0]) == 1.0


def test_the_command_line_labels_text_and_trains_on_it(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_model.save_tiny_model(TREEBANK, tmp_path)
    write_conllu(sample()[4:6], tmp_path / "dev.conllu")
    command = ["distil", str(model), "--text", text, "--output", str(tmp_path / "silver")]
    command += ["--exclude", str(tmp_path / "dev.conllu"), "--paragraphs", "3"]
    assert cli.main([*command, "--part", "2/2"]) == 0
    assert "silver: 1 new shards of " in capsys.readouterr().out
    assert cli.main(command) == 0
    settings = recipes.resolve(
        ParserSettings,
        "parser",
        overrides=[f"train={TREEBANK}", f"dev={TREEBANK}", f"silver={tmp_path / 'silver'}", "parser.bilstm.hidden=8"],
    )
    task = recipes.parser_task(settings)
    assert task.silver
    assert len(task.train) == len(sample())
    assert task.metadata()["settings"]["silver"] == "silver"
    train = ["train", "tagger", "--train", str(TREEBANK), "--set", f"silver={tmp_path / 'silver'}", "--dry-run"]
    capsys.readouterr()
    assert cli.main(train) == 0
    assert re.search(r"# train: .*\n# silver: \d+ sentences, \d+ tokens, .*\n# dev: ", capsys.readouterr().out)
    for bad in ("0/2", "3/2", "x", "1"):
        with pytest.raises(SystemExit):
            cli.main([*command, "--part", bad])
    assert "must be I/N" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    with pytest.raises(TreebankError, match=r"empty: holds no \*\.conllu\.xz; name a folder that `arcparse distil`"):
        list(read_silver(str(tmp_path / "empty")))
