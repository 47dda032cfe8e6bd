"""Sequence to sequence: models over encoders, attention and decoders of `arcparse.networks`, and the one beam search.

model                   N to M: a source to an output, saved and loaded
system                  writing an output as a transition system
task                    training
pairs                   parallel texts
search_errors           wrong outputs, by their cause
lemmatizer              forms to lemmas, by letters; lemmatizer_task trains it
edits                   forms and lemmas compared letter by letter
classifier              N to 1: texts to labels; classifier_task trains it
labelled                texts with labels
skip_thought            sentences to vectors, learned from their neighbours; skip_thought_task trains it
language_model          1 to N: the probability of the next symbol of a text; language_model_task trains it
language_model_network  its network
language_model_system   a text's continuation as a transition system
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, overload

from arcparse.checkpoint import find_model, load_config
from arcparse.errors import ModelError
from arcparse.networks.memory import Memory
from arcparse.segmenter import model as segmenter
from arcparse.segmenter.model import Segmenter
from arcparse.seq2seq import classifier, language_model, lemmatizer, model, skip_thought
from arcparse.seq2seq.classifier import Classifier
from arcparse.seq2seq.language_model import LanguageModel
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.seq2seq.model import Output, Seq2Seq
from arcparse.seq2seq.skip_thought import SkipThought

__all__ = [
    "Classifier",
    "LanguageModel",
    "Lemmatizer",
    "Memory",
    "Model",
    "Output",
    "Segmenter",
    "Seq2Seq",
    "SkipThought",
    "load",
]

Model = Seq2Seq | Lemmatizer | Classifier | Segmenter | LanguageModel | SkipThought
M = TypeVar("M", bound=Model)
MODELS: dict[str, type[Model]] = {
    model.KIND: Seq2Seq,
    lemmatizer.KIND: Lemmatizer,
    classifier.KIND: Classifier,
    segmenter.KIND: Segmenter,
    language_model.KIND: LanguageModel,
    skip_thought.KIND: SkipThought,
}


@overload
def load(name_or_path: str | Path) -> Model: ...
@overload
def load(name_or_path: str | Path, of: type[M]) -> M: ...
def load(name_or_path: str | Path, of: type[Any] | None = None) -> Any:
    """Return the model of a directory or archive, or the shipped one of that name, ready for use.

    It may be of any class in `MODELS`; with `of`, as in `load(place, Seq2Seq)`, only of that class. Raises ModelError
    if it is missing, broken or something else.
    """
    place = find_model(name_or_path)
    return (of or _class(place)).load(place)


def _class(place: Path) -> type[Model]:
    kind, _ = load_config(place)
    if kind not in MODELS:
        raise ModelError(f"{place}: holds a model of kind {kind!r}; arcparse.load loads parsers and taggers")
    return MODELS[kind]
