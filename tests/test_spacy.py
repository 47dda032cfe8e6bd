from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import save_tiny_model

import arcparse
from arcparse.errors import ConfigurationError, ModelError

spacy = pytest.importorskip("spacy", reason="spacy is not installed; `pip install spacy`")
component, tokenizer, model = (import_module(f"arcparse.spacy.{name}") for name in ("component", "tokenizer", "model"))
WORDS = tokenizer.WORDS

TEXT = "  The cats didn't sleep.\n\nDogs  bark. "
MODEL = {"model": "en-small"}
OWN_TOKENS = {"nlp": {"tokenizer": {"@tokenizers": "arcparse.Tokenizer.v1", "model": "en-small"}}}
PIECES = [
    "I",
    "can't",
    "gonna",
    "dog",
    "New York",
    "3.5",
    "¡",
    "\u200b",
    "\x07",
    "‘s",
    " ",
    "  ",
    "\n",
    "\t",
    ".",
    "?!",
    "e\u0301",
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@pytest.fixture(scope="module")
def nlp() -> Any:
    made = spacy.blank("en")
    made.add_pipe("arcparse", config=MODEL)
    return made


@pytest.fixture(scope="module")
def own_tokens() -> Any:
    made = spacy.blank("en", config=OWN_TOKENS)
    made.add_pipe("arcparse", config=MODEL)
    return made


def document(nlp: Any, *words: str, **columns: Any) -> Any:
    return spacy.tokens.Doc(nlp.vocab, words=list(words), **columns)


def check_trees(doc: Any) -> None:
    """Each sentence is a tree with one root, and no token is left out."""
    assert sum(len(sentence) for sentence in doc.sents) == len(doc)
    for sentence in doc.sents:
        assert [token.head == token for token in sentence].count(True) == 1
        for token in sentence:
            assert token.dep_
            assert token == sentence.root or sentence.root in token.ancestors  # which end, since a path has no circle
            assert sentence.start <= token.head.i < sentence.end


@pytest.mark.parametrize("text", ["", " ", " \n\t", TEXT, "Go!", "\n\nGo!", "a" * 3000, "one. " * 400])
def test_all_tokens_stay_and_have_a_head(nlp: Any, own_tokens: Any, text: str) -> None:
    for each in (nlp, own_tokens):
        doc, before = each(text), each.make_doc(text)
        assert doc.text == text
        assert [(token.idx, token.text) for token in doc] == [(token.idx, token.text) for token in before]
        check_trees(doc)


@given(text=texts)
def test_any_text_can_be_parsed_and_is_kept(nlp: Any, own_tokens: Any, text: str) -> None:
    for each in (nlp, own_tokens):
        doc = each(text)
        assert doc.text == text
        check_trees(doc)


def test_annotation_is_that_of_arcparse(nlp: Any) -> None:
    words = ["Two", "cats", "have", "been", "chased", "."]
    [doc] = nlp.pipe([document(nlp, *words)])
    expected = arcparse.parse(words, model="en-small")
    [found] = arcparse.interop.from_spacy(doc)
    assert [found.words(column) for column in range(8)] == [expected.words(column) for column in range(8)]
    assert [token.dep_ for token in doc].count("ROOT") == 1


def test_arcparse_s_tokens_and_sentences_are_those_of_arcparse(own_tokens: Any) -> None:
    document = arcparse.parse(TEXT, model="en-small")
    doc = own_tokens(TEXT)
    assert [token.text for token in doc if not token.is_space] == list(document.forms)
    assert [[token.text for token in sentence if not token.is_space] for sentence in doc.sents] == [
        list(sentence.forms) for sentence in document
    ]
    assert [token.lemma_ for token in doc if not token.is_space] == list(document.lemmas)


def test_sentence_starts_that_are_set_are_kept(nlp: Any) -> None:
    words = ["Dogs", "bark", ".", "Cats", "sleep", "."]
    for starts, expected in [
        (None, [0, 3]),
        ([True, False, False, False, False, False], [0]),
        ([True, False, True, None, None, None], [0, 2, 3]),
        ([True, None, None, False, None, None], [0]),
    ]:
        doc = nlp(document(nlp, *words, sent_starts=starts))
        assert [token.i for token in doc if token.is_sent_start] == expected
        check_trees(doc)


def test_blanks_hang_on_the_word_before_them_in_their_sentence(nlp: Any) -> None:
    words = [" ", "Dogs", "\n", "bark", "\n", "Go", "\t", "\t"]
    doc = nlp(document(nlp, *words, sent_starts=[True, False, False, False, True, False, True, False]))
    assert [doc[i].head.i for i in (0, 2, 4, 6, 7)] == [1, 1, 5, 6, 6]
    assert [doc[i].dep_ for i in (0, 2, 4, 6, 7)] == ["dep", "dep", "dep", "ROOT", "dep"]
    assert {(doc[i].pos_, doc[i].tag_) for i in (0, 2, 4, 6, 7)} == {("SPACE", "_SP")}
    assert [token.i for token in doc if token.is_sent_start] == [0, 4, 6]
    check_trees(doc)


@pytest.mark.parametrize("words", [("de", "le"), ("the", "cats", "sleep")])
def test_a_multiword_token_has_one_place_in_the_tree(nlp: Any, words: tuple[str, ...]) -> None:
    doc = document(nlp, "We", "du", "saw", "dogs", "du", ".")
    doc.user_data[WORDS] = [[doc[1].idx, *words], [doc[4].idx, *words]]
    back = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    nlp(back)
    check_trees(back)
    expected = arcparse.parse(["We", *words, "saw", "dogs", *words, "."], model="en-small")
    assert back[1].pos_ in expected.upos[1 : len(words) + 1]
    assert back[3].dep_ == expected.labels[len(words) + 2]


@given(st.data())
def test_the_highest_words_of_tokens_make_a_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    head = np.array([0, *(data.draw(st.integers(0, word - 1)) for word in range(1, size))])
    order = np.array(data.draw(st.permutations(range(size))))
    place = np.argsort(order)
    head = place[head[order]]  # of words in any order
    token = np.cumsum([0, *(data.draw(st.integers(0, 1)) for _ in range(size - 1))])
    chosen = component._highest(token, head)
    above = token[head[chosen]]
    assert token[chosen].tolist() == sorted(set(token.tolist()))
    assert (above == token[chosen]).sum() == 1
    for start in token[chosen]:
        seen: list[int] = []
        while above[start] != start:
            assert start not in seen
            seen.append(start)
            start = above[start]


def test_words_that_do_not_spell_their_token_are_handed_on() -> None:
    class Divider:
        def divide_many(self, texts: list[str]) -> list[list[arcparse.Sentence]]:
            rows = ["1\tIl", "2\tparle", "3-4\tdu", "3\tde", "4\tle", "5\tvin"]
            misc = ["0:2", "3:8", "9:11", "", "", "12:15"]
            cells = [
                [*row.split("\t"), *"_" * 7, f"TokenRange={span}" if span else "_"]
                for row, span in zip(rows, misc, strict=True)
            ]
            return [[arcparse.Sentence((), tuple(zip(*cells, strict=True)))] for _ in texts]

    made = model.Model("en-small")
    made.__dict__["pipeline"] = Divider()
    doc = tokenizer.Tokenizer(spacy.vocab.Vocab(), made)("Il parle du vin")
    assert [token.text for token in doc] == ["Il", "parle", "du", "vin"]
    assert doc.user_data[WORDS] == [[9, "de", "le"]]


def test_batches_give_what_single_texts_give(nlp: Any, own_tokens: Any) -> None:
    many = [TEXT, "", "It works.", "\n", "Who said that? I did."] * 3
    for each in (nlp, own_tokens):
        for doc, text in zip(each.pipe(many, batch_size=4), many, strict=True):
            assert doc.to_json() == each(text).to_json()
    for doc, text in zip(own_tokens.pipe(own_tokens.tokenizer.pipe(many, batch_size=2)), many, strict=True):
        assert doc.to_json() == own_tokens(text).to_json()


@pytest.mark.slow
def test_several_processes_of_spacy(nlp: Any) -> None:
    many = ["It works.", "Who said that?"] * 4
    assert [doc.to_json() for doc in nlp.pipe(many, n_process=2, batch_size=2)] == [
        nlp(text).to_json() for text in many
    ]


def test_matcher_and_pictures(nlp: Any) -> None:
    doc = nlp("The cat chased two dogs.")
    matcher = spacy.matcher.DependencyMatcher(nlp.vocab)
    root = {"RIGHT_ID": "root", "RIGHT_ATTRS": {"DEP": "ROOT"}}
    full_stop = {"LEFT_ID": "root", "REL_OP": ">", "RIGHT_ID": "stop", "RIGHT_ATTRS": {"DEP": "punct"}}
    matcher.add("stop", [[root, full_stop]])
    assert [tokens for _, tokens in matcher(doc)] == [[doc[:].root.i, 5]]
    assert f">{doc[1].dep_}<" in spacy.displacy.render(doc, jupyter=False)


def test_an_own_model_is_saved_with_the_pipeline(sample_treebank: Path, tmp_path: Path) -> None:
    model = save_tiny_model(sample_treebank, tmp_path / "model")
    nlp = spacy.blank(
        "en", config={"nlp": {"tokenizer": {"@tokenizers": "arcparse.Tokenizer.v1", "model": str(model)}}}
    )
    nlp.add_pipe("arcparse", config={"model": str(model), "beam": 2})
    before = nlp(TEXT).to_json()
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(tmp_path / "model")
    arcparse.pipeline._kept.cache_clear()
    assert spacy.load(tmp_path / "pipeline")(TEXT).to_json() == before


def test_a_shipped_model_is_saved_by_its_name(nlp: Any, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    assert not (tmp_path / "arcparse").exists()
    loaded = spacy.load(tmp_path)
    assert loaded.get_pipe("arcparse").model.place == "en-small"
    assert loaded(TEXT).to_json() == nlp(TEXT).to_json()


def test_lemmas_of_others_stay_if_the_model_gives_none() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("arcparse", config=MODEL | {"without": ["lemmas"]})
    doc = nlp(document(nlp, "Dogs", "bark", lemmas=["dog!", "bark!"]))
    assert [token.lemma_ for token in doc] == ["dog!", "bark!"]
    assert doc[0].pos_


def test_mistakes_are_named() -> None:
    nlp = spacy.blank("en")
    with pytest.raises(ConfigurationError, match="beam must be from 1 to 1024, not 0"):
        nlp.add_pipe("arcparse", config={"beam": 0})
    nlp.add_pipe("arcparse", config={"model": "nothing-here"})
    with pytest.raises(ModelError, match="nothing-here: there is no model"):
        nlp("Go!")
    failed: list[list[str]] = []
    nlp.set_error_handler(lambda name, component, docs, error: failed.append([doc.text for doc in docs]))
    assert list(nlp.pipe(["a", "b", "c"], batch_size=2)) == []
    assert failed == [["a", "b"], ["c"]]


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """The environment of a process for which the checkout is installed with its entry points."""
    checkout = Path(__file__).parent.parent
    content = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    folder = tmp_path / "arcparse-99.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: arcparse\nVersion: 99\n")
    tables = content.partition("[project.entry-points.")[2].partition("\n\n")[0]
    (folder / "entry_points.txt").write_text(("[" + tables).replace("[project.entry-points.", "[").replace('"', ""))
    return os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{checkout}"}


@pytest.mark.slow
def test_spacy_finds_component_and_tokenizer_by_their_entry_points(installed: dict[str, str]) -> None:
    code = f"""
import sys, spacy
nlp = spacy.blank("en", config={OWN_TOKENS!r})
nlp.add_pipe("arcparse", config={MODEL!r})
print([token.dep_ for token in nlp("It works.")])
"""
    done = subprocess.run([sys.executable, "-c", code], env=installed, capture_output=True, text=True, check=True)
    assert "ROOT" in done.stdout
