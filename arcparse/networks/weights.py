"""Weights that go from one network to another."""

from __future__ import annotations

from typing import Any

from torch import nn

from arcparse.checkpoint.saved import difference
from arcparse.errors import ModelError
from arcparse.settings import as_dict, changed


def take_weights(network: nn.Module, config: Any, source: nn.Module, source_config: Any) -> None:
    """Give a network the weights of a `source`, from which training starts; each has a configuration.

    Raises ModelError, naming the settings, if the weights differ in name or shape.
    """
    problem = difference(network.state_dict(), source.state_dict())
    if problem:
        settings = changed(as_dict(source_config), as_dict(config))
        raise ModelError(
            "the settings describe another network than that of the model to start from; set the same as there: "
            f"{', '.join(settings) or problem}"
        )
    network.load_state_dict(source.state_dict())
