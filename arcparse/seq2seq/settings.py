"""The settings of translators and lemmatisers, apart from their networks: to read them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from arcparse.lexicon.symbols import SymbolKind
from arcparse.networks.settings import DecoderConfig, EncoderConfig
from arcparse.settings.limits import Hypotheses, Range


@dataclass(frozen=True)
class Seq2SeqConfig:
    """The parts of the network and their sizes."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    symbols: SymbolKind = "words"  # of which a line of text is made
    reverse_source: bool = False  # Sutskever et al. 2014: without attention, near words should be near
    longest_output: Annotated[float, Range(0, 100)] = (
        2.0  # an output ends at this many times the source's length, and `longer` more
    )
    longer: Annotated[int, Range(0, 10_000)] = 10


@dataclass(frozen=True)
class LemmatizerConfig:
    """The parts of the network, and the words that it is asked for."""

    network: Seq2SeqConfig = field(default_factory=lambda: Seq2SeqConfig(symbols="characters"))
    feats: bool = True  # whether it sees FEATS beside UPOS
    longest: Annotated[int, Range(1, 1024)] = (
        30  # characters of a form that it learns from or is asked for; longer ones are addresses
    )
    beam: Hypotheses = 1  # hypotheses kept as it writes
