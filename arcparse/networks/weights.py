"""The weights of networks: as arrays to be saved, from a saved model, and from another network.

The network of a saved model is first built on torch's device "meta", which has sizes but no memory, and compared with
the weights: so a network that is too large, or a different one, is refused at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from arcparse.checkpoint.saved import CONFIG, Layout, SavedModel, difference
from arcparse.errors import ArcparseError, ModelError
from arcparse.settings import as_dict, changed

Module = TypeVar("Module", bound=nn.Module)
# The errors that torch raises for impossible sizes.
IMPOSSIBLE = (RuntimeError, ValueError, TypeError, ArithmeticError, AssertionError, IndexError)


class _Uninitialised(TorchFunctionMode):
    """Skips functions that change tensors in place, such as initial values: on "meta" they only load parts of torch."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        """Call a function; if its name ends in `_`, return its tensor unchanged instead."""
        named, name = named or {}, getattr(function, "__name__", "")
        if name.endswith("_") and not name.endswith("__"):
            return args[0] if args else named["tensor"]
        return function(*args, **named)


def load_network(saved: SavedModel, build: Callable[[], Module]) -> Module:
    """Return the network that `build` makes, with the weights of a saved model, in evaluation mode.

    Raises ModelError unless the weights have the sizes that settings, vocabularies and vectors give the network.
    """
    try:
        with torch.device("meta"), _Uninitialised():
            network = build()
    except ArcparseError as error:
        saved.refuse(CONFIG, str(error))
    except IMPOSSIBLE as error:
        saved.refuse(CONFIG, f"describes an impossible network: {str(error).splitlines()[0]}")
    saved.expect({name: layout(weight) for name, weight in network.state_dict().items()})
    if _has_other_tensors(network):
        network = build()
    network.load_state_dict({name: torch.from_numpy(own) for name, own in saved.weights.items()}, assign=True)
    return network.eval()


def layout(weight: Tensor) -> Layout:
    """Return the layout of a weight, which may be on the device "meta"."""
    return Layout(tuple(weight.shape), str(weight.dtype).removeprefix("torch."))


def _has_other_tensors(network: nn.Module) -> bool:
    """Return whether a network on "meta" has tensors beside its weights, as a user's may: no file has them."""
    known = set(map(id, network.state_dict(keep_vars=True).values()))
    own = [value for part in network.modules() for value in (*vars(part).values(), *part.buffers(recurse=False))]
    return any(isinstance(value, Tensor) and value.is_meta and id(value) not in known for value in own)


def arrays(network: nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights of a network by name, as `arcparse.checkpoint.save_model` takes them."""
    weights = ((name, weight.detach().cpu()) for name, weight in network.state_dict().items())
    # numpy has no bfloat16
    return {name: (own.float() if own.dtype == torch.bfloat16 else own).numpy() for name, own in weights}


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
