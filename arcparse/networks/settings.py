"""The settings of networks, apart from the networks: to read them needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol

from arcparse.errors import ConfigurationError
from arcparse.settings import check_ranges, from_dict
from arcparse.settings.limits import AboveZero, Heads, Layers, Part, Range, Units

NO_ENCODER = "none"  # tokens have the vectors of their forms
AttentionKind = Literal["none", "dot", "scaled-dot", "general", "additive", "concatenation", "multi-head"]


@dataclass(frozen=True)
class BiLSTMConfig:
    """Sizes of the recurrent encoder."""

    layers: Layers = 2
    hidden: Units = 200  # units in each direction
    dropout: Part = 0.33  # of inputs and between layers (Dozat & Manning 2017)


@dataclass(frozen=True)
class PretrainedConfig:
    """Settings of a pretrained Transformer: its sizes are its own."""

    pooling: Literal["first", "mean"] = "first"  # of the pieces of a word, to one vector (Devlin et al. 2019: first)
    window: Annotated[int, Range(64, 8192)] = 256  # pieces read at once, of which some encoders can take 512 at most
    overlap: Annotated[int, Range(0, 4096)] = 64  # pieces that two windows of a long sentence have in common
    dropout: Part = 0.1  # of the vectors that it gives
    learning_rate: AboveZero = 1e-4  # of the highest layer, at its peak: pretrained weights need small steps
    layer_decay: Annotated[float, Range(0, 1, without=(0,))] = 0.955  # factor from layer to layer downwards
    frozen_embeddings: bool = True  # embeddings of pieces stay: rare ones have no chance to learn
    precision: Literal["float32", "bfloat16"] = "bfloat16"  # of matrix products in training; some processors have one

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        check_ranges(self)
        if self.overlap > self.window // 2:
            raise ConfigurationError(
                f"transformer.overlap is {self.overlap}, and at most half of transformer.window, "
                f"{self.window // 2}, is of use; make it smaller"
            )


class ChoosesEncoder(Protocol):
    """A configuration of a model that has an encoder."""

    @property
    def encoder(self) -> str:
        """The encoder's name."""

    @property
    def encoder_settings(self) -> dict[str, Any]:
        """Its settings, unless the configuration has a field of the encoder's name for them."""


def settings_of_encoder(config: ChoosesEncoder, kind: type[Any] | None) -> Any:
    """Return the settings of the encoder that a configuration chooses, which are of a `kind`; None if it has none.

    Raises ConfigurationError for a setting that does not exist.
    """
    own = getattr(config, config.encoder, None)
    has_table = kind is None or isinstance(own, kind)
    if has_table and config.encoder_settings:
        raise ConfigurationError(
            f"the encoder {config.encoder!r} has a table of its own, or no settings; leave encoder_settings out"
        )
    if kind is None:
        return None
    return own if has_table else from_dict(kind, config.encoder_settings, f"encoder_settings of {config.encoder!r}")


@dataclass(frozen=True)
class RecurrentConfig:
    """The parts of a recurrent encoder and their sizes."""

    cell: Literal["rnn", "lstm", "gru"] = "lstm"
    hidden: Units = 256  # units in each direction
    layers: Layers = 1
    bidirectional: bool = True
    dropout: Part = 0.3  # locked, of each layer's input
    weight_drop: Part = 0.0  # of recurrent weights
    zoneout: Part = 0.0  # several times slower, since the fused layers have none

    def __post_init__(self) -> None:
        """Raise ConfigurationError for weight_drop with zoneout, whose cells drop no weights."""
        if self.zoneout and self.weight_drop:
            raise ConfigurationError("zoneout and weight_drop cannot both be above 0; choose one")


@dataclass(frozen=True)
class TransformerConfig:
    """The parts of an encoder or decoder and their sizes; its dimension is that of the embeddings."""

    layers: Layers = 3
    heads: Heads = 4
    hidden: Units = 512  # units of the feed-forward layers
    dropout: Part = 0.3  # small corpora need more than the paper's 0.1


@dataclass(frozen=True)
class EncoderConfig:
    """The parts of the encoder and their sizes."""

    kind: Literal["recurrent", "transformer"] = "recurrent"
    embedding: Units = 256
    embedding_dropout: Part = 0.1  # share of the vocabulary that is dropped in a batch
    recurrent: RecurrentConfig = field(default_factory=RecurrentConfig)
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    output_dropout: Part = 0.3  # locked, of a recurrent encoder's memory


def _one_direction() -> RecurrentConfig:
    return RecurrentConfig(hidden=512, bidirectional=False)


@dataclass(frozen=True)
class DecoderConfig:
    """The parts of the decoder and their sizes."""

    kind: Literal["recurrent", "transformer"] = "recurrent"
    embedding: Units = 256
    embedding_dropout: Part = 0.1  # share of the vocabulary that is dropped in a batch
    recurrent: RecurrentConfig = field(default_factory=_one_direction)
    attention: AttentionKind = "general"  # of the recurrent decoder
    heads: Heads = 4  # of the attention "multi-head"
    input_feeding: bool = False  # slower to train: each step has to wait for the one before it
    transformer: TransformerConfig = field(default_factory=TransformerConfig)
    output_dropout: Part = 0.3  # locked, of the output layer's input

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a decoder that would read symbols before they are written."""
        if self.recurrent.bidirectional:
            raise ConfigurationError("a decoder reads in one direction: set decoder.recurrent.bidirectional=false")
