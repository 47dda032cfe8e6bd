from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import DOGS, random_text, rows, seeded

from arcparse.sentence import Sentence, Token
from arcparse.statistics import mean, quantile, statistics, summary, unknown
from arcparse.treebank import parse_conllu, read_conllu


def test_what_a_sentence_holds_is_counted() -> None:
    [sentence] = parse_conllu(DOGS)
    counted = statistics([sentence, sentence])
    assert (counted.sentences, counted.words, counted.tokens) == (2, 12, 10)
    assert (counted.multiword_tokens, counted.empty_nodes, counted.trees) == (2, 2, 2)
    assert counted.forms["dogs"] == 2
    assert counted.labels == Counter({"det": 2, "nsubj:outer": 2, "aux": 2, "advmod": 2, "root": 2, "punct": 2})
    assert counted.xpos == Counter()
    assert counted.lengths == {6: 2}
    assert counted.arc_lengths == {1: 6, 2: 2, 3: 2}
    assert counted.leftward_arcs == 8
    assert counted.depths == {3: 2}


def test_features_are_counted_one_by_one() -> None:
    sentence = Sentence.from_tokens([Token(1, "a", feats="Case=Nom|Number=Sing", head=0)])
    assert statistics([sentence]).features == Counter(["Case=Nom", "Number=Sing"])


def test_what_is_no_tree_has_no_shape() -> None:
    counted = statistics([Sentence.from_forms(["a", "b"]), *parse_conllu(rows("1 a a X 2 dep", "2 b b X 1 dep"))])
    assert (counted.sentences, counted.trees, counted.words) == (2, 0, 4)
    assert summary(counted)["sentences without a tree"] == 2


def test_non_projective_arcs_are_counted() -> None:
    [sentence] = parse_conllu(rows("1 a a X 3 x", "2 b b X 4 y", "3 c c X 4 z", "4 d d X 0 root"))
    counted = statistics([sentence])
    assert (counted.non_projective_trees, counted.non_projective_arcs) == (1, 1)
    assert summary(counted)["non-projective arc rate"] == 0.25


def test_unknown_words_are_those_that_the_other_has_not() -> None:
    found = unknown(Counter(a=3, b=1), Counter(a=1, c=5))
    assert (found.words, found.types, found.word_rate, found.type_rate) == (1, 1, 0.25, 0.5)
    assert unknown({}, {}).word_rate == 0


@given(st.lists(st.integers(0, 30), min_size=1))
def test_mean_and_median_are_those_of_the_list(sizes: list[int]) -> None:
    counts = Counter(sizes)
    assert mean(counts) == pytest.approx(sum(sizes) / len(sizes))
    assert quantile(counts, 0.5) == sorted(sizes)[(len(sizes) - 1) // 2]
    assert (mean({}), quantile({}, 0.5)) == (0, 0)


@given(st.integers(0, 10_000))
def test_depth_is_that_of_climbing(seed: int) -> None:
    for sentence in random_text(seeded(seed), "abcdefgh"):
        heads = sentence.tree.heads
        depths = []
        for word in range(1, len(heads)):
            depth = 0
            while word:
                word, depth = heads[word], depth + 1
            depths.append(depth)
        counted = statistics([sentence])
        if counted.trees:
            assert counted.depths == {max(depths): 1}


def test_of_nothing_all_is_zero() -> None:
    assert set(summary(statistics([])).values()) == {0}


COLUMNS = ("sentences", "words", "tokens", "multiword tokens", "empty nodes")
CELL = re.compile(r"(\d+)(?: \(.*%\))?")


@pytest.mark.slow
@pytest.mark.parametrize(
    "treebank", ["ud-basque-bdt-r1.4", "ud-chinese-gsdsimp", "ud-czech-cltt", "ud-french-sequoia", "ud-gothic-proiel",
                 "ud-hungarian-szeged", "ud-turkish-imst"],
)  # fmt: skip
def test_numbers_are_those_that_the_corpora_came_with(corpora: Path, treebank: str) -> None:
    lines = (corpora / treebank / "README.md").read_text(encoding="utf-8").splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if "-ud-dev.conllu" in line or "-ud-test.conllu" in line]
    assert table
    for file, *cells in table:
        found = summary(statistics(read_conllu(corpora / treebank / f"{file}.xz")))
        names = (*COLUMNS, "non-projective sentences", "non-projective arcs", "longest sentence")
        expected = [int(match[1]) for match in map(CELL.fullmatch, cells) if match]
        assert [found[name] for name in names] == expected
