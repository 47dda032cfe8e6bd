"""The stages of UDPipe and spaCy, and the programs that show how soon they make a first tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from arcparse.benchmark.plan import LONG_WORDS, Corpus, Plan
from arcparse.benchmark.turns import BOTH, LENGTH, ONE, PARSING, TAGGING, Calls, Case, Stage
from arcparse.errors import ConfigurationError, ModelError
from arcparse.sentence import EMPTY, MISC, Sentence

# Programs that print the first tree: their arguments are the model, the text and UDPipe's options.
UDPIPE_PROGRAM = """import sys
from ufal.udpipe import Model, Pipeline
_, name, text, options = sys.argv
model = Model.load(name)  # a variable, since the pipeline does not keep it
print(Pipeline(model, "tokenize", Pipeline.DEFAULT, options, "conllu").process(text), flush=True)
"""
SPACY_PROGRAM = """import sys
import spacy
_, model, text = sys.argv
for token in spacy.load(model)(text):
    print(token.text, token.pos_, token.head.i, token.dep_, flush=True)
"""


def udpipe_stages(plan: Plan, corpus: Corpus) -> dict[Case, Stage]:
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

    def on(*acts: Callable[[Any], object], tagged: bool = False) -> Stage:
        def prepare() -> Calls:
            built = [build(sentence, tagged) for sentence in corpus.sentences]
            return [lambda: [act(sentence) for sentence in built for act in acts]]

        return prepare

    def one_by_one() -> Calls:
        return [partial(both, build(sentence, False)) for sentence in corpus.short]

    def tag(sentence: Any) -> object:
        return model.tag(sentence, "")

    def parse(sentence: Any) -> object:
        return model.parse(sentence, f"beam_search={plan.udpipe_beam}")

    def both(sentence: Any) -> object:
        return tag(sentence), parse(sentence)

    tokens, beam = corpus.tokens, plan.udpipe_beam
    return {
        Case(TAGGING, tokens): on(tag),
        Case(PARSING, tokens, beam): on(parse, tagged=True),
        Case(BOTH, tokens, beam): on(tag, parse),
        Case(ONE, corpus.short_tokens, beam): one_by_one,
    }


def spacy_stages(plan: Plan, corpus: Corpus) -> dict[Case, Stage]:
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

    def on(sentences: Sequence[Sentence]) -> Stage:
        def prepare() -> Calls:
            built = [build(sentence) for sentence in sentences]
            return [lambda: list(nlp.pipe(built, batch_size=plan.spacy_batch))]

        return prepare

    def one_by_one() -> Calls:
        return [partial(alone, build(sentence)) for sentence in corpus.short]

    def alone(built: Any) -> object:
        return list(nlp.pipe([built]))

    stages = {Case(BOTH, corpus.tokens): on(corpus.sentences), Case(ONE, corpus.short_tokens): one_by_one}
    if plan.growth:
        stages |= {Case(LENGTH, words): on([corpus.long(words)]) for words in LONG_WORDS}
    return stages


def _library(name: str, package: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"{package} is not installed; run `pip install {package}`, or leave its model out"
        ) from None
