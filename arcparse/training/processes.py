"""The processes that train one model: this one alone, or those that torchrun has started.

    torchrun --nproc-per-node 2 -m arcparse train parser ...

Each process has the whole model, and takes its share of the batches of a step. DistributedDataParallel adds up the
gradients while they are computed (Li et al. 2020), so the weights are equal everywhere after each step: those of one
process that takes all the batches (`accumulation`), but for rounding and for random numbers. The first process
evaluates and writes files. Graphics processors talk through NCCL, others through Gloo.
"""

from __future__ import annotations

import math
import os
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import torch
from torch import distributed

from arcparse.devices import select_device
from arcparse.errors import ConfigurationError
from arcparse.training.snapshot import seed_everything

Value = TypeVar("Value")
Found = TypeVar("Found")


def started_together() -> bool:
    """Return whether torchrun has started this process."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


def is_first() -> bool:
    """Return whether this process is alone, or the first of those that torchrun has started."""
    return not started_together() or os.environ["RANK"] == "0"


def refuse_several(work: str) -> None:
    """Raise ConfigurationError if torchrun has started this process, for work that one process does."""
    if started_together():
        raise ConfigurationError(f"{work} is the work of one process; start it without torchrun")


@contextmanager
def processes(device: str) -> Iterator[Processes]:
    """Join the other processes until the block ends; with the `device` "cuda", each gets a GPU of its own.

    Raises ConfigurationError if this machine has fewer of them.
    """
    if not started_together():
        yield Processes()
        return
    on_gpu = select_device(device).type == "cuda"
    if on_gpu:
        _take_gpu(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def _take_gpu(number: int) -> None:
    if number >= torch.cuda.device_count():
        raise ConfigurationError(
            f"process {number + 1} of this machine has no GPU, since there are {torch.cuda.device_count()}; "
            "start fewer processes (--nproc-per-node), or set training.device=cpu"
        )
    torch.cuda.set_device(number)


class Processes:
    """The exchange of a process with the others; one that is alone has none."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        """Take the number of this process, from 0, and the number of all."""
        self.rank, self.size, self.is_first = rank, size, rank == 0
        self._joined: Any = None

    def together(self, model: torch.nn.Module, loss: Callable[[Any], Value]) -> Callable[[Any], Value]:
        """Return the loss function of a model, whose gradients become the means over all processes."""
        if self.size == 1:
            return loss
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `broadcast_buffers` has another name from torch 2.13 on
            self._joined = torch.nn.parallel.DistributedDataParallel(
                _Losses(model, loss), broadcast_buffers=False, find_unused_parameters=True
            )
        joined: Callable[[Any], Value] = self._joined
        return joined

    def share(self, batches: Sequence[Any], seed: str) -> Iterator[tuple[Any, float]]:
        """Yield this process's batches of a step, each with the divisor of its loss.

        The step is to lower the mean of all losses. A process for which no batch is left takes the first one, and
        divides its loss by infinity, since every process must take part. The random numbers of several processes are
        new in each step, so that a run that was stopped goes on with the same ones.
        """
        own: Sequence[Any] = batches[self.rank :: self.size]
        if self.size > 1:
            seed_everything(random.Random(f"{seed} {self.rank}").getrandbits(63))  # noqa: S311 (not for secrets)
        for index, batch in enumerate(own or batches[:1]):
            if self._joined is not None:  # gradients are added up once, with those of the last batch
                self._joined.require_backward_grad_sync = index >= len(own) - 1
            yield batch, len(batches) / self.size if own else math.inf

    def gathered(self, own: Sequence[Value], number: int) -> list[Value]:
        """Return the results for all `number` batches of a step, in order, of those of each process's share."""
        if self.size == 1:
            return list(own)
        every: list[Any] = [None] * self.size
        distributed.all_gather_object(every, own)
        return [every[index % self.size][index // self.size] for index in range(number)]

    def from_first(self, result: Callable[[], Found]) -> Found:
        """Return the result of a function that the first process alone computes."""
        found = [result() if self.is_first else None]
        if self.size > 1:
            distributed.broadcast_object_list(found)
        return found[0]  # type: ignore[return-value]  # that of the first process


class _Losses(torch.nn.Module, Generic[Value]):
    """A model whose forward pass is its loss: DistributedDataParallel looks at forward passes."""

    def __init__(self, model: torch.nn.Module, loss: Callable[[Any], Value]) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Any) -> Value:
        """Return the loss of a batch."""
        return self.loss(batch)
