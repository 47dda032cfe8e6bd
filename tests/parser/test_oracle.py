from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest
import reference
import torch
from torch import Tensor
from walks import SYSTEM, projective_heads, random_beams, start

from arcparse.batches import bucket
from arcparse.networks.padding import pad
from arcparse.parser.arc_standard import SHIFT, UNREACHABLE, ArcStandard, DynamicOracle
from arcparse.parser.configuration import Configuration
from arcparse.search import WAIT, search
from arcparse.sentence import NONE, Sentence
from arcparse.treebank import read_conllu
from arcparse.trees import is_projective, projectivise


def rebuild(sentences: Sequence[Sentence], batch_tokens: int = 20_000) -> tuple[int, int]:
    """Replay the oracle on every sentence, lifted where it must be; return how many there are and how many lifted."""
    labels = sorted({label for sentence in sentences for label in sentence.labels})
    label_id = {label: i for i, label in enumerate(labels)}
    system, lifted = ArcStandard(labels, labels, labels), 0
    for batch in bucket([len(sentence) + 1 for sentence in sentences], batch_tokens):
        trees = [sentences[i].tree for i in batch]
        heads = [tree.heads if is_projective(tree.heads) else projectivise(tree.heads) for tree in trees]
        lifted += sum(own != tree.heads for own, tree in zip(heads, trees, strict=True))
        head = pad(heads, NONE)
        label = pad([[NONE, *(label_id[name] for name in tree.labels[1:])] for tree in trees], NONE)
        oracle = DynamicOracle(head, label)

        def scores(state: Configuration, oracle: DynamicOracle = oracle) -> Tensor:
            action = oracle.gold_action(state).unsqueeze(2)
            return torch.zeros(*state.depth.shape, system.num_actions).scatter_(2, action, 1.0)

        length = torch.tensor([len(tree) for tree in trees])
        beam = search(system, scores, start(length), 1)
        assert beam.state.head[:, 0].equal(head)
        assert beam.state.label[:, 0].equal(label)
        assert beam.score[:, 0].equal(2.0 * length)  # the oracle's action was legal, and so taken, at each step
    return len(sentences), lifted


def test_the_oracle_rebuilds_the_sample_treebank(sample_treebank: Path) -> None:
    sentences = list(read_conllu(sample_treebank))
    crossing = sum(not is_projective(sentence.tree.heads) for sentence in sentences)
    assert rebuild(sentences) == (len(sentences), crossing)
    assert crossing > 0


@pytest.mark.slow
def test_the_oracle_rebuilds_every_treebank(corpora: Path) -> None:
    folders = sorted(corpora.glob("ud-*"))
    assert folders
    for folder in folders:
        sentences = [sentence for file in sorted(folder.glob("*.conllu.xz")) for sentence in read_conllu(file)]
        size, lifted = rebuild(sentences)
        assert size == len(sentences) > 0
        assert lifted < size / 2


def kind(action: int) -> int:
    """0 for SHIFT, 1 for LEFT-ARC, 2 for RIGHT-ARC."""
    return 0 if action == SHIFT else 1 if action % 2 else 2


Stack = tuple[int, ...]


def moves(stack: Stack, front: int, length: int) -> Iterable[tuple[int, int, int, Stack, int]]:
    """Yield for each legal kind of transition: itself, head and dependent of its arc, stack and front after it."""
    if front <= length:
        yield 0, 0, 0, (*stack, front), front + 1
    if len(stack) > 2:
        yield 1, stack[-1], stack[-2], (*stack[:-2], stack[-1]), front
    if len(stack) > 2 or (len(stack) == 2 and front > length):
        yield 2, stack[-2], stack[-1], stack[:-1], front


def exact_costs(heads: Sequence[int]) -> Callable[[Stack, int], dict[int, int]]:
    """Return a function from stack and front to what each legal kind of transition costs.

    That is by how much it raises the least number of wrong heads that can still be reached.
    """
    length = len(heads) - 1

    def wrong(head: int, dependent: int) -> int:
        return int(dependent > 0 and heads[dependent] != head)

    @cache
    def fewest(stack: Stack, front: int) -> int:
        if len(stack) == 1 and front > length:
            return 0
        return min(wrong(h, d) + fewest(*after) for _, h, d, *after in moves(stack, front, length))

    def costs(stack: Stack, front: int) -> dict[int, int]:
        best = fewest(stack, front)
        return {kind: wrong(h, d) + fewest(*after) - best for kind, h, d, *after in moves(stack, front, length)}

    return costs


def test_on_the_way_to_the_gold_tree_an_action_of_cost_0_exists_and_is_taken() -> None:
    length, head = projective_heads(0, 500, 8)
    label = torch.where(head >= 0, 0, NONE)
    oracle, state = DynamicOracle(head, label), Configuration.start(length)
    while not SYSTEM.is_final(state).all():
        cost, action = oracle.cost(state), oracle.gold_action(state)
        own = cost.gather(2, torch.where(action == SHIFT, 0, 2 - action % 2).unsqueeze(2)).squeeze(2)
        active = ~SYSTEM.is_final(state)
        assert (own[active] == 0).all()
        state = SYSTEM.apply(state, torch.where(active, action, WAIT))
    assert state.head[:, 0].equal(head)


def test_on_the_way_to_the_gold_tree_cost_0_means_no_loss() -> None:
    length, head = projective_heads(1, 150, 6)
    oracle, state = DynamicOracle(head, torch.where(head >= 0, 0, NONE)), Configuration.start(length)
    while not (final := SYSTEM.is_final(state)).all():
        cost = oracle.cost(state)
        for b in (~final[:, 0]).nonzero().flatten().tolist():
            stack = tuple(state.tokens(b, 0)[0])
            exact = exact_costs(head[b, : int(length[b]) + 1].tolist())(stack, int(state.front[b, 0]))
            lossless = {kind for kind in range(3) if int(cost[b, 0, kind]) == 0}
            assert lossless <= {kind for kind, loss in exact.items() if loss == 0}
        state = SYSTEM.apply(state, torch.where(final, WAIT, oracle.gold_action(state)))


def test_the_oracle_never_chooses_an_illegal_transition() -> None:
    length, head = projective_heads(2, 300, 9)
    oracle = DynamicOracle(head, torch.where(head >= 0, 0, NONE))  # label 0 may go on no arc from the root
    for beam in random_beams(3, length, 3):
        state, action = beam.state, oracle.gold_action(beam.state)
        active = ~SYSTEM.is_final(state) & (beam.score > -torch.inf)
        may_shift = state.front <= state.length
        may_left = state.depth > 2
        may_right = may_left | ((state.depth == 2) & ~may_shift)
        legal = torch.where(action == SHIFT, may_shift, torch.where(action % 2 == 1, may_left, may_right))
        assert legal[active].all()
        cost, allowed = oracle.cost(state), torch.stack([may_shift, may_left, may_right], 2)
        assert ((cost == UNREACHABLE) == ~allowed).all()


def every_tree(length: int) -> list[tuple[int, ...]]:
    """Return the heads of every projective tree with one root."""
    system, trees = ArcStandard(["x"], ["x"], ["x"]), set()
    for actions in reference.derivations(system, reference.State(length)):
        heads = [NONE] * (length + 1)
        for head, _, dependent in reference.replay(length, actions).arcs:
            heads[dependent] = head
        trees.add(tuple(heads))
    return sorted(trees)


def every_configuration(length: int) -> list[tuple[Stack, int]]:
    """Return each stack and front that transitions reach: the root and some of the words before the front."""
    return [
        ((0, *words), front)
        for front in range(1, length + 2)
        for size in range(min(1, front - 1), front)
        for words in itertools.combinations(range(1, front), size)
    ]


def as_hypotheses(length: int, found: Sequence[tuple[Stack, int]], size: int) -> Configuration:
    """Return the configurations as K hypotheses of each of `size` sentences."""
    start = Configuration.start(torch.full((size,), length))
    state = start.select(torch.zeros(size, len(found), dtype=torch.long))
    nodes, stack = state.nodes, state.stack
    for i in range(1, length + 1):  # a word in the middle of the stack is under those above it
        pushed = nodes.linked(state.first + i, stack)
        stack = torch.where(torch.tensor([i in words for words, _ in found]), pushed, stack)
    depth = torch.tensor([len(words) for words, _ in found]).expand(size, -1)
    front = torch.tensor([front for _, front in found]).expand(size, -1)
    return state.after(depth, front, stack, state.attached)


# Of all configurations of all projective trees of up to six words that leave a choice: the share in which the oracle's
# action is one of the best, and the most that it loses.
@pytest.mark.parametrize(
    ("length", "optimal", "worst"), [(2, 1.0, 0), (3, 1.0, 0), (4, 0.997, 1), (5, 0.993, 1), (6, 0.989, 2)]
)
def test_from_anywhere_the_oracle_is_nearly_always_optimal(length: int, optimal: float, worst: int) -> None:
    trees, found = every_tree(length), every_configuration(length)
    gold = torch.tensor(trees)
    action = DynamicOracle(gold, torch.where(gold >= 0, 0, NONE)).gold_action(as_hypotheses(length, found, len(trees)))
    losses = []
    for heads, row in zip(trees, action.tolist(), strict=True):
        costs = exact_costs(heads)
        for (stack, front), chosen in zip(found, row, strict=True):
            exact = costs(stack, front) if len(stack) > 1 or front <= length else {}
            if len(exact) > 1:
                losses.append(exact[kind(chosen)])
    assert sum(loss == 0 for loss in losses) / len(losses) >= optimal
    assert max(losses) == worst


def test_costs_by_hand() -> None:
    # 1 <- 2 -> 3, 2 <- root; after SHIFT SHIFT: LEFT-ARC is right, RIGHT-ARC loses 1 <- 2, 2 -> 3 and root -> 2
    oracle = DynamicOracle(torch.tensor([[NONE, 2, 0, 2]]), torch.tensor([[NONE, 1, 3, 2]]))
    state = Configuration.start(torch.tensor([3]))
    assert oracle.cost(state).tolist() == [[[0, UNREACHABLE, UNREACHABLE]]]
    for _ in range(2):
        state = SYSTEM.apply(state, torch.tensor([[SHIFT]]))
    assert oracle.cost(state).tolist() == [[[0, 0, 3]]]
    assert SYSTEM.name(int(oracle.gold_action(state))) == "LEFT-ARC(nsubj)"
