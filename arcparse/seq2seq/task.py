"""Training a sequence-to-sequence model: pairs to batches, the gold output's likelihood, BLEU on a development set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import torch

from arcparse.errors import ConfigurationError
from arcparse.lexicon.symbols import SymbolKind, Symbols, together
from arcparse.networks.precision import reduced
from arcparse.seq2seq.model import Seq2Seq
from arcparse.seq2seq.pairs import Pair, pair_batches
from arcparse.seq2seq.settings import Seq2SeqConfig
from arcparse.settings.limits import Length, Part, Share, Whole
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata


@dataclass(frozen=True)
class Seq2SeqSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a corpus of pairs: see arcparse.seq2seq.pairs
    dev: str = ""
    source: str = ""  # the languages, if a corpus is two files
    output: str = ""
    min_count: Whole = 2  # of a symbol in the vocabulary; rarer ones teach the network to read the unknown
    longest: Length = 60  # symbols; longer training pairs are left out
    smoothing: Part = 0.1  # share of the probability that is divided among all symbols (Szegedy et al. 2016)
    sampling: Share = 0.0  # share of the symbols that the decoder reads from its own output
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products: bfloat16 if the processor has it
    metric: Literal["BLEU", "exact"] = "BLEU"  # of greedy outputs for dev
    model: Seq2SeqConfig = field(default_factory=Seq2SeqConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class Seq2SeqTask:
    """A sequence-to-sequence model as the training loop sees it."""

    def __init__(self, settings: Seq2SeqSettings, train: Sequence[Pair], dev: Sequence[Pair]) -> None:
        """Make an untrained model; training pairs that are too long are left out.

        Raises ConfigurationError if the metric is BLEU and sacrebleu is not installed.
        """
        self.settings, self.dev = settings, list(dev)
        self.train = [pair for pair in train if max(len(pair.source), len(pair.output)) <= settings.longest]
        self.metric = settings.metric
        self.scores: dict[str, float] = {}
        if self.metric == "BLEU":
            sacrebleu()
        torch.manual_seed(settings.training.seed)
        self.model = Seq2Seq.build(
            settings.model,
            [pair.source for pair in self.train],
            [pair.output for pair in self.train],
            settings.min_count,
        )

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        lines = []
        for role, pairs in (("train", self.train), ("dev", self.dev)):
            sources, outputs = sum(len(pair.source) for pair in pairs), sum(len(pair.output) for pair in pairs)
            lines.append(f"{role}: {len(pairs)} pairs, {sources} symbols of sources, {outputs} of outputs")
        return [*lines, f"vocabulary: {len(self.model.sources)} sources, {len(self.model.outputs)} outputs"]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's pairs."""
        generator = epoch_generator(self.settings.training, epoch)
        return pair_batches(self.train, self.settings.training.batch_tokens, generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy per symbol of the outputs."""
        pairs, settings = [self.train[i] for i in indices], self.settings
        with reduced(self.model.device, enabled=settings.precision == "bfloat16"):
            value, count = self.model.loss(
                [pair.source for pair in pairs],
                [pair.output for pair in pairs],
                smoothing=settings.smoothing,
                sampling=settings.sampling,
            )
        return Loss(value, count)

    def evaluate(self) -> dict[str, float]:
        """Return the metric of greedy outputs, perplexity and loss per symbol on the development set."""
        sources, outputs = [pair.source for pair in self.dev], [pair.output for pair in self.dev]
        symbols = sum(len(output) + 1 for output in outputs)
        loss = -sum(self.model.log_probabilities(sources, outputs)) / symbols
        found = [best[0].symbols for best in self.model.generate(sources)]
        score = (bleu if self.metric == "BLEU" else exact)(found, outputs, self.settings.model.symbols)
        self.scores = {self.metric: score, "perplexity": math.exp(loss), "dev_loss": loss}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the model."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}


def sacrebleu() -> Any:
    """Import sacrebleu. Raises ConfigurationError if it is not installed."""
    try:
        return import_module("sacrebleu")
    except ImportError as error:
        raise ConfigurationError(
            f"BLEU needs sacrebleu ({error}); `pip install sacrebleu`, or take the metric exact"
        ) from None


def bleu(found: Sequence[Symbols], gold: Sequence[Symbols], kind: SymbolKind = "words") -> float:
    """Return the BLEU of outputs as sacrebleu counts it (Post 2018), without tokenising them again."""
    lines = ([together(symbols, kind) for symbols in side] for side in (found, gold))
    system, reference = lines
    return float(sacrebleu().corpus_bleu(system, [reference], tokenize="none", force=True).score)


def exact(found: Sequence[Symbols], gold: Sequence[Symbols], kind: SymbolKind = "words") -> float:
    """Return the percentage of outputs that equal the gold one."""
    return 100 * sum(tuple(a) == tuple(b) for a, b in zip(found, gold, strict=True)) / max(1, len(gold))
