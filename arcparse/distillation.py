"""Distillation: a teacher makes trees and tags of raw text, and smaller models learn from this silver data too.

Shards of the text become files in a folder, one after another. So a run that was stopped goes on with the next shard,
and several processes, or machines, can each label a part of the shards in the same folder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arcparse.batches import stream
from arcparse.errors import ConfigurationError, ModelError
from arcparse.files import make_folder, replacing
from arcparse.parser.parse import Parse
from arcparse.pipeline import Pipeline
from arcparse.sentence import DEPS, EMPTY, LEMMA, MISC, Sentence
from arcparse.silver import SHARDS, with_confidence
from arcparse.treebank import write_conllu
from arcparse.vectors.corpus import DistinctLines, Run, quotes

DESCRIPTION = "distil.json"  # the settings of a folder's run, which must stay the same


@dataclass(frozen=True)
class Distillation:
    """The settings on which the contents of the shards depend."""

    teacher: str  # name or path; those of an ensemble are joined by " + "
    texts: tuple[str, ...]  # files with a paragraph on each line
    exclude: tuple[str, ...] = ()  # treebanks of which no paragraph may quote ten words in a row
    paragraphs: int = 200  # of a shard: about 15,000 words
    beam: int = 1


@dataclass(frozen=True)
class Shard:
    """A file of silver trees, and the number of its words."""

    file: Path
    words: int


def distil(
    settings: Distillation,
    teacher: Pipeline,
    folder: Path,
    *,
    unseen: frozenset[Run] = frozenset(),
    part: tuple[int, int] = (1, 1),
    progress: Callable[[int], object] | None = None,
) -> Iterator[Shard]:
    """Write the shards that the folder lacks, and yield each; of `part` (i, n), only each n-th, from the i-th on.

    `unseen` are the runs of words (`arcparse.vectors.runs`) of the excluded treebanks. `progress` is called with the
    number of stored bytes read since its last call. Raises ConfigurationError if the folder has shards of other
    settings, or a text is missing, and ModelError if the teacher lacks a parser or tags; then nothing is written.
    Raises VectorsError if a text cannot be read.
    """
    _check(settings, teacher)
    make_folder(folder)
    _describe(settings, folder / DESCRIPTION)
    texts = DistinctLines([Path(text) for text in settings.texts], progress)
    for number, paragraphs in enumerate(stream(texts, settings.paragraphs)):
        file = folder / SHARDS.replace("*", f"{number:06}")
        if number % part[1] != part[0] - 1 or file.exists():
            continue
        seen = [paragraph for paragraph in paragraphs if not quotes(paragraph, unseen)]
        sentences = [sentence for paragraph in seen for sentence in teacher.divide(paragraph)]
        parses = teacher.nbest_sentences(sentences, 1, beam=settings.beam, samples=0, given_tags=False)
        write_conllu((_silver(best) for [best] in parses), file)
        yield Shard(file, sum(map(len, sentences)))


def _check(settings: Distillation, teacher: Pipeline) -> None:
    """Raise ConfigurationError for a text that is missing, ModelError for a teacher that cannot label raw text."""
    for text in settings.texts:
        if not Path(text).exists() or Path(text).is_dir():
            raise ConfigurationError(f"{text}: there is no such file of raw text; check the path")
    if not teacher.makes_trees:
        raise ModelError(f"{settings.teacher}: a tagger makes no trees; name a parser as the teacher")
    if not teacher.makes_tags:
        raise ModelError(
            f"{settings.teacher}: needs tags and has no tagger; join one to it by `arcparse pack PARSER --tagger "
            "TAGGER --output PLACE`, and name PLACE"
        )


def _silver(parse: Parse) -> Sentence:
    """Return the tree with its confidence, and without all that a parser does not learn."""
    words = len(parse.sentence)
    bare = parse.sentence.with_columns(dict.fromkeys((LEMMA, DEPS, MISC), (EMPTY,) * words))
    return with_confidence(bare, math.exp(parse.score / words))


def _describe(settings: Distillation, file: Path) -> None:
    """Write the settings into the folder, or compare them with those that it has."""
    content = json.dumps(asdict(settings), ensure_ascii=False, indent=1) + "\n"
    if not file.exists():
        with replacing(file) as output:
            output.write(content.encode())
        return
    now, before = json.loads(content), _read(file)
    for name, value in now.items():
        if before.get(name) != value:
            raise ConfigurationError(
                f"{file}: the shards here were made with {name} {before.get(name)!r}, not {value!r}; "
                "take the old setting, or another folder"
            )


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}; remove the folder, or give another") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file}: must be a JSON object; remove the folder, or give another")
    return found
