"""What a course has begun with: with other data, the old parts would be taken for parts made of the new."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arcparse.course.files import Size
from arcparse.course.settings import PipelineSettings
from arcparse.errors import ConfigurationError
from arcparse.files import replacing
from arcparse.settings import as_dict, changed

RECORD = "data.json"  # in the directory of a run: SHA-256 of its data, and the settings of word vectors
LEARNT = ("train", "dev")  # the test file may change: the scores are always made anew
PIECE = 1 << 20  # bytes of the raw text that are read at a time


def keep_to_data(
    settings: PipelineSettings, sizes: Mapping[str, Size], output: Path, *, resume: bool, raw: bool
) -> None:
    """Write down the data of a course; a course that is resumed must have the data with which it has begun.

    `raw` says whether word vectors are made of raw text. Raises ConfigurationError if train, dev, the raw text or the
    settings of its word vectors are others.
    """
    now: dict[str, Any] = {role: sizes[role].digest for role in LEARNT}
    if raw:
        now |= {"raw": _digest(Path(settings.raw)), "word2vec": as_dict(settings.word2vec) | {"workers": 0}}
    before = _before(output / RECORD) if resume else {}
    others = [
        f"another {name} file than {getattr(settings, name)}" for name in ("raw", *LEARNT) if _differ(before, now, name)
    ]
    if _differ(before, now, "word2vec"):
        others += [
            f"other settings ({found})" for found in changed(before["word2vec"], now["word2vec"], "word2vec.")[:1]
        ]
    if others:
        raise ConfigurationError(
            f"{output}: was begun with {others[0]}; take the old one, train from the start (--fresh), or train in "
            "another directory"
        )
    with replacing(output / RECORD, ConfigurationError) as stream:
        stream.write(json.dumps(before | now).encode())


def _differ(before: Mapping[str, Any], now: Mapping[str, Any], name: str) -> bool:
    return name in before and name in now and before[name] != now[name]


def _before(file: Path) -> dict[str, Any]:
    """Return what is written down; nothing for a run of an older version, or one that has not begun."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
