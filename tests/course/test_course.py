"""A whole pipeline is trained from the folder of a treebank by one command, and goes on where it stopped."""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from overfitted import sample

import arcparse
from arcparse import cli, course
from arcparse.bundle import Bundle
from arcparse.checkpoint import load_model
from arcparse.course import stages
from arcparse.course.files import files_of
from arcparse.errors import ConfigurationError
from arcparse.parser.task import ParserSettings
from arcparse.presets import PIPELINE, presets
from arcparse.recipes import resolve
from arcparse.sentence import EMPTY, Sentence
from arcparse.treebank import read_conllu, write_conllu

PARTS = ("segmenter", "lemmatizer", "parser")
NETWORK = ("parser.scorer.hidden=[16]", "parser.bilstm.hidden=8", "parser.bilstm.layers=1", "parser.projection=8")
RECURRENT = {
    "segmenter": ("segmenter.encoder",),
    "lemmatizer": ("lemmatizer.network.encoder", "lemmatizer.network.decoder"),
}
SMALL = [
    *(f"parser.{setting}" for setting in NETWORK),
    *(f"{part}.{room}.recurrent.hidden=8" for part, rooms in RECURRENT.items() for room in rooms),
    "lemmatizer.lemmatizer.network.decoder.recurrent.hidden=16",
    *(f"{part}.training.tensorboard=false" for part in PARTS),
]


def write_part(folder: Path, name: str, sentences: Sequence[Sentence]) -> Path:
    folder.mkdir(exist_ok=True)
    write_conllu(sentences, folder / name)
    return folder / name


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    """A folder with the names of UD: train packed, and dev."""
    folder = tmp_path / "UD_English-Sample"
    plain = write_part(folder, "en_sample-ud-train.conllu", sample()[:16])
    (folder / "en_sample-ud-train.conllu.xz").write_bytes(lzma.compress(plain.read_bytes()))
    plain.unlink()
    write_part(folder, "en_sample-ud-dev.conllu", sample()[16:22])
    (folder / "README.md").touch()
    return folder


def command(*options: object, settings: Sequence[str] = SMALL) -> list[str]:
    overrides = [word for setting in settings for word in ("--set", setting)]
    return ["train", "pipeline", *overrides, *map(str, options)]


def test_one_command_makes_a_bundle_with_its_scores(
    treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    train = command("--treebank", treebank, "--epochs", 1, "--output", run)
    assert cli.main(train) == 0
    shown = capsys.readouterr()
    lines = [line.split("  ") for line in shown.err.splitlines()]
    begins = [[f"{step} ({number} of 4)", "epoch 1"] for number, step in enumerate(PARTS, 1)]
    assert [line[0] for line in lines] == [name for name, _ in begins for _ in range(2)] + ["scores (4 of 4)"]
    assert [line[:2] for line in lines if len(line) > 2] == begins
    assert all(re.fullmatch(r"at most about [0-9]+ (s|min) left", line[-1]) for line in lines)
    found = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert found["file"] == "en_sample-ud-dev.conllu"
    assert found["scores"]["gold tokens"]["Words"] == found["scores"]["gold tags"]["UPOS"] == 100
    assert [row.split("  ")[0] for row in shown.out.splitlines()[2:]] == list(found["scores"])
    table = f"| raw text | {found['scores']['raw text']['Tokens']:.2f} | "
    assert table in (run / "best" / "README.md").read_text(encoding="utf-8")
    nlp = arcparse.load(run)
    assert nlp.segmenter
    assert EMPTY not in nlp.parse(["The", "dogs", "bark"]).lemmas
    assert Bundle.find(run).tokenizer == "neutral"
    assert cli.main(train) == 0
    assert [line.split("  ")[0] for line in capsys.readouterr().err.splitlines()] == ["scores (4 of 4)"]
    assert cli.main([*train, "--fresh"]) == 0
    assert capsys.readouterr().err.count("epoch 1") == len(PARTS)


@pytest.mark.slow
def test_a_course_that_stopped_goes_on_with_the_part_that_stopped(
    treebank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    options = ("--treebank", treebank, "--epochs", 1)
    train, done = stages.train, []

    def interrupted(task: object, config: object, directory: Path, **more: object) -> object:
        done.append(directory.name)
        if directory.name == "parser":
            raise KeyboardInterrupt
        return train(task, config, directory, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(stages, "train", interrupted)
        assert cli.main(command(*options, "--output", run)) == 130
    assert not (run / "best").exists()
    capsys.readouterr()
    assert cli.main(command(*options, "--output", run)) == 0
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == ["parser", "parser", "scores"]
    assert cli.main(command(*options, "--output", whole)) == 0
    assert (run / "scores.json").read_bytes() == (whole / "scores.json").read_bytes()


@pytest.mark.slow
def test_a_tagger_is_trained_for_a_parser_that_needs_one_and_vectors_of_raw_text(
    treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, run = tmp_path / "raw.txt", tmp_path / "run"
    lines = {f"{i} {sentence.text}" for i in range(3) for sentence in sample()[30:60]}
    raw.write_text("\n".join(sorted(lines)), encoding="utf-8")
    settings = [
        "lemmatizer=none",
        "segmenter=none",
        "tokenizer=en",
        "tagger.folds=2",
        "tagger.tagger.hidden=[16]",
        "parser.parser.scorer.hidden=[16]",
        *(f"word2vec.{setting}" for setting in ("dimension=6", "min_count=1", "workers=1", "epochs=1")),
        *(f"{part}.training.tensorboard=false" for part in ("tagger", "parser")),
    ]
    options = ("--preset", "fast", "--treebank", treebank, "--raw", raw, "--epochs", 1, "--output", run)
    assert cli.main(command(*options, settings=settings)) == 0
    lines = capsys.readouterr().err.splitlines()
    begun = [line.partition("  at most about")[0] for line in lines if "epoch" not in line]
    steps = ("vectors", "tagger", "taggers of unseen parts", "parser", "scores")
    assert begun == [f"{step} ({number} of 5)" for number, step in enumerate(steps, 1)]
    assert [line.partition(" (")[0] for line in lines if "epoch" in line] == [*steps[1:3], *steps[2:4]]
    found = Bundle.find(run)
    assert (list(found.parts()), found.tokenizer) == (["parser", "tagger"], "en")
    assert load_model(run / "best" / "vectors", "vectors").weights["rows"].shape[1] == 6
    tagged = list(read_conllu(run / "tagger" / "train.tagged.conllu"))
    assert [sentence.forms for sentence in tagged] == [sentence.forms for sentence in sample()[:16]]
    assert [sentence.upos for sentence in tagged] != [sentence.upos for sentence in sample()[:16]]
    assert load_model(found.model).metadata["settings"]["train"] == "train.tagged.conllu"
    assert cli.main(command(*options, settings=settings)) == 0
    assert "epoch" not in capsys.readouterr().err


def test_without_dev_the_end_of_train_is_held_out_and_without_lemmas_none_are_learned(tmp_path: Path) -> None:
    sentences = [sentence.replace(lemmas=[EMPTY] * len(sentence)) for sentence in sample()[:20]]
    folder = write_part(tmp_path / "treebank", "train.conllu", sentences).parent
    settings = course.resolve(overrides=[f"treebank={folder}", *SMALL])
    filled = course.with_files(settings, tmp_path / "run")
    train, dev = (list(read_conllu(place)) for place in (filled.train, filled.dev))
    assert (train, dev) == (sentences[:18], sentences[18:])
    assert list(stages.without_lemmas_if_none(filled, None).parts()) == ["segmenter", "parser"]
    kept = course.with_files(settings)
    assert (kept.train, kept.dev) == (str(folder / "train.conllu"), "")


def test_the_files_of_a_folder_are_known_by_the_names_of_ud(tmp_path: Path) -> None:
    for name in ("fr_sequoia-ud-train.conllu.xz", "dev.conllu", "x_test.conllu.gz", "train.txt", "trained.conllu"):
        (tmp_path / name).touch()
    expected = {"train": "fr_sequoia-ud-train.conllu.xz", "dev": "dev.conllu", "test": "x_test.conllu.gz"}
    assert {role: Path(place).name for role, place in files_of(tmp_path).items()} == expected
    (tmp_path / "train.conllu").touch()
    with pytest.raises(
        ConfigurationError, match=r"two files for train, fr_.* and train\.conllu; choose one by --train"
    ):
        files_of(tmp_path)
    settings = course.resolve(overrides=[f"treebank={tmp_path}", "train=mine.conllu"])
    assert Path(course.with_files(settings).dev) == tmp_path / "dev.conllu"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no treebank is set; name a folder by --treebank DIR, or the file by --train FILE"),
        (
            ["--treebank", "nowhere"],
            "nowhere: cannot be read: No such file or directory; name the folder of a treebank",
        ),
        (["--treebank", "."], ".: has no file *-train.conllu; name a folder"),
        (["--preset", "best"], "there is no pipeline preset 'best'; there are accurate, fast, sketch"),
        (["--set", "parser.epochs=2"], "there is no setting 'parser.epochs'; did you mean"),
        (["--set", "parser.parser.encoder=none"], "needs tags; take the preset fast, which has a tagger"),
        (["--set", "tagger.folds=2"], "predicts tags itself; leave out the tagger by --set tagger=none"),
        (["--set", "lemmatizer=off"], "lemmatizer must be a table of LemmatizerSettings or 'none', not 'off'"),
        (["--set", "parser=none"], "parser must be a table of ParserSettings, not 'none'"),
    ],
)
def test_wrong_options_are_refused_with_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "pipeline", "--output", "run", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_run_needs_a_folder(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "pipeline", "--treebank", str(treebank)]) == 2
    assert "give --output DIRECTORY" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["--dry-run", "--fresh"])
@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--test", "", "file.conllu: holds no sentence; the test file needs at least one"),
        ("--test", "1\tDogs\t_\t_\t_\t_\t9\t_\t_\t_\n\n", "file.conllu:1: HEAD '9' is outside the sentence"),
        ("--dev", "1\tDogs\t_\t_\t_\t_\t_\t_\t_\t_\n\n", "file.conllu:1: word 1 has no head"),
        ("--vectors", None, "file.conllu: there are no word vectors"),
        ("--raw", None, "file.conllu: cannot be read: No such file or directory; check --raw FILE"),
    ],
)
def test_a_fault_of_a_file_is_found_before_the_first_training(
    how: str,
    option: str,
    content: str | None,
    message: str,
    treebank: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place, run = tmp_path / "file.conllu", tmp_path / "run"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    assert cli.main(command("--treebank", treebank, option, place, "--output", run, how)) == 2
    assert message in capsys.readouterr().err
    assert not (run / "segmenter").exists()


def test_rules_that_are_not_there_are_found_before_the_first_training(treebank: Path, tmp_path: Path) -> None:
    rules = tmp_path / "fr.toml"
    settings = course.with_files(course.resolve(overrides=[f"treebank={treebank}", f"tokenizer={rules}"]))
    with pytest.raises(ConfigurationError, match=r"fr\.toml: cannot be read"):
        course.sizes(settings)
    rules.write_text('elided = "l d"', encoding="utf-8")
    assert course.sizes(settings)["train"][0] > 0


def test_a_dry_run_prints_settings_that_train_accepts(
    treebank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--treebank", treebank, "--preset", "fast", "--epochs", 7, "--dry-run")
    assert cli.main(command(*options, settings=["lemmatizer=none", "parser.exploration=0.5"])) == 0
    shown = capsys.readouterr().out
    (tmp_path / "shown.toml").write_text(shown, encoding="utf-8")
    again = course.resolve(file=tmp_path / "shown.toml")
    assert (again.lemmatizer, again.parser.exploration) == (None, 0.5)
    assert {own.training.epochs for own in again.parts().values()} == {7}
    assert again.train == str(treebank / "en_sample-ud-train.conllu.xz")
    assert "# steps: segmenter, tagger, taggers of unseen parts, parser, scores\n" in shown
    assert "# dev: " + str(treebank / "en_sample-ud-dev.conllu") + ", 6 sentences, " in shown
    assert "# test: dev\n" in shown
    assert cli.main(["train", "pipeline", str(tmp_path / "shown.toml"), "--dry-run"]) == 0
    assert capsys.readouterr().out == shown


def test_a_small_treebank_has_small_batches() -> None:
    own = course.resolve().parser
    sizes = [stages.with_batches(own, count, 200).training.batch_tokens for count in (1000, 200, 50, 1)]
    assert sizes == [1000, 1000, 250, stages.SMALLEST]
    assert stages.with_batches(own, 50, 1) == own


@pytest.mark.parametrize("kind", ["segmenter", "lemmatizer", "tagger", "parser"])
def test_each_part_is_trained_with_small_batches(treebank: Path, kind: str) -> None:
    settings = course.with_files(course.resolve(preset="fast", overrides=[f"treebank={treebank}"]))
    usual, small = (
        stages.Course(replace(settings, least_batches=least), treebank).task(kind, tagged=False) for least in (1, 200)
    )
    assert small.settings.training.batch_tokens < usual.settings.training.batch_tokens
    assert len(small.batches(0)) > len(usual.batches(0))


@pytest.mark.parametrize("name", presets(PIPELINE))
def test_a_preset_names_presets_of_its_parts(name: str) -> None:
    own, known = course.resolve(preset=name), presets(PIPELINE)[name]["presets"]
    assert set(own.parts()) == set(known)
    if name != "sketch":
        assert own.parser == resolve(ParserSettings, "parser", preset=known["parser"])


def test_help_says_what_each_preset_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "pipeline", "--help"])
    _, _, listed = capsys.readouterr().out.partition("presets:\n")
    rows = [line.split(maxsplit=1) for line in listed.splitlines()]
    assert [name for name, _ in rows] == list(presets(PIPELINE))
    assert all(len(purpose) > 20 for _, purpose in rows)
