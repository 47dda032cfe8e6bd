"""The settings of a parser, apart from its network: to read them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from arcparse.errors import ConfigurationError
from arcparse.lexicon.forms import LexiconConfig
from arcparse.networks.chosen import encoder_settings
from arcparse.networks.settings import BiLSTMConfig, PretrainedConfig
from arcparse.settings.limits import AboveZero, Dimension, Hypotheses, Part, Range, Units
from arcparse.trees.pseudo_projective import Projectivity

PROJECTIVE = {"arc-standard": True, "swap": False}  # of the systems that have kernels: whether all trees are projective
MARGIN = 5.0  # of scores; a hypothesis e^5 times less likely than the best hardly ever wins in the end (LAS stays)
Activation = Literal["relu", "cube"]


@dataclass(frozen=True)
class ScorerConfig:
    """Sizes of the feed-forward network."""

    hidden: Annotated[tuple[Units, ...], Range(1, 32)] = (512, 256)  # units of each hidden layer
    activation: Activation = "relu"
    dropout: Part = 0.3  # after each hidden layer
    label_dimension: Dimension = 32  # of the embeddings of arc labels, as in SyntaxNet


@dataclass(frozen=True)
class ParserConfig:
    """The parts of the network, their sizes, and how it is searched."""

    features: tuple[str, ...]
    encoder: str = "bilstm"  # or "transformer" or "none"; see `arcparse.networks.encoder`
    system: str = "arc-standard"  # or "swap", which builds non-projective trees too; see `arcparse.parser.systems`
    projectivity: Projectivity = "lift"  # how labels of arcs lifted for a projective system are decorated, and read
    lexicon: LexiconConfig = field(default_factory=LexiconConfig)
    bilstm: BiLSTMConfig = field(default_factory=BiLSTMConfig)
    transformer: PretrainedConfig = field(default_factory=PretrainedConfig)
    encoder_settings: dict[str, Any] = field(default_factory=dict)  # of an encoder that has no table of its own here
    projection: Dimension = 128  # of the encoder's vectors, before they meet feature positions; 0 for none
    upos_dimension: Dimension = 32  # tag embeddings, SyntaxNet's size
    xpos_dimension: Dimension = 32
    feats_dimension: Dimension = 32
    scorer: ScorerConfig = field(default_factory=ScorerConfig)
    normalisation: Literal["local", "global"] = "local"  # scores in a beam: log-probabilities, or as they come
    beam: Hypotheses = 1  # hypotheses kept when it parses, unless told
    temperature: AboveZero = 1.0  # divides trees' scores, to make probabilities of them; see tools/calibrate.py
    sampling_temperature: AboveZero = 1.0  # divides actions' scores when trees are drawn for confidences

    def __post_init__(self) -> None:
        """Raise ConfigurationError for an unknown encoder or system, and for marks of arcs that are not lifted."""
        encoder_settings(self)
        if not is_projective(self.system) and self.projectivity != "lift":
            raise ConfigurationError(
                f"parser.projectivity {self.projectivity!r} marks lifted arcs, and the system {self.system!r} needs "
                "none lifted; leave parser.projectivity out, or set parser.system to 'arc-standard'"
            )


def is_projective(system: str) -> bool:
    """Return whether a transition system builds only projective trees; torch is imported only if it is unknown here.

    Raises ConfigurationError, with all names, if there is no system of that name.
    """
    if system in PROJECTIVE:
        return PROJECTIVE[system]
    from arcparse.parser.systems import system_called

    return system_called(system).projective
