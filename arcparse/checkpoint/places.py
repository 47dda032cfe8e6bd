"""Where models are: shipped under a name, at a path, in a bundle, or beside another model.

A bundle is a directory, or a .zip archive, of models that together make a pipeline, each in a directory of its own: the
parser in `parser`, its tagger in `tagger`, and so on. They name each other as models beside each other do.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from arcparse.checkpoint.archive import has_file, in_archive, only_folder
from arcparse.checkpoint.directory import settled
from arcparse.checkpoint.saved import BEST, CONFIG
from arcparse.errors import ConfigurationError, ModelError, shown

HEADS = ("parser", "tagger")  # the directories of a bundle whose models make a pipeline; the first that is there
NAME = re.compile(r"[^/\\:]{1,80}")  # of a file or directory beside a model
SHIPPED = Path(__file__).parent.parent / "models"


def find_model(name_or_path: str | Path, parts: Sequence[str] = HEADS) -> Path:
    """Return the path of a shipped model, or else the model at a path; for a training run's directory, its best model.

    If there is a bundle, it is the first of its `parts` that it has. The name of a shipped model always means that
    model. To mean a folder of the same name, write it with a separator (`./en`) or give a `Path`. Raises ModelError,
    with the list of shipped models.
    """
    if not isinstance(name_or_path, str | Path):
        raise ConfigurationError(f"a model is a name or a path, not {name_or_path!r}; give a string or a Path")
    found = shipped(name_or_path)
    if found:
        return found
    path = settled(Path(name_or_path))
    if str(name_or_path) and (os.path.isdir(path) or (os.path.isfile(path) and zipfile.is_zipfile(path))):
        return _model_at(path, parts)
    found = shipped(str(name_or_path))
    if found:
        return found
    if os.path.isfile(path):
        raise ModelError(f"{path}: is a file, but no whole .zip archive of a model; copy it again, or name another")
    raise ModelError(
        f"{str(name_or_path) or repr('')}: there is no model directory or .zip archive there, and no model of that "
        f"name is shipped; shipped: {', '.join(names_shipped()) or 'none'}"
    )


def _model_at(path: Path, parts: Sequence[str]) -> Path:
    """Return the model in a directory or archive, the first of `_places`. Raises ModelError if it has none."""
    found = next((place for place in _places(path, parts) if has_file(place, CONFIG)), None)
    if found is None:
        raise ModelError(
            f"{path}: holds no {CONFIG} of a model, no run's best model, and no bundle with a {' or '.join(parts)}; "
            "name another directory or archive, or let the training end"
        )
    return found


def _places(path: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield the places where a directory or archive may have its model.

    It is there, the best of a run, or a part of a bundle; an archive may also hold the directory of all that, as
    programs make it that pack a folder.
    """
    yield path
    if os.path.isdir(path):
        best = settled(path / BEST)
        yield from (best, *(best / part for part in parts))
    yield from (path / part for part in parts)
    if not os.path.isdir(path) and (folder := only_folder(path)):
        yield from (folder, *(folder / part for part in parts))


def shipped(name: str | Path) -> Path | None:
    """Return the path of the shipped model of that name; None if there is none, and for a `Path`."""
    return SHIPPED / name if isinstance(name, str) and name in names_shipped() else None


def names_shipped() -> list[str]:
    """Return the names of the shipped models."""
    return sorted(entry.name for entry in SHIPPED.iterdir() if entry.is_dir()) if SHIPPED.is_dir() else []


def fingerprint(path: Path) -> tuple[object, ...]:
    """Return the place of a model and the states of its files: equal as long as nothing has changed there."""
    place = settled(Path(path))
    try:
        archive, _ = in_archive(place / CONFIG)
        files = [archive] if archive else sorted(place.iterdir())
        states = [(file.name, file.stat()) for file in files]
    except OSError:  # `load_model` says why
        return (place,)
    return (place.resolve(), *((name, own.st_ino, own.st_size, own.st_mtime_ns) for name, own in states))


def sibling(directory: Path, name: str) -> Path:
    """Return the path of a plain name beside a model directory. Raises ModelError for a name with a path in it."""
    if not isinstance(name, str) or name in ("", ".", "..") or not NAME.fullmatch(name) or not name.isprintable():
        raise ModelError(f"{directory}: {shown(name)} must be a plain name, of a file or directory beside the model")
    return Path(directory).resolve().parent / name
