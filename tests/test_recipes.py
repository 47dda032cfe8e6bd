from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from overfitted import TAGGER, fitted_tagger, sample, twenty, vectors
from tiny_transformer import tiny_transformer

from arcparse import recipes
from arcparse.errors import ConfigurationError, ModelError, TreebankError, VectorsError
from arcparse.lexicon.tags import with_tags
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.presets import KINDS, presets
from arcparse.recipes import RECIPES, resolve
from arcparse.settings import as_toml
from arcparse.tagger.task import TaggerSettings, TaggerTask
from arcparse.training.loop import TrainingConfig
from arcparse.training.progress import Progress
from arcparse.treebank import read_conllu, write_conllu
from arcparse.vectors import VectorStore


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(presets("parser").keys() - {"global"}))
def test_every_parser_preset_builds_a_model_with_a_finite_loss(name: str, tmp_path: Path) -> None:
    settings = resolve(ParserSettings, "parser", preset=name, overrides=["beam=2"])
    encoder = tiny_transformer(tmp_path) if settings.parser.encoder == "transformer" else None
    task = ParserTask(settings, sample()[:12], sample()[:2], encoder=encoder)
    loss = task.loss(range(4))
    loss.value.backward()
    assert math.isfinite(loss.value.item())
    assert all(p.grad is None or p.grad.isfinite().all() for p in task.model.parameters())
    assert [len(parsed) for parsed in task.model.eval().parse(sample()[:2])] == [len(s) for s in sample()[:2]]


def test_global_training_takes_network_and_tagger_of_its_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--set start=RUN/best"):
        resolve(ParserSettings, "parser", preset="global")
    fast = ["parser.scorer.hidden=[16]", f"train={tmp_path / 'train.conllu'}", f"dev={tmp_path / 'train.conllu'}"]
    write_conllu(sample()[:6], tmp_path / "train.conllu")
    local = resolve(ParserSettings, "parser", preset="chen-manning", overrides=fast)
    ParserTask(local, sample()[:6], sample()[:6], None, fitted_tagger().model).save(tmp_path / "first" / "best")
    start = f"start={tmp_path / 'first' / 'best'}"
    settings = resolve(ParserSettings, "parser", preset="global", overrides=[start, *fast[1:]])
    assert settings.parser == local.parser
    assert settings.objective == "crf"
    task = recipes.parser_task(settings)
    assert task.model.config.normalisation == "global"
    assert task.metadata()["settings"]["start"] == "best"  # no folders of whose machine it was
    assert task.dev_input[0].upos == fitted_tagger().model.tag(sample()[:1])[0].upos


def test_a_run_starts_from_a_model_of_its_own_kind(tmp_path: Path) -> None:
    fitted_tagger().model.save(tmp_path / "tagger", vectors="", metadata={})
    start = f"start={tmp_path / 'tagger'}"
    again = resolve(TaggerSettings, "tagger", preset="window", overrides=[start])
    assert again.start == str(tmp_path / "tagger")
    assert again.tagger == resolve(TaggerSettings, "tagger", preset="window").tagger
    with pytest.raises(ModelError, match=r"holds a model of kind 'tagger'; start from one of kind 'parser'"):
        resolve(ParserSettings, "parser", preset="global", overrides=[start])


NEEDED = {"global": ["start=en"], "spans": ["tagger.column=Chunk"]}  # what a preset leaves to the user


@pytest.mark.parametrize("name", presets("tagger"))
def test_every_tagger_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    settings = resolve(TaggerSettings, "tagger", preset=name, overrides=NEEDED.get(name, []))
    found, spans = sample(), ["B-NP", *["I-NP"] * 99]
    if settings.tagger.column:
        found = [with_tags(sentence, {settings.tagger.column: spans[: len(sentence)]}) for sentence in found]
    task = TaggerTask(settings, found, found[:2], vectors())
    assert math.isfinite(task.loss(range(4)).value.item())


@pytest.mark.parametrize("kind", recipes.RECIPES)
def test_without_a_preset_the_default_serves(kind: str) -> None:
    recipe = recipes.RECIPES[kind]
    assert resolve(recipe.settings, kind) == resolve(recipe.settings, kind, preset=KINDS[kind].default)


def test_whatever_has_a_recipe_is_trained_by_the_command() -> None:
    assert set(KINDS) == set(recipes.RECIPES)


def test_a_file_changes_the_preset_and_an_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("exploration = 0.25\n[training]\nepochs = 3\nseed = 4\n", encoding="utf-8")
    settings = resolve(ParserSettings, "parser", preset="syntaxnet", file=file, overrides=["training.seed=9"])
    assert (settings.exploration, settings.training.epochs, settings.training.seed) == (0.25, 3, 9)
    plain = resolve(ParserSettings, "parser", preset="syntaxnet")
    assert settings.parser == plain.parser


@pytest.mark.parametrize(
    ("preset", "overrides", "message"),
    [
        ("sintaxnet", [], "no parser preset 'sintaxnet'; there are .*chen-manning.*syntaxnet"),
        ("", ["exploraton=1"], "no setting 'exploraton'; did you mean 'exploration'"),
        ("", ["training.epochs=many"], "training.epochs must be int"),
        ("", ["training.epochs=0"], "epochs must be at least 1, not 0"),
        ("", ["parser.encoder=lstm"], "'none', 'bilstm'"),
        ("", ["epochs"], "key=value"),
    ],
)
def test_wrong_settings_are_explained(preset: str, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        resolve(ParserSettings, "parser", preset=preset, overrides=overrides)


@pytest.mark.slow
def test_vectors_come_from_a_store_a_model_or_nowhere(tmp_path: Path) -> None:
    models = pytest.importorskip("gensim.models")
    keyed = models.KeyedVectors(3)
    keyed.add_vectors(["a", "b"], np.eye(2, 3, dtype=np.float32))
    VectorStore.create(tmp_path / "store", keyed).close()
    vectors().save(tmp_path / "model")
    assert recipes.load_vectors("").dimension == 0
    assert recipes.load_vectors(str(tmp_path / "store")).words.symbols[2:] == ("a", "b")
    assert recipes.load_vectors(str(tmp_path / "model")).same_as(vectors())
    with pytest.raises(VectorsError, match="nowhere: there are no word vectors"):
        recipes.load_vectors(str(tmp_path / "nowhere"))


def test_a_treebank_must_be_named_and_hold_sentences(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no dev file is set; .* --dev FILE"):
        recipes.read_treebank("", "dev")
    (tmp_path / "empty.conllu").write_text("", encoding="utf-8")
    with pytest.raises(TreebankError, match=r"empty\.conllu: holds no sentence; the train file"):
        recipes.read_treebank(str(tmp_path / "empty.conllu"), "train")


def test_a_parsers_task_reads_all_that_its_settings_name(sample_treebank: Path, tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    fitted_tagger().model.save(tmp_path / "tagger", vectors="vectors", metadata={})
    files = {"train": str(sample_treebank), "dev": str(sample_treebank)}
    settings = resolve(ParserSettings, "parser", preset="syntaxnet")
    settings = replace(settings, **files, vectors=str(tmp_path / "vectors"), tagger=str(tmp_path / "tagger"))
    task = recipes.parser_task(settings)
    assert (len(task.train), task.pretrained.dimension) == (len(sample()), 6)
    assert task.dev_input == fitted_tagger().model.tag(sample())
    without = recipes.parser_task(replace(settings, tagger="", vectors=""))
    assert (without.tagger, without.dev_input) == (None, list(sample()))


def test_jackknifing_writes_the_treebank_with_tags_of_the_other_folds(tmp_path: Path) -> None:
    training = TrainingConfig(epochs=1, batch_tokens=200, tensorboard=False)
    file = tmp_path / "sample.conllu"
    write_conllu(sample()[:12], file)
    settings = TaggerSettings(train=str(file), dev=str(file), folds=3, tagger=TAGGER, training=training)
    reports: list[Progress] = []

    def run(**more: Any) -> str:
        task = recipes.tagger_task(settings)
        torch.manual_seed(0)
        recipes.jackknife_tags(task, tmp_path / "run", tmp_path / "tagged.conllu", progress=reports.append, **more)
        return (tmp_path / "tagged.conllu").read_text(encoding="utf-8")

    first, tagged = run(), list(read_conllu(tmp_path / "tagged.conllu"))
    assert [sentence.forms for sentence in tagged] == [sentence.forms for sentence in sample()[:12]]
    assert [sentence.tree for sentence in tagged] == [sentence.tree for sentence in sample()[:12]]
    assert [sentence.upos for sentence in tagged] != [sentence.upos for sentence in sample()[:12]]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["fold0", "fold1", "fold2"]
    steps = len(reports)
    assert run() == first  # every fold was trained already
    assert len(reports) == steps
    assert run(resume=False) == first
    assert len(reports) == 2 * steps


def test_the_twenty_are_projective_and_many() -> None:
    assert len(twenty()) == 20


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in RECIPES for name in presets(kind)])
def test_a_preset_written_as_toml_gives_the_same_settings(kind: str, name: str, tmp_path: Path) -> None:
    settings = resolve(RECIPES[kind].settings, kind, preset=name, overrides=NEEDED.get(name, []))
    (tmp_path / "all.toml").write_text(as_toml(settings), encoding="utf-8")
    assert resolve(RECIPES[kind].settings, kind, file=tmp_path / "all.toml") == settings
