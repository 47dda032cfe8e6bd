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
import lzma
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import save as bytes_from_tensors

from arcparse.checkpoint.saved import BEST, CONFIG, VOCABULARIES, WEIGHTS, SavedModel, Stored
from arcparse.errors import ConfigurationError, ModelError, shown
from arcparse.files import aside, make_folder, replacing, write_errors

FORMAT = 1
NAME = re.compile(r"[^/\\:]{1,80}")  # of a file or directory beside a model
FIELDS = {"kind": (str, "a string"), "config": (dict, "a table"), "metadata": (dict, "a table")}
SHIPPED = Path(__file__).parent.parent / "models"
MAX_ARCHIVE_BYTES = (
    4 << 30
)  # of all files when unpacked: far above any model, and below an archive that is made to fill a disk
MAX_ARCHIVE_FILES = 1000
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time: the same model gives the same archive
SYMLINK = 0o120000
# The errors of a broken archive; RuntimeError comes from an encrypted one, or from an unknown compression.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, RuntimeError, ValueError)
UNREADABLE = (OSError, *BROKEN)


def save_model(
    directory: Path,
    *,
    kind: str,
    config: Mapping[str, Any],
    vocabularies: Mapping[str, Sequence[str]],
    weights: Mapping[str, torch.Tensor],
    files: Mapping[str, bytes] | None = None,
    metadata: Mapping[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write a model directory; an older model there is replaced. `half` stores floating-point weights as float16.

    `files` are those of its parts, by plain names.

    Raises ModelError if a weight is too large for float16, or if the directory holds other files (they would be lost).
    """
    stored = {name: _stored(name, tensor, half) for name, tensor in weights.items()}
    contents = {
        **(files or {}),
        WEIGHTS: bytes_from_tensors(stored),
        VOCABULARIES: _json({name: list(symbols) for name, symbols in vocabularies.items()}),
    }
    description = {
        "format": FORMAT,
        "arcparse": version("arcparse"),
        "kind": kind,
        "config": dict(config),
        "metadata": dict(metadata or {}),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    with _replacing(directory) as fresh:
        for name, content in {CONFIG: _json(description), **contents}.items():
            _write(fresh / name, content)


def load_model(path: Path, kind: str = "") -> SavedModel:
    """Read a model directory or archive; its weights go to the CPU.

    Raises ModelError if it is missing, damaged, changed since it was written, of another format, or of another `kind`.
    """
    path = _settled(Path(path))
    description = _described(path)
    if kind and description["kind"] != kind:
        raise ModelError(f"{path}: holds a model of kind {shown(description['kind'])}; name one of kind {kind!r}")
    vocabularies = _parsed(path, VOCABULARIES, _verified(path, VOCABULARIES, description["sha256"]))
    for name, symbols in vocabularies.items():
        if not isinstance(symbols, list) or not set(map(type, symbols)) <= {str} or not _can_be_written(symbols):
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
    description = _described(_settled(Path(path)))
    return description["kind"], description["config"]


def _described(path: Path) -> dict[str, Any]:
    """Return the needed fields of config.json. Raises ModelError if one is missing or of another type."""
    description: dict[str, Any] = _parsed(path, CONFIG, _content(path, CONFIG))
    if description.get("format") != FORMAT or description["format"] is True:
        raise ModelError(
            f"{path / CONFIG}: has format {shown(description.get('format'))}, "
            f"of arcparse {shown(description.get('arcparse'))}; "
            f"arcparse {version('arcparse')} reads format {FORMAT}; install the other version or train the model again"
        )
    try:
        needed = {name: description[name] for name in FIELDS}
        sums = description["sha256"]
        found = needed | {"sha256": {name: sums[name] for name in (WEIGHTS, VOCABULARIES)} | sums}
    except (KeyError, TypeError) as error:
        raise ModelError(f"{path / CONFIG}: lacks {error}; copy the model again") from None
    for name, (kind, described) in FIELDS.items():
        if not isinstance(found[name], kind):
            raise ModelError(f"{path / CONFIG}: {name!r} must be {described}; copy the model again")
    return found


def find_model(name_or_path: str | Path) -> Path:
    """Return the path of a shipped model, or else the model at a path; for a training run's directory, its best model.

    The name of a shipped model always means that model. To mean a folder of the same name, write it with a separator
    (`./en`) or give a `Path`. Raises ModelError, with the list of shipped models.
    """
    if not isinstance(name_or_path, str | Path):
        raise ConfigurationError(f"a model is a name or a path, not {name_or_path!r}; give a string or a Path")
    found = shipped(name_or_path)
    if found:
        return found
    path = _settled(Path(name_or_path))
    best = _settled(path / BEST)
    if str(name_or_path) and os.path.isfile(best / CONFIG) and not os.path.exists(path / CONFIG):
        return best
    if str(name_or_path) and (os.path.isdir(path) or (os.path.isfile(path) and zipfile.is_zipfile(path))):
        return path
    found = shipped(str(name_or_path))
    if found:
        return found
    raise ModelError(
        f"{str(name_or_path) or repr('')}: there is no model directory or .zip archive there, and no model of that "
        f"name is shipped; shipped: {', '.join(_names_shipped()) or 'none'}"
    )


def shipped(name: str | Path) -> Path | None:
    """Return the path of the shipped model of that name; None if there is none, and for a `Path`."""
    return SHIPPED / name if isinstance(name, str) and name in _names_shipped() else None


def _names_shipped() -> list[str]:
    return sorted(entry.name for entry in SHIPPED.iterdir() if entry.is_dir()) if SHIPPED.is_dir() else []


def sibling(directory: Path, name: str) -> Path:
    """Return the path of a plain name beside a model directory. Raises ModelError for a name with a path in it."""
    if not isinstance(name, str) or name in ("", ".", "..") or not NAME.fullmatch(name) or not name.isprintable():
        raise ModelError(f"{directory}: {shown(name)} must be a plain name, of a file or directory beside the model")
    return Path(directory).resolve().parent / name


def pack(directory: Path, file: Path) -> None:
    """Write a model directory as a .zip archive, with the same bytes each time. Raises ModelError for a link."""
    paths = sorted(path for path in Path(directory).rglob("*") if path.is_symlink() or not path.is_dir())
    if not paths:
        raise ModelError(f"{directory}: there is nothing to pack; give a model directory")
    with replacing(file, ModelError) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            if path.is_symlink() or not path.is_file():
                raise ModelError(f"{path}: only regular files can be packed; put a regular file in its place")
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), ZIP_EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


def unpack(file: Path, directory: Path) -> None:
    """Write the files of an archive as a new directory.

    Raises ModelError if the directory exists, or if the archive is broken, too large, or has a file for another place.
    """
    if Path(directory).exists():
        raise ModelError(f"{directory}: exists already; remove it or give another directory")
    try:
        with zipfile.ZipFile(file) as archive, _replacing(directory) as fresh:
            for entry in _safe_entries(file, archive):
                target = fresh / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, archive.read(entry))
    except UNREADABLE as error:
        raise ModelError(
            f"{file}: is no archive that can be read: {str(error) or 'it ends too early'}; copy it again"
        ) from None


def _safe_entries(file: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the entries of an archive that are files. Raises ModelError for an unsafe name, a link or a large size."""
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if size > MAX_ARCHIVE_BYTES or len(entries) > MAX_ARCHIVE_FILES:
        raise ModelError(
            f"{file}: has {len(entries)} files of {size} bytes in all; a model has at most {MAX_ARCHIVE_FILES} files "
            f"of {MAX_ARCHIVE_BYTES} bytes; do not use this archive"
        )
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        leads_out = entry.filename.startswith("/") or ".." in parts or any(c in entry.filename for c in "\\:\0")
        if leads_out or not parts or (entry.external_attr >> 16) & 0o170000 == SYMLINK:
            raise ModelError(
                f"{file}: the entry {entry.filename!r} is a link or leads outside; do not use this archive"
            )
    return [entry for entry in entries if not entry.is_dir()]


@contextmanager
def _replacing(directory: Path) -> Iterator[Path]:
    """Yield a new directory that replaces `directory` at the end, or is removed after an error.

    The old directory gets another name, the new one gets its name, and the old one is removed. If the process is killed
    between the two renames, `_settled` finds the old one. Raises ModelError if it cannot be written.
    """
    with write_errors(directory, ModelError):
        directory = Path(os.path.realpath(_settled(Path(directory), repair=True)))
        make_folder(directory.parent, ModelError)
        with aside(directory.parent, is_folder=True) as fresh:
            yield fresh
            if directory.exists():
                _set_aside(directory, {entry.name for entry in fresh.iterdir()})
            os.replace(fresh, directory)
            shutil.rmtree(_aside(directory), ignore_errors=True)


def _set_aside(directory: Path, files: set[str]) -> None:
    """Give a directory its name `_aside`. Raises ModelError if it holds other files than `files`."""
    lost = {entry.name for entry in directory.iterdir()} - files
    if lost:
        raise ModelError(f"{directory}: holds {sorted(lost)[0]!r}, no part of the model; give another directory")
    shutil.rmtree(_aside(directory), ignore_errors=True)
    os.replace(directory, _aside(directory))


def _aside(directory: Path) -> Path:
    return directory.with_name(f".{directory.name}.old")


def _settled(directory: Path, repair: bool = False) -> Path:
    """Return the directory; if only its `_aside` exists, after a kill, return that one. `repair` renames it back."""
    # `os.path`: for a name that no file can have, `pathlib` raises an error; here it is just a missing model.
    if os.path.exists(directory) or not directory.name or not os.path.isdir(_aside(directory)):
        return directory
    if repair:
        os.replace(_aside(directory), directory)
        return directory
    return _aside(directory)


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # before the rename: a power cut must not leave an empty file of that name


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _stored(name: str, tensor: torch.Tensor, half: bool) -> torch.Tensor:
    """Return a copy on the CPU with memory of its own, as safetensors needs it."""
    tensor = tensor.detach().cpu().contiguous().clone()
    if not (half and tensor.is_floating_point()):
        return tensor
    halved = tensor.half()
    if not torch.isfinite(halved).equal(torch.isfinite(tensor)):
        raise ModelError(
            f"weight {name!r} reaches {tensor.abs().max():g}, and float16 at most 65504; save it with half=False"
        )
    return halved


def _content(path: Path, name: str) -> bytes:
    """Read one file of a model directory or archive."""
    try:
        if os.path.isdir(path):
            return (path / name).read_bytes()
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in _safe_entries(path, archive)}
            if name not in entries:
                raise FileNotFoundError(2, "it is not in the archive")
            return archive.read(entries[name])
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or "it ends too early"
        raise ModelError(f"{path / name}: cannot be read: {reason}; give a model directory or .zip archive") from None


def _verified(path: Path, name: str, sums: Mapping[str, str]) -> bytes:
    content = _content(path, name)
    if hashlib.sha256(content).hexdigest() != sums[name]:
        raise ModelError(f"{path / name}: is not the file that {CONFIG} describes (SHA-256); copy the model again")
    return content


def _parsed(path: Path, name: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path / name}: is no JSON: {error}; copy the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path / name}: must be a JSON object, not {type(value).__name__}; copy the model again")
    return value
