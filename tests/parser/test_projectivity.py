from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from overfitted import PARSER, TRAINING, fit, sample, vectors

from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, ModelError, TreeError
from arcparse.evaluation import evaluate
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.sentence import Sentence
from arcparse.settings import as_dict, from_dict
from arcparse.trees import is_projective, projectivise
from arcparse.trees.pseudo_projective import Projectivity


def crossing() -> list[Sentence]:
    return [sentence for sentence in sample() if not is_projective(sentence.tree.heads)]


def task(projectivity: Projectivity, train: list[Sentence], **settings: str) -> ParserTask:
    config = replace(PARSER["bilstm"], projectivity=projectivity)
    training = replace(TRAINING, batch_tokens=20)
    chosen = ParserSettings(config, exploration=0.0, training=training, **settings)  # type: ignore[arg-type]
    return ParserTask(chosen, train, train, vectors())


@cache
def fitted(projectivity: Projectivity) -> ParserTask:
    trained = task(projectivity, crossing())
    fit(trained, 30)
    return trained


@pytest.mark.slow
@pytest.mark.parametrize("projectivity", ["head", "path", "head+path"])
def test_a_parser_learns_non_projective_trees(projectivity: Projectivity, tmp_path: Path) -> None:
    trained = fitted(projectivity)
    assert trained.evaluate()["LAS"] >= 90
    trained.save(tmp_path / "best")
    assert load_model(tmp_path / "best").config["parser"]["projectivity"] == projectivity
    bare = [Sentence.from_forms(sentence.forms) for sentence in crossing()]
    parsed = Parser.load(tmp_path / "best").parse(bare)
    assert parsed == trained.model.parse(bare)
    assert any(not is_projective(sentence.tree.heads) for sentence in parsed)


@pytest.mark.slow
def test_lifting_alone_learns_the_lifted_trees() -> None:
    trained = fitted("lift")
    gold = crossing()
    lifted = [s.replace(heads=projectivise(s.tree.heads)[1:]) for s in gold]
    parsed = trained.model.parse(gold)
    assert evaluate(lifted, parsed)["UAS"].f1 >= 0.9
    assert all(is_projective(sentence.tree.heads) for sentence in parsed)
    assert trained.evaluate()["UAS"] < 100


def test_decorated_labels_are_what_the_transitions_have() -> None:
    assert any("^" in label for label in task("head", crossing()).model.system.labels)
    plain = {label for sentence in crossing() for label in sentence.labels}
    assert set(task("lift", crossing()).model.system.labels) == plain


def test_a_configuration_without_the_key_lifts() -> None:
    old = as_dict(PARSER["bilstm"])
    del old["projectivity"]
    assert from_dict(ParserConfig, old).projectivity == "lift"
    with pytest.raises(ConfigurationError, match="projectivity"):
        from_dict(ParserConfig, old | {"projectivity": "heads"})


def test_a_run_starts_from_a_model_of_the_same_projectivity_alone(tmp_path: Path) -> None:
    task("head", crossing()).save(tmp_path / "best")
    task("head", crossing(), start=str(tmp_path / "best"))
    with pytest.raises(ModelError, match="projectivity 'head', not 'lift'"):
        task("lift", crossing(), start=str(tmp_path / "best"))


def test_a_training_label_with_a_mark_is_refused_with_its_place() -> None:
    sentence = crossing()[0]
    marked = sentence.replace(labels=["dep^", *sentence.labels[1:]])
    with pytest.raises(TreeError, match=r"sample\.conllu:\d+: label 'dep\^' of word 1"):
        task("path", [marked])
