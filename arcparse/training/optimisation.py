"""One step of training: learning-rate schedule, gradient clipping, optimiser and averaged weights.

The averages follow the weights exponentially and are what is evaluated and kept, as in SyntaxNet (Weiss et al. 2015;
Andor et al. 2016).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Literal

import torch

from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.settings import check_ranges
from arcparse.settings.limits import AboveZero, NotNegative, Part, Positive, Range, Seed, Threads, Whole


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of the loop."""

    epochs: Whole = 20  # treebanks of 10^5 tokens are learnt by then
    patience: Positive = (
        6  # epochs without a better score before stopping: scores waver by a tenth of a point between epochs
    )
    optimizer: Literal["adam", "adamw", "momentum", "adagrad"] = "adam"  # needs the least tuning of the four
    learning_rate: AboveZero = 2e-3  # twice Adam's 1e-3: embeddings start from nothing, averaging takes the noise away
    betas: Annotated[tuple[Part, ...], Range(2, 2)] = (
        0.9,
        0.9,
    )  # a rare word's second moment must not stay (Dozat & Manning 2017)
    momentum: Part = 0.9  # of "momentum", SyntaxNet's
    schedule: Literal["constant", "linear", "staircase", "plateau"] = "linear"  # to zero: the last steps only settle
    warmup_steps: Whole = 0  # steps of linear rise: deep encoders need hundreds, a feed-forward parser none
    decay_steps: Whole = 0  # of "linear": steps to zero, 0 for all epochs; of "staircase": steps per stair
    decay_rate: Annotated[float, Range(0, 1, without=(0,))] = (
        0.96  # of "staircase": factor per stair, SyntaxNet's; of "plateau" per stalled epoch
    )
    weight_decay: NotNegative = 0.0  # on matrices, not on biases; averaging and dropout regularise already
    clip: NotNegative = 5.0  # largest norm of the gradient, above that of ordinary steps; 0 switches clipping off
    averaging: Part = 0.9999  # decay of the averaged weights, SyntaxNet's; 0 switches averaging off
    batch_tokens: Annotated[int, Range(1, 10_000_000)] = (
        1000  # padded tokens of a batch, for the task to keep: some 40 sentences
    )
    seed: Seed = 1  # of every random number in training
    threads: Threads = 1  # of torch: the matrices are too small for more to pay
    device: str = "auto"  # a GPU where there is one
    log_every: Positive = 20  # steps between reports, about a second
    checkpoint_minutes: NotNegative = 2.0  # what a kill costs at most
    tensorboard: bool = True  # scalars for TensorBoard in the run's `log`

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)
        if self.schedule == "staircase" and not self.decay_steps:
            raise ConfigurationError('decay_steps must be at least 1 with schedule = "staircase", not 0')


class Learner:
    """A model on its device, with its optimiser and its averaged weights."""

    def __init__(self, model: torch.nn.Module, config: TrainingConfig) -> None:
        """Start the averages at the model's weights."""
        self.model, self.config = model.to(select_device(config.device)), config
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.optimizer = _optimizer(self.parameters, config)

    def update(self, loss: torch.Tensor, rate: float, updates: int) -> float:
        """Take a step down the scalar loss and return its value. Raises ArcparseError where it is not finite."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip or math.inf)
        value, length = torch.stack([loss.detach().double(), norm.double()]).tolist()
        if not (math.isfinite(value) and math.isfinite(length)):
            raise ArcparseError(
                f"step {updates + 1}: the loss is {value}, the norm of its gradient {length}; "
                f"lower the learning_rate ({self.config.learning_rate:g}) or clip ({self.config.clip:g})"
            )
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        # The average follows fast at first, or it would long remember the random initial weights.
        decay = min(self.config.averaging, (1 + updates) / (10 + updates))
        torch._foreach_lerp_(self.average, [parameter.detach() for parameter in self.parameters], 1 - decay)
        return float(value)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the model its averaged weights, and evaluation mode, for a while."""
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
        """Take what `tensors` returned. Raises RuntimeError or KeyError where the model is another one."""
        self.model.load_state_dict(_below("model.", tensors))
        for i, average in enumerate(self.average):
            average.copy_(tensors[f"average.{i}"])
        slots: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _below("optimizer.", tensors).items():
            index, _, slot = name.partition(".")
            slots.setdefault(int(index), {})[slot] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": slots, "param_groups": groups})


def select_device(name: str) -> torch.device:
    """Return the device of that name, for "auto" a GPU where there is one. Raises ConfigurationError."""
    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigurationError(f"device {name!r} cannot be used: {reason}; take auto, cpu or cuda") from None
    return device


def learning_rate(config: TrainingConfig, updates: int, done: float, losses: Sequence[float] = ()) -> float:
    """Return the learning rate after `updates` steps, when the part `done` of the training is over.

    The schedule "plateau" looks at the development `losses` of the epochs so far.
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
    """Return how many losses are no lower than the lowest before them."""
    return sum(loss >= min(losses[:i]) for i, loss in enumerate(losses) if i)


def _optimizer(parameters: Sequence[torch.nn.Parameter], config: TrainingConfig) -> torch.optim.Optimizer:
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    rate, betas = config.learning_rate, (config.betas[0], config.betas[1])  # fused: one pass over memory, not ten
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
