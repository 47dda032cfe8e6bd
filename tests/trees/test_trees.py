from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steps import steps_of

from arcparse import treebank, trees
from arcparse.errors import TreeError
from arcparse.sentence import Tree

# "The complex houses married and single soldiers and their families."
GARDEN_PATH = (-1, 2, 3, 0, 7, 6, 4, 3, 10, 10, 7, 3)
# "A hearing is scheduled on the issue today": `on the issue` belongs to `hearing`.
HEARING = (-1, 2, 4, 4, 0, 7, 7, 2, 4)


def descends(heads: tuple[int, ...], word: int, ancestor: int) -> bool:
    while word != ancestor and word > 0:
        word = heads[word]
    return word == ancestor


def slow_non_projective_arcs(heads: tuple[int, ...]) -> list[tuple[int, int]]:
    return [
        (head, word)
        for word, head in enumerate(heads)
        if word and not all(descends(heads, k, head) for k in range(min(head, word) + 1, max(head, word)))
    ]


def slow_projectivise(heads: tuple[int, ...]) -> tuple[int, ...]:
    while arcs := slow_non_projective_arcs(heads):
        head, word = min(arcs, key=lambda arc: abs(arc[0] - arc[1]))
        heads = (*heads[:word], heads[head], *heads[word + 1 :])
    return heads


def grown(order: list[int], choices: list[float]) -> tuple[int, ...]:
    """Attach the words in the given order, each to a word that is already attached, the first one to the root."""
    heads = [-1] + [0] * len(order)
    for i in range(1, len(order)):
        heads[order[i]] = order[int(choices[i] * i)]
    return tuple(heads)


@st.composite
def any_tree(draw: st.DrawFn) -> tuple[int, ...]:
    order = draw(st.permutations(range(1, draw(st.integers(1, 12)) + 1)))
    choices = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=len(order), max_size=len(order)))
    return grown(order, choices)


def tree(*heads: int) -> Tree:
    return Tree((-1, *heads), ("",) + ("dep",) * len(heads))


@given(any_tree())
def test_a_grown_tree_passes_and_has_no_cycle(heads: tuple[int, ...]) -> None:
    trees.check_tree(tree(*heads[1:]))
    assert trees.find_cycle(heads) == ()


@given(any_tree())
def test_fast_answers_equal_the_definitions(heads: tuple[int, ...]) -> None:
    arcs = slow_non_projective_arcs(heads)
    assert trees.non_projective_arcs(heads) == arcs
    assert trees.is_projective(heads) == (not arcs)
    assert trees.projectivise(heads) == slow_projectivise(heads)


@given(any_tree())
def test_projectivised_heads_are_a_projective_tree_of_ancestors(heads: tuple[int, ...]) -> None:
    lifted = trees.projectivise(heads)
    assert trees.is_projective(lifted)
    trees.check_tree(tree(*lifted[1:]))
    assert all(descends(heads, word, lifted[word]) for word in range(1, len(heads)))
    assert trees.projectivise(lifted) == lifted
    assert lifted.index(0) == heads.index(0)


@given(st.lists(st.integers(-1, 8), min_size=8, max_size=8))
def test_find_cycle_finds_one_exactly_when_a_climb_never_ends(attached: list[int]) -> None:
    heads = (-1, *attached)
    endless = False
    for word in range(1, 9):
        for _ in range(9):
            word = heads[word] if word > 0 else word
        endless |= word > 0
    cycle = trees.find_cycle(heads)
    assert bool(cycle) == endless
    assert all(heads[word] == head for word, head in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True))
    assert list(cycle[:1]) == sorted(cycle)[:1]


def test_the_garden_path_is_projective() -> None:
    trees.check_tree(tree(*GARDEN_PATH[1:]))
    assert trees.is_projective(GARDEN_PATH)
    assert trees.projectivise(GARDEN_PATH) == GARDEN_PATH


def test_an_extraposed_modifier_is_lifted_to_the_verb() -> None:
    assert trees.non_projective_arcs(HEARING) == [(2, 7)]
    assert not trees.is_projective(HEARING)
    assert trees.projectivise(HEARING) == (-1, 2, 4, 4, 0, 7, 7, 4, 4)


def test_the_shortest_arc_is_lifted_first() -> None:
    heads = (-1, 0, 4, 1, 3, 2)
    assert trees.non_projective_arcs(heads) == [(4, 2), (2, 5)]
    # 4 -> 2 becomes 3 -> 2 first; then 2 -> 5 is lifted to the new head 3. In the other order 5 would end below 4.
    assert trees.projectivise(heads) == (-1, 0, 3, 1, 3, 3)


def test_an_arc_that_another_arc_crosses_may_still_be_projective() -> None:
    heads = (-1, 0, 4, 1, 1)
    assert trees.non_projective_arcs(heads) == [(4, 2)]


def test_no_words_are_projective() -> None:
    assert trees.is_projective((-1,))
    assert trees.projectivise((-1,)) == (-1,)


def test_a_cycle_is_not_projective() -> None:
    assert not trees.is_projective((-1, 0, 3, 2))


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ((2, 0, 5, 3, 4), r"cycle \(3 -> 5 -> 4 -> 3\)"),
        ((0, 2), r"cycle \(2 -> 2\)"),
        ((2, 1), r"cycle \(1 -> 2 -> 1\)"),
        ((0, 1, 0), "words 1, 3 all have head 0"),
        ((0, -1), "word 2 has no head"),
        ((0, 3), "HEAD '3' of word 2 is outside the sentence of 2 words"),
        ((0, -2), "HEAD '-2' of word 2 is outside the sentence of 2 words"),
        ((), "a sentence without words has no root"),
    ],
)
def test_what_is_no_tree_is_refused_with_its_place_and_words(heads: tuple[int, ...], message: str) -> None:
    with pytest.raises(TreeError, match=f"^train.conllu:7: .*{message}"):
        trees.check_tree(tree(*heads), "train.conllu:7")


def test_without_a_place_the_message_is_the_problem_alone() -> None:
    with pytest.raises(TreeError, match=r"^word 1 has no head"):
        trees.check_tree(tree(-1))


def test_sentences_that_are_no_trees_are_reported_or_passed_over() -> None:
    heads = [(2, 0), (2, 1, 0), (0, 0), (0, None)]
    rows = [
        [f"{i}\tx\t_\t_\t_\t_\t{h if h is not None else '_'}\t_\t_\t_" for i, h in enumerate(hs, 1)] for hs in heads
    ]
    names = ("# sent_id = a", "# sent_id = b", "# sent_id = c", "# d")
    text = "".join("\n".join([name, *lines, "", ""]) for name, lines in zip(names, rows, strict=True))
    sentences = treebank.parse_conllu(text, name="f")
    with pytest.raises(TreeError, match=r"^f:5 \(sent_id b\): the heads form a cycle \(1 -> 2 -> 1\)"):
        list(trees.checked(sentences))
    errors: list[TreeError] = []
    assert list(trees.checked(sentences, errors.append)) == sentences[:1]
    assert [str(error).partition(";")[0] for error in errors[1:]] == [
        "f:10 (sent_id c): words 1, 2 all have head 0",
        "f:14: word 2 has no head",
    ]


def crossing(size: int) -> list[int]:
    generator = random.Random(7)
    order = generator.sample(range(1, size + 1), size)
    return grown(order, [generator.random() for _ in order])


def test_work_grows_no_faster_than_the_square_of_the_length() -> None:
    for work in (trees.non_projective_arcs, trees.projectivise):
        few, many = (steps_of(partial(work, crossing(size))) for size in (50, 200))
        assert many < 4.5**2 * few
    assert trees.non_projective_arcs(crossing(200))


@pytest.mark.parametrize(
    ("file", "sentences", "arcs"),
    [
        ("ud-english-ewt/en_ewt-ud-train.conllu.xz", 288, 354),
        ("ud-english-ewt/en_ewt-ud-dev.conllu.xz", 31, 36),
        ("ud-gothic-proiel/got_proiel-ud-dev.conllu.xz", 229, 304),
        ("ud-czech-cltt/cs_cltt-ud-dev.conllu.xz", 49, 61),
        ("ud-basque-bdt-r1.4/eu-ud-dev.conllu.xz", 613, 1245),
    ],
)
def test_counts_are_those_the_corpora_state(corpora: Path, file: str, sentences: int, arcs: int) -> None:
    found = []
    for sentence in treebank.read_conllu(corpora / file):
        trees.check_tree(sentence.tree, sentence.place)
        found.append(len(trees.non_projective_arcs(sentence.tree.heads)))
        assert trees.is_projective(trees.projectivise(sentence.tree.heads))
    assert (sum(map(bool, found)), sum(found)) == (sentences, arcs)
