"""A snapshot of a running computation: tensors, plain values and the state of every random generator, in one file.

The file is safetensors with the plain values as JSON in its header. One rename replaces the whole file: a process that
is killed leaves either the old snapshot or the new one. Nothing is pickled. Tensors are written one after another, with
no copy of them all in memory: those of a large model take gigabytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load

from arcparse.errors import ModelError
from arcparse.files import replacing

TENSORS, RANDOM = "tensors.", "random."
TYPES = {  # as safetensors calls them
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def seed_everything(seed: int) -> None:
    """Seed the generators of Python, numpy and torch, on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # numpy's limit
    torch.manual_seed(seed)


def save_snapshot(file: Path, tensors: Mapping[str, torch.Tensor], values: Mapping[str, Any]) -> None:
    """Write tensors, values that JSON can hold and the random states; an older snapshot is replaced.

    Raises ModelError if it cannot be written; the older one is kept.
    """
    states, described = _random_state()
    named = {TENSORS + name: tensor.detach() for name, tensor in tensors.items()}
    named |= {RANDOM + name: state for name, state in states.items()}
    metadata = {"values": json.dumps(dict(values)), "random": json.dumps(described)}
    with replacing(file, ModelError, durable=True) as stream:
        for content in _safetensors(named, metadata):
            stream.write(content)


def load_snapshot(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read tensors and values. Raises ModelError if the file is no snapshot."""
    tensors, metadata = _read(file)
    return {n.removeprefix(TENSORS): tensors[n] for n in tensors if n.startswith(TENSORS)}, dict(metadata["values"])


def restore_random_state(file: Path) -> None:
    """Put every random generator back into its saved state. Raises ModelError as `load_snapshot` does."""
    tensors, metadata = _read(file)
    described = metadata["random"]
    states = {name: tensors[RANDOM + name] for name in described["tensors"]}
    version, internal, gauss = described["python"]
    random.setstate((version, tuple(internal), gauss))
    name, position, has_gauss, cached = described["numpy"]
    np.random.set_state((name, states["numpy"].numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(states["torch"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


def _safetensors(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Yield the parts of a file of the format safetensors: size of the header, header as JSON, tensor by tensor."""
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())  # so that all numbers are aligned
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name, tensor in ordered:
        begin, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [begin, end]}
    described = json.dumps(header).encode()
    described += b" " * (-len(described) % 8)
    yield len(described).to_bytes(8, "little")
    yield described
    for _, tensor in ordered:
        yield tensor.cpu().contiguous().flatten().view(torch.uint8).numpy().data


def _read(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read all tensors and the header. The file is read as bytes: safetensors opens no path that is not UTF-8."""
    try:
        content = file.read_bytes()
        tensors = load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        return tensors, {name: json.loads(header[name]) for name in ("values", "random")}
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: is no snapshot of a run: {error}; remove it to start afresh") from None


def _random_state() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    name, key, position, has_gauss, cached = np.random.get_state(legacy=True)
    states = {"numpy": torch.from_numpy(np.asarray(key).astype(np.int64)), "torch": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    described = {
        "python": random.getstate(),
        "numpy": [name, int(position), int(has_gauss), float(cached)],
        "tensors": list(states),
    }
    return states, described
