"""Matrix products in bfloat16: faster on processors that support it, impossible on some others."""

from __future__ import annotations

import os
from functools import lru_cache

import torch
from torch import nn

# oneDNN keeps code and buffers for each shape of a product, some megabytes each, and every batch has its own shape; the
# default, 1,024 shapes, takes gigabytes.
SHAPES_KEPT = "64"


def reduced(device: torch.device, *, enabled: bool) -> torch.autocast:
    """Return a context in which matrix products are of bfloat16 if `enabled`, and if the processor can compute them.

    On a processor that cannot, they stay float32: the results are those of full precision.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled and supports_bfloat16(device.type))


@lru_cache(maxsize=4)
def supports_bfloat16(device: str) -> bool:
    """Return whether recurrent layers run in bfloat16 on a type of device; torch refuses it on CPUs without AVX-512."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", SHAPES_KEPT)  # read by oneDNN before its first product
    with torch.random.fork_rng(devices=[]):  # the weights of the trial must not change what is drawn later
        trial = nn.LSTM(1, 1, device=device)
    try:
        with torch.no_grad(), torch.autocast(device, torch.bfloat16):
            trial(torch.zeros(1, 1, 1, device=device))
    except RuntimeError:
        return False
    return True
