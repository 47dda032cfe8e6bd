"""A model on disk: a directory, or a .zip archive of a directory. It is safe to read a model of unknown origin.

    config.json           format, versions, kind, configuration, metadata, SHA-256 of the others
    weights.safetensors   tensors by name
    vocabularies.json     lists of symbols by name
    others                of some parts, such as the tokeniser of a pretrained encoder

Nothing is pickled, so a model cannot run code. A directory is written under another name and then renamed: a process
that is killed leaves the old model or the new one. Parts that several models share, such as word vectors, are
directories beside the models (`sibling`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from arcparse.checkpoint.archive import content_of, has_file, pack, unpack
from arcparse.checkpoint.directory import replaced, settled, write
from arcparse.checkpoint.places import find_model, fingerprint, shipped, sibling
from arcparse.checkpoint.saved import CONFIG, VOCABULARIES, WEIGHTS, SavedModel, Stored
from arcparse.checkpoint.uses import wrong_kind
from arcparse.errors import ModelError, shown

__all__ = [
    "as_json",
    "content_of",
    "description_of",
    "files_of",
    "find_model",
    "fingerprint",
    "has_file",
    "load_config",
    "load_model",
    "pack",
    "replaced",
    "save_model",
    "shipped",
    "sibling",
    "unpack",
    "write",
    "wrong_kind",
]

FORMAT = 1
FIELDS = {"kind": (str, "a string"), "config": (dict, "a table"), "metadata": (dict, "a table")}


def save_model(
    directory: Path,
    *,
    kind: str,
    config: Mapping[str, Any],
    vocabularies: Mapping[str, Sequence[str]],
    weights: Mapping[str, NDArray[Any]],
    files: Mapping[str, bytes] | None = None,
    metadata: Mapping[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write a model directory; an older model there is replaced. `half` stores floating-point weights as float16.

    `files` are those of its parts, by plain names. The weights of a network of torch are arrays by
    `arcparse.networks.weights.arrays`.

    Raises ModelError if a weight is too large for float16, or if the directory holds other files (they would be lost).
    """
    from safetensors.numpy import save

    contents = {
        **(files or {}),
        WEIGHTS: save({name: _stored(name, array, half) for name, array in weights.items()}),
        VOCABULARIES: as_json({name: list(symbols) for name, symbols in vocabularies.items()}),
    }
    description = {
        "format": FORMAT,
        "arcparse": _version(),
        "kind": kind,
        "config": dict(config),
        "metadata": dict(metadata or {}),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    with replaced(directory) as fresh:
        for name, content in {CONFIG: as_json(description), **contents}.items():
            write(fresh / name, content)


def load_model(path: Path, kind: str = "") -> SavedModel:
    """Read a model directory or archive.

    Raises ModelError if it is missing, damaged, changed since it was written, of another format, or of another `kind`.
    """
    path = settled(Path(path))
    description = description_of(path)
    if kind and description["kind"] != kind:
        raise wrong_kind(path, description["kind"], f"one of kind {kind!r}")
    text = _verified(path, VOCABULARIES, description["sha256"])
    vocabularies, has_escapes = _parsed(path, VOCABULARIES, text), b"\\u" in text
    for name, symbols in vocabularies.items():
        are_texts = isinstance(symbols, list) and set(map(type, symbols)) <= {str}
        if not are_texts or (has_escapes and not _can_be_written(symbols)):
            raise ModelError(f"{path / VOCABULARIES}: {name!r} must be a list of strings; copy the model again")
    try:
        views = deserialize(_verified(path, WEIGHTS, description["sha256"]))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ModelError(f"{path / WEIGHTS}: is no safetensors file: {error}; copy the model again") from None
    stored = {name: Stored(view["dtype"], tuple(view["shape"]), view["data"]) for name, view in views}
    others = [name for name in description["sha256"] if name not in (WEIGHTS, VOCABULARIES)]
    files = {sibling(path, name).name: _verified(path, name, description["sha256"]) for name in others}
    kind, config, metadata = (description[name] for name in FIELDS)
    return SavedModel(path, kind, config, vocabularies, metadata, stored, files)


def _can_be_written(symbols: Sequence[str]) -> bool:
    """Return whether symbols can be written as UTF-8: JSON can escape half a character (a lone surrogate)."""
    try:
        return bool("".join(symbols).encode()) or True
    except UnicodeEncodeError:
        return False


def load_config(path: Path) -> tuple[str, dict[str, Any]]:
    """Read only the kind and the configuration of a model. Raises ModelError as `load_model` does."""
    description = description_of(settled(Path(path)))
    return description["kind"], description["config"]


def files_of(path: Path) -> dict[str, bytes]:
    """Read the files of a model but config.json. Raises ModelError if one is missing or has changed."""
    sums = description_of(path)["sha256"]
    return {sibling(path, name).name: _verified(path, name, sums) for name in sums}


def description_of(path: Path) -> dict[str, Any]:
    """Return the content of a model's config.json. Raises ModelError if a field is missing or of another type."""
    description: dict[str, Any] = _parsed(path, CONFIG, content_of(path, CONFIG))
    if description.get("format") != FORMAT or description["format"] is True:
        raise ModelError(
            f"{path / CONFIG}: has format {shown(description.get('format'))}, "
            f"of arcparse {shown(description.get('arcparse'))}; "
            f"arcparse {_version()} reads format {FORMAT}; install the other version or train the model again"
        )
    try:
        needed = {name: description[name] for name in FIELDS}
        sums = description["sha256"]
        found = description | needed | {"sha256": {name: sums[name] for name in (WEIGHTS, VOCABULARIES)} | sums}
    except (KeyError, TypeError) as error:
        raise ModelError(f"{path / CONFIG}: lacks {error}; copy the model again") from None
    for name, (kind, described) in FIELDS.items():
        if not isinstance(found[name], kind):
            raise ModelError(f"{path / CONFIG}: {name!r} must be {described}; copy the model again")
    return found


def as_json(value: Any) -> bytes:
    """Return a value as the text of config.json."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _version() -> str:
    from importlib.metadata import version  # slow to import, and needed by few

    return version("arcparse")


def _stored(name: str, weight: NDArray[Any], half: bool) -> NDArray[Any]:
    """Return a copy with memory of its own, as safetensors needs it."""
    weight = np.array(weight, order="C")
    if not half or weight.dtype.kind != "f":
        return weight
    with np.errstate(over="ignore"):
        halved = weight.astype(np.float16)
    if not np.array_equal(np.isfinite(halved), np.isfinite(weight)):
        raise ModelError(
            f"weight {name!r} reaches {np.abs(weight).max():g}, and float16 at most 65504; save it with half=False"
        )
    return halved


def _verified(path: Path, name: str, sums: Mapping[str, str]) -> bytes:
    content = content_of(path, name)
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise ModelError(f"{path / name}: is not the file that {CONFIG} describes (SHA-256); copy the model again")
    return content


def _parsed(path: Path, name: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content.decode())  # of bytes, `loads` lets half a character pass
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path / name}: is no JSON: {error}; copy the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path / name}: must be a JSON object, not {type(value).__name__}; copy the model again")
    return value
