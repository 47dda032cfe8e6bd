"""The settings of a segmenter, apart from its network: to read them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.settings.limits import Share


@dataclass(frozen=True)
class SegmenterConfig:
    """The parts of the network and their sizes."""

    encoder: EncoderConfig = field(
        default_factory=lambda: EncoderConfig(
            embedding=64, embedding_dropout=0.0, recurrent=RecurrentConfig(cell="lstm", hidden=128, layers=1)
        )
    )
    tokens: Literal["network", "rules"] = (
        "network"  # that divides tokens; the rules are those of `arcparse.tokenize` for English
    )
    word_dropout: Share = 0.2  # share of the words whose vectors are hidden in a batch, so that characters count too
    spaces: bool = False  # whether a token may hold a space; else one ends at each
