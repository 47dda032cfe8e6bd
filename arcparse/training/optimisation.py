"""One step of training: learning-rate schedule, gradient clipping, optimiser and averaged weights.

Averages follow the weights exponentially. The averaged weights are evaluated and saved, as in SyntaxNet (Weiss et al.
2015; Andor et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, runtime_checkable

import torch

from arcparse.devices import select_device
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.settings import check_ranges
from arcparse.settings.limits import AboveZero, NotNegative, Part, Positive, Range, Seed, Threads, Whole


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of the loop."""

    epochs: Positive = 20  # enough for treebanks of 10^5 tokens
    patience: Positive = (
        6  # epochs without a better score before training stops: scores vary by a tenth of a point between epochs
    )
    optimizer: Literal["adam", "adamw", "momentum", "adagrad"] = "adam"  # of the four, it needs the least tuning
    learning_rate: AboveZero = 2e-3  # twice Adam's 1e-3: embeddings start at random, and averaging removes the noise
    betas: Annotated[tuple[Part, ...], Range(2, 2)] = (
        0.9,
        0.9,
    )  # a low second one: the squared gradient of a rare word must fade (Dozat & Manning 2017)
    momentum: Part = 0.9  # of the optimiser "momentum", as in SyntaxNet
    schedule: Literal["constant", "linear", "staircase", "plateau"] = "linear"  # falls to zero: small steps at the end
    warmup_steps: Whole = 0  # steps of linear rise: deep encoders need hundreds, a feed-forward parser none
    decay_steps: Whole = 0  # of "linear": steps to zero, 0 for all epochs; of "staircase": steps per stair
    decay_rate: Annotated[float, Range(0, 1, without=(0,))] = (
        0.96  # of "staircase": factor per stair, as in SyntaxNet; of "plateau": factor per stalled epoch
    )
    weight_decay: NotNegative = 0.0  # on matrices, not on biases; averaging and dropout regularise already
    clip: NotNegative = 5.0  # largest norm of the gradient; ordinary steps stay below it; 0 switches clipping off
    averaging: Part = 0.9999  # decay of the averaged weights, as in SyntaxNet; 0 switches averaging off
    batch_tokens: Annotated[int, Range(1, 10_000_000)] = (
        1000  # tokens of a batch, padding included (the task sees to it): about 40 sentences
    )
    accumulation: Positive = 1  # batches whose gradients make one step: large batches in little memory
    seed: Seed = 1  # of every random number in training
    threads: Threads = 1  # of torch: the matrices are too small to gain from more
    device: str = "auto"  # a GPU if there is one
    log_every: Positive = 20  # steps between reports, about a second
    checkpoint_minutes: NotNegative = 2.0  # between checkpoints: a killed run loses at most this time
    tensorboard: bool = True  # scalars for TensorBoard in the run's `log`

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)
        if self.schedule == "staircase" and not self.decay_steps:
            raise ConfigurationError('decay_steps must be at least 1 with schedule = "staircase", not 0')


@runtime_checkable
class OwnRates(Protocol):
    """A part of a model whose parameters have learning rates of their own, such as a pretrained encoder."""

    def rates(self) -> Iterable[tuple[torch.nn.Parameter, float]]:
        """Yield parameters and their rates at the peak of the schedule, where others have the `learning_rate`."""


class Learner:
    """A model on its device, with its optimiser and its averaged weights."""

    def __init__(self, model: torch.nn.Module, config: TrainingConfig) -> None:
        """Move the model to its device; the averages start as copies of its weights."""
        self.model, self.config = model.to(select_device(config.device)), config
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.optimizer = _optimizer(self.model, config)
        self._losses: list[torch.Tensor] = []  # since the last step

    def update(self, loss: torch.Tensor, rate: float, updates: int) -> float:
        """Take one optimiser step on the scalar loss; return its value. Raises ArcparseError if it is not finite."""
        self.accumulate(loss)
        return self.step(rate, updates)[0]

    def accumulate(self, loss: torch.Tensor, parts: float = 1) -> None:
        """Add the gradient of a scalar loss, one of those `parts` whose mean the next step is to lower."""
        (loss / parts).backward()  # type: ignore[no-untyped-call]
        self._losses.append(loss.detach().double())

    def step(self, rate: float, updates: int) -> list[float]:
        """Take one optimiser step; return the losses that it lowers. Raises ArcparseError if one is not finite."""
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip or math.inf)
        *values, length = torch.stack([*self._losses, norm.double()]).tolist()
        self._losses.clear()
        if not all(map(math.isfinite, (*values, length))):
            wrong = next((value for value in values if not math.isfinite(value)), values[-1])
            raise ArcparseError(
                f"step {updates + 1}: the loss is {wrong} and the norm of its gradient {length}; "
                f"lower the learning_rate ({self.config.learning_rate:g}) or clip ({self.config.clip:g})"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        # At first the average follows fast: otherwise it would keep the random initial weights for long.
        decay = min(self.config.averaging, (1 + updates) / (10 + updates))
        torch._foreach_lerp_(self.average, [parameter.detach() for parameter in self.parameters], 1 - decay)
        return values

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Set evaluation mode, and give the model its averaged weights inside the `with` block."""
        trained = [parameter.detach().clone() for parameter in self.parameters]
        self.assign(self.average)
        self.model.eval()
        try:
            yield
        finally:
            self.assign(trained)

    @torch.no_grad()
    def assign(self, weights: Sequence[torch.Tensor]) -> None:
        """Copy weights into the model."""
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter.copy_(weight)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return weights, averages and the optimiser's state by name."""
        tensors = self.tensors_of_model() | {f"average.{i}": tensor for i, tensor in enumerate(self.average)}
        for i, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{name}": slot for name, slot in slots.items() if slot is not None}
        return tensors

    def tensors_of_model(self) -> dict[str, torch.Tensor]:
        """Return the weights by name."""
        return {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Restore the state that `tensors` returned. Raises RuntimeError or KeyError if the model is another one."""
        self.model.load_state_dict(_below("model.", tensors))
        for i, average in enumerate(self.average):
            average.copy_(tensors[f"average.{i}"])
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _below("optimizer.", tensors).items():
            index, _, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": slots, "param_groups": groups})


def learning_rate(config: TrainingConfig, updates: int, done: float, losses: Sequence[float] = ()) -> float:
    """Return the learning rate after `updates` steps, when the share `done` (0 to 1) of the training is over.

    The schedule "plateau" uses the development `losses` of the epochs so far.
    """
    rate = config.learning_rate * min(1.0, (updates + 1) / max(1, config.warmup_steps))
    if config.schedule == "linear":
        return rate * max(0.0, 1 - (updates / config.decay_steps if config.decay_steps else done))
    if config.schedule == "staircase":
        return float(rate * config.decay_rate ** (updates // config.decay_steps))
    if config.schedule == "plateau":
        return float(rate * config.decay_rate ** stalls(losses))
    return rate


def stalls(losses: Sequence[float]) -> int:
    """Return the number of losses that are not lower than the lowest loss before them."""
    return sum(loss >= min(losses[:i]) for i, loss in enumerate(losses) if i)


def _optimizer(model: torch.nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """Return the optimiser: its groups have a `factor` of the learning rate, and matrices have weight decay."""
    parts = [part for part in model.modules() if isinstance(part, OwnRates)]
    factor = {id(own): rate / config.learning_rate for part in parts for own, rate in part.rates()}
    grouped: dict[tuple[float, bool], list[torch.nn.Parameter]] = {(1.0, True): [], (1.0, False): []}
    for parameter in model.parameters():
        if parameter.requires_grad:
            grouped.setdefault((factor.get(id(parameter), 1.0), parameter.dim() >= 2), []).append(parameter)
    groups = [
        {"params": own, "factor": factor, "weight_decay": config.weight_decay if is_matrix else 0.0}
        for (factor, is_matrix), own in grouped.items()
    ]
    rate, betas = (
        config.learning_rate,
        (config.betas[0], config.betas[1]),
    )  # below, `fused`: one pass over memory, not ten
    match config.optimizer:
        case "adam":
            return torch.optim.Adam(groups, rate, betas, fused=True)
        case "adamw":
            return torch.optim.AdamW(groups, rate, betas, fused=True)
        case "momentum":
            return torch.optim.SGD(groups, rate, config.momentum, fused=True)
    return torch.optim.Adagrad(groups, rate)


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
