"""Labelled texts: files, words, which words are read, and what is held out."""

from __future__ import annotations

import io
import lzma
from pathlib import Path

import pytest
from toy_texts import texts

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.seq2seq.labelled import Kept, LabelledText, cut, hold_out_texts, read_labelled, words_of


def test_the_first_column_is_the_label_and_the_last_the_text(tmp_path: Path) -> None:
    lines = "neg\t3\t17\tToo long.\r\npos\tShort\n pos \t\n"
    found = [LabelledText("neg", "Too long."), LabelledText("pos", "Short"), LabelledText("pos", "")]
    assert list(read_labelled(io.StringIO(lines, newline=""), "x")) == found
    with lzma.open(tmp_path / "x.tsv.xz", "wt", encoding="utf-8", newline="") as file:
        file.write(lines)
    assert list(read_labelled(tmp_path / "x.tsv.xz")) == found


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("pos\tx\nneg x\n", "x.tsv:2: has no tab between label and text; write label, tab, text"),
        ("\tx\n", "x.tsv:1: has no label before its first tab"),
        ("", "x.tsv: holds no text; give a file with lines of label, tab, text"),
    ],
)
def test_a_line_without_label_is_explained(lines: str, message: str) -> None:
    with pytest.raises(TreebankError, match=message):
        list(read_labelled(io.StringIO(lines), "x.tsv"))


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TreebankError, match=r"nowhere\.tsv: cannot be read"):
        list(read_labelled("nowhere.tsv"))


def test_words_are_those_of_the_tokeniser_in_lower_case_without_line_breaks() -> None:
    assert words_of("I don't.<br /><br/>It's <3") == ["i", "do", "n't", ".", "it", "'s", "<3"]
    assert words_of("A<BR>B", lower=False) == ["A", "B"]


@pytest.mark.parametrize(
    ("kept", "expected"), [("beginning", "abcde"), ("end", "defgh"), ("both", "abfgh")]
)  # of five, the end has the odd one
def test_a_long_text_is_cut(kept: Kept, expected: str) -> None:
    assert "".join(cut("abcdefgh", 5, kept)) == expected
    assert "".join(cut("abcdefgh", 8, kept)) == "abcdefgh"
    assert len(cut("abcdefgh", 1, kept)) == 1


def test_what_is_held_out_is_drawn_from_a_sorted_file() -> None:
    all_of_them = sorted(texts(100), key=lambda text: text.label)
    train, dev = hold_out_texts(all_of_them, 0.2, 1)
    assert (len(train), len(dev)) == (80, 20)
    assert sorted([*train, *dev], key=repr) == sorted(all_of_them, key=repr)
    assert {text.label for text in dev} == {"neg", "none", "pos"}
    assert hold_out_texts(all_of_them, 0.2, 1) == (train, dev)
    assert hold_out_texts(all_of_them, 0.2, 2) != (train, dev)


def test_each_label_has_a_text_to_learn_from() -> None:
    few = [LabelledText(label, f"{label} {number}") for label, size in (("a", 3), ("b", 1)) for number in range(size)]
    for seed in range(20):
        train, dev = hold_out_texts(few, 0.5, seed)
        assert {text.label for text in train} == {"a", "b"}
        assert {text.label for text in dev} == {"a"}
    with pytest.raises(
        ConfigurationError, match=r"of 2 texts draws only texts that are alone with .*, or name a dev file"
    ):
        hold_out_texts(few[2:], 0.5, 1)


@pytest.mark.parametrize(("size", "share"), [(1, 0.1), (10, 0.0), (10, 1.0), (10, 0.99)])
def test_what_leaves_nothing_is_not_held_out(size: int, share: float) -> None:
    with pytest.raises(ConfigurationError, match=f"of {size} texts leaves nothing"):
        hold_out_texts(texts(size), share, 1)
