"""An output whose parts were made of other data is refused: they would be skipped, and named after the new."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from overfitted import sample

from arcparse import cli, course
from arcparse.course.record import RECORD, keep_to_data
from arcparse.course.settings import PipelineSettings
from arcparse.course.stages import Course
from arcparse.errors import ConfigurationError
from arcparse.treebank import write_conllu


@pytest.fixture
def settings(tmp_path: Path) -> PipelineSettings:
    for role, sentences in (("train", sample()[:6]), ("dev", sample()[6:8]), ("test", sample()[8:9])):
        write_conllu(sentences, tmp_path / f"{role}.conllu")
    (tmp_path / "raw.txt").write_text("Dogs bark.\n", encoding="utf-8")
    own = course.resolve(preset="sketch", overrides=[f"treebank={tmp_path}", f"raw={tmp_path / 'raw.txt'}"])
    return course.with_files(own)


def keep(settings: PipelineSettings, output: Path, *, resume: bool = True, raw: bool = True) -> None:
    output.mkdir(exist_ok=True)
    keep_to_data(settings, course.sizes(settings), output, resume=resume, raw=raw)


@pytest.mark.parametrize("name", ["train.conllu", "dev.conllu", "raw.txt"])
def test_a_course_keeps_to_the_data_with_which_it_has_begun(
    settings: PipelineSettings, tmp_path: Path, name: str
) -> None:
    run, file = tmp_path / "run", tmp_path / name
    for _ in range(2):
        keep(settings, run)
    old = file.read_bytes()
    write_conllu(sample()[20:26], file)
    with pytest.raises(ConfigurationError, match=rf"run: was begun with another \w+ file than .*{name}; .*--fresh"):
        keep(settings, run)
    file.write_bytes(old)
    keep(settings, run)
    write_conllu(sample()[20:26], file)
    keep(settings, run, resume=False)
    keep(settings, run)


def test_the_test_file_and_the_processes_of_word_vectors_may_change(settings: PipelineSettings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    keep(settings, run)
    write_conllu(sample()[20:26], Path(settings.test))
    keep(replace(settings, word2vec=replace(settings.word2vec, workers=2)), run)
    other = replace(settings, word2vec=replace(settings.word2vec, dimension=50))
    with pytest.raises(ConfigurationError, match=r"with other settings \(word2vec.dimension is 50, was 100\)"):
        keep(other, run)
    keep(other, run, raw=False)  # vectors are given, and none are made


def test_a_run_of_an_older_version_is_taken_as_it_is(settings: PipelineSettings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    keep(settings, run)
    for content in ("", "[]"):
        (run / RECORD).write_text(content, encoding="utf-8")
        write_conllu(sample()[len(content) : 5], Path(settings.train))
        keep(settings, run)
        assert set(json.loads((run / RECORD).read_bytes())) == {"train", "dev", "raw", "word2vec"}
        keep(settings, run)


def test_the_command_refuses_other_data_before_it_writes(
    settings: PipelineSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    keep(settings, run, raw=False)
    write_conllu(sample()[20:26], Path(settings.train))
    assert cli.main(["train", "pipeline", "--treebank", str(tmp_path), "--output", str(run)]) == 2
    assert "was begun with another train file" in capsys.readouterr().err
    assert [entry.name for entry in run.iterdir()] == [RECORD]


def test_tags_of_unseen_parts_are_made_anew_with_another_tagger(tmp_path: Path) -> None:
    made = Course(course.resolve(preset="fast"), tmp_path)
    made.tagged.parent.mkdir()
    made.tagged.touch()
    assert not made.is_finished("taggers of unseen parts")
