"""The recogniser: from frames to a text, N to M, by connectionist temporal classification (CTC; Graves et al. 2006).

Recurrent layers read the frames, some neighbours as one step, and a linear layer scores symbols and a blank in each
step. Training needs no alignment: the loss sums over all paths of steps that write the text. The one beam search finds
the text (`arcparse.frames.transcription`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.checkpoint import find_model, load_model, save_model
from arcparse.checkpoint.saved import CONFIG, VOCABULARIES
from arcparse.errors import InputError
from arcparse.frames.network import FrameReader, by_length, dimension_of, stacked
from arcparse.frames.recordings import Recording
from arcparse.frames.transcription import BLANK, END, Transcribing
from arcparse.lexicon.symbols import SymbolKind, divided, together
from arcparse.networks.settings import RecurrentConfig
from arcparse.networks.weights import arrays, load_network
from arcparse.search import search
from arcparse.settings import as_dict, check_ranges
from arcparse.settings.limits import BEAM, NBEST, Dimension, Part, Range
from arcparse.threads import turn
from arcparse.vocabulary import Vocabulary

KIND = "recogniser"
AT_ONCE = 32  # recordings that are searched together


@dataclass(frozen=True)
class RecogniserConfig:
    """The parts of the network, and the symbols that it writes."""

    recurrent: RecurrentConfig = field(default_factory=lambda: RecurrentConfig("gru", 96, 2))
    dropout: Part = 0.2  # locked, of the vectors that the last layer gives
    dimension: Dimension = 0  # numbers in a frame; 0: as many as training frames have
    joined: Annotated[int, Range(1, 100)] = 3  # neighbouring frames that make one step; a symbol needs a step at least
    symbols: SymbolKind = "characters"

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)


@dataclass(frozen=True)
class Transcript:
    """A text, and its log-probability in nats: that of all paths that write it."""

    text: str
    score: float


class Recogniser(nn.Module):
    """Reader and output layer with their symbols: `recogniser.transcribe(recordings)`."""

    def __init__(self, config: RecogniserConfig, symbols: Vocabulary) -> None:
        """Make an untrained recogniser."""
        super().__init__()
        self.config, self.symbols = config, symbols
        self.reader = FrameReader(config.recurrent, config.dimension, config.dropout, config.joined)
        self.output = nn.Linear(self.reader.dimension, 1 + len(symbols))

    @classmethod
    def build(cls, config: RecogniserConfig, recordings: Sequence[Recording], texts: Iterable[str]) -> Recogniser:
        """Make an untrained recogniser of the symbols of texts; it normalises the frames of recordings.

        Raises RecordingError if frames have not the dimension of the configuration.
        """
        symbols = {symbol for text in texts for symbol in divided(text, config.symbols)}
        dimension = dimension_of(recordings, config.dimension)
        made = cls(replace(config, dimension=dimension), Vocabulary.plain(sorted(symbols)))
        made.reader.learn_scale(recordings)
        return made

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.output.bias.device

    def forward(self, recordings: Sequence[Recording]) -> tuple[Tensor, Tensor]:
        """Return the log-probabilities [B, T, A] of blank and symbols in each step, and the numbers of steps [B]."""
        frames, length = stacked([recording.frames for recording in recordings], self.device)
        score = self.output(self.reader(frames, length)[0])
        return score.float().log_softmax(2), self.reader.steps(length)

    def ids(self, text: str) -> list[int]:
        """Return the indices of a text's symbols, from 1. Raises ArcparseError for one that the model cannot write."""
        return [1 + self.symbols.id(symbol) for symbol in divided(text, self.config.symbols)]

    def losses(self, recordings: Sequence[Recording], texts: Sequence[str]) -> Tensor:
        """Return the negative log-probability [B] of the texts in nats; infinite for one that needs more steps."""
        log_probability, length = self(recordings)
        rows = [self.ids(text) for text in texts]
        symbols = torch.tensor([symbol for row in rows for symbol in row], dtype=torch.long)
        sizes = torch.tensor([len(row) for row in rows])
        return functional.ctc_loss(
            log_probability.transpose(0, 1), symbols.to(self.device), length.cpu(), sizes, BLANK, reduction="none"
        )

    @turn()
    @torch.inference_mode()
    def log_probabilities(self, recordings: Sequence[Recording], texts: Sequence[str]) -> list[float]:
        """Return the log-probability of each recording's text in nats; the model must be in evaluation mode.

        Raises InputError unless each recording has a text, RecordingError as `transcribe` does.
        """
        if len(recordings) != len(texts):
            raise InputError(f"{len(texts)} texts are given for {len(recordings)} recordings; give one for each")
        recordings = self.reader.checked(recordings)

        def found(batch: Sequence[int]) -> list[float]:
            return (-self.losses([recordings[i] for i in batch], [texts[i] for i in batch])).tolist()

        return by_length(recordings, found)

    @turn()
    @torch.inference_mode()
    def transcribe(self, recordings: Iterable[Recording], *, beam: int = 4, nbest: int = 1) -> list[list[Transcript]]:
        """Return the best texts of each recording, best first; the model must be in evaluation mode.

        The beam is at least `nbest`. Raises RecordingError for frames of another dimension than those it has learned
        from, ConfigurationError for a beam or n outside its limits.
        """
        beam, nbest = BEAM.whole("beam", beam), NBEST.whole("nbest", nbest)
        recordings = self.reader.checked(recordings)
        return by_length(
            recordings, lambda batch: self._searched([recordings[index] for index in batch], max(beam, nbest), nbest)
        )

    def _searched(self, batch: Sequence[Recording], beam: int, nbest: int) -> list[list[Transcript]]:
        found: list[list[Transcript]] = []
        for first in range(0, len(batch), AT_ONCE):
            log_probability, length = self(batch[first : first + AT_ONCE])
            system = Transcribing(log_probability, length, self.symbols)
            hypotheses = search(system, system.scores, system.start(), beam).nbest(nbest)
            found += [[self._transcript(own.actions, own.score) for own in best] for best in hypotheses]
        return found

    def _transcript(self, actions: Sequence[int], score: float) -> Transcript:
        written = [self.symbols.symbol(action - 1) for action in actions if action != END]
        return Transcript(together(written, self.config.symbols), score)

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory, `half` as `arcparse.checkpoint.save_model` does."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"symbols": self.symbols.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, name_or_path: str | Path) -> Recogniser:
        """Read a model directory, archive or training run. Raises ModelError if it holds something else."""
        saved = load_model(find_model(name_or_path), KIND)
        config, symbols = saved.settings(RecogniserConfig), saved.vocabulary("symbols", (), cells=True)
        if not len(symbols):
            saved.refuse(VOCABULARIES, "symbols has no symbol")
        if not config.dimension:
            saved.refuse(CONFIG, f"config.{KIND}.dimension must be at least 1, not 0")
        return load_network(saved, lambda: cls(config, symbols))
