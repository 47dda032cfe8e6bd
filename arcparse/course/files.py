"""The files of a treebank: found in its folder by the names of Universal Dependencies, with a held-out dev part."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from arcparse.course.settings import PipelineSettings
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.files import make_folder
from arcparse.recipes import load_vectors, read_treebank
from arcparse.sentence import block_text
from arcparse.tagger.task import hold_out
from arcparse.tokenizer import find_tokenizer
from arcparse.treebank import write_conllu

ROLES = ("train", "dev", "test")
NAME = re.compile(r"(?:.*[-_.])?(train|dev|test)\.conllu(?:\.(?:gz|xz|bz2))?")
HELD_OUT = "data"  # the folder of the parts of a train file


class Size(NamedTuple):
    """The numbers of sentences and words of a treebank, and the SHA-256 of its rows."""

    sentences: int
    words: int
    digest: str


def with_files(
    settings: PipelineSettings, output: Path | None = None, on_error: Callable[[ArcparseError], None] | None = None
) -> PipelineSettings:
    """Return the settings with the files that they leave open: those of the treebank's folder.

    Without a dev file, the end of train is held out, and both parts are written below `output`, if it is given. Raises
    ConfigurationError if there is no train file, or more than one file for a role.
    """
    given = {role: getattr(settings, role) for role in ROLES}
    found = files_of(Path(settings.treebank), [role for role in ROLES if not given[role]]) if settings.treebank else {}
    chosen = {role: given[role] or found.get(role, "") for role in ROLES}
    if not chosen["train"]:
        where = f"{settings.treebank}: has no file *-train.conllu; " if settings.treebank else "no treebank is set; "
        raise ConfigurationError(f"{where}name a folder by --treebank DIR, or the file by --train FILE")
    settings = replace(settings, train=chosen["train"], dev=chosen["dev"], test=chosen["test"])
    return settings if chosen["dev"] or output is None else _with_held_out(settings, output / HELD_OUT, on_error)


def sizes(settings: PipelineSettings, on_error: Callable[[ArcparseError], None] | None = None) -> dict[str, Size]:
    """Return the sizes of the treebanks that are set, by role.

    A course reads all its files in this way before it trains, so that no fault is found after hours. Raises the errors
    of `read_treebank`, `load_vectors` and `find_tokenizer`, and ConfigurationError if the raw text cannot be read.
    """
    find_tokenizer(settings.tokenizer)
    if settings.vectors:
        load_vectors(settings.vectors)
    elif settings.raw:
        try:
            Path(settings.raw).open("rb").close()
        except OSError as error:
            raise ConfigurationError(f"{settings.raw}: cannot be read: {error.strerror}; check --raw FILE") from None
    found = {}
    for role in ROLES:
        if place := getattr(settings, role):
            sentences = read_treebank(place, role, on_error, trees=True)
            digest = sha256("".join(map(block_text, sentences)).encode("utf-8", "surrogatepass"))
            found[role] = Size(len(sentences), sum(map(len, sentences)), digest.hexdigest())
    return found


def files_of(folder: Path, roles: Sequence[str] = ROLES) -> dict[str, str]:
    """Return the files of a folder by role. Raises ConfigurationError if it cannot be read, or has two for a role."""
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise ConfigurationError(f"{folder}: cannot be read: {error.strerror}; name the folder of a treebank") from None
    found: dict[str, str] = {}
    for name in names:
        match = NAME.fullmatch(name)
        if match is None or match[1] not in roles:
            continue
        if match[1] in found:
            raise ConfigurationError(
                f"{folder}: has two files for {match[1]}, {Path(found[match[1]]).name} and {name}; "
                f"choose one by --{match[1]} FILE"
            )
        found[match[1]] = str(folder / name)
    return found


def _with_held_out(
    settings: PipelineSettings, folder: Path, on_error: Callable[[ArcparseError], None] | None
) -> PipelineSettings:
    parts = hold_out(read_treebank(settings.train, "train", on_error), settings.held_out)
    make_folder(folder, ConfigurationError)
    for role, sentences in zip(ROLES, parts, strict=False):
        write_conllu(sentences, folder / f"{role}.conllu")
    return replace(settings, train=str(folder / "train.conllu"), dev=str(folder / "dev.conllu"))
