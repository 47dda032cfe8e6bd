"""Trees as the names of their derivations, and what is no derivation."""

from __future__ import annotations

import random

import pytest
import torch
from walks import LABELS, SYSTEM, projective_heads

from arcparse.errors import TreeError
from arcparse.parser.arc_standard import DynamicOracle
from arcparse.parser.configuration import Configuration
from arcparse.parser.linearisation import symbols_of, tree_of
from arcparse.sentence import NONE, Tree

CAT = Tree((NONE, 2, 3, 0), ("", "det", "nsubj", "root"))  # the cat sleeps
SYMBOLS = ("SHIFT", "SHIFT", "LEFT-ARC(det)", "SHIFT", "LEFT-ARC(nsubj)", "RIGHT-ARC(root)")


def trees(seed: int, size: int, longest: int) -> list[Tree]:
    """Return random projective trees."""
    length, head = projective_heads(seed, size, longest)
    chosen, found = random.Random(seed), []
    for n, row in zip(length.tolist(), head.tolist(), strict=True):
        labels = [chosen.choice(LABELS[:3]) if h else "root" for h in row[1 : n + 1]]
        found.append(Tree(tuple(row[: n + 1]), ("", *labels)))
    return found


def test_a_tree_by_hand() -> None:
    assert symbols_of(CAT) == SYMBOLS
    assert tree_of(SYMBOLS, 3) == CAT


def test_every_projective_tree_comes_back() -> None:
    for tree in trees(0, 400, 12):
        symbols = symbols_of(tree)
        assert len(symbols) == 2 * len(tree)
        assert tree_of(symbols, len(tree)) == tree


def test_the_symbols_are_the_oracle_s_transitions() -> None:
    for tree in trees(1, 25, 8):
        label = [[NONE, *(LABELS.index(name) for name in tree.labels[1:])]]
        oracle = DynamicOracle(torch.tensor([tree.heads]), torch.tensor(label))
        state, names = Configuration.start(torch.tensor([len(tree)])), []
        while not SYSTEM.is_final(state).all():
            action = oracle.gold_action(state)
            names.append(SYSTEM.name(int(action)))
            state = SYSTEM.apply(state, action)
        assert symbols_of(tree) == tuple(names)


def test_labels_may_have_subtypes_and_brackets() -> None:
    tree = Tree((NONE, 0, 1), ("", "root", "nmod:(x)"))
    assert tree_of(symbols_of(tree), 2) == tree


@pytest.mark.parametrize("heads", [(NONE, 3, 4, 0, 3), (NONE, 0, 0), (NONE, 2, 1), (NONE, NONE)])
def test_what_is_no_projective_tree_is_an_error(heads: tuple[int, ...]) -> None:
    with pytest.raises(TreeError, match="no projective tree; leave it out or lift its arcs"):
        symbols_of(Tree(heads, ("", *["x"] * (len(heads) - 1))))


@pytest.mark.parametrize(
    "broken",
    [
        (),
        SYMBOLS[:-1],
        SYMBOLS[1:],
        (*SYMBOLS, "SHIFT"),
        (*SYMBOLS, "RIGHT-ARC(root)"),
        (*SYMBOLS[:-1], "LEFT-ARC(root)"),  # a word as the root's head
        ("LEFT-ARC(det)", *SYMBOLS),
        ("SHIFT", "RIGHT-ARC(root)", "SHIFT", "RIGHT-ARC(root)", "SHIFT", "RIGHT-ARC(root)"),  # three roots
        (*SYMBOLS[:2], "<unk>", *SYMBOLS[3:]),
        (*SYMBOLS[:2], "LEFT-ARC()", *SYMBOLS[3:]),
    ],
)
def test_what_is_no_derivation_is_no_tree(broken: tuple[str, ...]) -> None:
    assert tree_of(broken, 3) is None


def test_the_length_must_be_the_sentence_s() -> None:
    assert [tree_of(SYMBOLS, length) for length in (2, 4)] == [None, None]
    assert tree_of((), 0) is None


def test_random_symbols_give_a_tree_that_gives_its_symbols_back_or_none() -> None:
    chosen, found = random.Random(2), 0
    names = [SYSTEM.name(action) for action in range(SYSTEM.num_actions)]
    for _ in range(5000):
        symbols = chosen.choices(["SHIFT", *names], [6, *[1] * len(names)], k=6)
        tree = tree_of(symbols, 3)
        if tree is not None:
            found += 1
            assert sorted(symbols_of(tree)) == sorted(symbols)  # the order of arcs on both sides may differ
    assert found > 0
