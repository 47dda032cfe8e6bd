from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from overfitted import PARSER, fitted_parser, fitted_tagger, sample, twenty, vectors

from arcparse.checkpoint import load_model, save_model
from arcparse.errors import ConfigurationError, ModelError
from arcparse.evaluation import evaluate
from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.tags import tag_ids
from arcparse.networks.words import words_of
from arcparse.parser.arc_standard import SHIFT
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.search import WAIT, Beam, search
from arcparse.sentence import EMPTY, Sentence
from arcparse.treebank import parse_conllu
from arcparse.trees import check_tree

pytestmark = pytest.mark.slow  # the whole file

ENCODERS = ("bilstm", "none")
RANGES = """\
# text = Don't the boats
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\t_\t_\t_\t_\t_\t_\t_\t_
2\tn't\t_\t_\t_\t_\t_\t_\t_\t_
2.1\tsee\t_\t_\t_\t_\t_\t_\t_\t_
3\tthe\t_\t_\t_\t_\t_\t_\t_\t_
4\tboats\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No

"""


def parser(encoder: str) -> Parser:
    return fitted_parser(encoder).model


@pytest.fixture(scope="module")
def untrained() -> Parser:
    torch.manual_seed(3)
    return Parser.build(PARSER["bilstm"], sample(), Pretrained.none()).eval()


def tagged(sentence: Sentence) -> Sentence:
    """Return the sentence with some tag on every word."""
    return sentence.replace(upos=["NOUN"] * len(sentence), xpos=["NN"] * len(sentence), feats=["_"] * len(sentence))


def bare(sentence: Sentence) -> Sentence:
    nothing = [EMPTY] * len(sentence)
    return sentence.replace(upos=nothing, xpos=nothing, feats=nothing, labels=nothing, heads=[-1] * len(sentence))


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("beam_size", [1, 4])
def test_twenty_sentences_are_learnt_by_heart(encoder: str, beam_size: int) -> None:
    unseen = [bare(sentence) for sentence in twenty()] if encoder == "bilstm" else twenty()
    parsed = parser(encoder).parse(unseen, beam=beam_size)
    scores = evaluate(twenty(), parsed)
    assert scores["LAS"].f1 >= 0.95
    assert scores["UPOS"].f1 >= 0.95


@pytest.mark.parametrize("encoder", ENCODERS)
def test_scores_are_the_same_alone_and_in_a_batch(encoder: str) -> None:
    model = parser(encoder)
    words = words_of(model.lexicon, [sentence.forms for sentence in sample()])
    encoding = model.network.encode(words, tag_ids(model.tags, sample()))
    together = model.network.bind(encoding)
    states: list[Configuration] = []

    def scorer(state: Configuration) -> torch.Tensor:
        states.append(state)
        return together(state)

    search(model.system, scorer, Beam.start(Configuration.start(words.length), len(sample())), 3)
    with torch.no_grad():
        for b, sentence in enumerate(sample()):
            own_words = words_of(model.lexicon, [sentence.forms])
            own = model.network.encode(own_words, tag_ids(model.tags, [sentence]))
            for name, scores in own.tag_scores.items():
                torch.testing.assert_close(
                    scores[0], encoding.tag_scores[name][b, : len(sentence) + 1], atol=1e-3, rtol=1e-4
                )
            alone = model.network.bind(own)
            for state in states[:: len(states) // 4]:
                one = alone_of(state, b)
                torch.testing.assert_close(alone(one)[0], together(state)[b], atol=1e-3, rtol=1e-4)


def alone_of(state: Configuration, b: int) -> Configuration:
    """Return the hypotheses of one sentence."""
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    return Configuration(**{name: own[b : b + 1] if torch.is_tensor(own) else own for name, own in values.items()})


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("beam_size", [1, 3])
def test_trees_are_the_same_alone_and_in_a_batch(encoder: str, beam_size: int) -> None:
    parse = partial(parser(encoder).parse, beam=beam_size)
    together = parse(sample())
    assert [parse([sentence])[0] for sentence in sample()] == together
    assert parse(sample(), batch_tokens=40) == together


def test_a_beam_finds_a_path_at_least_as_likely() -> None:
    model = parser("none")
    words = words_of(model.lexicon, [sentence.forms for sentence in sample()])
    with torch.no_grad():
        encoding = model.network.encode(words, tag_ids(model.tags, sample()))
        scorer = model.network.bind(encoding)
        wide = model.search(words, encoding, 16, scored=True)
        greedy = model.search(words, encoding, 1).history()[:, 0]
        state, likely = Configuration.start(words.length), torch.zeros(len(words.length))
        for action in greedy.unbind(1):
            scores = scorer(state).masked_fill(~model.system.legal(state), -torch.inf).log_softmax(2)[:, 0]
            step = scores.gather(1, action.clamp(min=0).unsqueeze(1)).squeeze(1)
            likely += torch.where(action == WAIT, 0, step)
            state = model.system.apply(state, action.unsqueeze(1))
    assert (wide.score[:, 0] >= likely - 1e-4).all()
    assert (wide.score <= 0).all()
    assert (wide.score.diff(dim=1) <= 0).all()


def test_global_scores_add_up_as_they_come() -> None:
    model = parser("none").rebuilt(replace(PARSER["none"], normalisation="global")).eval()
    words = words_of(model.lexicon, [twenty()[0].forms])
    with torch.no_grad():
        encoding = model.network.encode(words, tag_ids(model.tags, twenty()[:1]))
        beam = model.search(words, encoding, 2)
        state, total = Configuration.start(words.length), torch.zeros(1)
        for action in beam.history()[0, 0].tolist():
            total += model.network.bind(encoding)(state)[0, 0, action]
            state = model.system.apply(state, torch.tensor([[action]]))
    torch.testing.assert_close(beam.score[0, :1], total, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("half", [False, True])
def test_a_saved_parser_gives_the_same_trees_and_tags(encoder: str, half: bool, tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    parser(encoder).save(tmp_path / "model", vectors="vectors", metadata={"about": "a test"}, half=half)
    loaded = Parser.load(tmp_path / "model")
    assert not loaded.training
    before, after = parser(encoder).parse(twenty()), loaded.parse(twenty())
    assert evaluate(before, after)["LAS"].f1 >= 0.95 if half else before == after
    assert loaded.predicts_tags == (encoder == "bilstm")
    assert load_model(tmp_path / "model").metadata == {"about": "a test"}
    assert loaded.system.root_labels == parser(encoder).system.root_labels
    assert loaded.config == parser(encoder).config
    if half:
        return
    own, found = parser(encoder).network.state_dict(), loaded.network.state_dict()
    assert own.keys() == found.keys()
    assert all(own[name].equal(found[name]) for name in own)


def test_reading_a_model_unpickles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a model is read without pickle and torch.load")

    vectors().save(tmp_path / "vectors")
    parser("bilstm").save(tmp_path / "model", vectors="vectors", metadata={})
    for module, name in ((pickle, "loads"), (pickle, "load"), (pickle, "Unpickler"), (torch, "load")):
        monkeypatch.setattr(module, name, refuse)
    assert Parser.load(tmp_path / "model").parse(twenty()[:1])
    assert {file.name for file in (tmp_path / "model").iterdir()} == {
        "config.json",
        "vocabularies.json",
        "weights.safetensors",
    }


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    with pytest.raises(ModelError, match=r"holds a model of kind .vectors"):
        Parser.load(tmp_path / "vectors")
    fitted_tagger().model.save(tmp_path / "tagger", vectors="vectors", metadata={})
    with pytest.raises(ModelError, match=r"holds a model of kind .tagger.*kind .parser"):
        Parser.load(tmp_path / "tagger")


def test_a_model_without_its_vectors_is_refused(tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    parser("none").save(tmp_path / "model", vectors="vectors", metadata={})
    shutil.rmtree(tmp_path / "vectors")
    with pytest.raises(ModelError, match="vectors"):
        Parser.load(tmp_path / "model")


@pytest.mark.parametrize("name", ["../elsewhere", "/etc", ".."])
def test_a_model_cannot_name_files_elsewhere(name: str, tmp_path: Path) -> None:
    parser("none").save(tmp_path / "model", vectors=name, metadata={})
    with pytest.raises(ModelError, match="plain name"):
        Parser.load(tmp_path / "model")


def test_weights_that_do_not_fit_the_vectors_are_refused(tmp_path: Path) -> None:
    parser("none").save(tmp_path / "model", vectors="", metadata={})
    with pytest.raises(ModelError, match="do not fit together"):
        Parser.load(tmp_path / "model")


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    parser("none").save(tmp_path / "model", vectors="", metadata={})
    file = tmp_path / "model" / "vocabularies.json"
    vocabularies = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(vocabularies | {"label": vocabularies["label"][::-1]}), encoding="utf-8")
    with pytest.raises(ModelError, match="SHA-256"):
        Parser.load(tmp_path / "model")


def test_features_that_the_encoder_does_not_give_are_refused() -> None:
    with pytest.raises(ModelError, match=r"'none' gives no vectors .* \['vector'\]"):
        Parser.build(replace(PARSER["none"], features=("stack(0).vector",)), sample(), Pretrained.none())
    with pytest.raises(ModelError, match=r"\['upos'\]"):
        Parser.build(replace(PARSER["bilstm"], upos_dimension=0), sample(), Pretrained.none())
    with pytest.raises(ModelError, match=r"'bilstm' gives no vectors .* \['form'\]"):  # the encoder alone reads them
        Parser.build(replace(PARSER["bilstm"], features=("stack(0).form",)), sample(), Pretrained.none())


def test_a_parser_that_sees_no_word_is_refused() -> None:
    with pytest.raises(ModelError, match="look at labels alone; add one of a token"):
        Parser.build(replace(PARSER["none"], features=("stack(0).label",)), sample(), Pretrained.none())
    nothing = LexiconConfig(word_dimension=0, affix_dimension=0, shape_dimension=0, character_dimension=0)
    with pytest.raises(ConfigurationError, match="'bilstm' sees nothing of a word"):
        Parser.build(replace(PARSER["bilstm"], lexicon=nothing), sample(), Pretrained.none())


def test_labels_may_have_no_dimension_if_no_feature_looks_at_them() -> None:
    scorer = replace(PARSER["bilstm"].scorer, label_dimension=0)
    config = replace(PARSER["bilstm"], scorer=scorer, features=("stack(0).vector", "buffer(0).vector"))
    assert Parser.build(config, sample(), Pretrained.none()).eval().parse(sample()[:1])[0].heads
    with pytest.raises(ModelError, match=r"\['label'\]"):
        Parser.build(replace(config, features=("stack(0).vector", "stack(0).label")), sample(), Pretrained.none())


def test_without_a_projection_features_see_the_recurrent_vectors() -> None:
    model = Parser.build(replace(PARSER["bilstm"], projection=0), sample(), Pretrained.none()).eval()
    assert model.network.scorer.none["vector"].shape == (96,)
    [parsed] = model.parse([Sentence.from_forms(["dogs", "bark"])])
    check_tree(parsed.tree)


def test_a_parser_that_follows_a_tagger_needs_tags() -> None:
    model = parser("none")
    with pytest.raises(ModelError, match="needs tags"):
        model.network.encode(words_of(model.lexicon, [["a"]]))


def test_rebuilt_keeps_the_weights_and_refuses_another_network() -> None:
    model = parser("none")
    again = model.rebuilt(replace(model.config, scorer=replace(model.config.scorer, dropout=0.5))).eval()
    assert again.parse(twenty()) == model.parse(twenty())
    with pytest.raises(ModelError, match="another network"):
        model.rebuilt(replace(model.config, scorer=replace(model.config.scorer, hidden=(8,))))


def test_given_tags_are_kept_and_others_predicted() -> None:
    sentence = twenty()[1]
    upos = ["NOUN", EMPTY, *sentence.upos[2:]]
    mixed = sentence.replace(upos=upos, xpos=["XYZ", *sentence.xpos[1:]], feats=["Odd=Yes", *sentence.feats[1:]])
    [parsed] = parser("bilstm").parse([mixed], given_tags=True)
    [free] = parser("bilstm").parse([mixed])
    assert (parsed.upos[0], parsed.xpos[0], parsed.feats[0]) == ("NOUN", "XYZ", "Odd=Yes")
    assert (parsed.upos[1], parsed.xpos[1], parsed.feats[1]) == (free.upos[1], free.xpos[1], free.feats[1])
    assert EMPTY not in parsed.upos
    assert parsed.upos[2:] == sentence.upos[2:]
    assert "XYZ" not in free.xpos
    check_tree(parsed.tree)


def test_given_tags_are_used() -> None:
    model = parser("bilstm")
    words = words_of(model.lexicon, [twenty()[0].forms])
    given_ids = {name: torch.roll(ids, 1, 1) for name, ids in tag_ids(model.tags, twenty()[:1]).items()}
    keep = torch.zeros_like(words.row, dtype=torch.bool)
    own = model.network.encode(words)
    assert all(model.network.encode(words, given_ids, keep).tags[name].equal(own.tags[name]) for name in own.tags)
    assert all(model.network.encode(words, given_ids).tags[name].equal(own.tags[name]) for name in own.tags)
    keep[0, 2:] = True
    mixed = model.network.encode(words, given_ids, keep)
    for name, ids in given_ids.items():
        assert mixed.tags[name][0, :2].equal(own.tags[name][0, :2])
        assert mixed.tags[name][0, 2:].equal(ids[0, 2:])
        assert mixed.tag_scores[name].equal(own.tag_scores[name])
    state = Configuration.start(words.length)
    for _ in range(2):
        state = model.system.apply(state, torch.tensor([[SHIFT]]))
    assert not torch.allclose(model.network.bind(mixed)(state), model.network.bind(own)(state), atol=1e-3)


def test_given_tags_decide_what_a_tree_is() -> None:
    misled = [tagged(sentence) for sentence in twenty()]
    right, wrong = parser("none").parse(twenty()), parser("none").parse(misled)
    assert evaluate(twenty(), wrong)["UAS"].f1 < evaluate(twenty(), right)["UAS"].f1 - 0.1
    assert [sentence.upos for sentence in wrong] == [sentence.upos for sentence in misled]
    assert parser("none").parse(misled, given_tags=True) == wrong


def test_an_unknown_given_tag_is_replaced_where_the_network_looks() -> None:
    sentence = twenty()[0]
    odd = sentence.replace(upos=["ODD"] * len(sentence), xpos=["ODD"] * len(sentence), feats=["ODD"] * len(sentence))
    [parsed], [free] = parser("bilstm").parse([odd], given_tags=True), parser("bilstm").parse([odd])
    assert parsed.upos == ("ODD",) * len(sentence)
    assert (parsed.heads, parsed.labels) == (free.heads, free.labels)
    [without_tags] = parser("none").parse([odd])
    assert without_tags.upos == odd.upos
    check_tree(without_tags.tree)


def test_ranges_empty_nodes_and_other_columns_stay() -> None:
    [sentence] = parse_conllu(RANGES)
    [parsed] = parser("bilstm").parse([sentence], given_tags=True)
    assert parsed.comments == sentence.comments
    assert parsed.columns[0] == ("1-2", "1", "2", "2.1", "3", "4")
    assert (parsed.columns[1], parsed.columns[9]) == (sentence.columns[1], sentence.columns[9])
    assert {parsed.columns[6][row] for row in (0, 3)} == {EMPTY}
    assert parsed.is_parsed
    check_tree(parsed.tree)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_long_short_and_empty_sentences(encoder: str) -> None:
    forms = [form for sentence in sample() for form in sentence.forms]
    sentences = [tagged(Sentence.from_forms(own)) for own in (forms[:300], [], ["!"], ["a" * 300, "b"])]
    parsed = parser(encoder).parse(sentences, beam=2)
    assert [len(sentence) for sentence in parsed] == [300, 0, 1, 2]
    for sentence in parsed:
        if len(sentence):
            check_tree(sentence.tree)
    assert parser(encoder).parse([]) == []


@given(st.lists(st.lists(st.text(min_size=1, max_size=30), max_size=25), min_size=1, max_size=5), st.integers(1, 4))
@settings(max_examples=60)
def test_any_words_come_out_as_trees(untrained: Parser, sentences: list[list[str]], beam_size: int) -> None:
    parsed = untrained.parse([Sentence.from_forms(forms) for forms in sentences], beam=beam_size)
    for forms, sentence in zip(sentences, parsed, strict=True):
        assert list(sentence.forms) == forms
        if forms:
            check_tree(sentence.tree)
            assert EMPTY not in sentence.upos
            root = sentence.heads.index(0)
            assert sentence.labels[root] in untrained.system.root_labels
            others = set(sentence.labels[:root] + sentence.labels[root + 1 :])
            assert others <= untrained.system.word_labels


def test_parameters_keep_their_names() -> None:
    common = {
        "forms.word.weight",
        "forms.affix.weight",
        "forms.shape.weight",
        "forms.unknown",
        "embeddings.upos.weight",
    }
    for encoder, own in (("bilstm", {"projection.weight", "bilstm.forwards.0.weight_ih_l0"}), ("none", set())):
        names = set(parser(encoder).network.state_dict())
        assert common | own | {"scorer.label", "scorer.bias", "scorer.output.weight"} <= names
        assert "forms.rows" not in names  # the pretrained vectors are no part of the weights
    assert {f"tag_layer.columns.{name}.bias" for name in ("upos", "xpos", "feats")} <= set(
        parser("bilstm").network.state_dict()
    )


def test_a_parser_learnt_from_one_word_sentences_parses_longer_ones() -> None:
    [go] = parse_conllu("1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n")
    model = Parser.build(PARSER["bilstm"], [go] * 3, Pretrained.none()).eval()
    [parsed] = model.parse([Sentence.from_forms(["Go", "home", "now"])])
    check_tree(parsed.tree)
    assert parsed.labels.count("root") == 3  # the one label it knows


def test_a_saved_file_of_a_strange_kind_is_named(tmp_path: Path) -> None:
    save_model(tmp_path / "x", kind="toaster", config={}, vocabularies={}, weights={})
    with pytest.raises(ModelError, match=r"holds a model of kind .toaster"):
        Parser.load(tmp_path / "x")
