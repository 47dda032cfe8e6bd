"""Measures the speed of arcparse, UDPipe and spaCy: tokens per second, start-up time, latency, memory.

All systems get the same gold-tokenised sentences and take turns at each stage (A B A B), so that other work of the
machine slows all of them equally. Loading a model and building another system's sentence objects are not timed, and
arcparse forgets the forms of the previous run. To compare numbers of threads, start a process for each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from arcparse.batches import stream
from arcparse.errors import ArcparseError, ConfigurationError, ModelError, TreebankError
from arcparse.pipeline import DEFAULT_MODEL, Pipeline
from arcparse.pipeline.parts import Precision
from arcparse.sentence import EMPTY, MISC, Sentence
from arcparse.threads import asked
from arcparse.treebank import read_conllu, write_conllu

Stage: TypeAlias = "Callable[[], Callable[[], object]]"  # prepares without timing, and returns the function to time
Seconds: TypeAlias = "dict[tuple[str, str], list[float]]"  # for each stage and system, the seconds of each run

OWN = "arcparse"
READING, TAGGING, PARSING, BOTH = "reading", "tagging", "parsing, tags given", "tagging and parsing"
WRITING, EVERYTHING, ONE = "writing", "everything", "one sentence"
STAGES = (READING, TAGGING, PARSING, BOTH, WRITING, EVERYTHING, ONE)
LATENCY_TOKENS = 20  # the sentence with the nearest length is parsed alone
LATENCY_REPEATS = 10  # parses in one measurement
FIRST_TEXT = "The first tree is what one waits for."
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in the system's unit of resident memory


@dataclass(frozen=True)
class Plan:
    """The file, systems and settings of a measurement."""

    file: Path  # gold-tokenised CoNLL-U
    model: str = DEFAULT_MODEL
    threads: int = 1
    runs: int = 5
    batch_size: int = 1024  # sentences
    beam: int | None = None  # None: the model's own
    precision: Precision = "float32"  # of the encoder
    udpipe: str = ""  # a model of UDPipe; empty: not measured
    udpipe_beam: int = 5  # UDPipe's default
    spacy: str = ""  # a model of spaCy; empty: not measured
    spacy_batch: int = 256  # sentences; spaCy is slower with larger batches


@dataclass(frozen=True)
class Measure:
    """A measured quantity: for each run its value and, for another system, its time divided by that of arcparse."""

    name: str
    system: str
    unit: str
    values: tuple[float, ...]
    ratios: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return names, median, least and greatest value, and the median ratio."""
        return {
            "name": self.name,
            "system": self.system,
            "unit": self.unit,
            "median": median(self.values),
            "min": min(self.values),
            "max": max(self.values),
            "ratio": median(self.ratios) if self.ratios else None,
        }


@dataclass(frozen=True)
class Report:
    """The results of a measurement, with the size of the file."""

    plan: Plan
    sentences: int
    tokens: int
    measures: tuple[Measure, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            **vars(self.plan),
            "file": str(self.plan.file),
            "sentences": self.sentences,
            "tokens": self.tokens,
            "measures": [measure.as_dict() for measure in self.measures],
        }


def benchmark(plan: Plan) -> Report:
    """Measure all systems of the plan.

    Raises TreebankError for a file without words, ConfigurationError if another system is not installed, and ModelError
    if a model cannot be loaded.
    """
    sentences = [sentence for sentence in read_conllu(plan.file) if len(sentence)]
    if not sentences:
        raise TreebankError(f"{plan.file}: holds no sentence to measure with; give a CoNLL-U file")
    started = [_process(["parse", FIRST_TEXT, *_options(plan)])[0] for _ in range(plan.runs)]
    whole = ["parse", "--input", str(plan.file), "--from", "conllu", "--output", os.devnull, *_options(plan)]
    peak = _process([*whole, "--batch-size", str(plan.batch_size)])[1]
    sample = min(sentences, key=lambda sentence: abs(len(sentence) - LATENCY_TOKENS))
    systems = {OWN: arcparse_stages(plan, sentences, sample)}
    if plan.udpipe:
        systems["udpipe"] = udpipe_stages(plan, sentences, sample)
    if plan.spacy:
        systems["spacy"] = spacy_stages(plan, sentences, sample)
    tokens = sum(map(len, sentences))
    with asked(plan.threads):
        seconds = take_turns(systems, plan.runs)
    measures = _measures(seconds, tokens, len(sample))
    measures.append(Measure("start to first tree", OWN, "s", tuple(started)))
    measures.append(Measure("peak memory", OWN, "MiB", (peak / 2**20,)))
    return Report(plan, len(sentences), tokens, tuple(measures))


def take_turns(systems: Mapping[str, Mapping[str, Stage]], runs: int) -> Seconds:
    """Time each stage of each system `runs` times, the systems one after the other at each stage."""
    seconds: Seconds = {}
    for _ in range(runs):
        for stage in STAGES:
            for system in systems:
                if stage in systems[system]:
                    timed = systems[system][stage]()
                    start = time.perf_counter()
                    result = timed()
                    seconds.setdefault((stage, system), []).append(time.perf_counter() - start)
                    del result  # here, so that no measured time includes the freeing of its memory
    return seconds


def _measures(seconds: Seconds, tokens: int, sample_tokens: int) -> list[Measure]:
    measures = []
    for (stage, system), own in seconds.items():
        ratios: tuple[float, ...] = ()
        if system != OWN and (stage, OWN) in seconds:
            ratios = tuple(theirs / ours for theirs, ours in zip(own, seconds[stage, OWN], strict=True))
        if stage == ONE:
            values = tuple(1000 * value / LATENCY_REPEATS for value in own)
            measures.append(Measure(f"{ONE} of {sample_tokens} tokens", system, "ms", values, ratios))
        else:
            measures.append(Measure(stage, system, "tokens/s", tuple(tokens / value for value in own), ratios))
    return measures


def arcparse_stages(plan: Plan, sentences: Sequence[Sentence], sample: Sentence) -> dict[str, Stage]:
    """Return the stages of arcparse; its model is loaded and has parsed one sentence."""
    pipeline = Pipeline.load(plan.model, precision=plan.precision, threads=plan.threads)
    parser, tagger = pipeline.parser, pipeline.tagger
    tags = tagger is not None or parser.predicts_tags

    def both(batch: Sequence[Sentence]) -> list[Sentence]:
        return pipeline.parse_sentences(batch, beam=plan.beam, given_tags=not tags)

    def batched(act: Callable[[Sequence[Sentence]], Iterable[Sentence]], of: Iterable[Sentence]) -> Iterator[Sentence]:
        return (result for batch in stream(of, plan.batch_size) for result in act(batch))

    def on_sentences(act: Callable[[Sequence[Sentence]], Iterable[Sentence]]) -> Stage:
        def prepare() -> Callable[[], object]:
            fresh = _fresh(sentences)
            return lambda: list(batched(act, fresh))

        return prepare

    def everything() -> Callable[[], object]:
        on_sentences(both)()  # for its preparation of the models
        return lambda: write_conllu(batched(both, read_conllu(plan.file)), os.devnull)

    def one() -> Callable[[], object]:
        fresh = _fresh([sample] * LATENCY_REPEATS)
        return lambda: [both([sentence]) for sentence in fresh]

    both([sample])
    stages: dict[str, Stage] = {
        READING: lambda: lambda: list(read_conllu(plan.file)),
        PARSING: on_sentences(lambda batch: parser.parse(batch, given_tags=True, beam=plan.beam)),
        WRITING: lambda: lambda: write_conllu(sentences, os.devnull),
        EVERYTHING: everything,
        ONE: one,
    }
    if tagger is not None:
        stages[TAGGING] = on_sentences(tagger.tag)
    if tags:
        stages[BOTH] = on_sentences(both)
    return stages


def udpipe_stages(plan: Plan, sentences: Sequence[Sentence], sample: Sentence) -> dict[str, Stage]:
    """Return the stages of UDPipe 1, which tags and parses one sentence after another."""
    library = _library("ufal.udpipe", "ufal.udpipe")
    model = library.Model.load(plan.udpipe)
    if model is None:
        raise ModelError(f"{plan.udpipe}: UDPipe cannot load this; give a model file of UDPipe")

    def build(sentence: Sentence, tagged: bool) -> Any:
        built = library.Sentence()
        for token in sentence:
            word = built.addWord(token.form)
            if tagged:
                tags = (token.lemma, token.upos, token.xpos, token.feats)
                word.lemma, word.upostag, word.xpostag, word.feats = ("" if tag == EMPTY else tag for tag in tags)
        return built

    def stage(of: Sequence[Sentence], *acts: Callable[[Any], object], tagged: bool = False) -> Stage:
        def prepare() -> Callable[[], object]:
            built = [build(sentence, tagged) for sentence in of]
            return lambda: [act(sentence) for sentence in built for act in acts]

        return prepare

    def tag(sentence: Any) -> object:
        return model.tag(sentence, "")

    def parse(sentence: Any) -> object:
        return model.parse(sentence, f"beam_search={plan.udpipe_beam}")

    return {
        TAGGING: stage(sentences, tag),
        PARSING: stage(sentences, parse, tagged=True),
        BOTH: stage(sentences, tag, parse),
        ONE: stage([sample] * LATENCY_REPEATS, tag, parse),
    }


def spacy_stages(plan: Plan, sentences: Sequence[Sentence], sample: Sentence) -> dict[str, Stage]:
    """Return the stages of spaCy, whose components process batches of sentences one after another."""
    library, document = _library("spacy", "spacy"), _library("spacy.tokens", "spacy").Doc
    try:
        nlp = library.load(plan.spacy)
    except OSError as error:
        raise ModelError(f"{plan.spacy}: spaCy cannot load this: {error}") from None

    def build(sentence: Sentence) -> Any:
        spaces = ["SpaceAfter=No" not in misc.split("|") for misc in sentence.words(MISC)]
        starts = [True] + [False] * (len(sentence) - 1)
        return document(nlp.vocab, words=list(sentence.forms), spaces=spaces, sent_starts=starts)

    def both() -> Callable[[], object]:
        built = [build(sentence) for sentence in sentences]
        return lambda: list(nlp.pipe(built, batch_size=plan.spacy_batch))

    def one() -> Callable[[], object]:
        built = [build(sample) for _ in range(LATENCY_REPEATS)]
        return lambda: [list(nlp.pipe([single])) for single in built]

    return {BOTH: both, ONE: one}


def _fresh(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Copy sentences without their cached values."""
    return [Sentence(sentence.comments, sentence.columns, sentence.place) for sentence in sentences]


def _library(name: str, package: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"{package} is not installed; run `pip install {package}`, or leave its model out"
        ) from None


def _options(plan: Plan) -> list[str]:
    own = {"model": plan.model, "beam": plan.beam, "precision": plan.precision, "threads": plan.threads}
    return [part for name, value in own.items() if value is not None for part in (f"--{name}", str(value))]


def _process(arguments: Sequence[str]) -> tuple[float, int]:
    """Run `python -m arcparse`; return the seconds until its first line, and its peak of resident memory in bytes."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "arcparse", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603 (our own)
        output: Any = process.stdout
        output.readline()
        seconds = time.perf_counter() - start
        output.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ArcparseError(
            f"`arcparse {' '.join(arguments)}` ended with status {process.returncode}; see its message above"
        )
    return seconds, usage.ru_maxrss * RSS_UNIT
