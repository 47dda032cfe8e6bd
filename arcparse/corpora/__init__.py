"""The public treebanks that arcparse knows: a registry of addresses and checksums, fetching and verifying.

The registry is a TOML file, `registry.toml` beside this module, with a table for each treebank: language, licence,
address (of its public repository), version, revision (commit or tag) and files with the SHA-256 of each. The address of
a file is `ADDRESS/raw/REVISION/FILE`. A file gets its name only after it is fetched whole.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit

from arcparse.errors import ConfigurationError, TreebankError, nearest
from arcparse.files import COMPRESSED, NO_ROOM, make_folder, reading, write_errors

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REGISTRY = Path(__file__).with_name("registry.toml")
CHUNK = 1 << 16  # bytes fetched or hashed at a time
TIMEOUT = 30.0  # seconds without a byte
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # no path, no hidden file: it is written in the user's folder
SHA256 = re.compile(r"[0-9a-f]{64}")
TEXTS = ("language", "licence", "address", "version", "revision")

Progress: TypeAlias = "Callable[[str, int, int | None], None]"  # file, bytes so far, bytes in all if known
State: TypeAlias = Literal["whole", "differs", "missing"]
Registry: TypeAlias = "Mapping[str, Treebank]"


@dataclass(frozen=True)
class Treebank:
    """A version of a treebank; `files` gives the SHA-256 of each file."""

    name: str
    language: str
    licence: str
    address: str
    version: str
    revision: str
    files: Mapping[str, str]

    @property
    def base_url(self) -> str:
        """The address of the folder with the treebank's files."""
        return f"{self.address.rstrip('/')}/raw/{quote(self.revision, safe='')}"


@dataclass(frozen=True)
class Finding:
    """The state of one file of a treebank, found by `verify`."""

    treebank: Treebank
    file: str
    state: State


# The registry


def read_registry(path: Path | None = None) -> dict[str, Treebank]:
    """Read the treebanks by name; without a path, from arcparse's own registry.

    Raises ConfigurationError if there is no registry, or if an entry is invalid.
    """
    path = path or REGISTRY
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        remedy = "leave out --registry for that of arcparse, or check the path"
        raise ConfigurationError(f"{path}: there is no registry of treebanks; {remedy}") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None
    return {name: _treebank(name, entry, f"{path}: [{name}]") for name, entry in entries.items()}


def _treebank(name: str, entry: Any, place: str) -> Treebank:
    if not isinstance(entry, dict) or set(entry) != {*TEXTS, "files"}:
        raise ConfigurationError(f"{place}: must be a table of {', '.join(TEXTS)} and files")
    for key in TEXTS:
        if not isinstance(entry[key], str) or not entry[key]:
            raise ConfigurationError(f"{place}: {key} must be a text, not {entry[key]!r}")
    if not isinstance(entry["files"], dict) or not entry["files"]:
        raise ConfigurationError(f"{place}: files must be a table of file names with their SHA-256")
    for file, checksum in entry["files"].items():
        if not FILE_NAME.fullmatch(file):
            raise ConfigurationError(f"{place}: the file name {file!r} must have only letters, digits and '._-'")
        if not isinstance(checksum, str) or not SHA256.fullmatch(checksum):
            raise ConfigurationError(f"{place}: the SHA-256 of {file} must be 64 hexadecimal digits, not {checksum!r}")
    _checked_url(entry["address"], place)
    return Treebank(name, **entry)


def _checked_url(url: str, place: str) -> str:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError(f"{place}: the address {url!r} must begin with https:// or http://")
    return url


def find_treebank(registry: Registry, name: str) -> Treebank:
    """Return a treebank by its name. Raises ConfigurationError, which names the nearest one, for an unknown name."""
    if name in registry:
        return registry[name]
    raise ConfigurationError(
        f"there is no treebank {name!r}{nearest(name, registry)}; `arcparse corpus list` shows all"
    )


# Fetching


def fetch(
    treebank: Treebank,
    directory: Path,
    *,
    base_url: str = "",
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> list[Path]:
    """Fetch the files of a treebank that are not yet in the directory, and return the paths of all its files.

    `base_url` replaces the treebank's own; `timeout` is in seconds. An interrupted fetch continues where it stopped.
    Raises TreebankError if a file cannot be fetched or has another checksum than in the registry; a fetched file with
    another checksum is removed.
    """
    base = _checked_url(base_url or treebank.base_url, "--base-url").rstrip("/")
    make_folder(directory)
    paths = [directory / file for file in treebank.files]
    for path, checksum in zip(paths, treebank.files.values(), strict=True):
        if not path.exists():
            _fetch_file(f"{base}/{quote(path.name)}", path, checksum, timeout, progress)
        elif sha256(path) != checksum:
            what = f"is not the file of {treebank.name} {treebank.version}"
            raise TreebankError(f"{path}: {what}; move it away or fetch to another folder")
    return paths


def _fetch_file(url: str, path: Path, checksum: str, timeout: float, progress: Progress | None) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        _download(url, part, path.name, timeout, progress)
    except urllib.error.HTTPError as error:
        error.close()
        raise TreebankError(f"{url}: HTTP status {error.code} ({error.reason}); check the address") from None
    except (OSError, http.client.HTTPException) as error:  # a URLError and a time-out are OSErrors
        if getattr(error, "filename", None) or getattr(error, "errno", None) in NO_ROOM:
            with write_errors(path):
                raise
        reason = getattr(error, "reason", None) or error
        what = f"no byte for {timeout:g} s" if isinstance(reason, TimeoutError) else f"{reason}"
        raise TreebankError(f"{url}: cannot be fetched: {what}; run it again to continue from there") from None
    found = sha256(part)
    if found != checksum:
        part.unlink()
        remedy = "it is another version, or was changed: check the address"
        raise TreebankError(f"{url}: SHA-256 is {found}, expected {checksum}; {remedy}")
    os.replace(part, path)


def _download(url: str, part: Path, name: str, timeout: float, progress: Progress | None) -> None:
    """Download `url` to `part`; if the server can begin inside the file, only the bytes that `part` does not hold."""
    held = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={held}-"} if held else {})  # noqa: S310 (checked)
    try:
        response = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310 (http and https alone)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        part.unlink()  # `part` holds the whole file or other bytes: download again from the start
        return _download(url, part, name, timeout, progress)
    with response, open(part, "ab" if response.status == http.HTTPStatus.PARTIAL_CONTENT else "wb") as file:
        done = file.tell()
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else None
        while chunk := response.read(CHUNK):
            done += file.write(chunk)
            if progress:
                progress(name, done, total)
    if total is not None and done < total:
        raise ConnectionError(f"the connection ended after {done} of {total} bytes")
    return None


# Verifying


def verify(registry: Registry, directory: Path) -> list[Finding]:
    """Compare the files of a folder, which may be compressed (.xz, .gz, .bz2), with the registry.

    If a treebank has several versions, the files are compared with the version that most of them match. The list is
    empty if no file is known.
    """
    findings: list[Finding] = []
    for versions in _versions(registry):
        found = {file: path for file in versions[0].files if (path := _existing(directory / file))}
        if found:
            sums = {file: sha256(path) for file, path in found.items()}
            version = max(versions, key=lambda treebank: len(treebank.files.items() & sums.items()))
            findings += [Finding(version, file, _state(sums.get(file), version.files[file])) for file in version.files]
    return findings


def _versions(registry: Registry) -> Iterator[list[Treebank]]:
    """Yield groups of treebanks whose files have the same names: the versions of one treebank."""
    groups: dict[frozenset[str], list[Treebank]] = {}
    for treebank in registry.values():
        groups.setdefault(frozenset(treebank.files), []).append(treebank)
    yield from groups.values()


def _existing(path: Path) -> Path | None:
    candidates = (path, *(path.with_name(path.name + suffix) for suffix in COMPRESSED))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _state(found: str | None, expected: str) -> State:
    if found is None:
        return "missing"
    return "whole" if found == expected else "differs"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, unpacked. Raises TreebankError if it cannot be read."""
    digest = hashlib.sha256()
    with reading(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
