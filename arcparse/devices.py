"""The processor, or a GPU: where a network in torch lies, and what it gets there.

Compiled kernels run on the processor alone. So a model that goes to another device does without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcparse.errors import ConfigurationError, shown

if TYPE_CHECKING:
    import torch
    from torch import Tensor

CPU = "cpu"
AT_ONCE = 2500  # tokens that are searched together on the processor: more would not fit into its caches
ON_DEVICE = 12  # times as many elsewhere: a GPU takes as long for few as for many


def select_device(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU if there is one. Raises ConfigurationError if it is unusable."""
    import torch  # here: parsing by kernels needs none of it

    try:
        device = torch.device(("cuda" if torch.cuda.is_available() else CPU) if name == "auto" else name)
        if torch.zeros(1, device=device).is_meta:
            raise TypeError("it holds no numbers")
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        if reason.startswith(("Expected one of", "device() ")):  # and all kinds of device, or of arguments, follow
            reason = "torch knows no device of this name"
        raise ConfigurationError(f"device {shown(name)} cannot be used: {reason}; take auto, cpu or cuda") from None
    return device


def is_cpu(name: str) -> bool:
    """Return whether a device of that name is the processor; "auto" is it if there is no GPU."""
    return name == CPU or select_device(name).type == CPU


def at_once(device: torch.device) -> int:
    """Return the number of tokens to search together on a device."""
    return AT_ONCE if device.type == CPU else AT_ONCE * ON_DEVICE


class Constant:
    """A tensor that never changes: it is copied to each device once."""

    def __init__(self, tensor: Tensor) -> None:
        """Keep the tensor."""
        self._on = {tensor.device: tensor}
        self._tensor = tensor

    def on(self, device: torch.device) -> Tensor:
        """Return the tensor on a device."""
        found = self._on.get(device)
        if found is None:
            found = self._on[device] = self._tensor.to(device)
        return found
