from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import reference
import torch
from torch import Tensor
from walks import LABELS, assert_equal, random_beams, start

from arcparse.batches import bucket
from arcparse.networks.padding import pad
from arcparse.parser.configuration import Configuration
from arcparse.parser.features import Features
from arcparse.parser.swap import (
    SWAP,
    Swap,
    descendants,
    projective_component,
    projective_order,
)
from arcparse.search import WAIT, search
from arcparse.sentence import NONE, Tree
from arcparse.treebank import read_conllu
from arcparse.trees import check_tree, find_cycle, is_projective

SYSTEM = Swap(LABELS, {"root", "obj"}, {"det", "nsubj", "obj"})
# "A hearing is scheduled on the issue today ." (Nivre 2009, figure 1)
HEARING = (NONE, 2, 3, 0, 3, 2, 7, 5, 4, 3)
LENGTHS = torch.tensor([1, 2, 3, 5, 8])


def every_tree(length: int) -> list[tuple[int, ...]]:
    """Return the heads of every tree with one root."""
    found = ((NONE, *heads) for heads in itertools.product(range(length + 1), repeat=length) if heads.count(0) == 1)
    return [heads for heads in found if not find_cycle(heads)]


def derivations(trees: Sequence[Sequence[int]], system: Swap = SYSTEM) -> Iterator[list[str]]:
    """Replay the oracle on every tree, check that it builds it by legal actions, and yield the derivations."""
    found: dict[int, list[str]] = {}
    for batch in bucket([len(tree) for tree in trees], 20_000):
        head = pad([trees[i] for i in batch], NONE)
        label = (torch.arange(head.shape[1]) % 3).where(head > 0, 3).where(head != NONE, NONE)
        oracle, length = system.oracle(head, label), torch.tensor([len(trees[i]) - 1 for i in batch])

        def scores(state: Configuration, oracle: object = oracle) -> Tensor:
            action = oracle.gold_action(state).unsqueeze(2)  # type: ignore[attr-defined]
            return torch.zeros(*state.depth.shape, system.num_actions).scatter_(2, action, 1.0)

        beam = search(system, scores, start(length, system), 1)
        history = beam.history()[:, 0]
        assert beam.state.head[:, 0].equal(head)
        assert beam.state.label[:, 0].equal(label)
        assert beam.score[:, 0].equal((history != WAIT).sum(1).float())  # the oracle's action was legal, so taken
        for i, row in zip(batch, history.tolist(), strict=True):
            found[i] = [system.name(action) for action in row if action != WAIT]
    yield from (found[i] for i in range(len(trees)))


def test_the_paper_s_sentence() -> None:
    # As figure 2 of Nivre, Kuhlmann & Hall 2009 has it: "is" and "scheduled" go back once, past "on the issue".
    [names] = derivations([HEARING])
    short = {"SHIFT": "SH", "SWAP": "SW", "LEFT-ARC": "LA", "RIGHT-ARC": "RA"}
    kinds = " ".join(short[name.partition("(")[0]] for name in names)
    assert kinds == "SH SH LA SH SH SH SH SH LA RA SW SW RA SH LA SH SH RA RA SH RA RA"


def test_a_sentence_without_words_is_final_at_once() -> None:
    state = SYSTEM.start(torch.tensor([0]))
    assert SYSTEM.is_final(state).all()
    assert not SYSTEM.legal(state).any()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_the_oracle_builds_every_tree(length: int) -> None:
    trees = every_tree(length)
    assert len(trees) == (length**length // length if length > 1 else 1)  # Cayley: n^(n-1) rooted labelled trees
    for tree, names in zip(trees, derivations(trees), strict=True):
        swaps = names.count("SWAP")
        assert len(names) == 2 * length + 2 * swaps
        assert (swaps == 0) == is_projective(tree)


def test_every_tree_can_be_built_and_nothing_else() -> None:
    system, found = Swap(["x"], ["x"], ["x"]), set()
    waiting = [reference.swap_start(4)]
    while waiting:
        state = waiting.pop()
        if len(state.arcs) == 4:
            found.add((NONE, *(head for head, _, _ in sorted(state.arcs, key=lambda arc: arc[2]))))
        waiting += [reference.swap_apply(system, state, name) for name in reference.swap_legal(system, state)]
    assert sorted(found) == sorted(every_tree(4))


@pytest.mark.parametrize(("beam_size", "seed"), [(1, 0), (1, 1), (4, 2), (7, 3)])
def test_states_and_features_equal_those_of_the_scalar_twin(beam_size: int, seed: int) -> None:
    sides = [f".{side}({i})" for side in ("leftmost", "rightmost") for i in (1, 2)]
    starts = [f"{line}({i})" for line in ("stack", "buffer") for i in range(3)]
    features = Features([f"{token}{side}.form" for token in starts for side in ("", *sides)])
    for beam in random_beams(seed, LENGTHS, beam_size, SYSTEM):
        legal, final, history = SYSTEM.legal(beam.state), SYSTEM.is_final(beam.state), beam.history()
        looked_at = features.extract(beam.state)["form"]
        for b, k in (beam.score > -torch.inf).nonzero().tolist():
            twin = reference.swap_start(int(LENGTHS[b]))
            for action in history[b, k][history[b, k] != WAIT].tolist():
                twin = reference.swap_apply(SYSTEM, twin, SYSTEM.name(action))
            names = {SYSTEM.name(action) for action in legal[b, k].nonzero().flatten().tolist()}
            assert names == reference.swap_legal(SYSTEM, twin)
            assert bool(final[b, k]) == (twin.stack == (0,) and not twin.buffer)
            assert beam.state.tokens(b, k) == (list(twin.stack), list(twin.buffer))
            arcs = {dependent: (head, label) for head, label, dependent in twin.arcs}
            own = zip(beam.state.head[b, k].tolist(), beam.state.label[b, k].tolist(), strict=True)
            assert list(own)[1 : twin.length + 1] == [
                arcs.get(word, (NONE, NONE)) for word in range(1, twin.length + 1)
            ]
            if not final[b, k]:
                assert looked_at[b, k].tolist() == [reference.look(twin, name) for name in features.templates]


def test_waiting_changes_nothing_that_is_read() -> None:
    *_, beam = random_beams(0, torch.tensor([4, 2, 6]), 3, SYSTEM)
    after = SYSTEM.apply(beam.state, torch.full_like(beam.action, WAIT))
    assert_equal(after, beam.state)


def test_random_derivations_end_in_a_tree() -> None:
    seen = set()
    for seed in range(3):
        length = torch.randint(1, 13, (5000,), generator=torch.Generator().manual_seed(seed))
        *_, beam = random_beams(seed, length, 1, SYSTEM)
        history = beam.history()[:, 0]
        swaps = (history == SWAP).sum(1)
        assert ((history != WAIT).sum(1) == 2 * length + 2 * swaps).all()
        assert (swaps <= length * (length - 1) // 2).all()
        heads = beam.state.head[:, 0].tolist()
        seen |= {tuple(row[: size + 1]) for row, size in zip(heads, length.tolist(), strict=True)}
    for tree in seen:
        check_tree(Tree(tree, ("",) * len(tree)))
    crossing = sum(not is_projective(tree) for tree in seen)
    assert 0 < crossing < len(seen)


def test_swapping_as_often_as_can_be_ends() -> None:
    length = torch.tensor([7])
    eager = torch.zeros(SYSTEM.num_actions).scatter(0, torch.tensor([SWAP, 0]), torch.tensor([2.0, 1.0]))
    beam = search(SYSTEM, lambda state: eager.expand(*state.depth.shape, -1), start(length, SYSTEM))
    assert (beam.history() == SWAP).sum() == 7 * 6 // 2


def inorder(heads: Sequence[int], token: int = 0) -> list[int]:
    family = [child for child, head in enumerate(heads) if head == token]
    left, right = ([c for c in family if c < token], [c for c in family if c > token])
    return [*_all(heads, left), token, *_all(heads, right)]


def _all(heads: Sequence[int], tokens: Sequence[int]) -> list[int]:
    return [word for token in tokens for word in inorder(heads, token)]


def component(heads: Sequence[int]) -> list[int]:
    """Return the highest token of each token's component, as arc-standard without SWAP builds them."""
    waiting = [heads.count(token) for token in range(len(heads))]
    stack, top = list[int](), list(range(len(heads)))
    for token in range(len(heads)):
        stack.append(token)
        while len(stack) > 1:
            below, above = stack[-2:]
            if heads[below] == above and not waiting[below]:
                head, dependent = above, below
            elif heads[above] == below and not waiting[above]:
                head, dependent = below, above
            else:
                break
            stack.remove(dependent)
            waiting[head] -= 1
            top = [head if own == dependent else own for own in top]
    return top


def test_order_and_components_are_those_of_the_definitions() -> None:
    generator = torch.Generator().manual_seed(0)
    length = torch.randint(1, 13, (300,), generator=generator)
    *_, beam = random_beams(0, length, 1, SYSTEM)
    trees = [row[: size + 1] for row, size in zip(beam.state.head[:, 0].tolist(), length.tolist(), strict=True)]
    trees += [list(tree) for tree in every_tree(4)]
    head = pad(trees, NONE)
    below = descendants(head)
    order, top = projective_order(head, below), projective_component(head, below)
    for tree, own_order, own_top in zip(trees, order.tolist(), top.tolist(), strict=True):
        assert sorted(range(len(tree)), key=own_order.__getitem__) == inorder(tree)
        assert own_top[: len(tree)] == component(tree)


def test_the_oracle_rebuilds_the_sample_treebank(sample_treebank: Path) -> None:
    trees = [sentence.tree.heads for sentence in read_conllu(sample_treebank)]
    swapped = sum("SWAP" in names for names in derivations(trees))
    assert swapped == sum(not is_projective(heads) for heads in trees) > 0


@pytest.mark.slow
def test_the_oracle_rebuilds_every_treebank(corpora: Path) -> None:
    folders = sorted(corpora.glob("ud-*"))
    assert folders
    for folder in folders:
        files = sorted(folder.glob("*.conllu.xz"))
        trees = [sentence.tree.heads for file in files for sentence in read_conllu(file)]
        swapped = sum("SWAP" in names for names in derivations(trees))
        assert swapped == sum(not is_projective(heads) for heads in trees)
