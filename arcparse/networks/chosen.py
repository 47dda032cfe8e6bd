"""The settings of the encoder that a configuration chooses; torch is imported only for encoders unknown here."""

from __future__ import annotations

from typing import Any

from arcparse.networks.settings import NO_ENCODER, BiLSTMConfig, ChoosesEncoder, settings_of_encoder

KNOWN: dict[str, type[Any] | None] = {NO_ENCODER: None, "bilstm": BiLSTMConfig}  # those that have kernels


def encoder_settings(config: ChoosesEncoder) -> Any:
    """Return the settings of the encoder that a configuration chooses; None for "none".

    Raises ConfigurationError for an encoder or a setting that does not exist.
    """
    if config.encoder in KNOWN:
        return settings_of_encoder(config, KNOWN[config.encoder])
    from arcparse.networks.encoder.choice import chosen

    return chosen(config)[1]
