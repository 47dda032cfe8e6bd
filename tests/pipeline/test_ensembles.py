"""A pipeline of several parsers: found by name, pickled by name, refused if they do not fit; and as teachers."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest
import tiny_model
from overfitted import SAMPLE

from arcparse import cli
from arcparse.errors import ConfigurationError, ModelError
from arcparse.parser.ensemble import Ensemble
from arcparse.pipeline import Pipeline
from arcparse.pipeline.ensembles import load_ensemble

TEXT = "They sat down. We stood."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two parsers that predict tags."""
    folder = tmp_path_factory.mktemp("models")
    first = tiny_model.save_tiny_model(SAMPLE, folder)
    return [first, Path(shutil.copytree(first, folder / "other"))]


@pytest.fixture(scope="module")
def tagged_models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two parsers with a tagger beside them, which is compiled."""
    folder = tmp_path_factory.mktemp("tagged")
    first = tiny_model.save_tiny_model(SAMPLE, folder, predicts_tags=False)
    return [first, Path(shutil.copytree(first, folder / "other"))]


def columns(nlp: Pipeline) -> list[object]:
    return [(sentence.tree, sentence.upos) for sentence in nlp.parse(TEXT)]


def test_models_are_loaded_by_path_and_all_else_is_the_first_models(models: list[Path]) -> None:
    [model, _] = models
    assert isinstance(load_ensemble([model]), Pipeline)
    assert not isinstance(load_ensemble([model]).parser, Ensemble)
    together = load_ensemble(models, threads=1)
    assert isinstance(together.parser, Ensemble)
    assert len(together.parser.members) == 2
    assert columns(together) == columns(Pipeline.load(model))
    for wrong in (str(model), model, []):
        with pytest.raises(ConfigurationError, match="models must be a list of names or paths, at least one, not "):
            load_ensemble(wrong)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="en-small-tagger: is a tagger and makes no trees; name a parser"):
        load_ensemble([model, "en-small-tagger"])
    with pytest.raises(ModelError, match="en-small-tagger: is a tagger and makes no trees; name a parser"):
        load_ensemble(["en-small-tagger", model])
    with pytest.raises(ConfigurationError, match="model: is named twice; name each model once"):
        load_ensemble([model, models[1], str(model)])


@pytest.mark.parametrize("kind", ["models", "tagged_models"])
def test_a_pickle_names_the_models_whatever_stands_beside_the_parsers(
    kind: str, request: pytest.FixtureRequest
) -> None:
    nlp = load_ensemble(request.getfixturevalue(kind), segmenter="en-segmenter")
    pickled = pickle.dumps(nlp)
    assert len(pickled) < 2000
    first, second = pickle.loads(pickled), pickle.loads(pickled)  # noqa: S301 (our own)
    assert isinstance(first.parser, Ensemble)
    assert first.parser is second.parser
    assert columns(first) == columns(nlp)
    reduced = pickle.loads(pickle.dumps(nlp.reduced(["segmenter"])))  # noqa: S301
    assert isinstance(reduced.parser, Ensemble)
    assert reduced.segmenter is None


def test_several_teachers_label_together(
    models: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [model, other] = map(str, models)
    (tmp_path / "raw.txt").write_text(f"{TEXT}\n", encoding="utf-8")
    command = ["--text", str(tmp_path / "raw.txt"), "--output", str(tmp_path / "silver")]
    assert cli.main(["distil", model, other, *command]) == 0
    assert "1 new shards of 7 words" in capsys.readouterr().out
    assert json.loads((tmp_path / "silver" / "distil.json").read_text())["teacher"] == f"{model} + {other}"
    with pytest.raises(SystemExit):
        cli.main(["distil", "--text", "x", "--output", str(tmp_path / "none")])
    assert cli.main(["distil", model, *command]) == 2
    assert "the shards here were made with teacher" in capsys.readouterr().err
