from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from overfitted import TAGGER, fitted_parser, fitted_tagger, sample, twenty, vectors

from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, ModelError
from arcparse.evaluation import evaluate
from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.words import Words, words_of
from arcparse.sentence import EMPTY, Sentence
from arcparse.tagger.model import Tagger
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.system import NONE
from arcparse.treebank import parse_conllu


def tagger() -> Tagger:
    return fitted_tagger().model


def words_for(model: Tagger, sentences: tuple[Sentence, ...]) -> Words:
    return words_of(model.lexicon, [sentence.forms for sentence in sentences])


def scores_of(model: Tagger, words: Words) -> dict[str, torch.Tensor]:
    return model.network.bind(words).columns(torch.full_like(words.row, NONE))


def test_twenty_sentences_are_learnt_by_heart() -> None:
    nothing = [sentence.replace(upos=[EMPTY] * len(sentence)) for sentence in twenty()]
    assert evaluate(twenty(), tagger().tag(nothing))["AllTags"].f1 >= 0.95


def test_a_sentence_is_tagged_the_same_alone_and_in_a_batch() -> None:
    with torch.no_grad():
        together = scores_of(tagger(), words_for(tagger(), sample()))
        for b, sentence in enumerate(sample()):
            for name, scores in scores_of(tagger(), words_for(tagger(), (sentence,))).items():
                torch.testing.assert_close(scores[0], together[name][b, : len(sentence) + 1], atol=1e-4, rtol=1e-4)
    tagged = tagger().tag(sample())
    assert [tagger().tag([sentence])[0] for sentence in sample()] == tagged
    assert tagger().tag(sample(), batch_tokens=30) == tagged


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 1), (0, 3)])
def test_scores_equal_those_of_a_window_of_concatenated_vectors(before: int, after: int) -> None:
    torch.manual_seed(0)
    config = replace(TAGGER, before=before, after=after)
    model = Tagger.build(config, sample(), vectors()).eval()
    torch.nn.init.normal_(model.network.outside)
    words = words_for(model, sample()[:3])
    positions = before + 1 + after
    with torch.no_grad():
        form, scores = model.network.forms(words.forms), scores_of(model, words)
        matrix = model.network.first.unflatten(1, (positions, -1))
        for b, length in enumerate(words.length.tolist()):
            vector = [form[row] for row in words.row[b, : length + 1].tolist()]
            for token in range(1, length + 1):
                places = range(token - before, token + after + 1)
                window = [vector[i] if 0 <= i <= length else model.network.outside for i in places]
                hidden = torch.relu(
                    sum(v @ matrix[:, position] for position, v in enumerate(window)) + model.network.bias  # type: ignore[operator]
                )
                for layer in model.network.hidden:
                    hidden = torch.relu(layer(hidden))
                for name, layer in model.network.output.columns.items():
                    torch.testing.assert_close(scores[name][b, token], layer(hidden), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("half", [False, True])
def test_a_saved_tagger_gives_the_same_tags(half: bool, tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    tagger().save(tmp_path / "model", vectors="vectors", metadata={"about": "a test"}, half=half)
    loaded = Tagger.load(tmp_path / "model")
    assert not loaded.training
    before, after = tagger().tag(sample()), loaded.tag(sample())
    assert evaluate(before, after)["AllTags"].f1 >= 0.95 if half else before == after
    assert load_model(tmp_path / "model").metadata == {"about": "a test"}
    assert loaded.config == TAGGER


def test_models_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    fitted_parser("none").model.save(tmp_path / "parser", vectors="vectors", metadata={})
    with pytest.raises(ModelError, match=r"holds a model of kind .parser.*kind .tagger"):
        Tagger.load(tmp_path / "parser")
    tagger().save(tmp_path / "without", vectors="", metadata={})
    with pytest.raises(ModelError, match="do not fit together"):
        Tagger.load(tmp_path / "without")
    tagger().save(tmp_path / "model", vectors="vectors", metadata={})
    shutil.rmtree(tmp_path / "vectors")
    with pytest.raises(ModelError, match="vectors"):
        Tagger.load(tmp_path / "model")


def test_ranges_and_empty_nodes_stay_and_trees_too() -> None:
    text = "1-2\tDon't" + "\t_" * 8 + "\n1\tDo" + "\t_" * 8 + "\n2\tn't" + "\t_" * 8 + "\n2.1\tgo" + "\t_" * 8 + "\n\n"
    [sentence] = parse_conllu(text)
    [tagged] = tagger().tag([sentence])
    assert [column for i, column in enumerate(tagged.columns) if i not in (3, 4, 5)] == [
        column for i, column in enumerate(sentence.columns) if i not in (3, 4, 5)
    ]
    assert {tagged.columns[3][row] for row in (0, 3)} == {EMPTY}
    assert EMPTY not in tagged.upos
    assert [sentence.tree for sentence in tagger().tag(twenty())] == [sentence.tree for sentence in twenty()]


def test_no_sentences_and_no_words_are_tagged() -> None:
    assert tagger().tag([]) == []
    assert [len(sentence) for sentence in tagger().tag([Sentence.from_forms([]), Sentence.from_forms(["a"])])] == [0, 1]


@given(st.lists(st.lists(st.text(min_size=1, max_size=30), max_size=12), min_size=1, max_size=4))
@settings(max_examples=40)
def test_any_words_get_tags_of_the_treebank(sentences: list[list[str]]) -> None:
    for forms, tagged in zip(sentences, tagger().tag([Sentence.from_forms(f) for f in sentences]), strict=True):
        assert list(tagged.forms) == forms
        assert set(tagged.upos) <= set(tagger().tags.vocabularies["upos"].symbols[2:])
        assert set(tagged.feats) <= set(tagger().tags.vocabularies["feats"].symbols[2:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"before": -1}, "before must be from 0 to 32, not -1"),
        ({"previous_tags": -2}, "previous_tags must be from 0 to 32, not -2"),
        ({"hidden": ()}, "the length of hidden must be from 1 to 32, not 0"),
        ({"batch_normalisation": True, "normalisation": "global"}, "switch one of the two off"),
    ],
)
def test_settings_outside_their_limits_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        TaggerConfig(**settings)


def test_the_shipped_sizes_build_without_vectors() -> None:
    model = Tagger.build(TaggerConfig(lexicon=LexiconConfig()), sample(), Pretrained.none()).eval()
    assert {name for name, _ in model.network.named_parameters() if not name.startswith("forms.")} == {
        "outside",
        "first",
        "bias",
        *(f"output.columns.{name}.{kind}" for name in ("upos", "xpos", "feats") for kind in ("weight", "bias")),
    }
    assert model.network.first.shape == (64 + 6 * 16 + 16 + 64, 7 * 512)
