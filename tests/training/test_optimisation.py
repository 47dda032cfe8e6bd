import math

import pytest
import torch

from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.training.optimisation import Learner, TrainingConfig, learning_rate


def learner(**settings: object) -> Learner:
    torch.manual_seed(0)
    return Learner(torch.nn.Linear(2, 1), TrainingConfig(device="cpu", **settings))  # type: ignore[arg-type]


def step(learner: Learner, rate: float = 0.1, updates: int = 0, scale: float = 1.0) -> float:
    return learner.update(scale * learner.model(torch.ones(3, 2)).square().mean(), rate, updates)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "momentum", "adagrad"])
def test_every_optimizer_learns_and_is_restored_exactly(optimizer: str) -> None:
    first = learner(optimizer=optimizer)
    losses = [step(first, 0.05, i) for i in range(20)]
    assert losses[-1] < 0.5 * losses[0]
    second = learner(optimizer=optimizer)
    second.restore({name: tensor.clone() for name, tensor in first.tensors().items()})
    assert [step(first, 0.05, i) for i in range(20, 25)] == [step(second, 0.05, i) for i in range(20, 25)]
    for name, tensor in first.tensors().items():
        assert second.tensors()[name].equal(tensor), name


def test_momentum_may_be_zero() -> None:
    plain = learner(optimizer="momentum", momentum=0.0)
    step(plain)
    before = plain.tensors()
    plain.restore({name: tensor.clone() for name, tensor in before.items()})
    assert all(tensor.equal(before[name]) for name, tensor in plain.tensors().items())


def test_averages_follow_a_scalar_twin() -> None:
    averaging = learner(averaging=0.5, optimizer="momentum")
    expected = averaging.average[1].item()
    for t in range(30):
        step(averaging, 0.05, t)
        decay = min(0.5, (1 + t) / (10 + t))
        expected = decay * expected + (1 - decay) * averaging.parameters[1].item()
        assert float(averaging.average[1]) == pytest.approx(expected, rel=1e-5)


def test_without_averaging_the_average_is_the_weights() -> None:
    plain = learner(averaging=0.0)
    step(plain, updates=5)
    assert all(map(torch.equal, plain.average, plain.parameters))


def test_averaged_swaps_for_a_while() -> None:
    swapped = learner()
    swapped.model.train()
    step(swapped, updates=1000)
    before = [parameter.detach().clone() for parameter in swapped.parameters]
    with swapped.averaged():
        assert not swapped.model.training
        assert all(map(torch.equal, swapped.parameters, swapped.average))
        assert not any(map(torch.equal, swapped.parameters, before))
    assert all(map(torch.equal, swapped.parameters, before))


def test_clip_bounds_a_step() -> None:
    clipped = learner(optimizer="momentum", momentum=0.0, clip=0.5)
    before = torch.nn.utils.parameters_to_vector(clipped.parameters).detach().clone()
    step(clipped, rate=1.0, scale=1e4)
    after = torch.nn.utils.parameters_to_vector(clipped.parameters).detach()
    assert float((after - before).norm()) == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("scale", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops(scale: float) -> None:
    broken = learner()
    before = [parameter.detach().clone() for parameter in broken.parameters]
    with pytest.raises(ArcparseError, match=rf"step 8: the loss is {scale}.*lower the learning_rate \(0.002\)"):
        step(broken, updates=7, scale=scale)
    assert all(map(torch.equal, broken.parameters, before))


def test_weight_decay_spares_biases() -> None:
    decayed = learner(optimizer="adamw", weight_decay=0.5)
    before = [parameter.detach().clone() for parameter in decayed.parameters]
    decayed.update(0.0 * decayed.model(torch.ones(1, 2)).sum(), 0.1, 0)
    torch.testing.assert_close(decayed.parameters[0].detach(), 0.95 * before[0])
    assert decayed.parameters[1].equal(before[1])


@pytest.mark.parametrize(
    ("settings", "updates", "done", "rate"),
    [
        ({"schedule": "constant"}, 500, 0.5, 1.0),
        ({"schedule": "linear"}, 500, 0.25, 0.75),
        ({"schedule": "linear", "decay_steps": 100}, 40, 0.1, 0.6),
        ({"schedule": "linear", "decay_steps": 100}, 400, 0.1, 0.0),
        ({"schedule": "staircase", "decay_steps": 10, "decay_rate": 0.5}, 29, 0.5, 0.25),
        ({"schedule": "constant", "warmup_steps": 4}, 0, 0.0, 0.25),
        ({"schedule": "constant", "warmup_steps": 4}, 9, 0.0, 1.0),
    ],
)
def test_schedules(settings: dict[str, object], updates: int, done: float, rate: float) -> None:
    config = TrainingConfig(learning_rate=1.0, **settings)  # type: ignore[arg-type]
    assert learning_rate(config, updates, done) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("losses", "rate"),
    [([], 1.0), ([3.0], 1.0), ([3.0, 2.0], 1.0), ([3.0, 3.0], 0.5), ([3.0, 2.0, 2.5, 2.2, 1.9, 1.9], 0.125)],
)
def test_a_plateau_lowers_the_rate_for_each_loss_that_is_no_lower(losses: list[float], rate: float) -> None:
    config = TrainingConfig(learning_rate=1.0, schedule="plateau", decay_rate=0.5)
    assert learning_rate(config, 500, 0.5, losses) == rate


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", -1),
        ("patience", 0),
        ("learning_rate", 0.0),
        ("betas", (0.9,)),
        ("momentum", 1.0),
        ("warmup_steps", -1),
        ("decay_steps", -1),
        ("decay_rate", 0.0),
        ("weight_decay", -1.0),
        ("clip", -1.0),
        ("averaging", 1.0),
        ("batch_tokens", 0),
        ("threads", 0),
        ("log_every", 0),
        ("checkpoint_minutes", -1.0),
    ],
)
def test_settings_have_limits(setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"TrainingConfig: .*{setting} must be .*, not "):
        TrainingConfig(**{setting: value})  # type: ignore[arg-type]


def test_a_staircase_needs_steps() -> None:
    with pytest.raises(ConfigurationError, match=r"at least 1 with schedule = .staircase., not 0"):
        TrainingConfig(schedule="staircase")


class OwnPart(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.layer(rows)  # type: ignore[no-any-return]

    def rates(self) -> list[tuple[torch.nn.Parameter, float]]:
        return [(self.layer.weight, 0.01)]


def test_a_part_may_have_learning_rates_of_its_own() -> None:
    torch.manual_seed(0)
    own = Learner(OwnPart(), TrainingConfig(device="cpu", optimizer="momentum", momentum=0.0, learning_rate=0.1))
    before = [parameter.detach().clone() for parameter in own.parameters]
    own.update(sum(parameter.sum() for parameter in own.parameters), 0.05, 0)  # type: ignore[arg-type]
    weight, bias = (old - new for old, new in zip(before, own.parameters, strict=True))
    torch.testing.assert_close(weight, torch.full_like(weight, 0.005))  # half of its peak, as the others
    torch.testing.assert_close(bias, torch.full_like(bias, 0.05))


def test_accumulated_batches_make_the_step_of_their_mean() -> None:
    rows = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    one, three = learner(), learner()
    whole = one.update(one.model(rows).square().mean(), 0.1, 0)
    for part in rows.split(2):
        three.accumulate(three.model(part).square().mean(), 3)
    losses = three.step(0.1, 0)
    assert sum(losses) / 3 == pytest.approx(whole)
    for own, other in zip(one.parameters, three.parameters, strict=True):
        torch.testing.assert_close(own, other)


def test_one_accumulated_loss_that_is_not_finite_is_named() -> None:
    wrong = learner()
    for scale in (1.0, math.inf, 1.0):
        wrong.accumulate(scale * wrong.model(torch.ones(3, 2)).square().mean(), 3)
    with pytest.raises(ArcparseError, match="step 8: the loss is inf"):
        wrong.step(0.1, 7)
