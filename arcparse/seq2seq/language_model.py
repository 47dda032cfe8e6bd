"""The language model: how likely each next symbol of a text is, words or characters, given all before it.

An LSTM with locked dropout, DropConnect and one matrix that both embeds and scores symbols (AWD-LSTM, Merity et al.
2018). A text is one sequence: each line ends with EOS, and what is before the first is taken to be one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.checkpoint import load_model, save_model
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.networks.recurrent import Recurrent, RecurrentConfig, State
from arcparse.networks.regularisation import LockedDropout, embed
from arcparse.networks.source_encoder import embedding
from arcparse.networks.symbols import BEGINNING, EOS, MARKS, Kind, divided, together, vocabulary
from arcparse.search import sample
from arcparse.seq2seq.continuation import Continuing, Limits
from arcparse.settings import as_dict
from arcparse.settings.limits import Part, Units
from arcparse.threads import turn
from arcparse.vocabulary import Vocabulary

KIND = "lm"
CHUNK = 128  # symbols that are scored at a time: the scores of more take much memory


def _one_direction() -> RecurrentConfig:
    return RecurrentConfig(hidden=512, bidirectional=False, weight_drop=0.2)


@dataclass(frozen=True)
class LanguageModelConfig:
    """What the network is made of."""

    symbols: Kind = "tokens"  # of which a line of text is made
    embedding: Units = 256
    embedding_dropout: Part = 0.1  # share of the vocabulary that is dropped from a batch
    recurrent: RecurrentConfig = field(default_factory=_one_direction)
    output_dropout: Part = 0.3  # locked, of what the output layer sees

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a model that would read what it is to foresee."""
        if self.recurrent.bidirectional:
            raise ConfigurationError("a language model reads in one direction: set recurrent.bidirectional=false")


class LanguageModel(nn.Module):
    """A network and its vocabulary: `model.perplexity(lines)`, `model.generate("It is")`."""

    def __init__(self, config: LanguageModelConfig, symbols: Vocabulary) -> None:
        """Make an untrained model."""
        super().__init__()
        self.config, self.symbols = config, symbols
        self.embedding = embedding(len(symbols), config.embedding)
        self.reader = Recurrent(config.recurrent, config.embedding)
        self.readout = nn.Linear(self.reader.dimension, config.embedding)
        self.dropout = LockedDropout(config.output_dropout)
        self.bias = nn.Parameter(torch.zeros(len(symbols)))

    @classmethod
    def build(
        cls, config: LanguageModelConfig, lines: Iterable[str], min_count: int = 1, size: int | None = None
    ) -> LanguageModel:
        """Make an untrained model of the `size` most frequent symbols that occur `min_count` times."""
        known = vocabulary((divided(line, config.symbols) for line in lines), min_count).symbols
        return cls(config, Vocabulary(known if size is None else known[: size + len(BEGINNING)]))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.bias.device

    def ids(self, lines: Iterable[str]) -> Tensor:
        """Return a text as ids [T]: EOS, and each line with its EOS."""
        kind = self.config.symbols
        rows = ([*self.symbols.ids(divided(line, kind)), EOS] for line in lines)
        return torch.tensor([EOS, *(i for row in rows for i in row)])

    def start(self, rows: int) -> list[State]:
        """Return each layer's state before the first symbol of B texts."""
        parts = 2 if self.config.recurrent.cell == "lstm" else 1
        nothing = torch.zeros(rows, self.reader.dimension, device=self.device)
        return [(nothing,) * parts for _ in self.reader.layers]

    def forward(self, symbol: Tensor, states: Sequence[State]) -> tuple[Tensor, list[State]]:
        """Return what foresees the symbol after each of [B, T], as [B, T, E], and the states after the last."""
        vector = embed(self.embedding, symbol, self.config.embedding_dropout, self.training)
        hidden, ends = self.reader(vector, None, states)
        return self.readout(self.dropout(hidden)), ends

    def scores(self, output: Tensor) -> Tensor:
        """Return the scores of each symbol [..., V] from what foresees it [..., E]."""
        return functional.linear(output, self.embedding.weight, self.bias)

    def log_probabilities(self, ids: Tensor, states: list[State]) -> tuple[Tensor, list[State]]:
        """Return the log-probability of each symbol of [B, T] but the first, as [B, T - 1] in nats, and the states.

        A text may come in parts: give the last symbol of one, and its states, with the next.
        """
        found = []
        for start in range(0, ids.shape[1] - 1, CHUNK):
            part = ids[:, start : start + CHUNK + 1].to(self.device)
            output, states = self(part[:, :-1], states)
            scores, gold = self.scores(output).flatten(0, 1).float(), part[:, 1:]
            found.append(-functional.cross_entropy(scores, gold.flatten(), reduction="none").view_as(gold))
        return torch.cat(found, 1), states

    @turn()
    @torch.inference_mode()
    def perplexity(self, lines: Iterable[str]) -> float:
        """Return the perplexity of a text, the ends of its lines counted as symbols, unknown ones as one symbol.

        The model is to be in evaluation mode, as it is when loaded. Raises TreebankError where there is no line.
        """
        ids = self.ids(lines)
        if len(ids) < 2:
            raise TreebankError("the text holds no line; give one with at least one")
        found, _ = self.log_probabilities(ids.unsqueeze(0), self.start(1))
        return math.exp(-float(found.double().mean()))

    @turn()
    @torch.inference_mode()
    def generate(
        self,
        prompt: str = "",
        length: int = 50,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 1.0,
        seed: int = 1,
    ) -> str:
        """Return the prompt and `length` symbols drawn after it, an end of a line being one.

        Scores are divided by the `temperature`; then symbols are drawn from the `top_k` likeliest alone (Fan et al.
        2018), or from the fewest whose probabilities make up `top_p` (Holtzman et al. 2020), or both. The unknown is
        never drawn. Raises ConfigurationError where one of these is outside its limits.
        """
        system, given = Continuing(self, Limits(length, temperature, top_k, top_p)), self.ids(prompt.split("\n"))[:-1]
        end = sample(system, system.scores, system.start(given), 1, temperature, seed)
        return self.text([*given[1:].tolist(), *end.written[0, 0].tolist()], prompt)

    def text(self, ids: Sequence[int], prompt: str = "") -> str:
        """Return the lines of ids; the unknown ones of the prompt stay as they are there."""
        given = [symbol for line in prompt.split("\n") for symbol in (*divided(line, self.config.symbols), MARKS[1])]
        symbols = (
            given[place] if id == Vocabulary.UNKNOWN and place < len(given) else self.symbols.symbol(id)
            for place, id in enumerate(ids)
        )
        return "\n".join(together(line, self.config.symbols) for line in _lines(symbols))

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"symbols": self.symbols.symbols},
            weights=dict(self.named_parameters()),  # not what training carries over from batch to batch
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> LanguageModel:
        """Read a model directory. Raises ModelError where it holds something else."""
        saved = load_model(directory, KIND)
        config, symbols = saved.settings(LanguageModelConfig), saved.vocabulary("symbols", BEGINNING)
        return saved.network(lambda: cls(config, symbols))


def _lines(symbols: Iterable[str]) -> Iterator[list[str]]:
    line = list[str]()
    for symbol in symbols:
        if symbol == MARKS[1]:
            yield line
            line = []
        else:
            line.append(symbol)
    yield line
