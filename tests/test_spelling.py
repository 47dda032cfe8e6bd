import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import VectorsError
from arcparse.vectors import SCHEMES, candidates, normaliser, zero_digits


@pytest.mark.parametrize(
    ("scheme", "form", "expected"),
    [
        ("google-news", "2004", "####"),
        ("google-news", "7", "7"),
        ("google-news", "2004-05", "####_##"),
        ("google-news", "3.14", "3.##"),
        ("google-news", "New York", "New_York"),
        ("google-news", "follow-up", "follow_up"),
        ("digits-zero", "2004-05", "0000-00"),
        ("digits-zero", "mid-80s", "mid-00s"),
        ("digits-zero", "٣", "0"),
        ("none", "New York-2004", "New York-2004"),
    ],
)
def test_normalisation(scheme: str, form: str, expected: str) -> None:
    assert normaliser(scheme)(form) == expected


def test_candidates_come_in_the_documented_order() -> None:
    assert candidates("PARIS-2004", "digits-zero") == (
        "PARIS-2004",
        "Paris-2004",
        "paris-2004",
        "PARIS-0000",
        "Paris-0000",
        "paris-0000",
    )
    assert candidates("paris", "google-news") == ("paris",)
    assert candidates("PARIS", "none") == ("PARIS", "Paris", "paris")
    assert candidates("", "none") == ("",)


@given(st.text(), st.sampled_from(sorted(SCHEMES)))
def test_candidates_are_distinct_and_begin_with_the_form(form: str, scheme: str) -> None:
    found = candidates(form, scheme)
    assert found[0] == form
    assert len(set(found)) == len(found) <= 6


@given(st.text())
def test_zero_digits_leaves_no_other_digit_and_no_other_length(text: str) -> None:
    zeroed = zero_digits(text)
    assert len(zeroed) == len(text)
    assert zero_digits(zeroed) == zeroed
    assert not any(character.isdecimal() and character != "0" for character in zeroed)


def test_an_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(VectorsError, match=r"'digits'.*digits-zero"):
        candidates("form", "digits")
