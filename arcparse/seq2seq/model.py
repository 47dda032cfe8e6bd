"""Sequence to sequence: an encoder, a decoder and their vocabularies, as one model that is saved and loaded.

Sources and outputs are sequences of symbols: the words of a sentence, the characters of a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model
from arcparse.lexicon.symbols import BEGINNING, EOS, Symbols, output_ids, source_ids, vocabulary
from arcparse.networks.decoder import Decoder
from arcparse.networks.memory import Memory, Reading
from arcparse.networks.padding import pad
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.weights import arrays, load_network
from arcparse.search import search
from arcparse.seq2seq.settings import Seq2SeqConfig
from arcparse.seq2seq.system import Writer
from arcparse.settings import as_dict, limits
from arcparse.threads import spread, turn
from arcparse.vocabulary import Vocabulary

KIND = "seq2seq"
LENGTH_POWER = 1.0  # the mean log-probability of a symbol
BATCH_TOKENS = 2000  # symbols of the sources that are decoded together, padding included
Result = TypeVar("Result")


@dataclass(frozen=True)
class Output:
    """An output, its score, and the decoder's attention as it wrote each of its symbols and EOS."""

    symbols: tuple[str, ...]
    score: float  # log-probability in nats, divided by length ** length_power
    attention: tuple[tuple[float, ...], ...]  # by symbol, EOS last: a weight for each symbol of the source, and its EOS


class Seq2Seq(nn.Module):
    """An encoder and a decoder with the vocabularies of sources and outputs."""

    def __init__(self, config: Seq2SeqConfig, sources: Vocabulary, outputs: Vocabulary) -> None:
        """Make an untrained model."""
        super().__init__()
        self.config, self.sources, self.outputs = config, sources, outputs
        self.encoder = SourceEncoder(config.encoder, len(sources))
        self.decoder = Decoder(config.decoder, len(outputs), self.encoder.dimension)

    @classmethod
    def build(
        cls, config: Seq2SeqConfig, sources: Sequence[Symbols], outputs: Sequence[Symbols], min_count: int = 1
    ) -> Seq2Seq:
        """Make an untrained model with the vocabularies of training data."""
        return cls(config, vocabulary(sources, min_count), vocabulary(outputs, min_count))

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.decoder.bias.device

    def encode(self, sources: Sequence[Symbols]) -> Memory:
        """Encode B sources."""
        rows = source_ids(self.sources, sources, is_reversed=self.config.reverse_source)
        length = torch.tensor([len(row) for row in rows], device=self.device)
        memory: Memory = self.encoder(pad(rows).to(self.device), length)
        return memory

    def read(
        self, sources: Sequence[Symbols], outputs: Sequence[Symbols], sampling: float = 0.0
    ) -> tuple[Reading, Tensor]:
        """Return the decoder's reading of the outputs [B, T, ...] and their ids with EOS [B, T], padded."""
        given, target = (pad(ids).to(self.device) for ids in output_ids(self.outputs, outputs))
        return self.decoder(given, self.encode(sources), sampling), target

    def loss(
        self, sources: Sequence[Symbols], outputs: Sequence[Symbols], *, smoothing: float = 0.0, sampling: float = 0.0
    ) -> tuple[Tensor, int]:
        """Return the cross-entropy per symbol of the outputs, EOS included, in nats, and their number.

        `smoothing` is the share of the probability that is divided among all symbols (Szegedy et al. 2016, section 7).
        """
        reading, target = self.read(sources, outputs, sampling)
        is_symbol = target != Vocabulary.PAD
        scores, gold = self.decoder.scores(reading.output[is_symbol]), target[is_symbol]
        return functional.cross_entropy(scores.float(), gold, label_smoothing=smoothing), len(gold)

    @turn()
    @torch.inference_mode()
    def log_probabilities(self, sources: Sequence[Symbols], outputs: Sequence[Symbols]) -> list[float]:
        """Return the log-probability of each output, EOS included, given its source, in nats."""

        def totals(batch: Sequence[int]) -> list[float]:
            reading, target = self.read([sources[i] for i in batch], [outputs[i] for i in batch])
            log_probability = self.decoder.scores(reading.output).log_softmax(2)
            chosen = log_probability.gather(2, target.unsqueeze(2)).squeeze(2)
            found: list[float] = chosen.masked_fill(target == Vocabulary.PAD, 0).sum(1).tolist()
            return found

        return by_batch(totals, sources)

    @turn()
    @torch.inference_mode()
    def attention(self, sources: Sequence[Symbols], outputs: Sequence[Symbols]) -> list[tuple[tuple[float, ...], ...]]:
        """Return the decoder's attention as it writes each symbol of the outputs and EOS; see `Output`."""
        reading, _ = self.read(sources, outputs)
        rows = []
        for source, output, weight in zip(sources, outputs, reading.weight, strict=True):
            own = weight[: len(output) + 1, : len(source) + 1].tolist()
            turn = self.config.reverse_source
            rows.append(tuple((*reversed(row[:-1]), row[-1]) if turn and row else tuple(row) for row in own))
        return rows

    @turn()
    @torch.inference_mode()
    def generate(
        self,
        sources: Sequence[Symbols],
        *,
        beam: int = 1,
        nbest: int = 1,
        length_power: float = LENGTH_POWER,
        copy_unknown: bool = True,
        batch_tokens: int = BATCH_TOKENS,
    ) -> list[list[Output]]:
        """Return the best `nbest` outputs of each source, best first; fewer if the beam holds fewer.

        With `copy_unknown`, an unknown symbol becomes the symbol of the source that had the decoder's most attention
        (Jean et al. 2015). The model must be in evaluation mode, as it is when loaded. Raises ConfigurationError for
        numbers outside BEAM, NBEST and LENGTH_POWER of `arcparse.settings.limits`.
        """
        beam, nbest = limits.BEAM.whole("beam", beam), limits.NBEST.whole("nbest", nbest)
        limits.LENGTH_POWER.check("length_power", length_power)

        def written(batch: Sequence[int]) -> list[list[Output]]:
            own = [sources[i] for i in batch]
            found = self._generate(own, beam, nbest, length_power)
            if not copy_unknown:
                return found
            return [[copied(output, source) for output in outputs] for source, outputs in zip(own, found, strict=True)]

        return by_batch(written, sources, batch_tokens)

    def _generate(self, sources: Sequence[Symbols], beam: int, nbest: int, length_power: float) -> list[list[Output]]:
        lengths = [int(self.config.longest_output * len(source)) + self.config.longer for source in sources]
        limit = torch.tensor(lengths, device=self.device)
        writer = Writer(self.decoder, self.outputs, self.encode(sources), limit)
        found = search(writer, writer.scores, writer.start(), beam, length_power)
        best = [[(tuple(self._written(path.actions)), path.score) for path in paths] for paths in found.nbest(nbest)]
        repeated = [source for source, paths in zip(sources, best, strict=True) for _ in paths]
        looked = iter(self.attention(repeated, [symbols for paths in best for symbols, _ in paths]))
        return [[Output(symbols, score, next(looked)) for symbols, score in paths] for paths in best]

    def _written(self, actions: Sequence[int]) -> Iterator[str]:
        return (self.outputs.symbol(action) for action in actions if action != EOS)

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"sources": self.sources.symbols, "outputs": self.outputs.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Seq2Seq:
        """Read a model directory. Raises ModelError if it holds something else."""
        saved = load_model(directory, KIND)
        sources, outputs = (saved.vocabulary(name, BEGINNING) for name in ("sources", "outputs"))
        config = saved.settings(Seq2SeqConfig)
        return load_network(saved, lambda: cls(config, sources, outputs))


def batches(sources: Sequence[Symbols], batch_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Return the indices of sources to read together, from short to long."""
    return bucket([len(source) + 1 for source in sources], batch_tokens)


def by_batch(
    results: Callable[[Sequence[int]], Sequence[Result]], sources: Sequence[Symbols], batch_tokens: int = BATCH_TOKENS
) -> list[Result]:
    """Return a result for each source, in order; `results` finds them for the indices of sources read together."""
    found: dict[int, Result] = {}
    own = batches(sources, batch_tokens)
    for batch, part in zip(own, spread(results, own), strict=True):
        found.update(zip(batch, part, strict=True))
    return [found[i] for i in range(len(sources))]


def copied(output: Output, source: Symbols) -> Output:
    """Return the output with each unknown symbol replaced by the source's symbol of most attention."""
    unknown = output.symbols and source and "<unk>" in output.symbols and output.attention[0]
    if not unknown:
        return output
    symbols = (
        source[max(range(len(source)), key=weights.__getitem__)] if symbol == "<unk>" else symbol
        for symbol, weights in zip(output.symbols, output.attention[:-1], strict=True)
    )
    return Output(tuple(symbols), output.score, output.attention)
