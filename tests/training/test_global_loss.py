"""The global objective, held against the enumeration of every derivation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from arcparse.parser.arc_standard import ArcStandard, DynamicOracle
from arcparse.parser.configuration import Configuration
from arcparse.search import WAIT
from arcparse.training.losses import Objective, global_loss

ACTIONS = 3


@dataclass(frozen=True)
class Walk:
    """A toy state: how many of `length` actions were taken, and the last one; all [B, K]."""

    length: Tensor
    taken: Tensor
    last: Tensor

    @classmethod
    def start(cls, lengths: list[int]) -> Walk:
        length = torch.tensor(lengths).unsqueeze(1)
        return cls(length, torch.zeros_like(length), torch.zeros_like(length))

    def select(self, parent: Tensor) -> Walk:
        return Walk(*(values.gather(1, parent) for values in (self.length, self.taken, self.last)))

    def where(self, keep: Tensor, other: Walk) -> Walk:
        mine, others = (self.length, self.taken, self.last), (other.length, other.taken, other.last)
        return Walk(*(torch.where(keep.unsqueeze(1), a, b) for a, b in zip(mine, others, strict=True)))


class Walking:
    num_actions = ACTIONS

    def legal(self, state: Walk) -> Tensor:
        return torch.ones(*state.taken.shape, ACTIONS, dtype=torch.bool)

    def apply(self, state: Walk, action: Tensor) -> Walk:
        moves = action != WAIT
        return Walk(state.length, state.taken + moves.long(), torch.where(moves, action, state.last))

    def is_final(self, state: Walk) -> Tensor:
        return state.taken >= state.length

    def name(self, action: int) -> str:
        return str(action)

    def action(self, name: str) -> int:
        return int(name)


@dataclass(frozen=True)
class Table:
    """Scores [steps, last, action] for a walk."""

    weight: Tensor

    def index(self, state: Walk) -> Mapping[str, Tensor]:
        row = (state.taken * ACTIONS + state.last).clamp(max=len(self.weight) * ACTIONS - 1)
        return {"row": row.unsqueeze(2)}

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        return self.weight.view(-1, ACTIONS)[index["row"][:, 0]]

    def of(self, actions: tuple[int, ...]) -> Tensor:
        lasts = (0, *actions[:-1])
        return torch.stack(
            [self.weight[step, last, action] for step, (last, action) in enumerate(zip(lasts, actions, strict=True))]
        ).sum()


LENGTHS = [4, 2, 3]


@pytest.fixture
def table() -> Table:
    generator = torch.Generator().manual_seed(3)
    return Table(torch.randn(4, ACTIONS, ACTIONS, dtype=torch.double, generator=generator).requires_grad_())


@pytest.fixture
def gold() -> Tensor:
    return torch.tensor([[0, 2, 1, 1], [2, 2, WAIT, WAIT], [1, 0, 0, WAIT]])


def enumerated(table: Table, gold: tuple[int, ...], objective: Objective) -> Tensor:
    """The loss of one sentence from all of its derivations."""
    every = {walk: table.of(walk) for walk in itertools.product(range(ACTIONS), repeat=len(gold))}
    correct = every.pop(gold)
    if objective == "crf":
        return torch.stack([correct, *every.values()]).logsumexp(0) - correct
    return (torch.stack(list(every.values())).max() - correct + (objective == "margin")).clamp(min=0)


@pytest.mark.parametrize("objective", ["crf", "perceptron", "margin"])
def test_a_beam_as_wide_as_the_space_gives_the_enumerated_loss(
    table: Table, gold: Tensor, objective: Objective
) -> None:
    losses, step = global_loss(Walking(), table, Walk.start(LENGTHS), gold, ACTIONS ** max(LENGTHS), objective)
    assert step.tolist() == [1, 2, 3]  # one loss for each sentence, where it ends
    for loss, sentence in zip(losses, (1, 2, 0), strict=True):
        actions = tuple(gold[sentence, : LENGTHS[sentence]].tolist())
        assert loss.item() == pytest.approx(enumerated(table, actions, objective).item())


def test_its_gradient_is_that_of_finite_differences(table: Table, gold: Tensor) -> None:
    def losses(weight: Tensor) -> Tensor:
        return global_loss(Walking(), Table(weight), Walk.start(LENGTHS), gold, 3)[0]

    assert torch.autograd.gradcheck(losses, (table.weight,))


def test_an_early_update_compares_prefixes_and_goes_on_from_gold(gold: Tensor) -> None:
    """The first action of gold is hopeless, so a beam of one loses it at once; the rest is found and costs little."""
    weight = torch.zeros(4, ACTIONS, ACTIONS, dtype=torch.double)
    weight[0, 0] = torch.tensor([-5.0, 1.0, 0.0])
    for step, (last, action) in enumerate(((0, 2), (2, 1), (1, 1)), start=1):
        weight[step, last, action] = 9.0
    losses, step = global_loss(Walking(), Table(weight), Walk.start([4]), gold[:1], 1)
    assert step.tolist() == [0, 3]
    assert losses[0].item() == pytest.approx(torch.tensor([1.0, -5.0]).logsumexp(0).item() + 5.0)
    assert losses[1].item() == pytest.approx(0.0)  # the beam of one holds gold alone


def test_states_that_paths_share_are_scored_once(table: Table, gold: Tensor) -> None:
    seen: list[int] = []

    class Counting(Table):
        def score(self, index: Mapping[str, Tensor]) -> Tensor:
            if torch.is_grad_enabled():
                seen.append(len(index["row"]))
            return super().score(index)

    global_loss(Walking(), Counting(table.weight), Walk.start([4]), gold[:1], 27)
    separately = 28 * 4
    assert 0 < sum(seen) < separately / 2


def all_derivations(system: ArcStandard, state: Configuration) -> list[tuple[int, ...]]:
    """Every complete derivation of the one hypothesis in `state`."""
    if system.is_final(state).item():
        return [()]
    legal = system.legal(state)[0, 0].nonzero()[:, 0].tolist()
    return [
        (action, *rest)
        for action in legal
        for rest in all_derivations(system, system.apply(state, torch.tensor([[action]])))
    ]


@dataclass(frozen=True)
class BySituation:
    """Scores of the parser's actions by the tokens that a configuration shows, drawn once [N, N + 1, N, A]."""

    weight: Tensor

    def index(self, state: Configuration) -> Mapping[str, Tensor]:
        seen = torch.stack([state.stack_top(0), state.front, state.stack_top(1)], 2)
        return {"seen": seen}

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        return self.weight[index["seen"].unbind(1)]


@pytest.mark.slow
def test_the_parser_s_loss_is_that_of_all_derivations() -> None:
    system = ArcStandard(("a", "b", "root"), {"root"}, {"a", "b"})
    words = 4
    generator = torch.Generator().manual_seed(5)
    scorer = BySituation(torch.randn(words + 1, words + 2, words + 1, system.num_actions, generator=generator).double())
    oracle = DynamicOracle(torch.tensor([[-1, 2, 0, 2, 3]]), torch.tensor([[-1, 0, 2, 1, 0]]))
    state = Configuration.start(torch.tensor([words]))
    gold = []
    for _ in range(2 * words):
        gold.append(oracle.gold_action(state))
        state = system.apply(state, gold[-1])

    def score(actions: tuple[int, ...]) -> Tensor:
        state, total = Configuration.start(torch.tensor([words])), torch.zeros((), dtype=torch.double)
        for action in actions:
            total = total + scorer.score({name: rows[:, 0] for name, rows in scorer.index(state).items()})[0, action]
            state = system.apply(state, torch.tensor([[action]]))
        return total

    start = Configuration.start(torch.tensor([words]))
    derivations = all_derivations(system, start)
    actions = torch.cat(gold, 1)
    losses, _ = global_loss(system, scorer, start, actions, len(derivations))
    expected = torch.stack([score(actions_) for actions_ in derivations]).logsumexp(0) - score(
        tuple(actions[0].tolist())
    )
    assert len(derivations) == 5 * 4**3  # shapes of brackets, times side and label of each arc but the root's
    assert losses.item() == pytest.approx(expected.item())
