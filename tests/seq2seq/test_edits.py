"""Lemmas held to their forms."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.seq2seq.edits import held, is_mixed, lowered, plain, script, scripts

DOGS = scripts(
    [("dogs", "dog"), ("Cats", "cat"), ("cities", "city"), ("ponies", "pony"), ("ran", "run"), ("sang", "sing")]
)
TEXT = st.text(st.characters(categories=("L", "N", "P", "M")), max_size=8)


def test_a_script_is_all_edits_with_their_places() -> None:
    assert script("dogs", "dog") == (("s", "", False, True),)
    assert script("ponies", "pony") == (("ies", "y", False, True),)
    assert script("gemacht", "machen") == (("ge", "", True, False), ("t", "en", False, True))
    assert script("häuser", "haus") == (("ä", "a", False, False), ("er", "", False, True))
    assert script("dog", "dog") == script("", "") == ()


@pytest.mark.slow
@given(TEXT, TEXT)
def test_a_beginning_of_the_form_has_the_edits_of_any_other_lemma(lemma: str, rest: str) -> None:
    form = lemma + rest
    changes = [own for own in SequenceMatcher(None, form, lemma, autojunk=False).get_opcodes() if own[0] != "equal"]
    assert script(form, lemma) == tuple((form[i:j], lemma[k:m], i == 0, j == len(form)) for _, i, j, k, m in changes)


def test_a_pattern_is_known_from_two_words() -> None:
    assert {(), (("s", "", False, True),), (("ies", "y", False, True),)} == DOGS


@pytest.mark.parametrize(
    ("form", "read", "written", "lemma"),
    [
        ("cafés", "cafes", "cafe", "café"),
        ("café", "cafe", "caf", None),
        ("bébé", "bebe", "babe", None),
        ("touchés", "touches", "touch", None),  # an é is no e
        ("résumés", "resumes", "resume", "résumé"),
        ("bébéies", "bebeies", "bebey", "bébéy"),
        ("#fun", "#fun", "4fun", None),
        ("iPhones", "iPhones", "IPhone", "iPhone"),
        ("iPhones", "iPhones", "iphone", "iphone"),
        ("asia", "asia", "Asia", "Asia"),
        ("straße", "straße", "STRAßE", "STRAßE"),
        ("IRAQ", "IRAQ", "Iraq", "Iraq"),
        ("İstanbul", "Istanbul", "istanbul", "İstanbul"),  # lower() would make two letters of the first
        ("", "", "", ""),
    ],
)
def test_letters_that_stay_are_the_form_s_and_edits_are_known(
    form: str, read: str, written: str, lemma: str | None
) -> None:
    assert held(form, read, written, DOGS, keeps_case=False) == lemma


def test_capitals_stay_where_they_are_to() -> None:
    assert held("iPhones", "iPhones", "iphone", DOGS, keeps_case=True) == "iPhone"
    assert [is_mixed(form) for form in ("iPhone", "eBay", "McNugget", "Paris", "PARIS", "paris", "3D", "1st")] == [
        *[True] * 3, *[False] * 5,
    ]  # fmt: skip


@given(TEXT, TEXT, st.booleans())
def test_no_letter_vanishes_or_becomes_another_without_a_pattern(form: str, written: str, keeps_case: bool) -> None:
    lemma = held(form, "".join(map(plain, form)), written, frozenset({()}), keeps_case=keeps_case)
    assert lemma is None or lowered(lemma) == lowered(form)


@given(TEXT)
def test_a_letter_is_read_and_lowered_as_one(text: str) -> None:
    assert len(lowered(text)) == len(text)
    assert all(len(plain(letter)) == 1 for letter in text)


def test_letters_without_their_marks() -> None:
    assert "".join(map(plain, "café Łódź ÜNÏÇÖDÉ ı ñ Ø 42 щ 日")) == "cafe Lodz UNICODE ı n O 42 щ 日"
