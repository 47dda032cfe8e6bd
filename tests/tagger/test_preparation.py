from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.stores import from_store
from arcparse.sentence import Sentence
from arcparse.tagger.preparation import known_to, prepare, tags_of_words, units_of
from arcparse.vectors import VectorStore
from arcparse.vocabulary import SPECIALS, Vocabulary

KNOWN = {"New_York", "New_York_Stock_Exchange", "so_called", "####", "#", "call", "out", "New", "--", "##_year_old"}


def sentence(*words: str) -> Sentence:
    """A sentence of words written with their tag: `York/NNP`."""
    forms, tags = zip(*(word.rsplit("/", 1) for word in words), strict=True)
    return Sentence.from_forms(forms).replace(xpos=tags)


@pytest.mark.parametrize(
    ("form", "units"),
    [
        ("New", ["New"]),
        ("1987", ["####"]),
        ("7", ["#"]),
        ("so-called", ["so_called"]),
        ("45-year-old", ["##_year_old"]),
        ("call-out", ["call", "out"]),
        ("call-1987-Zug", ["call", "####", "Zug"]),
        ("--", ["--"]),
        ("---", ["---"]),  # there is nothing between its hyphens
        ("-Zug", ["-Zug"]),
        ("Zug", ["Zug"]),
    ],
)
def test_a_word_is_taken_as_the_vectors_know_it(form: str, units: list[str]) -> None:
    assert units_of(form, KNOWN.__contains__) == units


def test_neighbours_of_one_tag_become_the_longest_phrase_that_is_known() -> None:
    given = sentence("the/DT", "New/NNP", "York/NNP", "Stock/NNP", "Exchange/NNP", "call-out/NN", "New/NNP", "York/NN")
    prepared = prepare(given, KNOWN.__contains__, phrases=True)
    assert prepared.units.forms == ("the", "New_York_Stock_Exchange", "call", "out", "New", "York")
    assert prepared.units.xpos == ("DT", "NNP", "NN", "NN", "NNP", "NN")
    assert prepared.unit == (0, 1, 1, 1, 1, 3, 4, 5)
    alone = prepare(given, KNOWN.__contains__, phrases=False)
    assert alone.units.forms == ("the", "New", "York", "Stock", "Exchange", "call", "out", "New", "York")


def test_words_get_the_tags_of_their_units() -> None:
    given = sentence("New/NNP", "York/NNP", "call-out/NN")
    prepared = prepare(given, KNOWN.__contains__, phrases=True)
    tagged = prepared.units.replace(xpos=["A", "B", "C"], upos=["X", "Y", "Z"])
    assert tags_of_words(given, prepared, tagged, ["xpos"]) == given.replace(xpos=["A", "A", "C"])


FORMS = st.text(st.sampled_from("aN-1_"), min_size=1, max_size=6)


@given(st.lists(st.tuples(FORMS, st.sampled_from("XY")), max_size=8), st.sets(FORMS), st.booleans())
def test_every_word_keeps_its_tag_through_its_unit(
    words: list[tuple[str, str]], known: set[str], phrases: bool
) -> None:
    given = Sentence.from_forms(form for form, _ in words).replace(xpos=[tag for _, tag in words])
    prepared = prepare(given, known.__contains__, phrases=phrases)
    assert tags_of_words(given, prepared, prepared.units, ["xpos"]) == given
    assert len(prepared.unit) == len(given)
    assert list(prepared.unit) == sorted(prepared.unit)
    joined = len(prepared.unit) - len(set(prepared.unit))
    assert phrases or not joined


def test_what_vectors_know_includes_the_variants_of_their_scheme() -> None:
    words = Vocabulary((*SPECIALS, "paris", "####"))
    pretrained = Pretrained(words, "google-news", np.zeros((4, 2), np.int8), np.ones(4, np.float32))
    knows = known_to(pretrained)
    assert [form for form in ("Paris", "PARIS", "1999", "rome", "") if knows(form)] == ["Paris", "PARIS", "1999"]


def test_words_that_a_store_lacks_have_its_random_vectors_for_ever(tmp_path: Path) -> None:
    models = pytest.importorskip("gensim.models")
    keyed = models.KeyedVectors(3)
    keyed.add_vectors(["a", "b"], np.eye(2, 3, dtype=np.float32))
    VectorStore.create(tmp_path / "store", keyed).close()
    plain, drawn = (from_store(tmp_path / "store", forms) for forms in ((), ("zug", "A", "b", "zug")))
    assert plain.words.symbols[2:] == ("a", "b")
    assert drawn.words.symbols[2:] == ("a", "b", "zug")  # A has a variant there
    level = np.linalg.norm(drawn.rows[2] * drawn.scale[2])  # a unit vector of the source
    with VectorStore.open(tmp_path / "store", read_only=True) as store:
        assert np.abs(store["zug"]).max() <= 0.25
        own = drawn.rows[4] * drawn.scale[4] / level
        np.testing.assert_allclose(own, store["zug"], atol=0.01)
