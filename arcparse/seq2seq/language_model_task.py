"""Training a language model by truncated back-propagation through time (Mikolov et al. 2010), perplexity on dev.

The text is cut into as many rows as a batch has; a batch is the next few symbols of each row, and the states at their
end are the next batch's beginning, through which no gradient flows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from arcparse.networks.precision import reduced
from arcparse.networks.recurrent import LayerState
from arcparse.seq2seq.language_model import LanguageModel
from arcparse.seq2seq.language_model_network import LanguageModelConfig, LanguageModelNetwork
from arcparse.settings import check_ranges
from arcparse.settings.limits import Length, VocabularySize, Whole
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

METRIC = "log_likelihood"  # nats per symbol
DEV_ROWS = 16  # of a long development text, which would take long in one row
ROW = 1000  # symbols of such a row at least, so that hardly any of them lack their context


@dataclass(frozen=True)
class LanguageModelSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a text
    dev: str = ""
    min_count: Whole = 2  # of a symbol in the vocabulary; rarer ones teach how likely an unknown symbol is
    vocabulary: VocabularySize = 20_000  # symbols at most
    bptt: Length = 64  # symbols through which the gradient flows back; a batch has batch_tokens / bptt rows
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products: bfloat16 if the processor has it
    model: LanguageModelConfig = field(default_factory=LanguageModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)


class LanguageModelTask:
    """A language model as the training loop sees it."""

    metric = METRIC

    def __init__(self, settings: LanguageModelSettings, train: Sequence[str], dev: Sequence[str]) -> None:
        """Make an untrained model of the lines of two texts, each of which has some."""
        self.settings = settings
        self.scores: dict[str, float] = {}
        torch.manual_seed(settings.training.seed)
        self.model = LanguageModel.build(settings.model, train, settings.min_count, settings.vocabulary)
        train_ids, dev_ids = self.model.ids(train), self.model.ids(dev)
        self.train = in_rows(train_ids, max(1, settings.training.batch_tokens // settings.bptt))
        self.dev = in_rows(dev_ids, max(1, min(DEV_ROWS, len(dev_ids) // ROW)))
        self._sizes = (len(train), len(train_ids) - 1), (len(dev), len(dev_ids) - 1)
        # a buffer, because snapshots hold it: a run that was stopped goes on with its states
        self.model.register_buffer("carried", _joined(self.model.network.start(len(self.train))))

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        lines = [
            f"{role}: {size} lines, {symbols} symbols with their ends"
            for role, (size, symbols) in zip(("train", "dev"), self._sizes, strict=True)
        ]
        return [*lines, f"vocabulary: {len(self.model.symbols)} symbols"]

    def batches(self, epoch: int) -> Sequence[tuple[int, int]]:
        """Return the beginning and end of each batch in the rows; the first is shorter, by chance, to vary the cuts."""
        generator = epoch_generator(self.settings.training, epoch)
        bptt, last = self.settings.bptt, self.train.shape[1] - 1
        cuts = [0, *range(generator.randint((bptt + 1) // 2, bptt), last, bptt), last]
        return list(pairwise(cuts))

    def loss(self, batch: tuple[int, int]) -> Loss:
        """Return the cross-entropy per symbol."""
        model, network, (start, stop) = self.model, self.model.network, batch
        ids = self.train[:, start : stop + 1].to(network.device)
        states = _by_layer(model.get_buffer("carried"), network) if start else network.start(len(ids))
        with reduced(network.device, enabled=self.settings.precision == "bfloat16"):
            output, ends = network(ids[:, :-1], states)
            scores = network.scores(output).flatten(0, 1)
        model.carried = _joined(ends)
        # Scores in bfloat16 stay so: most of the memory traffic of a step is theirs.
        losses = functional.cross_entropy(scores, ids[:, 1:].flatten(), reduction="none")
        return Loss(losses.float().mean(), len(losses))

    @torch.inference_mode()
    def evaluate(self) -> dict[str, float]:
        """Return the mean log-likelihood of a symbol of dev in nats, and the perplexity."""
        network = self.model.network
        with reduced(network.device, enabled=self.settings.precision == "bfloat16"):
            found, _ = network.log_probabilities(self.dev, network.start(len(self.dev)))
        mean = float(found.double().mean())
        self.scores = {METRIC: mean, "perplexity": math.exp(-mean), "dev_loss": -mean}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the model."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}


def in_rows(ids: Tensor, rows: int) -> Tensor:
    """Cut a text [T] into at most B rows of one length [B, N]; each begins with the last symbol of the one before.

    The rest, less than B symbols, is left out.
    """
    rows = max(1, min(rows, (len(ids) - 1) // 2))
    length = (len(ids) - 1) // rows
    return ids.unfold(0, length + 1, length)


def _joined(states: Sequence[LayerState]) -> Tensor:
    """Return the states of all layers as one [L P, B, D], P parts each, without their graph."""
    return torch.stack([part for state in states for part in state]).detach().float()


def _by_layer(joined: Tensor, network: LanguageModelNetwork) -> list[LayerState]:
    parts = len(joined) // len(network.reader.layers)
    return [tuple(joined[i : i + parts]) for i in range(0, len(joined), parts)]
