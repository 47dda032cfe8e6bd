"""Writing as a transition system: an action is the next symbol, and `arcparse.search` finds the best outputs.

A state is the decoder's memory and output, for K hypotheses of each of B sources; an action lets the decoder read the
symbol. The source's memory and keys lie in the system, once for all hypotheses. Outputs end with EOS, which is forced
at the limit of their length.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.lexicon.symbols import EOS, GO, NEVER
from arcparse.networks.decoder import Decoder
from arcparse.networks.memory import DecoderState, Memory
from arcparse.search import Beam
from arcparse.vocabulary import Vocabulary


@dataclass(frozen=True)
class PartialOutput:
    """The states of K hypotheses of each of B sources."""

    output: Tensor  # [B, K, E] of the decoder, before its layer that scores symbols
    memory: DecoderState  # [B, K, ...] the decoder's
    length: Tensor  # [B, K] symbols written, EOS included
    ended: Tensor  # [B, K]

    def select(self, parent: Tensor) -> PartialOutput:
        """Return the hypotheses `parent` [B, K'] of each source."""
        return PartialOutput(
            _select(self.output, parent),
            tuple(_select(part, parent) for part in self.memory),
            self.length.gather(1, parent),
            self.ended.gather(1, parent),
        )


def _select(values: Tensor, parent: Tensor) -> Tensor:
    sentence = torch.arange(len(parent), device=parent.device).unsqueeze(1)
    return values[sentence, parent]


class Writer:
    """The transition system of a decoder bound to the memory of B sources."""

    def __init__(self, decoder: Decoder, vocabulary: Vocabulary, memory: Memory, limit: Tensor) -> None:
        """Allow outputs of at most `limit` [B] symbols, EOS not counted."""
        self.num_actions = len(vocabulary)
        self._decoder, self._vocabulary, self._limit = decoder, vocabulary, limit
        self._memory = decoder.bind(memory)
        symbol = torch.arange(self.num_actions, device=limit.device)
        self._may_go_on = torch.isin(symbol, torch.tensor(NEVER, device=limit.device), invert=True)
        self._may_end = symbol == EOS

    def start(self) -> Beam[PartialOutput]:
        """Return the beam of one hypothesis for each source, which has read GO."""
        size, device = len(self._limit), self._limit.device
        nothing = torch.zeros(size, 1, dtype=torch.long, device=device)
        reading = self._decoder.step(nothing + GO, self._decoder.start(self._memory), self._memory)
        return Beam.start(PartialOutput(reading.output, reading.state, nothing, nothing.bool()), size, device)

    def scores(self, state: PartialOutput) -> Tensor:
        """Return the log-probabilities of the next symbol [B, K, V] in nats."""
        return self._decoder.scores(state.output).log_softmax(2)

    def legal(self, state: PartialOutput) -> Tensor:
        """Return which symbols may follow [B, K, V]."""
        is_full = state.length >= self._limit.unsqueeze(1)
        return torch.where(is_full.unsqueeze(2), self._may_end, self._may_go_on)

    def apply(self, state: PartialOutput, action: Tensor) -> PartialOutput:
        """Return the state after the decoder has read the symbols [B, K]."""
        reading = self._decoder.step(action.clamp(min=Vocabulary.PAD), state.memory, self._memory)
        return PartialOutput(
            reading.output, reading.state, state.length + (action >= 0).long(), state.ended | (action == EOS)
        )

    def is_final(self, state: PartialOutput) -> Tensor:
        """Return which outputs have ended [B, K]."""
        return state.ended

    def name(self, action: int) -> str:
        """Return a symbol."""
        return self._vocabulary.symbol(action)

    def action(self, name: str) -> int:
        """Return the id of a symbol. Raises ArcparseError for one that is not known."""
        return self._vocabulary.id(name, strict=True)
