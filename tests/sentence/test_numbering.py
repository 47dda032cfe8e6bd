"""The ID column: words, ranges and empty nodes are told apart, and the tokens of the text are found."""

from __future__ import annotations

from arcparse.sentence import numbering

IDS = ("0.1", "1-2", "1", "2", "2.1", "3", "4-5", "4", "5", "10-11", "10", "11")


def test_word_rows_leave_out_ranges_and_nodes() -> None:
    assert list(numbering.word_rows(IDS)) == [2, 3, 5, 7, 8, 10, 11]
    assert numbering.word_rows(("1", "2")) == range(2)
    assert list(numbering.word_rows(())) == []


def test_ranges_have_the_numbers_of_their_words() -> None:
    assert list(numbering.ranges(IDS)) == [(1, range(1, 3)), (6, range(4, 6)), (9, range(10, 12))]


def test_tokens_are_ranges_and_the_words_outside_them() -> None:
    assert [(IDS[row], list(words)) for row, words in numbering.tokens(IDS)] == [
        ("1-2", [1, 2]),
        ("3", [3]),
        ("4-5", [4, 5]),
        ("10-11", [10, 11]),
    ]


def test_numbers_and_heads_are_written_as_in_their_columns() -> None:
    assert numbering.numbers(3) == ("1", "2", "3")
    assert numbering.numbers(0) == ()
    assert numbering.head_texts([2, 0, 2, 3]) == ["2", "0", "2", "3"]
    assert numbering.head_texts([]) == []
