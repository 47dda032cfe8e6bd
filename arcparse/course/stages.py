"""The steps of a course, one after another: each training has its own directory, and goes on from its own checkpoint.

A part that is finished leaves its settings in its directory, and is skipped as long as they are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from arcparse import recipes
from arcparse.bundle import Bundle
from arcparse.course.files import Size, sizes, with_files
from arcparse.course.record import keep_to_data
from arcparse.course.scoring import Scores, finish
from arcparse.course.settings import PipelineSettings
from arcparse.course.time_left import TimeLeft, trial
from arcparse.course.word_vectors import train_word_vectors, vectors_trial
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.files import make_folder, replacing
from arcparse.sentence import EMPTY
from arcparse.settings import as_dict, as_toml
from arcparse.training.loop import BEST, train
from arcparse.training.progress import Progress

FINISHED = "finished.json"  # in the directory of a part: the settings that it was trained with
SETTINGS = "settings.toml"
VECTORS, JACKKNIFE, SCORES = "vectors", "taggers of unseen parts", "scores"  # the steps that train no part
TAGGED = "train.tagged.conllu"
SMALLEST = 100  # of `batch_tokens`, that a small treebank makes smaller
SCORING = 0.25  # of the time that an epoch of all parts takes for as many words: three analyses, and no learning

OnError = Callable[[ArcparseError], None]
Report = Callable[[Progress | None], None]


@dataclass(frozen=True)
class Stage:
    """A step of the course: its name, its number from 1, and the number of all."""

    name: str
    number: int
    count: int
    seconds_left: float  # to the end of the course: about, and at most, as `time_left` explains


OnProgress = Callable[[Stage, Progress | None], None]


def train_pipeline(
    settings: PipelineSettings,
    output: Path,
    *,
    resume: bool = True,
    on_error: OnError | None = None,
    progress: OnProgress | None = None,
) -> tuple[PipelineSettings, Bundle, Scores]:
    """Train all parts in directories below `output`, and score them; return the settings with their files, too.

    With `resume`, finished parts are skipped, and the one that was stopped goes on. `progress` is called with each
    step that begins, and with the reports of its training; `on_error` is as in `arcparse.recipes.read_treebank`.
    Raises the errors of the files before the first training, and those of the trainings.
    """
    make_folder(output, ConfigurationError)
    settings = with_files(settings, output, on_error)
    counts = sizes(settings, on_error)
    settings = without_lemmas_if_none(settings, on_error)
    names = steps(settings)
    keep_to_data(settings, counts, output, resume=resume, raw=VECTORS in names)
    with replacing(output / SETTINGS, ConfigurationError) as stream:
        stream.write(as_toml(settings).encode())
    if VECTORS in names:
        settings = replace(settings, vectors=str(output / VECTORS))
    course = Course(settings, output, resume, on_error)
    waiting = [name for name in names if not course.is_finished(name)]
    time_left = TimeLeft(course.trials(waiting, counts) if progress else {})

    def report(name: str, own: Progress | None) -> None:
        if progress:
            progress(Stage(name, names.index(name) + 1, len(names), time_left.seconds(name, own)), own)

    for name in waiting:
        report(name, None)
        if name != SCORES:
            course.do(name, partial(report, name))
    bundle = course.bundle()
    return settings, bundle, finish(settings, bundle, output, on_error)


def steps(settings: PipelineSettings) -> list[str]:
    """Return the names of the steps, in their order."""
    vectors = [VECTORS] if settings.raw and not settings.vectors else []
    names = [*vectors, *settings.parts(), SCORES]
    if settings.tagger and settings.jackknife:
        names.insert(names.index("tagger") + 1, JACKKNIFE)
    return names


def without_lemmas_if_none(settings: PipelineSettings, on_error: OnError | None) -> PipelineSettings:
    """Return the settings without a lemmatiser if the train file has no lemmas."""
    if settings.lemmatizer is None:
        return settings
    sentences = recipes.read_treebank(settings.train, "train", on_error)
    has_lemmas = any(lemma != EMPTY for sentence in sentences for lemma in sentence.lemmas)
    return settings if has_lemmas else replace(settings, lemmatizer=None)


@dataclass(frozen=True)
class Course:
    """The steps of a course whose settings have their files: which are finished, how long they take, how to do them."""

    settings: PipelineSettings
    output: Path
    resume: bool = True
    on_error: OnError | None = None

    def own(self, kind: str, *, tagged: bool = True) -> Any:
        """Return the settings of a part, with the files that all share; a parser with a tagger gets predicted tags.

        If they are not `tagged`, it gets gold tags.
        """
        shared, own = self.settings, self.settings.parts()[kind]
        files = {"train": own.train or shared.train, "dev": own.dev or shared.dev}
        if kind != "lemmatizer":
            files["vectors"] = own.vectors or shared.vectors
        if kind == "parser" and shared.tagger and tagged:
            files["tagger"] = own.tagger or str(self.output / "tagger" / BEST)
            files["train"] = str(self.tagged) if shared.jackknife else files["train"]
        return replace(own, **files)

    @property
    def tagged(self) -> Path:
        """The train file with tags of taggers that have not seen the sentence."""
        return self.output / "tagger" / TAGGED

    def is_finished(self, step: str) -> bool:
        """Return whether a step was done to its end with the same settings; the scores are always made anew."""
        if not self.resume or step == SCORES:
            return False
        if step == VECTORS:
            return (self.output / VECTORS).exists()
        if step == JACKKNIFE:
            return self.tagged.exists() and self.is_finished("tagger")
        try:
            return bool(json.loads((self.output / step / FINISHED).read_bytes()) == as_dict(self.own(step)))
        except (OSError, ValueError):
            return False

    def task(self, kind: str, *, tagged: bool = True) -> Any:
        """Read the data of a part; if they are few, its batches are small."""
        own = self.own(kind, tagged=tagged)
        task = recipes.RECIPES[kind].task(own, self.on_error)
        task.settings = with_batches(own, len(task.batches(0)), self.settings.least_batches)
        return task

    def trials(self, names: Sequence[str], counts: Mapping[str, Size]) -> dict[str, float]:
        """Return the seconds that steps may take; `counts` are those of `sizes`."""
        own = replace(self, settings=replace(self.settings, vectors="")) if VECTORS in names else self
        found = {kind: trial(own.task(kind, tagged=False)) for kind in self.settings.parts() if kind in names}
        epochs = (found[kind] / self.own(kind).training.epochs for kind in found)
        scored = counts["test" if self.settings.test else "dev"].words / counts["train"].words
        found[SCORES] = SCORING * scored * sum(epochs)
        if VECTORS in names:
            found[VECTORS] = vectors_trial(self.settings)
        if JACKKNIFE in names:
            whole = found["tagger"] if "tagger" in found else trial(own.task("tagger"))
            found[JACKKNIFE] = whole * (self.own("tagger").folds - 1)  # as many trainings as folds, without one fold
        return {name: found[name] for name in names}

    def do(self, step: str, report: Report) -> None:
        """Train the vectors, a part, or the taggers that tag the train file."""
        if step == VECTORS:
            train_word_vectors(self.settings, self.output / VECTORS, self.on_error)
        elif step == JACKKNIFE:
            task, folder = self.task("tagger"), self.output / "tagger"
            recipes.jackknife_tags(task, folder, self.tagged, resume=self.resume, progress=report)
        else:
            self._train(step, self.output / step, report)

    def _train(self, kind: str, directory: Path, report: Report) -> None:
        (directory / FINISHED).unlink(missing_ok=True)
        task = self.task(kind)
        train(task, task.settings.training, directory, resume=self.resume, progress=report)
        with replacing(directory / FINISHED, ConfigurationError) as stream:
            stream.write(json.dumps(as_dict(self.own(kind))).encode())

    def bundle(self) -> Bundle:
        """Return the trained parts."""
        parts = self.settings.parts()
        lemmatizer, segmenter = (self.output / part if part in parts else None for part in ("lemmatizer", "segmenter"))
        rules = self.settings.tokenizer
        return Bundle.find(self.output / "parser", lemmatizer=lemmatizer, segmenter=segmenter, tokenizer=rules)


def with_batches(own: Any, count: int, least: int) -> Any:
    """Return the settings of a part with smaller batches, if its data would give fewer than the `least` for an epoch.

    With few steps of the optimiser, a network has hardly begun to learn when its epochs are over.
    """
    smaller = max(SMALLEST, own.training.batch_tokens * count // least)
    if smaller >= own.training.batch_tokens:
        return own
    return replace(own, training=replace(own.training, batch_tokens=smaller))
