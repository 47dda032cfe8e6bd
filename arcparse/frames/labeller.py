"""The labeller: from frames to one label a frame, N to N.

Recurrent layers read the frames, in one direction if the labels have to come while the sound is heard, and a linear
layer scores the labels of each frame. If one of the labels is `positive`, the labeller is a detector: its runs of
positive frames are the detections (`arcparse.frames.detection`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arcparse.checkpoint import find_model, load_model, save_model
from arcparse.checkpoint.saved import CONFIG, VOCABULARIES
from arcparse.errors import RecordingError
from arcparse.frames.network import FrameReader, by_length, dimension_of, stacked
from arcparse.frames.recordings import Recording
from arcparse.frames.sound import HOP
from arcparse.networks.recurrent import LayerState
from arcparse.networks.settings import RecurrentConfig
from arcparse.networks.weights import arrays, load_network
from arcparse.settings import as_dict, check_ranges
from arcparse.settings.limits import AboveZero, Dimension, Part
from arcparse.threads import turn
from arcparse.vocabulary import Vocabulary

KIND = "labeller"


@dataclass(frozen=True)
class LabellerConfig:
    """The parts of the network, and what frames and labels mean."""

    recurrent: RecurrentConfig = field(default_factory=lambda: RecurrentConfig("gru", 64, 2, bidirectional=False))
    dropout: Part = 0.2  # locked, of the vectors that the last layer gives
    dimension: Dimension = 0  # numbers in a frame; 0: as many as training frames have
    seconds: AboveZero = HOP  # from frame to frame
    positive: str = "1"  # the label whose runs are detections, if it is one of the labels

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)


class Labeller(nn.Module):
    """Reader and output layer with their labels: `labeller.probabilities(recordings)`."""

    def __init__(self, config: LabellerConfig, labels: Vocabulary) -> None:
        """Make an untrained labeller."""
        super().__init__()
        self.config, self.labels = config, labels
        self.reader = FrameReader(config.recurrent, config.dimension, config.dropout)
        self.output = nn.Linear(self.reader.dimension, len(labels))

    @classmethod
    def build(cls, config: LabellerConfig, recordings: Sequence[Recording], labels: Iterable[str]) -> Labeller:
        """Make an untrained labeller of the frames of recordings, which it normalises.

        Raises RecordingError if frames have not the dimension of the configuration.
        """
        dimension = dimension_of(recordings, config.dimension)
        made = cls(replace(config, dimension=dimension), Vocabulary.plain(sorted(set(labels))))
        made.reader.learn_scale(recordings)
        return made

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.output.bias.device

    @property
    def positive(self) -> int | None:
        """The index of the positive label; None if there is none."""
        return self.labels.id_of.get(self.config.positive)

    def forward(self, frames: Tensor, length: Tensor | None = None) -> Tensor:
        """Return the scores [B, T, L] of labels, before the softmax, from frames [B, T, D] of `length` [B]."""
        score: Tensor = self.output(self.reader(frames, length)[0])
        return score.float()

    @turn()
    @torch.inference_mode()
    def probabilities(self, recordings: Iterable[Recording]) -> list[NDArray[np.float32]]:
        """Return the probability [T, L] of each label for each frame; the model must be in evaluation mode.

        Raises RecordingError for frames of another dimension than those it has learned from.
        """
        recordings = self.reader.checked(recordings)
        return by_length(recordings, lambda batch: self._read([recordings[index] for index in batch]))

    def _read(self, batch: Sequence[Recording]) -> list[NDArray[np.float32]]:
        frames, length = stacked([recording.frames for recording in batch], self.device)
        probability = self(frames, length).softmax(2).cpu().numpy()
        return [row[: len(recording.frames)] for row, recording in zip(probability, batch, strict=True)]

    @turn()
    @torch.inference_mode()
    def follow(
        self, frames: NDArray[np.float32], states: Sequence[LayerState] | None = None
    ) -> tuple[NDArray[np.float32], list[LayerState]]:
        """Return the probabilities [T, L] of the next frames [T, D] of a sound that is heard now, and the new states.

        `states` are those that the call for the frames before has returned, None at the beginning. Raises
        RecordingError if the labeller reads in both directions, or for frames that cannot be read.
        """
        if self.config.recurrent.bidirectional:
            raise RecordingError("this labeller reads from the end too; train one with recurrent.bidirectional = false")
        heard = np.array(frames, np.float32)
        if heard.shape == (0, self.config.dimension):  # nothing new
            return np.zeros((0, len(self.labels)), np.float32), list(states or ())
        self.reader.check_frames("these frames", heard)
        vector, ends = self.reader(torch.from_numpy(heard).unsqueeze(0).to(self.device), None, states or None)
        return self.output(vector).float().softmax(2)[0].cpu().numpy(), ends

    def chosen(self, probability: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
        """Return the label [T] of each frame, of their probabilities [T, L].

        It is the positive one where its probability is at least the threshold, else the most probable of the others;
        if there is no positive label, it is the most probable one.
        """
        if self.positive is None or len(self.labels) < 2:
            best: NDArray[np.int64] = probability.argmax(1)
            return best
        others = probability.copy()
        others[:, self.positive] = -1
        chosen: NDArray[np.int64] = others.argmax(1)
        chosen[probability[:, self.positive] >= threshold] = self.positive
        return chosen

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory, `half` as `arcparse.checkpoint.save_model` does."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"labels": self.labels.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, name_or_path: str | Path) -> Labeller:
        """Read a model directory, archive or training run. Raises ModelError if it holds something else."""
        saved = load_model(find_model(name_or_path), KIND)
        config, labels = saved.settings(LabellerConfig), saved.vocabulary("labels", (), cells=True)
        if not len(labels):
            saved.refuse(VOCABULARIES, "labels has no label")
        if not config.dimension:
            saved.refuse(CONFIG, f"config.{KIND}.dimension must be at least 1, not 0")
        return load_network(saved, lambda: cls(config, labels))
