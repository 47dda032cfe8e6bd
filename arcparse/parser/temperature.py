"""Temperatures that make a parser's probabilities true to their word (Guo et al. 2017, section 4).

Both are fitted to development data that the parser has not learned from, by a Brier score: one compares the best tree's
probability with whether the whole tree is right, the other compares arcs' confidences with whether heads and labels
are. The likelihood that Guo et al. take has no bound for shares of samples, which can be 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from arcparse.parser.model import Parser
from arcparse.parser.parse import SAMPLES, Parse
from arcparse.sentence import Sentence

LOWEST, HIGHEST = 0.1, 10.0
PRECISION = 0.03  # of a temperature's logarithm
GOLDEN = (math.sqrt(5) - 1) / 2


def fit_temperatures(
    parser: Parser, gold: Sequence[Sentence], *, given_tags: bool = False, beam: int = 8, samples: int = SAMPLES
) -> Parser:
    """Return the parser with `temperature` and `sampling_temperature` for beams of that size, in place.

    Development data are parsed once for the first and about ten times for the second.
    """

    def nbest(size: int, samples: int) -> list[list[Parse]]:
        return parser.nbest(gold, size, given_tags=given_tags, beam=beam, samples=samples)

    def arc_error(temperature: float) -> float:
        parser.config = replace(parser.config, sampling_temperature=temperature)
        return _arc_error([best for [best] in nbest(1, samples)], gold)

    parser.config = replace(parser.config, temperature=1.0)
    tree_error = _tree_error(nbest(beam, 0), gold)
    parser.config = replace(parser.config, temperature=_least(tree_error))
    if samples:
        parser.config = replace(parser.config, sampling_temperature=_least(arc_error))
    return parser


def _tree_error(found: Sequence[Sequence[Parse]], gold: Sequence[Sentence]) -> Callable[[float], float]:
    """Return the Brier score of the best trees' probabilities by temperature."""
    scores = [torch.tensor([tree.score for tree in trees]) for trees in found]
    score = torch.nn.utils.rnn.pad_sequence(scores, batch_first=True, padding_value=-math.inf)
    right = torch.tensor([trees[0].sentence.tree == own.tree for trees, own in zip(found, gold, strict=True)])
    return lambda temperature: _brier((score / temperature).softmax(1)[:, 0], right)


def _arc_error(best: Sequence[Parse], gold: Sequence[Sentence]) -> float:
    """Return the Brier score of all confidences."""
    confidence: list[float] = []
    right: list[bool] = []
    for parse, own in zip(best, gold, strict=True):
        head_right = [a == b for a, b in zip(parse.sentence.heads, own.heads, strict=True)]
        label_right = [a == b for a, b in zip(parse.sentence.labels, own.labels, strict=True)]
        confidence += parse.head_confidence + parse.label_confidence
        right += head_right + [a and b for a, b in zip(head_right, label_right, strict=True)]
    return _brier(torch.tensor(confidence), torch.tensor(right))


def _brier(probability: Tensor, right: Tensor) -> float:
    return (probability - right.float()).square().mean().item()


def _least(error: Callable[[float], float]) -> float:
    """Return the temperature of the least error, by golden-section search over its logarithm."""
    low, high = math.log(LOWEST), math.log(HIGHEST)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = error(math.exp(left)), error(math.exp(right))
    while high - low > PRECISION:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = error(math.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = error(math.exp(right))
    return round(math.exp((low + high) / 2), 3)
