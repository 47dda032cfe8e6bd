"""The stages of arcparse by each path: with the kernels of an instruction set, or with the networks in torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from arcparse.batches import stream
from arcparse.benchmark.plan import LONG_WORDS, OWN, WIDTHS, Corpus, Plan, fresh
from arcparse.benchmark.turns import (
    BEAM,
    BOTH,
    COLD,
    EVERYTHING,
    LENGTH,
    ONE,
    PARSING,
    READING,
    TAGGING,
    WARM,
    WRITING,
    Calls,
    Case,
    Stage,
)
from arcparse.kernels.library import NONE, SETTING, in_use
from arcparse.parser.compiled import CompiledParser
from arcparse.pipeline import Pipeline
from arcparse.pipeline.parts import ParsesSentences, Precision, TagsSentences
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu, write_conllu

TORCH = "torch"
Act = Callable[[Sequence[Sentence]], list[Sentence]]


@dataclass(frozen=True)
class Variant:
    """A path and a precision."""

    path: str  # a level of the kernels, or "torch"
    precision: Precision
    is_main: bool  # of the precisions of this path, the one that measures start-up too


@dataclass(frozen=True)
class Loaded:
    """A model, loaded by a path."""

    name: str
    pipeline: Pipeline
    parser: ParsesSentences
    tagger: TagsSentences | None

    @property
    def is_compiled(self) -> bool:
        """Whether the parser uses kernels."""
        return isinstance(self.parser, CompiledParser)

    @property
    def tags(self) -> bool:
        """Whether the model predicts tags."""
        return self.tagger is not None or self.parser.predicts_tags

    def both(self, batch: Sequence[Sentence], beam: int) -> list[Sentence]:
        """Tag and parse, without lemmas."""
        tagged = batch if self.tagger is None else self.tagger.tag(batch)
        return self.parser.parse(tagged, beam=beam)

    def forget(self) -> None:
        """Empty the caches of forms, and the lemmatiser's answers."""
        for part in (self.parser, self.tagger, self.pipeline.lemmatizer):
            caches: Any = getattr(part, "lemmas", part)  # those of a lemmatiser in torch
            if hasattr(caches, "forget"):
                caches.forget()


def variants(plan: Plan) -> list[Variant]:
    """Return the paths of the plan, or else the one in use, in each precision."""
    paths = plan.paths or (TORCH if in_use() == NONE else in_use(),)
    found: dict[tuple[str, Precision], Variant] = {}
    for path in paths:
        for number, asked in enumerate(plan.precision):
            precision = _canonical(path, asked)
            found.setdefault((path, precision), Variant(path, precision, is_main=not number))
    return list(found.values())


def loaded(plan: Plan, variant: Variant) -> Loaded:
    """Load the model by a path. Raises ConfigurationError if this processor lacks it, ModelError for a bad model."""
    with forced(variant.path):
        pipeline = Pipeline.load(
            plan.model,
            precision=variant.precision,
            lemmatizer=plan.lemmatizer or None,
            without=plan.without,
            threads=plan.threads,
        )
    parts = pipeline._analysis  # `pipeline.parser` would be the network in torch
    parser = parts.needed_parser()
    path = variant.path if isinstance(parser, CompiledParser) else TORCH
    precision = _canonical(path, variant.precision)
    name = f"{OWN} {path}" if precision == _canonical(path, "auto") else f"{OWN} {path} {precision}"
    return Loaded(name, pipeline, parser, parts.tagger)


@contextmanager
def forced(path: str) -> Iterator[None]:
    """Load models by a path inside the `with` block; they keep to it afterwards."""
    before = os.environ.get(SETTING)
    os.environ.update(environment(path))
    try:
        yield
    finally:
        del os.environ[SETTING]
        if before is not None:
            os.environ[SETTING] = before


def environment(path: str) -> dict[str, str]:
    """Return the variable of the environment that forces a path."""
    return {SETTING: NONE if path == TORCH else path}


def _canonical(path: str, precision: Precision) -> Precision:
    """Return the name of a precision among those that are equal: kernels have two, torch has no `auto`."""
    if path == TORCH:
        return "float32" if precision == "auto" else precision
    return "auto" if precision == "bfloat16" else precision


def own_stages(plan: Plan, own: Loaded, corpus: Corpus, *, is_first: bool) -> dict[Case, Stage]:
    """Return the stages of a loaded model, which has then parsed a sentence.

    The first model alone has the stages that read or write, tagging and parsing by themselves, and growth.
    """
    sentences, tokens = corpus.sentences, corpus.tokens
    states = (COLD, WARM) if own.is_compiled else ("",)  # torch has no such caches
    at = {beam: partial(own.both, beam=beam) for beam in {*plan.beams, *WIDTHS}}
    stages: dict[Case, Stage] = {}

    def add(name: str, act: Act, beam: int | None = None) -> None:
        """Add a stage without caches, and with those that the one before has filled."""
        for state in states:
            stages[Case(name, tokens, beam, state)] = _on(own, plan, sentences, act, forget=state != WARM)

    if is_first:
        stages |= _files(plan, own, corpus)
        if own.tags:
            add(TAGGING, (own.tagger or own.parser).tag)
        for beam in plan.beams:
            add(PARSING, partial(own.parser.parse, given_tags=True, beam=beam), beam)
    for beam in plan.beams:
        if own.tags:
            add(BOTH, at[beam], beam)
        if is_first or beam == plan.beams[0]:
            for state in states:
                one_by_one = _one_by_one(own, corpus.short, at[beam], forget=state != WARM)
                stages[Case(ONE, corpus.short_tokens, beam, state)] = one_by_one
    if is_first and plan.growth:
        for beam in plan.beams:
            for words in LONG_WORDS:
                stages[Case(LENGTH, words, beam)] = _on(own, plan, [corpus.long(words)], at[beam], forget=True)
        part = corpus.part()
        for beam in WIDTHS:
            stages[Case(BEAM, sum(map(len, part)), beam)] = _on(own, plan, part, at[beam], forget=True)
    own.both(corpus.short[:1], beam=1)
    return stages


def _files(plan: Plan, own: Loaded, corpus: Corpus) -> dict[Case, Stage]:
    """Return the stages that read or write: each by itself, and the whole path with all that is on."""

    def whole(beam: int) -> Calls:
        own.forget()
        parsed = partial(own.pipeline.parse_sentences, beam=beam, given_tags=not own.tags)
        return [lambda: write_conllu(_batched(parsed, read_conllu(plan.file), plan.batch_size), os.devnull)]

    tokens = corpus.tokens
    return {
        Case(READING, tokens): lambda: [lambda: list(read_conllu(plan.file))],
        Case(WRITING, tokens): lambda: [lambda: write_conllu(corpus.sentences, os.devnull)],
        **{Case(EVERYTHING, tokens, beam, COLD): partial(whole, beam) for beam in plan.beams},
    }


def _on(own: Loaded, plan: Plan, sentences: Sequence[Sentence], act: Act, *, forget: bool) -> Stage:
    def prepare() -> Calls:
        if forget:
            own.forget()
        copies = fresh(sentences)
        return [lambda: list(_batched(act, copies, plan.batch_size))]

    return prepare


def _one_by_one(own: Loaded, sentences: Sequence[Sentence], act: Act, *, forget: bool) -> Stage:
    def prepare() -> Calls:
        if forget:
            own.forget()
        return [partial(act, [sentence]) for sentence in fresh(sentences)]

    return prepare


def _batched(act: Act, sentences: Iterable[Sentence], size: int) -> Iterator[Sentence]:
    return (result for batch in stream(sentences, size) for result in act(batch))
