"""Encoders by the name that a configuration gives them (`parser.encoder`, `tagger.encoder`).

An encoder turns the vectors of a sentence's tokens into vectors that know the sentence. It is one class in one file;
docs/extending.md writes one from nothing.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from torch import Tensor, nn

from arcparse.errors import ConfigurationError
from arcparse.networks.encoder.bilstm import BiLSTM
from arcparse.networks.settings import NO_ENCODER, ChoosesEncoder, settings_of_encoder


class Encoder(Protocol):
    """A module over the tokens of a batch."""

    dimension: int  # of the vectors that it gives
    low_precision: bool  # whether its matrix products are of bfloat16 when it reads, if it supports that

    def __call__(self, vector: Tensor, length: Tensor) -> Tensor:
        """Return [B, N, D] from [B, N, E]; sentences have `length` [B] tokens, and the padding after them is unused."""
        ...


class MakeEncoder(Protocol):
    """An encoder's class, a `torch.nn.Module`."""

    settings: type[Any]  # a frozen dataclass in which everything has a default

    def __call__(self, config: Any, input_dimension: int) -> Encoder:
        """Make an untrained encoder of vectors of `input_dimension`."""
        ...


_ENCODERS: dict[str, MakeEncoder] = {"bilstm": BiLSTM}


def register(name: str, encoder: MakeEncoder) -> None:
    """Let `parser.encoder = name` choose an encoder of your own, in this process. Call it before you load such a model.

    The encoder's weights have the same name. Raises ConfigurationError if another encoder has it.
    """
    if name == NO_ENCODER or _ENCODERS.setdefault(name, encoder) is not encoder:
        raise ConfigurationError(f"there is another encoder {name!r}; give yours another name")


def chosen(config: ChoosesEncoder) -> tuple[MakeEncoder | None, Any]:
    """Return the encoder that a configuration chooses, and its settings; None and None for "none".

    Raises ConfigurationError for an encoder or a setting that does not exist.
    """
    names = [NO_ENCODER, *_ENCODERS]
    if config.encoder not in names:
        raise ConfigurationError(
            f"there is no encoder {config.encoder!r}; it is one of {', '.join(map(repr, names))}, or one that your "
            "program has registered (arcparse.networks.encoder.register) before"
        )
    encoder = _ENCODERS.get(config.encoder)
    return encoder, settings_of_encoder(config, encoder.settings if encoder else None)


def add_encoder(model: nn.Module, config: ChoosesEncoder, input_dimension: int) -> Encoder | None:
    """Make the encoder that a configuration chooses; it becomes a part of the model, under the encoder's name."""
    make, settings = chosen(config)
    if make is None:
        return None
    encoder = make(settings, input_dimension)
    model.add_module(config.encoder, cast(nn.Module, encoder))
    return encoder


def encoder_of(model: nn.Module, config: ChoosesEncoder) -> Encoder | None:
    """Return the encoder that `add_encoder` has made; None for "none"."""
    return cast("Encoder | None", None if config.encoder == NO_ENCODER else model.get_submodule(config.encoder))
