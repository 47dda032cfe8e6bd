from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from overfitted import fitted_parser, fitted_tagger, sample, twenty, vectors

import arcparse
from arcparse import pipeline
from arcparse.errors import ConfigurationError, ModelError
from arcparse.pipeline import Pipeline, as_sentences
from arcparse.sentence import EMPTY, Sentence
from arcparse.treebank import parse_conllu
from arcparse.trees import check_tree

TEXT = "The old man the boats. Who wrote this letter?"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two models: one that tags on its own, and one with a tagger beside it."""
    folder = tmp_path_factory.mktemp("models")
    vectors().save(folder / "vectors")
    fitted_parser("bilstm").model.save(folder / "one", vectors="vectors", metadata={})
    fitted_parser("none").model.save(folder / "two", vectors="vectors", tagger="tagger", metadata={})
    fitted_parser("none").model.save(folder / "lost", vectors="vectors", tagger="nobody", metadata={})
    fitted_tagger().model.save(folder / "tagger", vectors="vectors", metadata={})
    return folder


@pytest.fixture(params=["one", "two"])
def nlp(models: Path, request: pytest.FixtureRequest) -> Pipeline:
    return pipeline.load(models / request.param)


def bare(sentence: Sentence) -> Sentence:
    return Sentence.from_forms(sentence.forms)


def test_text_becomes_sentences_with_tags_and_trees(nlp: Pipeline) -> None:
    parsed = nlp.parse(TEXT)
    assert [sentence.text for sentence in parsed] == ["The old man the boats.", "Who wrote this letter?"]
    for sentence in parsed:
        check_tree(sentence.tree)
        assert EMPTY not in sentence.upos
    assert nlp.parse("") == []


def test_forms_and_sentences_become_one_sentence(nlp: Pipeline) -> None:
    gold = twenty()[3]
    from_forms = nlp.parse(list(gold.forms))
    assert nlp.parse(gold.forms) == nlp.parse(bare(gold)) == from_forms
    check_tree(from_forms.tree)
    assert nlp.parse(gold).comments == gold.comments
    assert len(nlp.parse([])) == 0


@pytest.mark.parametrize("beam", [1, 4])
def test_what_was_learnt_by_heart_comes_back_from_text(nlp: Pipeline, beam: int) -> None:
    parsed = [nlp.parse(bare(gold), beam=beam) for gold in twenty()]
    assert sum(own.heads == gold.heads for own, gold in zip(parsed, twenty(), strict=True)) >= 16
    assert sum(own.upos == gold.upos for own, gold in zip(parsed, twenty(), strict=True)) >= 16


def test_given_tags_are_kept_unless_they_are_not_to_be(nlp: Pipeline) -> None:
    gold = twenty()[1]
    odd = gold.replace(upos=["X", EMPTY, *gold.upos[2:]], xpos=["FW", *gold.xpos[1:]])
    kept, replaced, free = nlp.parse(odd), nlp.parse(odd, given_tags=False), nlp.parse(bare(gold))
    assert (kept.upos[0], kept.xpos[0]) == ("X", "FW")
    assert kept.upos[1] == free.upos[1]
    assert (replaced.upos, replaced.xpos) == (free.upos, free.xpos)
    tagged = gold.replace(upos=["X"] * len(gold), xpos=["FW"] * len(gold), feats=["_"] * len(gold))
    assert nlp.parse(tagged).upos == tagged.upos


def test_ranges_and_empty_nodes_stay(nlp: Pipeline) -> None:
    text = "".join(f"{name}\t{form}" + "\t_" * 8 + "\n" for name, form in (("1-2", "Don't"), ("1", "Do"), ("2", "n't")))
    [sentence] = parse_conllu(text + "2.1\tgo" + "\t_" * 8 + "\n\n")
    parsed = nlp.parse(sentence)
    assert parsed.columns[:2] == sentence.columns[:2]
    assert parsed.text == "Don't"
    check_tree(parsed.tree)


@pytest.fixture(params=["one", "two", "tagger"])
def tagger(models: Path, request: pytest.FixtureRequest) -> Pipeline:
    return pipeline.load(models / request.param)


def test_text_forms_and_sentences_are_tagged(tagger: Pipeline) -> None:
    gold = twenty()[3]
    assert [sentence.text for sentence in tagger.tag(TEXT)] == ["The old man the boats.", "Who wrote this letter?"]
    found = tagger.tag(list(gold.forms))
    assert tagger.tag(bare(gold)) == found
    assert not found.is_parsed
    again = tagger.tag(gold, given_tags=False)
    assert (again.upos, again.xpos, again.feats) == (found.upos, found.xpos, found.feats)
    assert (again.comments, again.lemmas, again.tree) == (gold.comments, gold.lemmas, gold.tree)
    assert tagger.tag("") == []
    assert len(tagger.tag([])) == 0


def test_a_parser_tags_as_it_does_on_the_way_to_trees(nlp: Pipeline) -> None:
    odd = twenty()[1].replace(upos=["X", EMPTY, *twenty()[1].upos[2:]])
    for text in (TEXT, bare(twenty()[5]), odd):
        for given in (False, True):
            tagged, parsed = (nlp.tag(text, given_tags=given), nlp.parse(text, given_tags=given))  # type: ignore[arg-type]
            pairs = zip(*((each if isinstance(each, list) else [each]) for each in (tagged, parsed)), strict=True)
            assert all(own.upos == other.upos and own.feats == other.feats for own, other in pairs)


def test_tagging_keeps_the_tags_that_are_given(tagger: Pipeline) -> None:
    gold = twenty()[1]
    odd = gold.replace(upos=["X", EMPTY, *gold.upos[2:]], xpos=["FW", *gold.xpos[1:]])
    kept, free = tagger.tag(odd), tagger.tag(bare(gold))
    assert kept.upos == ("X", free.upos[1], *gold.upos[2:])
    assert kept.xpos == ("FW", free.xpos[1], *gold.xpos[2:])
    assert kept.heads == gold.heads
    assert tagger.tag(odd, given_tags=False).upos == free.upos


def test_a_dictionary_s_words_have_its_tags(tagger: Pipeline) -> None:
    gold = twenty()[1]
    dictionary = {gold.forms[1]: ("X", "FW", "Foreign=Yes")}
    found = tagger.tag(bare(gold), dictionary=dictionary)
    assert (found.upos[1], found.xpos[1], found.feats[1]) == ("X", "FW", "Foreign=Yes")
    free = tagger.tag(bare(gold))
    assert (found.upos[0], found.upos[2:]) == (free.upos[0], free.upos[2:])
    assert tagger.tag(gold, dictionary=dictionary) == gold
    assert tagger.tag(gold, dictionary=dictionary, given_tags=False).upos == found.upos


def test_many_inputs_are_tagged_in_order(tagger: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs: list[Any] = [TEXT, twenty()[0], list(twenty()[1].forms), "", ["boom", "go"], [], twenty()[2]]
    for batch_size in (1, 3, 100):
        assert list(tagger.tag_many(inputs, batch_size=batch_size)) == [tagger.tag(text) for text in inputs]
    tagged, failed = tagger._tagged, []

    def fragile(sentences: Sequence[Sentence], given_tags: bool) -> list[Sentence]:
        if any("boom" in sentence.forms for sentence in sentences):
            raise RuntimeError("too much")
        return tagged(sentences, given_tags)

    monkeypatch.setattr(tagger, "_tagged", fragile)
    dictionary = {"go": ("X", "_", "_")}
    found = list(tagger.tag_many(inputs, dictionary=dictionary, on_error=lambda own, _: failed.append(own)))
    assert found[4] == Sentence.from_forms(["boom", "go"])
    assert failed == [found[4]]


def test_a_tagger_alone_makes_no_trees(models: Path) -> None:
    alone = pipeline.load(models / "tagger")
    assert EMPTY not in alone.tag("Go!")[0].upos
    for call in (alone.parse, alone.parse_sentences, lambda text: alone.parse(text, nbest=1)):
        with pytest.raises(ModelError, match="is a tagger and makes no trees; call `tag`"):
            call("Go!")
    assert arcparse.tag("Go!", model=models / "tagger") == alone.tag("Go!")
    assert arcparse.tag(["Go"], model=models / "tagger", dictionary={"Go": ("X", "_", "_")}).upos == ("X",)


def test_many_inputs_keep_their_order_and_kind(nlp: Pipeline) -> None:
    inputs: list[Any] = [TEXT, twenty()[0], list(twenty()[1].forms), "", "Go!", [], twenty()[2]]
    for batch_size in (1, 3, 100):
        found = list(nlp.parse_many(inputs, batch_size=batch_size, beam=2))
        assert found == [nlp.parse(text, beam=2) for text in inputs]
    assert list(nlp.parse_many([])) == []


def test_many_inputs_are_read_no_further_than_a_batch_ahead(nlp: Pipeline) -> None:
    read = 0

    def texts() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "Go!"

    parsed = nlp.parse_many(texts(), batch_size=5)
    assert read == 0
    for count in range(1, 13):
        next(parsed)
        assert read == 5 * ((count + 4) // 5)


def test_a_sentence_that_cannot_be_parsed_is_reported_and_passed_on(
    nlp: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse, failed = nlp.parser.parse, []

    def fragile(sentences: Sequence[Sentence], **settings: Any) -> list[Sentence]:
        if any("boom" in sentence.forms for sentence in sentences):
            raise RuntimeError("too much")
        return parse(sentences, **settings)

    monkeypatch.setattr(nlp.parser, "parse", fragile)
    inputs: list[Any] = [["Go"], ["a", "boom"], TEXT, "boom"]
    found = list(nlp.parse_many(inputs, on_error=lambda sentence, error: failed.append((sentence.forms, str(error)))))
    assert failed == [(("a", "boom"), "too much"), (("boom",), "too much")]
    assert found[1] == Sentence.from_forms(["a", "boom"])
    assert [sentence.is_parsed for sentence in (found[0], *found[2], *found[3])] == [True, True, True, False]
    with pytest.raises(RuntimeError, match="too much"):
        list(nlp.parse_many(inputs))


def test_nbest_gives_trees_with_scores_in_place_of_each_sentence(nlp: Pipeline) -> None:
    found = nlp.parse(TEXT, beam=8, nbest=5)
    assert [[parse.sentence.text for parse in trees] for trees in found] == [
        ["The old man the boats."] * 5,
        ["Who wrote this letter?"] * 5,
    ]
    for trees in found:
        probabilities = [parse.probability for parse in trees]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1 + 1e-6
    best = [nlp.parse(gold.forms, beam=4, nbest=1)[0].sentence for gold in twenty()]
    assert sum(own.heads == gold.heads for own, gold in zip(best, twenty(), strict=True)) >= 16
    assert nlp.parse("", beam=2, nbest=2) == []
    odd = twenty()[1].replace(upos=["X"] * len(twenty()[1]))
    assert nlp.parse(odd, beam=2, nbest=1)[0].sentence.upos == odd.upos


@pytest.mark.parametrize(("nbest", "beam"), [(3, 2), (2, 1), (-1, 4)])
def test_nbest_needs_places_in_the_beam(nlp: Pipeline, nbest: int, beam: int) -> None:
    with pytest.raises(ConfigurationError, match=f"from 1 to the beam's {beam}, not {nbest}"):
        nlp.parse(TEXT, nbest=nbest, beam=beam)


def test_a_long_sentence_parses(nlp: Pipeline) -> None:
    forms = [form for sentence in sample() for form in sentence.forms][:300]
    parsed = nlp.parse(forms, beam=2)
    check_tree(parsed.tree)
    assert list(parsed.forms) == forms


def test_a_parser_without_its_tagger_says_so(models: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        Pipeline.load(models / "lost")
    alone = Pipeline(fitted_parser("none").model)
    assert [alone.parse(twenty()[0])] == fitted_parser("none").model.parse([twenty()[0]], given=True)
    for call in (alone.parse, alone.tag):
        with pytest.raises(ModelError, match="no tagger"):
            call("Go!")
    with pytest.raises(ModelError, match="predicts no tags"):
        alone.parser.tag(as_sentences("Go!"))


def test_a_model_is_loaded_once(models: Path) -> None:
    assert pipeline.load(models / "one") is pipeline.load(models / "one")
    assert arcparse.load(models / "one") is pipeline.load(models / "one")
    assert arcparse.parse(TEXT, model=models / "one") == pipeline.load(models / "one").parse(TEXT)
    scored = arcparse.parse(TEXT, model=models / "one", nbest=2, beam=2)
    assert scored == pipeline.load(models / "one").parse(TEXT, nbest=2, beam=2)
    with pytest.raises(ModelError, match="no model of that name"):
        arcparse.load("nowhere")


def test_what_is_to_be_parsed_becomes_sentences() -> None:
    assert [sentence.forms for sentence in as_sentences("Go! Stop.")] == [("Go", "!"), ("Stop", ".")]
    assert as_sentences(["a", "b"]) == [Sentence.from_forms(["a", "b"])]
    assert as_sentences(twenty()[0]) == [twenty()[0]]


def test_the_package_offers_its_names_when_they_are_used() -> None:
    assert arcparse.Pipeline is Pipeline
    assert all(getattr(arcparse, name) for name in arcparse.__all__)
    with pytest.raises(AttributeError, match="no attribute 'parze'"):
        _ = arcparse.parze
