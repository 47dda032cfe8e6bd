"""Training skip-thought vectors: running text to batches, the likelihood of neighbours on a development text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from arcparse.errors import TreebankError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.precision import reduced
from arcparse.sentence import Sentence
from arcparse.seq2seq.pairs import Pair, pair_batches
from arcparse.seq2seq.skip_thought import SkipThought, SkipThoughtConfig, thoughts
from arcparse.settings.limits import Length, VocabularySize
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

METRIC = "log-likelihood"
EVALUATED = 64  # sentences of dev at a time


@dataclass(frozen=True)
class SkipThoughtSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # running text or a treebank, of any format, its sentences in their order
    dev: str = ""
    vectors: str = ""  # vector store or model of kind vectors from which the embeddings start
    words: VocabularySize = 10_000  # the most frequent ones; only these are read and written
    longest: Length = 30  # words; three sentences with a longer one among them are left out
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products: bfloat16 if the processor has it
    skip_thought: SkipThoughtConfig = field(default_factory=SkipThoughtConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class SkipThoughtTask:
    """The model as the training loop sees it."""

    metric = METRIC

    def __init__(
        self,
        settings: SkipThoughtSettings,
        train: Sequence[Sentence],
        dev: Sequence[Sentence],
        vectors: Pretrained | None = None,
    ) -> None:
        """Make an untrained model. Raises TreebankError if no three sentences follow each other."""
        self.settings = settings
        self.scores: dict[str, float] = {}
        self.train, self.dev = (thoughts(sentences, settings.longest) for sentences in (train, dev))
        for role in ("train", "dev"):
            if not getattr(self, role):
                raise TreebankError(
                    f"{getattr(settings, role)}: no three sentences of at most {settings.longest} words follow each "
                    f"other; give running text as {role}"
                )
        read = (thought.sentence for thought in self.train)
        torch.manual_seed(settings.training.seed)
        self.model = SkipThought.build(settings.skip_thought, read, settings.words, vectors or Pretrained.none())
        self._pairs = [Pair(thought.sentence, thought.before + thought.after) for thought in self.train]

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        roles = (("train", self.train), ("dev", self.dev))
        lines = [f"{role}: {len(found)} sentences with a neighbour on either side" for role, found in roles]
        return [*lines, f"vocabulary: {len(self.model.words)} words"]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the indices of each batch's sentences, which are of like length."""
        generator = epoch_generator(self.settings.training, epoch)
        return pair_batches(self._pairs, self.settings.training.batch_tokens, generator)

    def loss(self, indices: Sequence[int]) -> Loss:
        """Return the cross-entropy per word of the neighbours."""
        with reduced(self.model.device, enabled=self.settings.precision == "bfloat16"):
            return Loss(*self.model.loss([self.train[i] for i in indices]))

    @torch.inference_mode()
    def evaluate(self) -> dict[str, float]:
        """Return the mean log-probability of a neighbour's word in nats, the perplexity, and the loss."""
        total, count = 0.0, 0
        for start in range(0, len(self.dev), EVALUATED):
            value, words = self.model.loss(self.dev[start : start + EVALUATED])
            total, count = total + value.item() * words, count + words
        loss = total / count
        self.scores = {METRIC: -loss, "perplexity": math.exp(loss), "dev_loss": loss}
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the model."""
        self.model.save(directory, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev", "vectors")) | {"dev": self.scores}
