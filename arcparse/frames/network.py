"""The network that reads frames: normalisation and recurrent layers, and batches of recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arcparse.batches import bucket
from arcparse.errors import InputError, RecordingError, shown
from arcparse.frames.recordings import Recording
from arcparse.networks.recurrent import LayerState, Recurrent
from arcparse.networks.regularisation import LockedDropout
from arcparse.networks.settings import RecurrentConfig
from arcparse.threads import aside, spread

Result = TypeVar("Result")

BATCH_FRAMES = 50_000  # of recordings that are read together
LEAST = 1e-4  # standard deviation by which a number is divided: some numbers of a frame hardly vary


class FrameReader(nn.Module):
    """Normalises frames, joins neighbours, and reads them."""

    mean: Tensor  # [D] of the training frames
    deviation: Tensor  # [D]

    def __init__(self, config: RecurrentConfig, dimension: int, dropout: float, joined: int = 1) -> None:
        """Make layers for frames of a dimension, of which `joined` neighbours make one step."""
        super().__init__()
        self.joined = joined
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("deviation", torch.ones(dimension))
        self.reader = Recurrent(config, joined * dimension)
        self.dropout = LockedDropout(dropout)
        self.dimension = self.reader.dimension

    def checked(self, given: Iterable[Recording]) -> list[Recording]:
        """Return recordings as a list. Raises RecordingError for frames that cannot be read, as of another dimension.

        Raises InputError for anything but recordings.
        """
        if isinstance(given, Recording | str) or not isinstance(given, Iterable):
            raise InputError(f"recordings must be a list of Recording objects, not {shown(given)}")
        recordings = list(given)
        for number, recording in enumerate(recordings):
            if not isinstance(recording, Recording):
                raise InputError(
                    f"recordings[{number}] must be a Recording, not {shown(recording)}; read_recording reads a file, "
                    "and Recording(NAME, FRAMES) makes one of an array"
                )
            self.check_frames(recording.name, recording.frames)
        return recordings

    def check_frames(self, name: str, frames: NDArray[np.float32]) -> None:
        """Raise RecordingError unless frames are finite numbers [T, D], with T > 0 and the D of training."""
        if frames.ndim != 2 or not len(frames):
            raise RecordingError(
                f"{name}: frames have shape {list(frames.shape)}; an array [frames, numbers] is needed"
            )
        found, wanted = frames.shape[1], len(self.mean)
        if found != wanted:
            raise RecordingError(
                f"{name}: frames have {found} numbers, and the model reads {wanted}; "
                "make them as those that it has learned from"
            )
        if not np.isfinite(frames).all():
            raise RecordingError(f"{name}: a number of its frames is not finite; make them anew")

    def learn_scale(self, recordings: Sequence[Recording]) -> None:
        """Take mean and deviation of each of the D numbers from training recordings."""
        parts = [recording.frames for recording in recordings]
        count = sum(map(len, parts))
        mean = sum(frames.sum(0, dtype=np.float64) for frames in parts) / count
        variance = sum(((frames - mean) ** 2).sum(0) for frames in parts) / count
        self.mean.copy_(torch.from_numpy(mean))
        self.deviation.copy_(torch.from_numpy(np.sqrt(variance).clip(LEAST)))

    def forward(
        self, frames: Tensor, length: Tensor | None = None, states: Sequence[LayerState] | None = None
    ) -> tuple[Tensor, list[LayerState]]:
        """Return [B, ceil(T / joined), H] from frames [B, T, D], and the states of the layers at the end.

        Recordings have `length` [B] frames; without it all have T. `states` are those before the first frame. In one
        direction, what follows a recording changes nothing before it, so its length need not be known.
        """
        vector = (frames - self.mean) / self.deviation
        if self.joined > 1:
            if length is not None:  # the last step of a recording may have less than `joined` frames
                after = torch.arange(vector.shape[1], device=vector.device) >= length.unsqueeze(1)
                vector = vector.masked_fill(after.unsqueeze(2), 0)
            vector = nn.functional.pad(vector, (0, 0, 0, -vector.shape[1] % self.joined))
            vector = vector.reshape(len(vector), -1, self.joined * vector.shape[2])
            length = None if length is None else self.steps(length)
        with aside():
            vector, ends = self.reader(vector, length if self.reader.config.bidirectional else None, states)
        return self.dropout(vector), ends

    def steps(self, length: Tensor) -> Tensor:
        """Return the number of steps of recordings of so many frames."""
        return (length + self.joined - 1) // self.joined


def dimension_of(recordings: Sequence[Recording], wanted: int) -> int:
    """Return the dimension of frames. Raises RecordingError if it is not the wanted one; 0 wants none."""
    found: int = recordings[0].frames.shape[1]
    if wanted not in (0, found):
        raise RecordingError(
            f"{recordings[0].name}: frames have {found} numbers, and dimension is {wanted}; leave it out"
        )
    return found


def by_length(recordings: Sequence[Recording], read: Callable[[Sequence[int]], Sequence[Result]]) -> list[Result]:
    """Return the results of all recordings in order; `read` gets the indices of some of like length."""
    batches = bucket([len(recording.frames) for recording in recordings], BATCH_FRAMES)
    found: dict[int, Result] = {}
    for batch, own in zip(batches, spread(read, batches), strict=True):
        found.update(zip(batch, own, strict=True))
    return [found[index] for index in range(len(recordings))]


def stacked(recordings: Sequence[NDArray[np.float32]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return recordings as one tensor [B, T, D], with zeros after their ends, and their lengths [B]."""
    length = torch.tensor([len(frames) for frames in recordings])
    found = torch.zeros(len(recordings), int(length.max()), recordings[0].shape[1])
    for row, frames in zip(found, recordings, strict=True):
        row[: len(frames)] = torch.from_numpy(frames)
    return found.to(device), length.to(device)
