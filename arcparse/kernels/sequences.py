"""Networks over sequences of symbols, compiled: classes of characters, and outputs written symbol by symbol.

Equal to the networks of `arcparse.segmenter` and `arcparse.seq2seq`, over numpy arrays alone, for encoders and
decoders of LSTMs. Sequences are flat: sequence i has the symbols offset[i]..offset[i+1]-1, int64.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.encoders import LSTM, Floats, Ids, LSTMWeights, Offsets, Weights
from arcparse.kernels.kernel import Kernel
from arcparse.kernels.library import floats

Dots = Literal["none", "dot", "scaled-dot", "general"]  # the kinds of attention that are dot products, or none


class SourceEncoder:
    """Embeds symbols and reads them, as `arcparse.networks.source_encoder.SourceEncoder` does outside training."""

    def __init__(self, weights: Weights, *, added: bool = False, low: bool = False) -> None:
        """Take the weights by name; `added` if symbols get additions to their embeddings; `low` precision is faster."""
        self._lstm = LSTM.recurrent(named(weights, "reader."), low=low, in_rows=not added)
        self._directions = 2 if any(name.endswith("_reverse") for name in weights) else 1
        self.dimension = self._lstm.dimension
        embedding = floats(weights["embedding.weight"])
        self._rows = embedding if self._lstm.first is None else self._lstm.first(embedding)  # [symbols, ...]

    def __call__(self, offset: Offsets, symbol: Ids, added: Floats | None = None) -> Floats:
        """Return the outputs [T, D] of symbols [T], to whose embeddings `added` [T, E] is added."""
        if added is None:
            return self._lstm(offset, self._rows, symbol)
        return self._lstm(offset, self._rows[symbol] + added)

    def summary(self, offset: Offsets, output: Floats) -> Floats:
        """Return each sequence's last outputs [B, D]: backwards, the last one is that of the first symbol."""
        summary = output[offset[1:] - 1]
        if self._directions == 2:
            half = self.dimension // 2
            summary[:, half:] = output[offset[:-1], half:]
        return summary


class CharacterClassifier:
    """Gives each character of windows its class, as the segmenter's network does."""

    def __init__(self, weights: Weights, rows: NDArray[np.int8], scale: Floats, *, low: bool = False) -> None:
        """Take the network's weights by name, and the pretrained vectors of words."""
        self._rows, self._scale = rows, scale
        self._word = floats(weights["word.weight"]).T if "word.weight" in weights else None
        self._encoder = SourceEncoder(named(weights, "encoder."), added=self._word is not None, low=low)
        output, bias = floats(weights["output.weight"]), floats(weights["output.bias"])
        sizes = np.array([len(output)], np.int32)
        self._kernel = Kernel("tags", output.shape[1], 1, sizes, floats(output.T), bias, int(low))

    def __call__(self, character: Ids, word: Ids) -> Ids:
        """Return the class of each character [B, N] of windows [B, N]; `word` [B, N] has the rows of their words."""
        offset = np.arange(len(character) + 1, dtype=np.int64) * character.shape[1]
        added = None if self._word is None else self._added(word.reshape(-1), self._word)
        output = self._encoder(offset, np.ascontiguousarray(character, np.int32).reshape(-1), added)
        best = np.empty(character.shape, np.int32)
        self._kernel.call("run", len(output), output, best, None)
        return best

    def _added(self, word: Ids, weight: Floats) -> Floats:
        """Return what is added to the embeddings of characters [T, E], computed once for equal ones in a row."""
        begins = np.flatnonzero(np.diff(word, prepend=-1))
        own = word[begins]
        vectors = (self._rows[own].astype(np.float32) * self._scale[own, None]) @ weight
        result: Floats = np.repeat(vectors, np.diff(begins, append=len(word)), axis=0)
        return result


class Outputs(NamedTuple):
    """The outputs of B sources."""

    offset: Offsets  # [B + 1]
    symbol: Ids  # of all outputs, one after the other; the mark of the end is left out
    attended: Ids  # the place in its source that had the most attention as a symbol was written; the last has none


class Writer:
    """Writes outputs, always the best next symbol, as `arcparse.seq2seq` does with a beam of 1."""

    def __init__(self, weights: Weights, attention: Dots = "general", *, low: bool = False) -> None:
        """Take the weights of `arcparse.seq2seq.Seq2Seq` by name, with LSTMs and without input feeding."""
        self._encoder = SourceEncoder(named(weights, "encoder."), low=low)
        decoder, reader = named(weights, "decoder."), named(weights, "decoder.reader.")
        layers = sum(name.endswith("weight_hh_l0") for name in reader)
        lstms = [LSTMWeights.of(reader, f"reader.layers.{i}.rnn") for i in range(layers)]
        hidden = lstms[0].recurrent.shape[1]
        symbol, readout = floats(decoder["embedding.weight"]), floats(reader["readout.weight"])
        stacked = [floats(np.concatenate([part.reshape(-1) for part in parts])) for parts in zip(*lstms, strict=True)]
        bridge = floats(reader["bridge.weight"].T), floats(reader["bridge.bias"])
        keys = floats(reader["attention.score.keys.weight"].T) if attention == "general" else None
        factor = float(hidden) ** -0.5 if attention == "scaled-dot" else 1.0
        sizes = *symbol.shape, layers, hidden, self._encoder.dimension
        output = readout.shape[1], floats(readout.T), floats(reader["readout.bias"])
        arrays = symbol, floats(decoder["bias"]), *stacked, *bridge, keys
        self._kernel = Kernel("writer", *sizes, *arrays, factor, *output, int(low))

    def __call__(self, offset: Offsets, symbol: Ids, limit: Ids) -> Outputs:
        """Return the outputs of B sources of symbols [T], each with its end mark, of at most `limit` [B] symbols."""
        memory = self._encoder(offset, symbol)
        begin = np.concatenate([[0], limit.cumsum(dtype=np.int64)])
        written, attended = (np.zeros(int(begin[-1]), np.int32) for _ in range(2))
        length = np.empty(len(limit), np.int32)
        sources = len(limit), offset, memory, self._encoder.summary(offset, memory), memory.shape[1]
        self._kernel.call("run", *sources, limit, begin, written, attended, length)
        kept = np.arange(len(written)) - np.repeat(begin[:-1], limit) < np.repeat(length, limit)
        return Outputs(np.concatenate([[0], length.cumsum(dtype=np.int64)]), written[kept], attended[kept])


def named(weights: Weights, prefix: str) -> dict[str, Floats]:
    """Return the weights whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
