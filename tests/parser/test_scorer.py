from __future__ import annotations

from collections.abc import Mapping

import pytest
import reference
import torch
from torch import Tensor
from walks import SYSTEM, random_beams

from arcparse.networks.encoder import SharedVectors
from arcparse.parser.features import Features
from arcparse.parser.scorer import (
    INITIAL_BIAS,
    BoundScorer,
    FeedForwardScorer,
    ScorerConfig,
    cube,
    distinct,
    stack_index,
)

TEMPLATES = [
    "stack(0).form",
    "buffer(1).form",
    "stack(1).leftmost(2).form",
    "stack(0).upos",
    "stack(1).rightmost.upos",
    "stack(0).leftmost.label",
    "stack(1).label",
    "stack(0).rightmost.rightmost.form",
]
LENGTH = torch.tensor([1, 3, 7])
WIDE = ScorerConfig(hidden=(12, 10), activation="relu", dropout=0.4, label_dimension=5)
CUBE = ScorerConfig(hidden=(9,), activation="cube", dropout=0.0, label_dimension=3)


def network(config: ScorerConfig) -> FeedForwardScorer:
    torch.manual_seed(0)
    made = FeedForwardScorer(config, Features(TEMPLATES), {"form": 6, "upos": 4}, SYSTEM)
    for vector in made.none.values():
        torch.nn.init.normal_(vector)  # as if trained
    return made.eval()


def blocks() -> dict[str, SharedVectors]:
    """Five forms and three tags, shared by the tokens of three sentences."""
    generator = torch.Generator().manual_seed(1)
    return {
        "form": SharedVectors(
            torch.randn(5, 6, generator=generator, requires_grad=True),
            torch.randint(0, 5, (3, 8), generator=generator),
        ),
        "upos": SharedVectors(torch.randn(3, 4, generator=generator), torch.randint(0, 3, (3, 8), generator=generator)),
    }


def bound(config: ScorerConfig) -> tuple[FeedForwardScorer, BoundScorer]:
    made = network(config)
    return made, made.bind(blocks())


@pytest.mark.parametrize("config", [WIDE, CUBE])
@pytest.mark.parametrize("beam_size", [1, 3])
def test_scores_equal_those_of_concatenated_vectors_and_a_matrix(config: ScorerConfig, beam_size: int) -> None:
    made, scorer = bound(config)
    own = blocks()
    compared = 0
    for beam in random_beams(beam_size, LENGTH, beam_size):
        scores, history = scorer(beam.state), beam.history()
        assert scores.shape == (*beam.score.shape, SYSTEM.num_actions)
        is_read = (beam.score > -torch.inf) & ~SYSTEM.is_final(beam.state)
        for b, k in is_read.nonzero().tolist():
            twin = reference.replay(int(LENGTH[b]), history[b, k].tolist())

            def vector(attribute: str, token: int, b: int = b) -> Tensor:
                if attribute == "label":
                    return made.label[token]
                return own[attribute].vector[own[attribute].row[b, token]]

            torch.testing.assert_close(scores[b, k], reference.score(made, twin, vector), atol=1e-4, rtol=1e-4)
            compared += 1
    assert compared > 20


def gradients(made: FeedForwardScorer, own: Mapping[str, SharedVectors], loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [*made.parameters(), own["form"].vector], retain_graph=True))


def test_scores_of_all_steps_at_once_are_those_of_each_step() -> None:
    made, own = network(WIDE), blocks()
    scorer = made.bind(own)
    beams = list(random_beams(0, LENGTH, 1))
    one_by_one = torch.cat([scorer(beam.state).flatten(0, 1) for beam in beams])
    at_once = scorer.score(stack_index([scorer.index(beam.state) for beam in beams]))
    torch.testing.assert_close(at_once, one_by_one, atol=1e-4, rtol=1e-4)
    weight = torch.randn(at_once.shape, generator=torch.Generator().manual_seed(2))
    for left, right in zip(
        gradients(made, own, (at_once * weight).sum()), gradients(made, own, (one_by_one * weight).sum()), strict=True
    ):
        torch.testing.assert_close(left, right, atol=1e-4, rtol=1e-4)


def test_units_begin_alive_and_scores_without_bias() -> None:
    made = network(WIDE)
    assert (made.bias == INITIAL_BIAS).all()
    assert (made.output.bias == 0).all()
    assert made.activation is torch.relu_
    assert network(CUBE).activation is cube


def test_dropout_is_of_training_alone() -> None:
    made, scorer = bound(WIDE)
    state = next(iter(random_beams(0, LENGTH, 1))).state
    assert scorer(state).equal(scorer(state))
    made.train()
    assert not scorer(state).equal(scorer(state))


def test_locked_dropout_is_that_of_the_batch() -> None:
    made = network(WIDE).train()
    state = next(iter(random_beams(0, LENGTH, 1))).state
    own = blocks()
    one, other = made.bind(own, locked=True), made.bind(own, locked=True)
    assert one(state).equal(one(state))
    assert not one(state).equal(other(state))
    assert made.eval().bind(own, locked=True)(state).equal(made.bind(own)(state))


def test_with_locked_dropout_equal_configurations_are_scored_once() -> None:
    made, own = network(WIDE).train(), blocks()
    scorer = made.bind(own, locked=True)
    indices = [scorer.index(beam.state) for beam in random_beams(0, LENGTH, 3)]
    index = {name: torch.cat([own[name].flatten(0, 1) for own in indices]) for name in indices[0]}
    number, counts = len(index["form"]), []
    hook = made.register_forward_pre_hook(lambda _, given: counts.append(len(given[0])))
    at_once = scorer.score(index)
    hook.remove()
    assert counts == [len(torch.cat(list(index.values()), 1).unique(dim=0))]
    assert counts[0] < number
    alone = [scorer.score({name: rows[i : i + 1] for name, rows in index.items()}) for i in range(number)]
    one_by_one = torch.cat(alone)
    torch.testing.assert_close(at_once, one_by_one, atol=1e-4, rtol=1e-4)
    weight = torch.randn(at_once.shape, generator=torch.Generator().manual_seed(2))
    for left, right in zip(
        gradients(made, own, (at_once * weight).sum()), gradients(made, own, (one_by_one * weight).sum()), strict=True
    ):
        torch.testing.assert_close(left, right, atol=1e-3, rtol=1e-3)


def test_low_precision_is_near_and_for_parsing_alone() -> None:
    made, scorer = bound(WIDE)
    state = next(iter(random_beams(0, LENGTH, 1))).state
    made.low_precision = True
    lower = made.bind(blocks())(state)
    assert lower.dtype == torch.float32
    assert not lower.equal(scorer(state))
    torch.testing.assert_close(lower, scorer(state), atol=0.1, rtol=0.02)
    made.dropout.p = 0.0
    assert made.train().bind(blocks())(state).equal(scorer(state))


def test_equal_rows_are_found_once() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randint(0, 2, (50, 4), generator=generator)
    place, inverse = distinct(rows)
    assert rows[place][inverse].equal(rows)
    assert len(place) == len({tuple(row) for row in rows.tolist()}) < 50


def test_hypotheses_that_look_the_same_score_as_each_alone() -> None:
    scored = 0
    _, scorer = bound(WIDE)
    for beam in random_beams(0, LENGTH, 5):
        index = {name: rows.flatten(0, 1) for name, rows in scorer.index(beam.state).items()}
        is_read = ~SYSTEM.is_final(beam.state).flatten()
        found, expected = scorer(beam.state).flatten(0, 1)[is_read], scorer.score(index)[is_read]
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
        scored += int(is_read.sum())
    assert scored > 20


def test_cube() -> None:
    assert cube(torch.tensor([-2.0, 0.5])).tolist() == [-8.0, 0.125]


def test_parameters_keep_their_names_and_shapes() -> None:
    assert {name: tuple(tensor.shape) for name, tensor in network(WIDE).state_dict().items()} == {
        "label": (4, 5),
        "bias": (12,),
        "none.form": (6,),
        "none.upos": (4,),
        "none.label": (5,),
        "first.form": (6, 4 * 12),
        "first.upos": (4, 2 * 12),
        "first.label": (5, 2 * 12),
        "hidden.0.weight": (10, 12),
        "hidden.0.bias": (10,),
        "output.weight": (9, 10),
        "output.bias": (9,),
    }
