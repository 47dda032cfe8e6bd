"""The decoder: from a memory and the symbols written so far to scores of the next one.

The recurrent decoder begins with the encoder's last state, brought to its own size (Cho et al. 2014), and joins the
context of its attention to its state in a readout (Luong et al. 2015, section 3). With input feeding (section 3.3
there) the readout is part of the next step's input. Training reads the gold output (teacher forcing); with scheduled
sampling (Bengio et al. 2015) some symbols are the model's own. Without input feeding and sampling, all steps of
training run fused.

Symbols are embedded by the matrix that scores them (Press & Wolf 2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.networks.attention import attention
from arcparse.networks.memory import DecoderState, Memory, Reading
from arcparse.networks.recurrent import Recurrent
from arcparse.networks.regularisation import LockedDropout, embed
from arcparse.networks.settings import DecoderConfig
from arcparse.networks.source_encoder import embedding
from arcparse.networks.transformer import TransformerDecoder


class RecurrentDecoder(nn.Module):
    """Recurrent layers, attention and readout; the state is each layer's, and the last readout with input feeding."""

    def __init__(self, config: DecoderConfig, memory_dimension: int) -> None:
        """Make an untrained decoder."""
        super().__init__()
        self.config, hidden = config, config.recurrent.hidden
        fed = config.embedding if config.input_feeding else 0
        self.reader = Recurrent(config.recurrent, config.embedding + fed)
        self.parts = 2 if config.recurrent.cell == "lstm" else 1  # tensors of a layer's state
        self.bridge = nn.Linear(memory_dimension, self.parts * config.recurrent.layers * hidden)
        self.attention = attention(config.attention, hidden, memory_dimension, config.heads)
        self.readout = nn.Linear(hidden + (self.attention.dimension if self.attention else 0), config.embedding)

    def bind(self, memory: Memory) -> Memory:
        """Return the memory with the keys of the attention."""
        key = self.attention.keys(memory.vector) if self.attention else None
        return Memory(memory.vector, memory.is_token, memory.summary, key)

    def start(self, memory: Memory) -> DecoderState:
        """Return the state before the first symbol [B, ...]."""
        parts = torch.tanh(self.bridge(memory.summary)).chunk(self.parts * self.config.recurrent.layers, 1)
        fed = (memory.summary.new_zeros(len(memory.summary), self.config.embedding),) * self.config.input_feeding
        return (*parts, *fed)

    def whole(self, vector: Tensor, memory: Memory) -> Reading:
        """Read all of [B, T, E]."""
        if self.config.input_feeding:
            return self._in_steps(vector, memory)
        hidden, _ = self.reader(vector, None, self._by_layer(self.start(memory)))
        return Reading(*self._read_out(hidden, memory), ())

    def _in_steps(self, vector: Tensor, memory: Memory) -> Reading:
        state = tuple(part.unsqueeze(1) for part in self.start(memory))
        readings = []
        for symbol in vector.unsqueeze(2).unbind(1):
            readings.append(self.step(symbol, state, memory))
            state = readings[-1].state
        return joined(readings)

    def step(self, vector: Tensor, state: DecoderState, memory: Memory) -> Reading:
        """Read one more symbol [B, K, E] after the state [B, K, ...]."""
        size = vector.shape[:2]
        if self.config.input_feeding:
            vector, state = torch.cat([vector, state[-1]], 2), state[:-1]
        before = self._by_layer(tuple(part.flatten(0, 1) for part in state))
        hidden, ends = self.reader(vector.flatten(0, 1).unsqueeze(1), None, before)
        output, weight = self._read_out(hidden.view(*size, -1), memory)
        after = tuple(part.view(*size, -1) for end in ends for part in end)
        return Reading(output, weight, (*after, output) if self.config.input_feeding else after)

    def _by_layer(self, state: DecoderState) -> list[DecoderState]:
        return [state[i : i + self.parts] for i in range(0, len(state), self.parts)]

    def _read_out(self, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Return outputs [B, T, E] and attention's weights [B, T, N] from the last layer's states [B, T, D]."""
        if self.attention is None or memory.key is None:
            return torch.tanh(self.readout(hidden)), hidden.new_zeros(*hidden.shape[:2], 0)
        context, weight = self.attention(hidden, memory.key, memory.vector, memory.is_token)
        return torch.tanh(self.readout(torch.cat([hidden, context], 2))), weight


class Decoder(nn.Module):
    """Embeds the symbols written, reads them and scores the next."""

    def __init__(self, config: DecoderConfig, symbols: int, memory_dimension: int) -> None:
        """Make an untrained decoder for a vocabulary of so many symbols."""
        super().__init__()
        self.config = config
        self.embedding = embedding(symbols, config.embedding)
        self.bias = nn.Parameter(torch.zeros(symbols))
        self.reader: RecurrentDecoder | TransformerDecoder
        if config.kind == "recurrent":
            self.reader = RecurrentDecoder(config, memory_dimension)
        else:
            self.reader = TransformerDecoder(config.transformer, config.embedding, memory_dimension)
        self.dropout = LockedDropout(config.output_dropout)

    def bind(self, memory: Memory) -> Memory:
        """Return the memory with all that is computed once for a source."""
        return self.reader.bind(memory)

    def start(self, memory: Memory) -> DecoderState:
        """Return the state of one hypothesis of each source before its first symbol [B, 1, ...]."""
        return tuple(part.unsqueeze(1) for part in self.reader.start(memory))

    def step(self, symbol: Tensor, state: DecoderState, memory: Memory) -> Reading:
        """Read one more symbol [B, K] after the state [B, K, ...] of K hypotheses; the memory is a bound one."""
        return self.reader.step(embed(self.embedding, symbol, 0.0, False), state, memory)

    def forward(self, symbol: Tensor, memory: Memory, sampling: float = 0.0) -> Reading:
        """Read whole outputs [B, T] that begin with GO; the reading of a position predicts the symbol after it.

        With probability `sampling`, a position after the first is read as the model itself would continue. Padding
        comes last and changes nothing before it.
        """
        memory = self.bind(memory)
        if sampling:
            reading = self._sampled(symbol, memory, sampling)
        else:
            vector = embed(self.embedding, symbol, self.config.embedding_dropout, self.training)
            reading = self.reader.whole(vector, memory)
        return Reading(self.dropout(reading.output), reading.weight, ())

    def _sampled(self, symbol: Tensor, memory: Memory, share: float) -> Reading:
        state, readings, current = self.start(memory), list[Reading](), symbol[:, :1]
        for following in symbol[:, 1:].unsqueeze(2).unbind(1):
            readings.append(self.step(current, state, memory))
            state = readings[-1].state
            own = self.scores(readings[-1].output.detach()).argmax(2)
            current = torch.where(torch.rand(own.shape, device=own.device) < share, own, following)
        return joined([*readings, self.step(current, state, memory)])

    def scores(self, output: Tensor) -> Tensor:
        """Return unnormalised scores of the symbols [..., V] from outputs [..., E]."""
        return functional.linear(output, self.embedding.weight, self.bias)


def joined(readings: list[Reading]) -> Reading:
    """Put the readings of single positions one after the other."""
    return Reading(
        torch.cat([reading.output for reading in readings], 1),
        torch.cat([reading.weight for reading in readings], 1),
        (),
    )
