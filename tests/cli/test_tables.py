"""Text tables: columns as wide as their widest cell, in cells of a terminal."""

from __future__ import annotations

from arcparse.cli.tables import Table, in_columns, ruled

ROWS = [("word", "count"), ("犬", "7"), ("dog", "12")]


def test_columns_are_as_wide_as_a_terminal_shows_them() -> None:
    assert in_columns(ROWS, right=(1,)) == ["word  count", "犬        7", "dog      12"]


def test_no_line_ends_in_spaces() -> None:
    assert in_columns([*ROWS, ("cat", "")]) == ["word  count", "犬    7", "dog   12", "cat"]


def test_a_rule_stands_below_the_headings() -> None:
    assert ruled(ROWS).split("\n") == ["word | count", "-----+------", "犬   |     7", "dog  |    12"]
    assert ruled(ROWS[:1], left=()).split("\n") == ["word | count", "-----+------"]


def test_a_table_in_markdown_escapes_what_would_mean_something() -> None:
    table = Table([("word", "count"), ("a|b_c", "  7 "), ("<*>", "")], title="words #1")
    assert table.text().split("\n")[:2] == ["words #1", "word  | count"]
    assert table.markdown().split("\n") == [
        *("## words \\#1", "", "| word | count |", "| --- | ---: |"),
        *("| a\\|b\\_c | 7 |", "| \\<\\*\\> |  |"),
    ]
