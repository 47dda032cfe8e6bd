"""Training runs: from settings (presets and TOML files) to a trained model in a directory.

A run reads its treebanks and vectors, trains with checkpoints in its directory, and saves the best model as `best`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from arcparse.checkpoint import find_model, load_config, sibling
from arcparse.checkpoint.saved import CONFIG
from arcparse.errors import ArcparseError, ConfigurationError, ModelError, TreebankError, shown
from arcparse.formats import read_sentences
from arcparse.frames.labeller_task import LabellerSettings, LabellerTask
from arcparse.frames.recogniser_task import RecogniserSettings, RecogniserTask
from arcparse.frames.recordings import Recording, read_recordings
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.stores import find_vectors, from_store, is_store
from arcparse.lexicon.tags import check_tags_words
from arcparse.networks.encoder import PretrainedEncoder
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.presets import KINDS, presets
from arcparse.segmenter.task import SegmenterSettings, SegmenterTask
from arcparse.sentence import Sentence
from arcparse.seq2seq.classifier_task import ClassifierSettings, ClassifierTask
from arcparse.seq2seq.labelled import hold_out_texts, read_labelled
from arcparse.seq2seq.language_model_task import LanguageModelSettings, LanguageModelTask
from arcparse.seq2seq.lemmatizer_task import LemmatizerSettings, LemmatizerTask
from arcparse.seq2seq.pairs import lines, read_pairs
from arcparse.seq2seq.skip_thought_task import SkipThoughtSettings, SkipThoughtTask
from arcparse.seq2seq.task import Seq2SeqSettings, Seq2SeqTask
from arcparse.settings import load_settings
from arcparse.silver import read_silver
from arcparse.tagger.model import Tagger
from arcparse.tagger.task import TaggerSettings, TaggerTask, hold_out, jackknife, units
from arcparse.training.loop import BEST, Task, train
from arcparse.training.progress import Progress
from arcparse.treebank import write_conllu
from arcparse.trees import checked

Settings = TypeVar("Settings")
OnError = Callable[[ArcparseError], None]


def resolve(
    cls: type[Settings], kind: str, *, preset: str = "", file: Path | None = None, overrides: Sequence[str] = ()
) -> Settings:
    """Return the settings of a preset, changed by a TOML file and then by `key=value` overrides.

    If they have a model to `start` from and no settings of the network, the network is that of this model. Raises
    ConfigurationError for an unknown preset, key or value, ModelError if the model to start from cannot be read.
    """
    known = presets(kind)
    name = preset or KINDS[kind].default
    if name not in known:
        raise ConfigurationError(f"there is no {kind} preset {shown(name)}; there are {', '.join(known)}")
    return load_settings(
        cls, file=file, preset=known[name], overrides=overrides, below=partial(_network_of_start, kind)
    )


def _network_of_start(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the network's settings of the model to start from; empty if there is no `start`, or settings of its own.

    Raises ConfigurationError if `start` is needed and not set.
    """
    if "start" not in settings or kind in settings:
        return {}
    if not settings["start"]:
        raise ConfigurationError(f"global training goes on from a trained {kind}; name it by --set start=RUN/best")
    place = find_model(settings["start"])
    found, config = load_config(place)
    if found != kind:
        raise ModelError(f"{place}: holds a model of kind {found!r}; start from one of kind {kind!r}")
    if not isinstance(config.get(kind), dict):
        raise ModelError(f"{place / CONFIG}: config.{kind} must be a table; copy the model again")
    return {kind: config[kind]}


def load_vectors(place: str) -> Pretrained:
    """Return the pretrained vectors of a store or of a model of vectors; no vectors if `place` is empty."""
    if not place:
        return Pretrained.none()
    path = find_vectors(place)
    return from_store(path) if is_store(path) else Pretrained.load(path)


def read_treebank(place: str, role: str, on_error: OnError | None = None, *, trees: bool = False) -> list[Sentence]:
    """Return the sentences of a file, whose format is guessed; with `trees`, each sentence must have a tree.

    With `on_error`, bad sentences are left out and their errors go to that function. Raises ConfigurationError if no
    file is set for this `role`, TreebankError if it is empty or malformed, TreeError if a sentence has no tree.
    """
    if not place:
        raise ConfigurationError(f'no {role} file is set; name one by {role} = "..." or --{role} FILE')
    read = read_sentences(place, on_error=on_error)
    sentences = list(checked(read, on_error) if trees else read)
    if not sentences:
        raise TreebankError(f"{place}: holds no sentence; the {role} file needs at least one")
    return sentences


def parser_task(settings: ParserSettings, on_error: OnError | None = None) -> ParserTask:
    """Read the training data of a parser; with `on_error`, bad sentences are left out, as in `read_treebank`."""
    train_sentences = read_treebank(settings.train, "train", on_error, trees=True)
    dev = read_treebank(settings.dev, "dev", on_error, trees=True)
    place = find_model(settings.tagger) if settings.tagger else _tagger_of(settings.start)
    tagger = Tagger.load(place) if place else None
    if place and tagger:
        check_tags_words(place, tagger.columns)
    encoder = PretrainedEncoder.open("" if settings.start else settings.pretrained)
    silver = list(read_silver(settings.silver, on_error))
    return ParserTask(settings, train_sentences, dev, load_vectors(settings.vectors), tagger, encoder, silver)


def _tagger_of(start: str) -> Path | None:
    """Return the path of the tagger of the parser to start from, if there is one."""
    place = find_model(start) if start else None
    tagger = load_config(place)[1].get("tagger") if place else None
    return sibling(place, tagger) if place and tagger else None


def tagger_task(settings: TaggerSettings, on_error: OnError | None = None) -> TaggerTask:
    """Read the training data of a tagger; with `on_error`, bad sentences are left out, as in `read_treebank`.

    Without a dev file, the end of the train file is held out as development data.
    """
    train_sentences = read_treebank(settings.train, "train", on_error)
    if settings.dev:
        dev = read_treebank(settings.dev, "dev", on_error)
    else:
        train_sentences, dev = hold_out(train_sentences, settings.held_out)
    silver = list(read_silver(settings.silver, on_error))
    return TaggerTask(settings, train_sentences, dev, tagger_vectors(settings, train_sentences), silver)


def tagger_vectors(settings: TaggerSettings, sentences: Sequence[Sentence]) -> Pretrained:
    """Return a tagger's pretrained vectors.

    Unless the setting `unknown` is "shared", each word or phrase of the sentences without a vector gets a random one.
    """
    pretrained = load_vectors(settings.vectors)
    if settings.unknown == "shared" or not settings.vectors:
        return pretrained
    forms = {form for sentence in units(sentences, settings.tagger, pretrained) for form in sentence.forms}
    return from_store(Path(settings.vectors), sorted(forms))


def jackknife_tags(
    task: TaggerTask,
    directory: Path,
    output: Path,
    *,
    resume: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Write the training file with tags of taggers that did not see these sentences (jackknifing).

    The training runs of the folds are directories below `directory`. The time left of the reports is that of all folds.
    """
    folds = task.settings.folds

    def train_fold(fold: int, sentences: list[Sentence]) -> Tagger:
        def report(own: Progress) -> None:
            if progress:
                left = own.seconds_left + own.seconds * (folds - fold - 1)
                progress(replace(own, seconds=own.seconds * folds, seconds_left=left))

        own = TaggerTask(task.settings, sentences, task.dev, task.pretrained, task.silver)
        run_directory = directory / f"fold{fold}"
        train(cast(Task, own), task.settings.training, run_directory, resume=resume, progress=report)
        return Tagger.load(run_directory / BEST)

    write_conllu(jackknife(task.train, folds, train_fold), output)


def lemmatizer_task(settings: LemmatizerSettings, on_error: OnError | None = None) -> LemmatizerTask:
    """Read the training data of a lemmatiser; with `on_error`, bad sentences are left out, as in `read_treebank`."""
    train_sentences, dev = (read_treebank(getattr(settings, role), role, on_error) for role in ("train", "dev"))
    return LemmatizerTask(settings, train_sentences, dev)


def segmenter_task(settings: SegmenterSettings, on_error: OnError | None = None) -> SegmenterTask:
    """Read the training data of a segmenter; with `on_error`, bad sentences are left out, as in `read_treebank`."""
    train_sentences, dev = (read_treebank(getattr(settings, role), role, on_error) for role in ("train", "dev"))
    return SegmenterTask(settings, train_sentences, dev, load_vectors(settings.vectors))


def seq2seq_task(settings: Seq2SeqSettings, on_error: OnError | None = None) -> Seq2SeqTask:
    """Read the pairs that a sequence-to-sequence model learns from; a bad line is an error, even with `on_error`.

    Raises ConfigurationError if no pairs are set.
    """
    for role in ("train", "dev"):
        if not getattr(settings, role):
            raise ConfigurationError(f'no {role} corpus is set; name one by {role} = "..." or --{role} CORPUS')
    languages, kind = (settings.source, settings.output), settings.model.symbols
    train_pairs, dev = (read_pairs(place, *languages, kind) for place in (settings.train, settings.dev))
    return Seq2SeqTask(settings, train_pairs, dev)


def classifier_task(settings: ClassifierSettings, on_error: OnError | None = None) -> ClassifierTask:
    """Read the labelled texts that a classifier learns from; a bad line is an error, even with `on_error`.

    Without a dev file, some texts of the train file are held out. Raises ConfigurationError if no texts are set.
    """
    if not settings.train:
        raise ConfigurationError('no train file is set; name one by train = "..." or --train FILE')
    texts = list(read_labelled(settings.train))
    if settings.dev:
        dev = list(read_labelled(settings.dev))
    else:
        texts, dev = hold_out_texts(texts, settings.held_out, settings.training.seed)
    return ClassifierTask(settings, texts, dev, load_vectors(settings.vectors))


def skip_thought_task(settings: SkipThoughtSettings, on_error: OnError | None = None) -> SkipThoughtTask:
    """Read the running text that sentence vectors are learned from; `on_error` is as in `read_treebank`."""
    train_sentences, dev = (read_treebank(getattr(settings, role), role, on_error) for role in ("train", "dev"))
    return SkipThoughtTask(settings, train_sentences, dev, load_vectors(settings.vectors))


def language_model_task(settings: LanguageModelSettings, on_error: OnError | None = None) -> LanguageModelTask:
    """Read the texts that a language model learns from; a bad line is an error, even with `on_error`.

    Raises ConfigurationError if no text is set, TreebankError if one is empty.
    """
    texts = []
    for role in ("train", "dev"):
        place = getattr(settings, role)
        if not place:
            raise ConfigurationError(f'no {role} text is set; name one by {role} = "..." or --{role} FILE')
        texts.append(list(lines(place, place)))
        if not texts[-1]:
            raise TreebankError(f"{place}: holds no line; the {role} text needs at least one")
    return LanguageModelTask(settings, *texts)


def labeller_task(settings: LabellerSettings, on_error: OnError | None = None) -> LabellerTask:
    """Read the recordings that a labeller learns from; a bad one is an error, even with `on_error`."""
    return LabellerTask(settings, *_recordings(settings))


def recogniser_task(settings: RecogniserSettings, on_error: OnError | None = None) -> RecogniserTask:
    """Read the recordings that a recogniser learns from; a bad one is an error, even with `on_error`."""
    return RecogniserTask(settings, *_recordings(settings))


def _recordings(settings: LabellerSettings | RecogniserSettings) -> tuple[list[Recording], list[Recording]]:
    """Return the recordings of train and dev. Raises ConfigurationError if no folder is set."""
    for role in ("train", "dev"):
        if not getattr(settings, role):
            raise ConfigurationError(
                f'no {role} recordings are set; name a folder by {role} = "..." or --{role} FOLDER'
            )
    return read_recordings(settings.train), read_recordings(settings.dev)


@dataclass(frozen=True)
class Recipe:
    """The training of a kind of model: the class of its settings, and the function that reads its data."""

    settings: type[Any]
    task: Callable[[Any, OnError | None], Any]


RECIPES = {
    "parser": Recipe(ParserSettings, parser_task),
    "tagger": Recipe(TaggerSettings, tagger_task),
    "lemmatizer": Recipe(LemmatizerSettings, lemmatizer_task),
    "segmenter": Recipe(SegmenterSettings, segmenter_task),
    "seq2seq": Recipe(Seq2SeqSettings, seq2seq_task),
    "classifier": Recipe(ClassifierSettings, classifier_task),
    "skip-thought": Recipe(SkipThoughtSettings, skip_thought_task),
    "lm": Recipe(LanguageModelSettings, language_model_task),
    "labeller": Recipe(LabellerSettings, labeller_task),
    "recogniser": Recipe(RecogniserSettings, recogniser_task),
}
