"""Training a segmenter: windows of a treebank's running text, and the scores of a development text divided anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch.nn import functional

from arcparse.evaluation import evaluate
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.precision import reduced
from arcparse.segmenter.division import labelled
from arcparse.segmenter.model import Segmenter
from arcparse.segmenter.multiwords import surface_tokens
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.sentence import Sentence
from arcparse.sentence.document import running_text
from arcparse.settings.limits import Length, Share
from arcparse.training.loop import Loss, TrainingConfig, epoch_generator, run_metadata

VECTORS = "vectors"  # the directory of the pretrained vectors, beside the saved segmenter
METRICS = ("Tokens", "Words", "Sentences")


@dataclass(frozen=True)
class SegmenterSettings:
    """A training run, as a TOML file describes it."""

    train: str = ""  # a treebank, whose text is rebuilt
    dev: str = ""
    vectors: str = ""  # vector store or model of kind vectors; empty for none
    window: Length = 256  # characters of a training example
    unknown: Share = 0.01  # share of characters that are hidden, so that the network learns to read new ones
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products: bfloat16 if the processor has it
    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


class SegmenterTask:
    """The segmenter as the training loop sees it."""

    metric = "mean"

    def __init__(
        self,
        settings: SegmenterSettings,
        train: Sequence[Sentence],
        dev: Sequence[Sentence],
        pretrained: Pretrained | None = None,
    ) -> None:
        """Make an untrained segmenter. Raises TreebankError if a sentence's tokens are not those of its text."""
        self.settings, self.dev = settings, list(dev)
        self.scores: dict[str, float] = {}
        self.text, self.dev_text = running_text(train), running_text(dev)
        torch.manual_seed(settings.training.seed)
        spaces = any(" " in form for sentence in train for form, _ in surface_tokens(sentence))
        config = replace(settings.segmenter, spaces=settings.segmenter.spaces or spaces)
        self.model = Segmenter.build(config, self.text, train, pretrained)
        self._ids = torch.from_numpy(self.model.division.ids(self.text + " " * settings.window))
        self._ends = torch.tensor([*labelled(self.text, train), *[0] * settings.window])

    def statistics(self) -> list[str]:
        """Return the sizes of the data, a line for each part."""
        return [
            f"train: {len(self.text)} characters, {len(self.model.multiwords.words)} multiword tokens",
            f"dev: {len(self.dev)} sentences, {len(self.dev_text)} characters",
            f"vocabulary: {len(self.model.characters)} characters",
        ]

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """Return the first characters of each batch's windows; each epoch divides the text elsewhere."""
        generator = epoch_generator(self.settings.training, epoch)
        window = self.settings.window
        starts = [0, *range(generator.randrange(1, window + 1), len(self.text), window)]
        generator.shuffle(starts)
        size = max(1, self.settings.training.batch_tokens // window)
        return [starts[i : i + size] for i in range(0, len(starts), size)]

    def loss(self, starts: Sequence[int]) -> Loss:
        """Return the cross-entropy of the characters' classes, per character."""
        place = torch.tensor(starts).unsqueeze(1) + torch.arange(self.settings.window)
        device = self.model.output.bias.device
        ids, gold = self._ids[:, place].to(device), self._ends[place].to(device)
        hidden = torch.rand(place.shape, device=device) < self.settings.unknown
        ids[0].masked_fill_(hidden, self.model.characters.UNKNOWN)
        with reduced(device, enabled=self.settings.precision == "bfloat16"):
            score = self.model(ids)
        return Loss(functional.cross_entropy(score.float().flatten(0, 1), gold.flatten()), gold.numel())

    def evaluate(self) -> dict[str, float]:
        """Return F1 of tokens, words and sentences in per cent, of dev's text divided anew, and their mean."""
        scores = evaluate(self.dev, self.model.segment(self.dev_text), trees=False)
        self.scores = {name: 100 * scores[name].f1 for name in METRICS}
        self.scores[self.metric] = sum(self.scores[name] for name in METRICS) / len(METRICS)
        return self.scores

    def save(self, directory: Path) -> None:
        """Write the segmenter, and beside it the pretrained vectors."""
        vectors = self.model.pretrained.save_beside(directory, VECTORS)
        self.model.save(directory, vectors=vectors, metadata=self.metadata())

    def metadata(self) -> dict[str, Any]:
        """Return the model card's facts about the training."""
        return run_metadata(self.settings, ("train", "dev")) | {"dev": self.scores}
