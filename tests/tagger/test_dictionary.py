"""A dictionary is read line by line, and its words have its tags."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest

from arcparse.errors import InputError, TreebankError
from arcparse.sentence import Sentence
from arcparse.tagger.dictionary import read_dictionary, with_dictionary


def read(text: str) -> dict[str, tuple[str, str, str]]:
    return read_dictionary(io.StringIO(text, newline=""))


def test_a_line_is_a_form_and_its_tags() -> None:
    text = "\ufeff# x\n\ncovfefe\tNOUN\nGo\tPROPN\tNNP\r\n#\tSYM\t_\t_\n10 0\tNUM\tCD\tNumForm=Digit\nGo\tPROPN\tNNP\n"
    assert read(text) == {
        "covfefe": ("NOUN", "_", "_"),
        "Go": ("PROPN", "NNP", "_"),
        "#": ("SYM", "_", "_"),
        "10 0": ("NUM", "CD", "NumForm=Digit"),
    }
    assert read("") == {}


def test_a_packed_file_is_opened(tmp_path: Path) -> None:
    (tmp_path / "d.tsv.gz").write_bytes(gzip.compress(b"a\tX\n"))
    assert read_dictionary(tmp_path / "d.tsv.gz") == {"a": ("X", "_", "_")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tX\nword\n", r"^<stream>:2: 1 columns in 'word', expected 2 to 4"),
        ("a\tX\tY\tZ\t1\n", r":1: 5 columns"),
        ("\n\tX\n", r":2: a form and its UPOS must be there"),
        ("a\t_\tNN\n", r":1: a form and its UPOS"),
        ("a\tX\t\n", r":1: .* no cell empty"),
        ("a\tX\nb\tX\na\tNOUN\n", r":3: 'a' has other tags above: X _ _; keep one"),
        ("a\tX\n\udcff\tX\n", r":2: not UTF-8 in '\\udcff\\tX'"),
    ],
)
def test_what_is_no_entry_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(TreebankError, match=message):
        read(text)


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(TreebankError, match="cannot be read"):
        read_dictionary(tmp_path / "none.tsv")


def test_words_have_the_tags_of_the_dictionary() -> None:
    sentence = Sentence.from_forms(["a", "b", "c"]).replace(upos=["X", "_", "Y"], xpos=["XX", "_", "YY"])
    known = {"a": ("NOUN", "NN", "_"), "b": ("VERB", "VB", "Mood=Imp")}
    kept = with_dictionary(sentence, known)
    assert (kept.upos, kept.xpos, kept.feats) == (("X", "VERB", "Y"), ("XX", "VB", "YY"), ("_", "Mood=Imp", "_"))
    replaced = with_dictionary(sentence, known, given_tags=False)
    assert (replaced.upos, replaced.xpos) == (("NOUN", "VERB", "_"), ("NN", "VB", "_"))
    assert with_dictionary(Sentence.from_forms([]), known) == Sentence.from_forms([])


@pytest.mark.parametrize("tags", ["NOUN", "ADJ", ("NOUN", "NNS")])
def test_a_dictionary_of_other_than_three_tags_is_refused(tags: Any) -> None:
    with pytest.raises(InputError, match=r"must have UPOS, XPOS and FEATS of 'Dogs', as \('NOUN', '_', '_'\), not"):
        with_dictionary(Sentence.from_forms(["Dogs"]), {"Dogs": tags})
