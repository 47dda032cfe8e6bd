from __future__ import annotations

from pathlib import Path

import pytest
from overfitted import sample

from arcparse import cli
from arcparse.checkpoint import load_model
from arcparse.cli.training import duration
from arcparse.parser.model import Parser
from arcparse.parser.task import ParserSettings
from arcparse.pipeline import Pipeline
from arcparse.presets import KINDS, presets
from arcparse.recipes import RECIPES, resolve
from arcparse.tagger.model import Tagger
from arcparse.treebank import read_conllu, write_conllu
from arcparse.trees import check_tree

SMALL = ("training.tensorboard=false", "training.batch_tokens=200")
PARSER = (
    "parser.scorer.hidden=[16]",
    "parser.bilstm.hidden=8",
    "parser.bilstm.layers=1",
    "parser.projection=8",
    *SMALL,
)
TAGGER = ("tagger.hidden=[16]", *SMALL)


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    write_conllu(sample()[:12], tmp_path / "small.conllu")
    return tmp_path / "small.conllu"


def command(kind: str, treebank: Path, *options: object, settings: tuple[str, ...] = ()) -> list[str]:
    chosen = settings or (PARSER if kind == "parser" else TAGGER)
    overrides = [word for setting in chosen for word in ("--set", setting)]
    files = ["--train", str(treebank), "--dev", str(treebank)]
    return ["train", kind, *files, *overrides, *map(str, options)]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (75, "1 min"), (3599, "1 h 0 min"), (9000, "2 h 30 min")]
)
def test_a_time_is_shown_in_the_unit_that_suits_it(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_dry_run_prints_settings_and_what_the_data_hold(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(command("parser", treebank, "--dry-run", "--seed", "5")) == 0
    output = capsys.readouterr().out
    _, _, statistics = output.partition("# train: ")
    file = treebank.parent / "shown.toml"
    file.write_text(output, encoding="utf-8")
    shown = resolve(ParserSettings, "parser", file=file)
    assert (shown.training.seed, shown.train, shown.parser.scorer.hidden) == (5, str(treebank), (16,))
    file.unlink()
    tokens = sum(len(sentence) for sentence in sample()[:12])
    longest = max(len(sentence) for sentence in sample()[:12])
    assert f"12 sentences, {tokens} tokens, the longest of {longest}" in statistics
    assert "parameters: " in statistics
    assert " word, " in statistics
    assert sorted(path.name for path in treebank.parent.iterdir()) == ["small.conllu"]


def test_a_parser_is_trained_saved_and_the_run_resumed(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = treebank.parent / "run"
    assert cli.main(command("parser", treebank, "--output", output, "--epochs", 1)) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{output / 'best'}: dev LAS ")
    assert printed.out.endswith(f"; held out: {treebank}\n")
    assert "epoch 1  loss " in printed.err
    for sentence in Parser.load(output / "best").parse(sample()[:3]):
        check_tree(sentence.tree)
    assert cli.main(command("parser", treebank, "--output", output, "--epochs", 2)) == 0
    resumed = capsys.readouterr().err
    assert "epoch 2  loss " in resumed
    assert "epoch 1  loss " not in resumed
    metadata = load_model(output / "best").metadata
    assert metadata["settings"]["train"] == treebank.name  # not where it lies on this machine


def test_another_setting_needs_a_fresh_run(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--output", treebank.parent / "run", "--epochs", 1)
    assert cli.main(command("tagger", treebank, *options)) == 0
    assert cli.main(command("tagger", treebank, *options, "--seed", 9)) == 2
    assert "seed 1, not 9" in capsys.readouterr().err
    assert cli.main(command("tagger", treebank, *options, "--seed", 9, "--fresh")) == 0


def test_a_tagger_is_trained_and_the_treebank_jackknifed(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, tagged = treebank.parent / "run", treebank.parent / "tagged.conllu"
    settings = (*TAGGER, "folds=2")
    options = ("--output", output, "--epochs", 1, "--jackknife", tagged)
    assert cli.main(command("tagger", treebank, *options, settings=settings)) == 0
    assert f"{tagged}: 12 sentences" in capsys.readouterr().out
    assert [sentence.forms for sentence in read_conllu(tagged)] == [sentence.forms for sentence in sample()[:12]]
    assert Tagger.load(output / "best").tag(sample()[:2])
    assert (output / "fold1" / "best").is_dir()
    options = ("--preset", "syntaxnet", "--output", treebank.parent / "parser", "--epochs", 1)
    settings = ("parser.scorer.hidden=[16]", f"tagger={output / 'best'}", *SMALL)
    assert cli.main(command("parser", tagged, *options, settings=settings)) == 0
    [sentence] = Pipeline.load(treebank.parent / "parser" / "best").parse("Go!")
    check_tree(sentence.tree)


def test_a_run_that_diverges_ends_with_an_error(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = (*TAGGER, "training.learning_rate=1e30", "training.log_every=1", "training.batch_tokens=30")
    options = ("--output", treebank.parent / "run", "--epochs", 3)
    assert cli.main(command("tagger", treebank, *options, settings=settings)) == 2
    assert "lower the learning_rate" in capsys.readouterr().err


def test_a_dry_run_jackknifes_nothing(treebank: Path) -> None:
    tagged = treebank.parent / "tagged.conllu"
    assert cli.main(command("tagger", treebank, "--dry-run", "--jackknife", tagged)) == 0
    assert not tagged.exists()


@pytest.mark.parametrize("kind", RECIPES)
def test_help_says_what_each_preset_is_for(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", kind, "--help"])
    _, _, listed = capsys.readouterr().out.partition("presets:\n")
    rows = [line.split(maxsplit=1) for line in listed.splitlines()]
    assert sorted(name for name, _ in rows) == sorted(presets(kind))
    assert rows[0][0] == KINDS[kind].default
    assert all(purpose.endswith(".") and len(purpose) > 20 for _, purpose in rows)


def test_a_run_of_another_network_is_named_by_its_setting(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = treebank.parent / "run"
    assert cli.main(command("parser", treebank, "--output", run, "--epochs", 1)) == 0
    capsys.readouterr()
    again = command("parser", treebank, "--output", run, "--epochs", 2, "--set", "parser.scorer.hidden=[8]")
    assert cli.main(again) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"arcparse: {run / 'checkpoint.safetensors'}: is of another model: scorer.hidden is [8], was [16]; "
    )
    assert error.count("\n") == 1


def test_a_run_of_other_settings_of_the_same_network_is_refused_and_one_of_moved_files_goes_on(
    treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, moved = treebank.parent / "run", treebank.with_name("moved.conllu")
    assert cli.main(command("parser", treebank, "--output", run, "--epochs", 1)) == 0
    for setting, told in (("exploration=0.25", "exploration is 0.25, was 0.8"), ("parser.scorer.dropout=0.5", "was 0")):
        capsys.readouterr()
        assert cli.main(command("parser", treebank, "--output", run, "--epochs", 2, "--set", setting)) == 2
        error = capsys.readouterr().err
        assert "checkpoint.safetensors: was trained with other settings: " in error
        assert told in error
        assert error.endswith("take the old setting, train from the start (--fresh), or train in another directory\n")
    treebank.rename(moved)
    assert cli.main(command("parser", moved, "--output", run, "--epochs", 2)) == 0
    assert "epoch 2" in capsys.readouterr().err


def test_a_run_of_other_data_is_named_by_a_weight(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = treebank.parent / "run"
    assert cli.main(command("tagger", treebank, "--output", run, "--epochs", 1)) == 0
    write_conllu(sample()[:20], treebank)
    assert cli.main(command("tagger", treebank, "--output", run, "--epochs", 2)) == 2
    assert "is of another model: its data or settings differ: weight 'model." in capsys.readouterr().err


def test_a_run_serves_as_a_model(treebank: Path) -> None:
    run = treebank.parent / "run"
    assert cli.main(command("parser", treebank, "--output", run, "--epochs", 1)) == 0
    assert cli.main(["parse", "--model", str(run), "--input", str(treebank)]) == 0


def test_settings_come_from_a_file_too(treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = treebank.parent / "run.toml"
    file.write_text(f'train = "{treebank}"\ndev = "{treebank}"\n[tagger]\nhidden = [7]\n', encoding="utf-8")
    assert cli.main(["train", "tagger", str(file), "--dry-run"]) == 0
    assert "[tagger]" in (printed := capsys.readouterr().out)
    assert "hidden = [7]" in printed


@pytest.mark.parametrize("kind", ["parser", "tagger"])
@pytest.mark.parametrize("more", [(), ("--jackknife", "x.conllu")])
def test_a_run_needs_a_place(
    kind: str, more: tuple[str, ...], treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = more if kind == "tagger" else ()
    assert cli.main(command(kind, treebank, *options)) == 2
    assert "--output DIRECTORY" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "parser"], "no train file is set"),
        (["train", "tagger", "--preset", "big"], "no tagger preset 'big'"),
        (["train", "parser", "--set", "epochs=3"], "no setting 'epochs'; did you mean 'training.epochs'?"),
        (["train", "parser", "missing.toml"], "missing.toml: cannot be read"),
        (["train", "parser", "--train", "nowhere.conllu", "--dev", "nowhere.conllu"], "nowhere.conllu"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("arcparse: ")
    assert message in error
    assert error.count("\n") == 1
