"""The trainings of a course, one after another: each has its own directory, and goes on from its own checkpoint.

A part that is finished leaves its settings in its directory, and is skipped as long as they are the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from arcparse import recipes, vectors
from arcparse.bundle import Bundle
from arcparse.course.files import sizes, with_files
from arcparse.course.settings import PipelineSettings
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.files import make_folder, replacing
from arcparse.sentence import EMPTY, Sentence
from arcparse.settings import as_dict, as_toml
from arcparse.tokenizer import find_tokenizer
from arcparse.training.loop import BEST, train
from arcparse.training.progress import Progress

FINISHED = "finished.json"  # in the directory of a part: the settings that it was trained with
SETTINGS = "settings.toml"
JACKKNIFE = "taggers of unseen parts"
VECTORS, TAGGED = "vectors", "train.tagged.conllu"
SMALLEST = 100  # of `batch_tokens`, that a small treebank makes smaller
SCHEME = "digits-zero"  # of the vectors: `vectors.prepare` makes zeros of digits


@dataclass(frozen=True)
class Stage:
    """A step of the course: its name, its number from 1, and the number of all."""

    name: str
    number: int
    count: int


OnError = Callable[[ArcparseError], None]
Report = Callable[[Progress | None], None]
OnProgress = Callable[[Stage, Progress | None], None]


def train_pipeline(
    settings: PipelineSettings,
    output: Path,
    *,
    resume: bool = True,
    on_error: OnError | None = None,
    progress: OnProgress | None = None,
) -> tuple[PipelineSettings, Bundle]:
    """Train all parts in directories below `output`; return the settings with their files, and the parts.

    With `resume`, finished parts are skipped, and the one that was stopped goes on. `progress` is called with each
    stage that begins, and with the reports of its training; `on_error` is as in `arcparse.recipes.read_treebank`.
    Raises the errors of the files before the first training, and those of the trainings.
    """
    make_folder(output, ConfigurationError)
    settings = with_files(settings, output, on_error)
    sizes(settings, on_error)
    settings = without_lemmas_if_none(settings, on_error)
    with replacing(output / SETTINGS, ConfigurationError) as stream:
        stream.write(as_toml(settings).encode())
    parts = settings.parts()
    names = [*([VECTORS] if settings.raw and not settings.vectors else []), *parts]
    for number, name in enumerate(names, 1):
        report = _reporter(progress, Stage(name, number, len(names)))
        if name == VECTORS:
            settings = replace(settings, vectors=str(word_vectors(settings, output, resume, on_error, report)))
        else:
            own = _own(name, parts[name], settings, output)
            _train(name, own, output / name, settings.least_batches, resume, on_error, report)
            if name == "tagger" and settings.jackknife:
                report = _reporter(progress, Stage(JACKKNIFE, number, len(names)))
                _jackknife(own, output, settings.least_batches, resume, on_error, report)
    lemmatizer, segmenter = (output / part if part in parts else None for part in ("lemmatizer", "segmenter"))
    bundle = Bundle.find(output / "parser", lemmatizer=lemmatizer, segmenter=segmenter, tokenizer=settings.tokenizer)
    return settings, bundle


def _reporter(progress: OnProgress | None, stage: Stage) -> Report:
    return lambda report: progress(stage, report) if progress else None


def without_lemmas_if_none(settings: PipelineSettings, on_error: OnError | None) -> PipelineSettings:
    """Return the settings without a lemmatiser if the train file has no lemmas."""
    if settings.lemmatizer is None:
        return settings
    sentences = recipes.read_treebank(settings.train, "train", on_error)
    has_lemmas = any(lemma != EMPTY for sentence in sentences for lemma in sentence.lemmas)
    return settings if has_lemmas else replace(settings, lemmatizer=None)


def _own(kind: str, own: Any, settings: PipelineSettings, output: Path) -> Any:
    """Return the settings of a part, with the files that all share; a parser with a tagger gets predicted tags."""
    files = {"train": own.train or settings.train, "dev": own.dev or settings.dev}
    if kind != "lemmatizer":
        files["vectors"] = own.vectors or settings.vectors
    if kind == "parser" and settings.tagger:
        files["tagger"] = own.tagger or str(output / "tagger" / BEST)
        files["train"] = str(output / "tagger" / TAGGED) if settings.jackknife else files["train"]
    return replace(own, **files)


def _train(
    kind: str,
    own: Any,
    directory: Path,
    least: int,
    resume: bool,
    on_error: OnError | None,
    report: Report,
) -> None:
    if resume and is_finished(directory, own):
        return
    report(None)
    (directory / FINISHED).unlink(missing_ok=True)
    task = _task(kind, own, least, on_error)
    train(task, task.settings.training, directory, resume=resume, progress=report)
    with replacing(directory / FINISHED, ConfigurationError) as stream:
        stream.write(json.dumps(as_dict(own)).encode())


def _task(kind: str, own: Any, least: int, on_error: OnError | None) -> Any:
    """Read the data of a part; if they are few, its batches are small."""
    task = recipes.RECIPES[kind].task(own, on_error)
    task.settings = with_batches(own, len(task.batches(0)), least)
    return task


def with_batches(own: Any, count: int, least: int) -> Any:
    """Return the settings of a part with smaller batches, if its data would give fewer than the `least` for an epoch.

    With few steps of the optimiser, a network has hardly begun to learn when its epochs are over.
    """
    smaller = max(SMALLEST, own.training.batch_tokens * count // least)
    if smaller >= own.training.batch_tokens:
        return own
    return replace(own, training=replace(own.training, batch_tokens=smaller))


def is_finished(directory: Path, own: Any) -> bool:
    """Return whether a part was trained to its end with the same settings."""
    try:
        return bool(json.loads((directory / FINISHED).read_bytes()) == as_dict(own))
    except (OSError, ValueError):
        return False


def _jackknife(
    own: Any,
    output: Path,
    least: int,
    resume: bool,
    on_error: OnError | None,
    report: Report,
) -> None:
    """Write the train file with tags of taggers that have not seen the sentence."""
    tagged = output / "tagger" / TAGGED
    if not (resume and tagged.exists()):
        task = _task("tagger", own, least, on_error)
        recipes.jackknife_tags(task, output / "tagger", tagged, resume=resume, progress=report)


def word_vectors(
    settings: PipelineSettings, output: Path, resume: bool, on_error: OnError | None, report: Report
) -> Path:
    """Train word vectors on the raw text, without paragraphs of dev and test; return the place of their store."""
    store, corpus, file = output / VECTORS, output / "raw.txt", output / "vectors.bin"
    if resume and store.exists():
        return store
    report(None)
    shutil.rmtree(store, ignore_errors=True)
    unseen = vectors.runs(
        chain.from_iterable(_texts(place, on_error) for place in (settings.dev, settings.test) if place)
    )
    split = find_tokenizer(settings.tokenizer).split_words
    vectors.prepare([Path(settings.raw)], corpus, split, exclude=unseen, processes=settings.word2vec.workers)
    trained = vectors.train_vectors(corpus, settings.word2vec)
    vectors.save_vectors(trained, file, "word2vec-binary")
    vectors.VectorStore.create(store, trained, normalisation=SCHEME, source=file).close()
    corpus.unlink()
    return store


def _texts(place: str, on_error: OnError | None) -> Iterator[str]:
    """Give a treebank as text and then as forms, the two ways in which raw text may quote it."""
    sentences: list[Sentence] = recipes.read_treebank(place, "dev", on_error)
    yield from (sentence.text for sentence in sentences)
    yield from chain.from_iterable(sentence.forms for sentence in sentences)
