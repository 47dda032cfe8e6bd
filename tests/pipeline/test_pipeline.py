from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from overfitted import fitted_parser, fitted_tagger, sample, twenty, vectors

import arcparse
from arcparse import pipeline
from arcparse.errors import ConfigurationError, InputError, ModelError
from arcparse.kernels.library import available
from arcparse.parser.compiled import CompiledParser
from arcparse.pipeline import Pipeline
from arcparse.pipeline.arguments import as_sentences
from arcparse.sentence import EMPTY, Sentence
from arcparse.tagger.compiled import CompiledTagger
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


def test_a_text_becomes_a_document_that_keeps_it(nlp: Pipeline) -> None:
    made = [nlp.parse(TEXT), nlp(TEXT), nlp.tag(TEXT), *nlp.parse_many([TEXT]), *nlp.tag_many([TEXT])]
    for document in made:
        assert isinstance(document, arcparse.Document)
        assert document.text == TEXT
        assert [TEXT[token.start : token.end] for token in document.tokens] == [t.text for t in document.tokens]
    assert nlp(TEXT, beam=2) == nlp.parse(TEXT, beam=2)
    assert nlp(["Go", "!"]) == nlp.parse(["Go", "!"])


def test_a_byte_order_mark_is_no_part_of_a_text(nlp: Pipeline) -> None:
    text, marked = "Dogs bark. Cats sleep.", "\ufeffDogs bark. Cats sleep."
    parsed = nlp.parse(text)
    [many] = nlp.parse_many([marked])
    for document in (nlp.parse(marked), many):
        assert isinstance(document, arcparse.Document)
        assert (document, document.text) == (parsed, text)
    assert nlp.tag(marked).forms == nlp.tag(text).forms
    assert [trees[0].sentence for trees in nlp.nbest(marked, 1)] == [trees[0].sentence for trees in nlp.nbest(text, 1)]


@pytest.mark.skipif(not available(), reason="no kernels here, and so no caches")
@pytest.mark.parametrize("mib", [0, 1])
def test_caches_have_the_limit_of_the_caller_and_change_no_tree(models: Path, mib: int) -> None:
    few, many = (Pipeline.load(models / "two", cache_mib=limit, precision="float32") for limit in (mib, 128))
    sentences = [bare(sentence) for sentence in sample()]
    for _ in range(2):
        assert few.parse_sentences(sentences) == many.parse_sentences(sentences)
    for part in (few._analysis.parser, few._analysis.tagger):
        assert isinstance(part, CompiledParser | CompiledTagger)
        assert sum(table.nbytes for table in part._cache.find([]).tables) <= mib << 20


def test_a_limit_of_caches_must_be_a_number_of_mib(models: Path) -> None:
    with pytest.raises(ConfigurationError, match="cache_mib must be from 0 to 1048576, not -1"):
        Pipeline.load(models / "two", cache_mib=-1)


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
    assert kept.upos == ("X", kept.upos[1], *gold.upos[2:])
    assert kept.upos[1] != EMPTY
    assert kept.xpos == odd.xpos
    assert kept.heads == gold.heads
    assert tagger.tag(odd, given_tags=False).upos == free.upos


@pytest.mark.parametrize("column", ["upos", "xpos", "feats"])
def test_each_given_tag_stays_and_serves(tagger: Pipeline, column: str) -> None:
    gold = twenty()[1]
    empty = {name: [EMPTY] * len(gold) for name in ("upos", "xpos", "feats") if name != column}
    odd = ["Odd=Yes" if column == "feats" else "X", *getattr(gold, column)[1:]]
    found = tagger.tag(gold.replace(**{**empty, column: odd}))
    made = tagger.tag(bare(gold))
    for name in ("upos", "xpos", "feats"):
        expected = odd if name == column else getattr(made, name)
        assert getattr(found, name)[1:] == tuple(expected[1:])
        assert EMPTY not in found.upos + found.xpos
    assert getattr(found, column)[0] == odd[0]


def test_a_saved_model_makes_tags_that_agree_with_the_given_ones(tagger: Pipeline) -> None:
    seen = {tags for own in twenty() for tags in zip(own.upos, own.xpos, own.feats, strict=True)}
    for gold in twenty()[:5]:
        forced = bare(gold).replace(upos=["VERB"] * len(gold))
        found = tagger.tag(forced)
        assert found.upos == forced.upos
        assert set(zip(found.upos, found.xpos, found.feats, strict=True)) <= seen


def test_a_word_s_single_tag_does_not_hide_the_others(nlp: Pipeline) -> None:
    gold = twenty()[1]
    for name in ("upos", "xpos", "feats"):
        alone = bare(gold).replace(**{name: [EMPTY, getattr(gold, name)[1], *[EMPTY] * (len(gold) - 2)]})
        assert nlp.parse(alone).upos == gold.upos
        assert nlp.parse(alone).heads == gold.heads


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
    tagged, failed = tagger._analysis._tagged, []

    def fragile(sentences: Sequence[Sentence], given_tags: bool) -> list[Sentence]:
        if any("boom" in sentence.forms for sentence in sentences):
            raise RuntimeError("too much")
        return tagged(sentences, given_tags)

    monkeypatch.setattr(tagger._analysis, "_tagged", fragile)
    dictionary = {"go": ("X", "_", "_")}
    found = list(tagger.tag_many(inputs, dictionary=dictionary, on_error=lambda own, _: failed.append(own)))
    assert found[4] == Sentence.from_forms(["boom", "go"])
    assert failed == [found[4]]


def test_a_tagger_alone_makes_no_trees(models: Path) -> None:
    alone = pipeline.load(models / "tagger")
    assert EMPTY not in alone.tag("Go!")[0].upos
    go = Sentence.from_forms(["Go"])
    for call in (alone.parse, lambda own: alone.parse_sentences([own]), lambda own: alone.nbest(own, 1)):
        with pytest.raises(ModelError, match="is a tagger and makes no trees; call `tag`"):
            call(go)
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


@pytest.mark.parametrize("kind", [RuntimeError, MemoryError])
def test_a_sentence_that_cannot_be_parsed_is_reported_and_passed_on(
    kind: type[Exception], nlp: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser, failed = nlp._analysis.needed_parser(), []
    parse = parser.parse

    def fragile(sentences: Sequence[Sentence], **settings: Any) -> list[Sentence]:
        if any("boom" in sentence.forms for sentence in sentences):
            raise kind("too much")
        return parse(sentences, **settings)

    monkeypatch.setattr(parser, "parse", fragile)
    inputs: list[Any] = [["Go"], ["a", "boom"], TEXT, "boom"]
    found = list(nlp.parse_many(inputs, on_error=lambda sentence, error: failed.append((sentence.forms, str(error)))))
    assert failed == [(("a", "boom"), "too much"), (("boom",), "too much")]
    assert found[1] == Sentence.from_forms(["a", "boom"])
    assert [sentence.is_parsed for sentence in (found[0], *found[2], *found[3])] == [True, True, True, False]
    with pytest.raises(kind, match="too much"):
        list(nlp.parse_many(inputs))


def test_nbest_gives_trees_with_scores_in_place_of_each_sentence(nlp: Pipeline) -> None:
    found = nlp.nbest(TEXT, 5, beam=8)
    assert [[parse.sentence.text for parse in trees] for trees in found] == [
        ["The old man the boats."] * 5,
        ["Who wrote this letter?"] * 5,
    ]
    for trees in found:
        probabilities = [parse.probability for parse in trees]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1 + 1e-6
    best = nlp.nbest_sentences([bare(gold) for gold in twenty()], 1, beam=4)
    assert sum(own.sentence.heads == gold.heads for [own], gold in zip(best, twenty(), strict=True)) >= 16
    assert nlp.nbest("", 2, beam=2) == []
    odd = twenty()[1].replace(upos=["X"] * len(twenty()[1]))
    assert nlp.nbest(odd, 1, beam=2)[0].sentence.upos == odd.upos


@pytest.mark.parametrize(("nbest", "beam"), [(3, 2), (2, 1)])
def test_nbest_needs_places_in_the_beam(nlp: Pipeline, nbest: int, beam: int) -> None:
    with pytest.raises(
        ConfigurationError, match=f"at most {beam}, the width of the beam, not {nbest}; give a wider beam"
    ):
        nlp.nbest(TEXT, nbest, beam=beam)


def test_nbest_as_a_keyword_of_parse_is_on_its_way_out(nlp: Pipeline, models: Path) -> None:
    with pytest.warns(DeprecationWarning, match=r"call nbest\(text, n\) instead") as told:
        assert nlp.parse(["Go", "!"], nbest=2) == nlp.nbest(["Go", "!"], 2)
    with pytest.warns(DeprecationWarning, match=r"call nbest\(text, n\) instead") as told_too:
        found = arcparse.parse("Go!", nbest=2, model=models / "one")
    assert found == arcparse.nbest("Go!", 2, model=models / "one")
    assert {warning.filename for warning in (*told, *told_too)} == {__file__}


def test_a_long_sentence_parses(nlp: Pipeline) -> None:
    forms = [form for sentence in sample() for form in sentence.forms][:300]
    parsed = nlp.parse(forms, beam=2)
    check_tree(parsed.tree)
    assert list(parsed.forms) == forms


def test_a_parser_without_its_tagger_says_so(models: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        Pipeline.load(models / "lost")
    alone = Pipeline(fitted_parser("none").model)
    assert [alone.parse(twenty()[0])] == fitted_parser("none").model.parse([twenty()[0]], given_tags=True)
    for call in (alone.parse, alone.tag):
        with pytest.raises(ModelError, match="no tagger"):
            call("Go!")
    with pytest.raises(ModelError, match="predicts no tags"):
        alone.parser.tag(as_sentences("Go!"))


def test_a_model_is_loaded_once(models: Path) -> None:
    assert pipeline.load(models / "one") is pipeline.load(models / "one")
    assert arcparse.load(models / "one") is pipeline.load(models / "one")
    assert arcparse.parse(TEXT, model=models / "one") == pipeline.load(models / "one").parse(TEXT)
    scored = arcparse.nbest(TEXT, 2, model=models / "one", beam=2)
    assert scored == pipeline.load(models / "one").nbest(TEXT, 2, beam=2)
    with pytest.raises(ModelError, match="no model of that name"):
        arcparse.load("nowhere")


def test_a_model_that_is_kept_is_the_one_at_its_place(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(models)
    one = arcparse.load("./one")
    assert arcparse.load(models / "one") is one
    monkeypatch.chdir(models / "two")
    with pytest.raises(ModelError, match="no model directory"):
        arcparse.load("./one")


@pytest.mark.parametrize("name", [None, 5, ["en"], b"en"])
def test_a_model_is_named_by_a_string_or_a_path(name: Any) -> None:
    for call in (arcparse.load, Pipeline.load):
        with pytest.raises(ConfigurationError, match="a model is a name or a path, not "):
            call(name)
    if name is not None:
        for what in ("lemmatizer", "segmenter"):
            with pytest.raises(ConfigurationError, match="a model is a name or a path, not "):
                arcparse.load("en-small", **{what: name})


def test_the_precision_is_one_of_three(models: Path) -> None:
    for call in (arcparse.load, Pipeline.load):
        with pytest.raises(ConfigurationError, match="precision must be 'auto', 'float32' or 'bfloat16', not 'foo'"):
            call(models / "one", precision="foo")


@pytest.mark.parametrize("wrong", [0, -1, 1025, 10**9, 2.5, True, "2"])
def test_numbers_outside_their_range_are_refused(nlp: Pipeline, wrong: Any) -> None:
    go = Sentence.from_forms(["Go"])
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("beam", lambda: nlp.parse("Go!", beam=wrong)),
        ("beam", lambda: nlp.parse_many(["Go!"], beam=wrong)),
        ("beam", lambda: nlp.parse_sentences([go], beam=wrong)),
        ("beam", lambda: nlp.nbest("Go!", 1, beam=wrong)),
        ("n", lambda: nlp.nbest("Go!", wrong)),
        ("n", lambda: nlp.nbest_sentences([go], wrong)),
    ]
    if wrong != 0:
        calls.append(("samples", lambda: nlp.nbest("Go!", 1, samples=wrong)))
    if wrong != 1025:
        calls.append(("batch_size", lambda: nlp.parse_many(["Go!"], batch_size=wrong)))
        calls.append(("batch_size", lambda: nlp.tag_many(["Go!"], batch_size=wrong)))
    for name, call in calls:
        with pytest.raises(ConfigurationError, match=rf"^{name} must be .* not {wrong!r}$"):
            call()


def test_what_is_no_input_is_refused_at_once(tagger: Pipeline) -> None:
    for call in (tagger.tag_many, tagger.tag_sentences):
        with pytest.raises(InputError, match="must be "):
            call("I saw her.")  # type: ignore[call-overload]
    with pytest.raises(InputError, match=r"^texts\[1\] must be a string, a list of word forms or a Sentence, not None"):
        list(tagger.tag_many(["Go!", None]))  # type: ignore[call-overload]
    with pytest.raises(InputError, match=r"^sentences\[0\] must be a Sentence, not a list"):
        tagger.tag_sentences([["Go"]])  # type: ignore[list-item]
    with pytest.raises(InputError, match=r"the result of arcparse\.read_dictionary\(FILE\), not 'words\.tsv'"):
        tagger.tag("Go!", dictionary="words.tsv")  # type: ignore[call-overload]


def test_a_handler_of_errors_is_a_function(tagger: Pipeline) -> None:
    wrong: Any = "ignore"
    with pytest.raises(
        ConfigurationError, match="on_error must be a function of a sentence and its error, not 'ignore'"
    ):
        list(tagger.tag_many(["Go!"], on_error=wrong))


def test_functions_take_what_load_takes(models: Path) -> None:
    chosen: dict[str, Any] = {"model": models / "one", "precision": "bfloat16", "segmenter": "en-segmenter"}
    nlp = arcparse.load(models / "one", precision="bfloat16", segmenter="en-segmenter")
    assert arcparse.parse(TEXT, **chosen, beam=2) == nlp.parse(TEXT, beam=2)
    assert arcparse.tag(TEXT, **chosen) == nlp.tag(TEXT)
    assert arcparse.nbest(TEXT, 2, **chosen, samples=4) == nlp.nbest(TEXT, 2, samples=4)
    lemmas = arcparse.tag(["It", "slept"], model=models / "one", lemmatizer="en-lemmatizer").lemmas
    assert lemmas[1] == "sleep"


def test_the_package_offers_its_names_when_they_are_used() -> None:
    assert arcparse.Pipeline is Pipeline
    assert all(getattr(arcparse, name) for name in dir(arcparse))
    assert set(dir(arcparse)) == {*arcparse.__all__, "__version__"}
    assert arcparse.__version__ == version("arcparse")
    for name in ("drawing", "evaluation", "formats", "interop"):
        assert arcparse.__getattr__(name).__name__ == f"arcparse.{name}"
    with pytest.raises(AttributeError, match="no attribute 'parze'"):
        _ = arcparse.parze
    with pytest.raises(AttributeError, match=r"'parse_many'; load a model first: arcparse\.load\(\)\.parse_many"):
        _ = arcparse.parse_many
