"""Training runs from settings: presets and TOML files to a trained model in a directory.

A run reads its treebanks and vectors, trains with checkpoints in its directory and leaves the best model in `best`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from arcparse.checkpoint import CONFIG, find_model
from arcparse.errors import ArcparseError, ConfigurationError, TreebankError
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.pretrained import Pretrained
from arcparse.sentence import Sentence
from arcparse.settings import load_settings
from arcparse.tagger.model import Tagger
from arcparse.tagger.task import TaggerSettings, TaggerTask, jackknife
from arcparse.training import BEST, Progress, Task, train
from arcparse.treebank import read_conllu, write_conllu
from arcparse.trees import checked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Settings = TypeVar("Settings", ParserSettings, TaggerSettings)
Kind = Literal["parser", "tagger"]
OnError = Callable[[ArcparseError], None]
DEFAULT_PRESET = {"parser": "bilstm", "tagger": "window"}


def presets(kind: Kind) -> dict[str, dict[str, Any]]:
    """Return the shipped presets of a kind by name."""
    folder = resources.files("arcparse") / "presets" / kind
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8")) for file in files}


def resolve(
    cls: type[Settings], kind: Kind, *, preset: str = "", file: Path | None = None, overrides: Sequence[str] = ()
) -> Settings:
    """Return the settings of a preset, changed by a TOML file and then by `key=value` overrides.

    Raises ConfigurationError for an unknown preset, key or value.
    """
    known = presets(kind)
    name = preset or DEFAULT_PRESET[kind]
    if name not in known:
        raise ConfigurationError(f"there is no {kind} preset {name!r}; there are {', '.join(known)}")
    return load_settings(cls, file=file, preset=known[name], overrides=overrides)


def load_vectors(place: str) -> Pretrained:
    """Return the pretrained vectors of a store, of a model of that kind, or none where `place` is empty."""
    if not place:
        return Pretrained.none()
    path = Path(place)
    if path.is_dir() and not (path / CONFIG).exists():
        return Pretrained.from_store(path)
    return Pretrained.load(find_model(place))


def read_treebank(place: str, role: str, on_error: OnError | None = None, *, trees: bool = False) -> list[Sentence]:
    """Return the sentences of a CoNLL-U file, each of which must be a tree if `trees`.

    With `on_error`, the others are passed over and their errors handed to that function. Raises ConfigurationError
    where no file is set for its `role`, TreebankError where it is empty or malformed, TreeError where it has no tree.
    """
    if not place:
        raise ConfigurationError(f'no {role} file is set; name a CoNLL-U file by {role} = "..." or --{role} FILE')
    read = read_conllu(place, on_error=on_error)
    sentences = list(checked(read, on_error) if trees else read)
    if not sentences:
        raise TreebankError(f"{place}: holds no sentence; the {role} file needs at least one")
    return sentences


def parser_task(settings: ParserSettings, on_error: OnError | None = None) -> ParserTask:
    """Read what a parser learns from; with `on_error`, bad sentences are passed over as `read_treebank` does."""
    train_sentences = read_treebank(settings.train, "train", on_error, trees=True)
    dev = read_treebank(settings.dev, "dev", on_error, trees=True)
    tagger = Tagger.load(find_model(settings.tagger)) if settings.tagger else None
    return ParserTask(settings, train_sentences, dev, load_vectors(settings.vectors), tagger)


def tagger_task(settings: TaggerSettings, on_error: OnError | None = None) -> TaggerTask:
    """Read what a tagger learns from; with `on_error`, bad sentences are passed over as `read_treebank` does."""
    train_sentences = read_treebank(settings.train, "train", on_error)
    dev = read_treebank(settings.dev, "dev", on_error)
    return TaggerTask(settings, train_sentences, dev, load_vectors(settings.vectors))


def jackknife_tags(
    task: TaggerTask,
    directory: Path,
    output: Path,
    *,
    resume: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Write the training file with tags of taggers that did not see them; the folds' runs go below `directory`."""

    def train_fold(fold: int, sentences: list[Sentence]) -> Tagger:
        own = TaggerTask(task.settings, sentences, task.dev, task.pretrained)
        run_directory = directory / f"fold{fold}"
        train(cast(Task, own), task.settings.training, run_directory, resume=resume, progress=progress)
        return Tagger.load(run_directory / BEST)

    write_conllu(jackknife(task.train, task.settings.folds, train_fold), output)
