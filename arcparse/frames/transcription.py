"""Transcription as a transition system: CTC prefix search (Graves et al. 2006, section 3.2) by `arcparse.search`.

A network trained by CTC gives each step of a recording probabilities of symbols and of a blank. Many paths of steps
write one output: repeated symbols are one, and blanks vanish. Here, a hypothesis is a prefix of the output, and its
state has the probabilities of all paths that write it, up to each step; so there is one hypothesis for each prefix, and
no two need to be merged. An action writes one more symbol, or ends the output. Its score is the log-probability that
the output goes on so, given its prefix: scores add up to the log-probability of the output, the sum over all its paths
(the recurrence is that of Watanabe et al. 2017, section III.C). A greedy search makes the likeliest step each time; a
search that drops no hypothesis finds the likeliest output.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.search import Beam
from arcparse.vocabulary import Vocabulary

BLANK = END = 0  # the index of the blank among symbols; among actions, its place is free for the end of the output
NEVER = -1e4  # log-probability of symbols in steps after the end of a recording: finite, since it is subtracted too
LEAST = -1e3  # log-probability of an action, given its prefix, below which it is impossible


@dataclass(frozen=True)
class Prefix:
    """The prefixes of K outputs of each of B recordings, A - 1 symbols; log-probabilities are float64, in nats."""

    blank: Tensor  # [B, K, T + 1] of the paths of the first t steps that write the prefix and end in a blank
    symbol: Tensor  # [B, K, T + 1] of those that end in the last symbol
    last: Tensor  # [B, K] the last symbol, BLANK if there is none
    begun: Tensor  # [B, K] of all outputs that begin with the prefix
    next: Tensor  # [B, K, A] of all outputs that go on with each symbol; at END, of the prefix as the whole output
    ended: Tensor  # [B, K]

    def select(self, parent: Tensor) -> Prefix:
        """Return the hypotheses `parent` [B, K'] of each recording."""
        row = torch.arange(len(parent), device=parent.device).unsqueeze(1)
        return Prefix(*(part[row, parent] for part in vars(self).values()))


class Transcribing:
    """The transition system of B recordings, whose log-probabilities it holds."""

    def __init__(self, log_probability: Tensor, length: Tensor, symbols: Vocabulary) -> None:
        """Take the log-probabilities [B, T, A] of the blank (at 0) and symbols in each step, of `length` [B] steps.

        A blank fills up the steps after the end of a recording.
        """
        self.num_actions = log_probability.shape[2]
        self._symbols = symbols
        step = torch.arange(log_probability.shape[1], device=length.device)
        padding = torch.full((self.num_actions,), NEVER, dtype=torch.float64, device=length.device)
        padding[BLANK] = 0
        is_over = (step >= length.unsqueeze(1)).unsqueeze(2)
        own = torch.where(is_over, padding, log_probability.double().clamp(min=NEVER))
        self._probability = own.transpose(1, 2)  # [B, A, T]

    def start(self) -> Beam[Prefix]:
        """Return the beam of one empty prefix for each recording: only paths of blanks write it."""
        size, device = len(self._probability), self._probability.device
        blank = _from_zero(self._probability[:, BLANK].cumsum(1)).unsqueeze(1)
        nothing = torch.zeros(size, 1, dtype=torch.long, device=device)
        state = self._prefix(blank, torch.full_like(blank, -torch.inf), nothing, blank[..., 0], nothing.bool())
        return Beam.start(state, size, device)

    def scores(self, state: Prefix) -> Tensor:
        """Return the log-probability [B, K, A] of each action, given its prefix, in nats."""
        return state.next - state.begun.unsqueeze(2)

    def legal(self, state: Prefix) -> Tensor:
        """Return which symbols may follow [B, K, A]: those for which steps are left; and whether the output may end."""
        return self.scores(state) > LEAST

    def apply(self, state: Prefix, action: Tensor) -> Prefix:
        """Return the state after the symbols [B, K] have been written."""
        written = action.clamp(min=BLANK)
        own = self._probability.gather(1, written.unsqueeze(2).expand(-1, -1, self._probability.shape[2]))
        is_repeated = (written == state.last).unsqueeze(2)  # a blank must stand between equal symbols
        entered = torch.where(is_repeated, state.blank, torch.logaddexp(state.blank, state.symbol))
        symbol = _staying(entered, own)
        blank = _staying(symbol, self._probability[:, BLANK : BLANK + 1])
        begun = state.next.gather(2, written.unsqueeze(2)).squeeze(2)
        return self._prefix(blank, symbol, written, begun, state.ended | (action == END))

    def is_final(self, state: Prefix) -> Tensor:
        """Return which outputs have ended [B, K]."""
        return state.ended

    def name(self, action: int) -> str:
        """Return a symbol, or the name of the action that ends the output."""
        return "END" if action == END else self._symbols.symbol(action - 1)

    def action(self, name: str) -> int:
        """Return the action of that name. Raises ArcparseError if there is none."""
        return END if name == "END" else self._symbols.id(name, strict=True) + 1

    def _prefix(self, blank: Tensor, symbol: Tensor, last: Tensor, begun: Tensor, ended: Tensor) -> Prefix:
        """Return a state, and the probabilities of its actions: the next symbol may begin in any step."""
        both = torch.logaddexp(blank, symbol)
        begins = both[:, :, None, :-1] + self._probability.unsqueeze(1)  # [B, K, A, T]
        found = begins.logsumexp(3)
        own = self._probability.gather(1, last.unsqueeze(2).expand(-1, -1, blank.shape[2] - 1))
        found.scatter_(2, last.unsqueeze(2), (blank[..., :-1] + own).logsumexp(2, keepdim=True))
        found[..., END] = both[..., -1]
        return Prefix(blank, symbol, last, begun, found, ended)


def _staying(entered: Tensor, own: Tensor) -> Tensor:
    """Return the log-probability [B, K, T + 1] of being in a symbol after each step.

    `entered` [B, K, T + 1] is that of the paths from which a step can enter it, `own` [B, K, T] that of the symbol in
    each step. It solves x[t] = own[t] (x[t - 1] + entered[t - 1]) for all steps at once, by a cumulative sum.
    """
    upto = _from_zero(own.cumsum(2))
    return _from_nothing(upto[..., 1:] + torch.logcumsumexp(entered[..., :-1] - upto[..., :-1], 2))


def _from_zero(values: Tensor) -> Tensor:
    """Put log-probability 0, certainty, before the first step."""
    return torch.nn.functional.pad(values, (1, 0), value=0.0)


def _from_nothing(values: Tensor) -> Tensor:
    """Put impossibility before the first step."""
    return torch.nn.functional.pad(values, (1, 0), value=-torch.inf)
