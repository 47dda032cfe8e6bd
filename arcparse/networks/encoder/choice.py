"""Encoders by the name that a configuration gives them (`parser.encoder`, `tagger.encoder`).

An encoder turns the vectors of a sentence's tokens into vectors that know the sentence. It is one class in one file;
docs/extending.md writes one from nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from torch import Tensor, nn

from arcparse.errors import ConfigurationError, ModelError
from arcparse.networks.encoder.bilstm import BiLSTM
from arcparse.networks.encoder.transformer import Transformer
from arcparse.networks.settings import NO_ENCODER, ChoosesEncoder, settings_of_encoder
from arcparse.networks.words import Words


class Encoder(Protocol):
    """A module over the tokens of a batch."""

    dimension: int  # of the vectors that it gives
    low_precision: bool  # whether its matrix products are of bfloat16 when it reads, if it supports that

    def __call__(self, vector: Tensor, length: Tensor) -> Tensor:
        """Return [B, N, D] from [B, N, E]; sentences have `length` [B] tokens, and the padding after them is unused."""
        ...


@runtime_checkable
class WordEncoder(Protocol):
    """An encoder that reads the words themselves, by files that lie in the folder of the model, such as a tokeniser."""

    needs: ClassVar[tuple[str, ...]]  # the names of the files
    files: Mapping[str, bytes]  # their contents by name
    dimension: int
    low_precision: bool

    def __call__(self, vector: Tensor, words: Words) -> Tensor:
        """Return [B, N, D] from the words, and from the vectors [B, N, E] of their forms; the padding is unused."""
        ...


class MakeEncoder(Protocol):
    """An encoder's class, a `torch.nn.Module`."""

    settings: type[Any]  # a frozen dataclass in which everything has a default

    def __call__(self, config: Any, input_dimension: int) -> Encoder:
        """Make an untrained encoder of vectors of `input_dimension`."""
        ...


class MakeWordEncoder(Protocol):
    """The class of an encoder that reads the words themselves."""

    settings: type[Any]
    needs: tuple[str, ...]

    def __call__(self, config: Any, input_dimension: int, files: Mapping[str, bytes]) -> WordEncoder:
        """Make an untrained encoder from the files that it needs."""
        ...


AnyEncoder = Encoder | WordEncoder
MakeAnyEncoder = MakeEncoder | MakeWordEncoder
_ENCODERS: dict[str, MakeAnyEncoder] = {"bilstm": BiLSTM, "transformer": Transformer}


def register(name: str, encoder: MakeAnyEncoder) -> None:
    """Let `parser.encoder = name` choose an encoder of your own, in this process. Call it before you load such a model.

    The encoder's weights have the same name. Raises ConfigurationError if another encoder has it.
    """
    if name == NO_ENCODER or _ENCODERS.setdefault(name, encoder) is not encoder:
        raise ConfigurationError(f"there is another encoder {name!r}; give yours another name")


def chosen(config: ChoosesEncoder) -> tuple[MakeAnyEncoder | None, Any]:
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


def add_encoder(
    model: nn.Module, config: ChoosesEncoder, input_dimension: int, files: Mapping[str, bytes] | None = None
) -> AnyEncoder | None:
    """Make the encoder that a configuration chooses; it becomes a part of the model, under the encoder's name.

    Raises ModelError if `files`, those of the model, lack one that the encoder needs; ConfigurationError if forms have
    no vectors, and the encoder does not read the words themselves.
    """
    make, settings = chosen(config)
    if make is None:
        return None
    needs: tuple[str, ...] = getattr(make, "needs", ())
    for name in needs:
        if name not in (files or {}):
            raise ModelError(
                f"the encoder {config.encoder!r} starts from a pretrained one, and there is no {name}; name it by "
                "--set pretrained=FOLDER (for a parser; other models cannot have this encoder)"
            )
    if not input_dimension and not needs:
        raise ConfigurationError(
            f"the encoder {config.encoder!r} sees nothing of a word; give it --vectors, or parts of a form (lexicon)"
        )
    encoder = cast(Any, make)(settings, input_dimension, *([files] if needs else []))
    model.add_module(config.encoder, encoder)
    return cast(AnyEncoder, encoder)


def encoder_of(model: nn.Module, config: ChoosesEncoder) -> AnyEncoder | None:
    """Return the encoder that `add_encoder` has made; None for "none"."""
    return cast("AnyEncoder | None", None if config.encoder == NO_ENCODER else model.get_submodule(config.encoder))


def read(encoder: AnyEncoder, vector: Tensor, words: Words) -> Tensor:
    """Return the vectors [B, N, D] of the tokens in their sentences, from the vectors [U, E] of the forms."""
    own = vector[words.row]
    return encoder(own, words) if isinstance(encoder, WordEncoder) else encoder(own, words.length + 1)


def files_of(encoder: AnyEncoder | None) -> Mapping[str, bytes]:
    """Return the files of an encoder, which its model saves; most have none."""
    return encoder.files if isinstance(encoder, WordEncoder) else {}
