"""The beam on a transition system as a user would write one: words over two letters that end in a stop."""

from __future__ import annotations

import doctest
import itertools
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

import arcparse.search
from arcparse.search import WAIT, Beam, advance, normalised, sample, search

STOP = 2


@dataclass(frozen=True)
class Word:
    """What was written so far, as a number in base 3, and whether it is finished; all [B, K]."""

    length: Tensor
    code: Tensor
    ended: Tensor

    def select(self, parent: Tensor) -> Word:
        return Word(*(values.gather(1, parent) for values in (self.length, self.code, self.ended)))


class Spelling:
    """Writes `a` or `b` up to `longest` times; `stop` ends, and must come when the word is full."""

    num_actions = 3

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def legal(self, state: Word) -> Tensor:
        letter = (state.length < self.longest) & ~state.ended
        return torch.stack([letter, letter, (state.length > 0) & ~state.ended], 2)

    def apply(self, state: Word, action: Tensor) -> Word:
        grows = (action >= 0) & (action < STOP)
        code = torch.where(grows, state.code * 3 + action + 1, state.code)
        return Word(state.length + grows.long(), code, state.ended | (action == STOP))

    def is_final(self, state: Word) -> Tensor:
        return state.ended

    def name(self, action: int) -> str:
        return ("a", "b", "stop")[action]

    def action(self, name: str) -> int:
        return ("a", "b", "stop").index(name)


def start(size: int) -> Beam[Word]:
    nothing = torch.zeros(size, 1, dtype=torch.long)
    return Beam.start(Word(nothing, nothing, nothing.bool()), size)


def table(seed: int, size: int) -> Tensor:
    """Scores [B, codes, A] for each thing that may have been written."""
    return torch.randn(size, 3**4, 3, generator=torch.Generator().manual_seed(seed))


def every_word(scores: Tensor, longest: int) -> list[tuple[float, list[int]]]:
    """Return all derivations of one sentence with their scores, the best first."""
    found = []
    for length in range(1, longest + 1):
        for letters in itertools.product((0, 1), repeat=length):
            code, total = 0, 0.0
            for action in (*letters, STOP):
                total += float(scores[code, action])
                code = code * 3 + action + 1
            found.append((total, [*letters, STOP]))
    return sorted(found, reverse=True)


def derivation(history: Tensor) -> list[int]:
    actions = history.tolist()
    while actions and actions[-1] == WAIT:
        actions.pop()
    return actions


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_every_derivation_in_the_order_of_their_scores(seed: int) -> None:
    scores = table(seed, 3)
    beam = search(Spelling(4), lambda state: scores[torch.arange(3)[:, None], state.code], start(3), 1000)
    history = beam.history()
    for sentence in range(3):
        expected = every_word(scores[sentence], 4)
        pairs = zip(beam.score[sentence].tolist(), history[sentence], strict=True)
        found = [(score, derivation(actions)) for score, actions in pairs if score > -torch.inf]
        assert [actions for _, actions in found] == [actions for _, actions in expected]
        assert [score for score, _ in found] == pytest.approx([score for score, _ in expected], abs=1e-5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("beam_size", [1, 2, 3])
def test_a_narrow_beam_equals_a_scalar_one(seed: int, beam_size: int) -> None:
    scores, system = table(seed, 2), Spelling(4)
    beam = search(system, lambda state: scores[torch.arange(2)[:, None], state.code], start(2), beam_size)
    for sentence in range(2):
        kept: list[tuple[float, list[int], int]] = [(0.0, [], 0)]  # score, actions, code
        while any(actions[-1:] != [STOP] for _, actions, _ in kept):
            grown = []
            for total, actions, code in kept:
                if actions[-1:] == [STOP]:
                    grown.append((total, actions, code))
                    continue
                for action in ([0, 1] if len(actions) < 4 else []) + ([STOP] if actions else []):
                    gained = total + float(scores[sentence, code, action])
                    grown.append((gained, [*actions, action], code * 3 + action + 1))
            kept = sorted(grown, reverse=True)[:beam_size]
        found = beam.history()[sentence]
        assert [derivation(history) for history in found] == [actions for _, actions, _ in kept]
        assert beam.score[sentence].tolist() == pytest.approx([total for total, _, _ in kept], abs=1e-5)


def test_a_finished_hypothesis_waits_and_keeps_its_score() -> None:
    scores = torch.tensor([[1.0, 0.9, 5.0]]).expand(1, 3**4, 3)
    system, beam, finished = Spelling(3), start(1), []
    for _ in range(4):
        beam = advance(system, beam, scores[:, beam.state.code[0]], 3)
        finished.append(system.is_final(beam.state)[0].tolist())
    assert finished == [[False] * 3, [True, True, False], [True] * 3, [True] * 3]
    assert beam.action[0].tolist() == [WAIT] * 3
    assert beam.history()[0].tolist() == [[0, 0, STOP, WAIT], [0, STOP, WAIT, WAIT], [1, STOP, WAIT, WAIT]]
    assert beam.score[0].tolist() == pytest.approx([7.0, 6.0, 5.9])


def test_where_there_are_fewer_hypotheses_than_places_the_rest_have_no_score() -> None:
    beam = search(Spelling(1), lambda state: torch.zeros(*state.code.shape, 3), start(2), 5)
    assert beam.score.isneginf().sum(1).tolist() == [3, 3]
    assert beam.score[:, :2].tolist() == [[0, 0], [0, 0]]
    for values in (beam.action, beam.parent, beam.state.code):  # they repeat the best one
        assert (values[:, 2:] == values[:, :1]).all()


def test_what_falls_behind_by_more_than_the_margin_is_given_up() -> None:
    score = torch.tensor([0.0, -1.0, -0.5])

    def found(margin: float) -> list[tuple[int, ...]]:
        beam = search(Spelling(2), lambda state: score.expand(*state.code.shape, 3), start(1), 8, margin=margin)
        return [path.actions for path in beam.nbest(8)[0]]

    every = [(0, STOP), (0, 0, STOP), (1, STOP), (0, 1, STOP), (1, 0, STOP), (1, 1, STOP)]
    assert sorted(found(torch.inf)) == sorted(every)
    assert sorted(found(9.0)) == sorted(every)
    assert sorted(found(1.0)) == [(0, 0, STOP), (0, 1, STOP), (0, STOP), (1, 0, STOP)]
    assert sorted(found(0.5)) == [(0, 0, STOP), (0, STOP)]
    assert found(0.0) == [(0, 0, STOP)]


def test_a_dead_end_ends_the_search_without_a_score() -> None:
    class Stuck(Spelling):
        def legal(self, state: Word) -> Tensor:
            return super().legal(state) & (state.length < 1).unsqueeze(2)

    beam = search(Stuck(3), lambda state: torch.zeros(*state.code.shape, 3), start(1), 2)
    assert beam.score.isneginf().all()
    assert not beam.state.ended.any()


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_scores_that_are_not_numbers_end_a_search(wrong: float) -> None:
    def scorer(state: Word) -> Tensor:  # those of the second of two words are wrong from its second letter on
        scores = torch.zeros(*state.code.shape, 3) - 100.0 * (torch.arange(3) == STOP)
        scores[1] = torch.where((state.length[1] > 0).unsqueeze(1), wrong, scores[1])
        return scores

    system = Spelling(4)
    for run in (
        lambda: search(system, scorer, start(2), 1),
        lambda: search(system, scorer, start(2), 3, margin=1.0),
        lambda: search(system, normalised(system, scorer), start(2), 3),
        lambda: sample(system, scorer, start(2), 4),
    ):
        with pytest.raises(ValueError, match="scores are not numbers: its weights are damaged or too large"):
            run()


def test_a_sentence_is_searched_the_same_alone_and_in_a_batch() -> None:
    scores, system = table(9, 4), Spelling(4)
    together = search(system, lambda state: scores[torch.arange(4)[:, None], state.code], start(4), 3)
    for sentence in range(4):
        own = scores[sentence : sentence + 1]
        alone = search(system, lambda state, own=own: own[[[0]], state.code], start(1), 3)
        length = alone.history().shape[2]
        assert alone.history()[0].equal(together.history()[sentence, :, :length])
        assert alone.score[0].equal(together.score[sentence])


def test_a_beam_at_its_start_has_no_history() -> None:
    assert start(3).history().shape == (3, 1, 0)
    ended = start(2)
    ended = replace(ended, state=replace(ended.state, ended=torch.ones(2, 1, dtype=torch.bool)))
    assert search(Spelling(2), lambda state: torch.zeros(2, 1, 3), ended) is ended


def test_a_beam_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least 1 hypothesis, not 0"):
        search(Spelling(2), lambda state: torch.zeros(1, 1, 3), start(1), 0)


def test_names_and_actions_are_inverse() -> None:
    system = Spelling(1)
    assert [system.action(system.name(action)) for action in range(system.num_actions)] == [0, 1, 2]


def test_the_example_of_a_system_of_one_s_own_runs() -> None:
    found = doctest.testmod(arcparse.search)
    assert found.failed == 0
    assert found.attempted > 5


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_with_a_length_power_a_wide_beam_ranks_by_what_is_left_per_action(power: float) -> None:
    scores = table(3, 2)
    beam = search(Spelling(4), lambda state: scores[torch.arange(2)[:, None], state.code], start(2), 1000, power)
    for sentence, found in enumerate(beam.nbest(1000)):
        each = [(total / len(actions) ** power, tuple(actions)) for total, actions in every_word(scores[sentence], 4)]
        expected = sorted(each, reverse=True)
        assert [path.actions for path in found] == [actions for _, actions in expected]
        assert [path.score for path in found] == pytest.approx([score for score, _ in expected], abs=1e-5)


def test_a_length_power_makes_up_for_the_cost_of_length() -> None:
    system, scores = Spelling(4), torch.log_softmax(torch.tensor([1.0, 0.5, 0.6]), 0)

    def best(power: float) -> int:
        beam = search(system, lambda state: scores.expand(*state.code.shape, 3), start(1), 50, power)
        return len(beam.nbest(1)[0][0].actions)

    assert best(0.0) == 2
    assert best(1.0) == 5


@pytest.mark.parametrize("beam_size", [1, 3])
def test_a_length_power_changes_nothing_where_all_have_the_same_length(beam_size: int) -> None:
    scores = table(5, 2)

    class Fixed(Spelling):
        def legal(self, state: Word) -> Tensor:
            letter = (state.length < self.longest).unsqueeze(2).expand(-1, -1, 2)
            return torch.cat([letter, ~letter[..., :1]], 2)

    def actions(power: float) -> list[list[tuple[int, ...]]]:
        scorer = lambda state: scores[torch.arange(2)[:, None], state.code]  # noqa: E731
        found = search(Fixed(3), scorer, start(2), beam_size, power).nbest(beam_size)
        return [[path.actions for path in paths] for paths in found]

    assert actions(0.0) == actions(0.7)


def test_nbest_leaves_out_places_without_hypothesis_and_steps_of_waiting() -> None:
    beam = search(Spelling(1), lambda state: torch.tensor([0.0, 1.0, 0.0]).expand(*state.code.shape, 3), start(2), 5)
    assert [[(path.score, path.actions) for path in paths] for paths in beam.nbest(4)] == [
        [(1.0, (1, STOP)), (0.0, (0, STOP))]
    ] * 2
    assert [len(paths) for paths in beam.nbest(1)] == [1, 1]
    assert start(1).nbest(3)[0][0].actions == ()


@pytest.mark.parametrize("beam_size", [1, 2, 4, 8])
@pytest.mark.parametrize("longest", [8, 16, 32])
def test_the_cost_is_linear_in_beam_and_length(beam_size: int, longest: int) -> None:
    class Long(Spelling):
        def legal(self, state: Word) -> Tensor:
            full = (state.length == self.longest).unsqueeze(2)
            return torch.cat([~full, ~full, full], 2)

    widths: list[int] = []

    def scorer(state: Word) -> Tensor:
        widths.append(state.code.shape[1])
        return torch.zeros(*state.code.shape, 3)

    search(Long(longest), scorer, start(1), beam_size)
    assert len(widths) == longest + 1
    assert longest * beam_size / 2 < sum(widths) <= (longest + 1) * beam_size


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_samples_have_the_probabilities_of_their_actions(temperature: float) -> None:
    scores, system, size = table(2, 2), Spelling(2), 6000
    scorer = lambda state: scores[torch.arange(2)[:, None], state.code]  # noqa: E731
    drawn = sample(system, scorer, start(2), size, temperature)
    assert bool(drawn.ended.all())
    legal = {0: [True, True, False], 1: [True] * 3, 2: [False, False, True]}
    for sentence in range(2):
        found: dict[int, float] = {}
        for _, actions in every_word(scores[sentence], 2):
            code, probability = 0, 1.0
            for step, action in enumerate(actions):
                row = (scores[sentence, code] / temperature).masked_fill(~torch.tensor(legal[step]), -torch.inf)
                probability *= float(row.softmax(0)[action])
                code = code if action == STOP else code * 3 + action + 1
            found[code] = probability
        assert sum(found.values()) == pytest.approx(1)
        for code, probability in found.items():
            assert float((drawn.code[sentence] == code).float().mean()) == pytest.approx(probability, abs=0.015)


def test_samples_do_not_depend_on_the_batch_but_on_the_seed() -> None:
    scores, system = table(9, 4), Spelling(4)
    together = sample(system, lambda state: scores[torch.arange(4)[:, None], state.code], start(4), 16)
    for sentence in range(4):
        own = scores[sentence : sentence + 1]
        alone = sample(system, lambda state, own=own: own[[[0]], state.code], start(1), 16)
        assert alone.code[0].equal(together.code[sentence])
    other = sample(system, lambda state: scores[torch.arange(4)[:, None], state.code], start(4), 16, seed=1)
    assert not other.code.equal(together.code)


def test_a_sample_stays_in_a_dead_end() -> None:
    class Stuck(Spelling):
        def legal(self, state: Word) -> Tensor:
            return super().legal(state) & (state.length < 1).unsqueeze(2)

    drawn = sample(Stuck(3), lambda state: torch.zeros(*state.code.shape, 3), start(1), 4)
    assert drawn.length.tolist() == [[1] * 4]
