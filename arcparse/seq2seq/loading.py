"""Loading a model of any kind of sequence-to-sequence models."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, overload

from arcparse.checkpoint import find_model, load_config, wrong_kind
from arcparse.segmenter import division as segmenter
from arcparse.segmenter.model import Segmenter
from arcparse.seq2seq import classifier, language_model, lemmas, model, skip_thought
from arcparse.seq2seq.classifier import Classifier
from arcparse.seq2seq.language_model import LanguageModel
from arcparse.seq2seq.lemmatizer import Lemmatizer
from arcparse.seq2seq.model import Seq2Seq
from arcparse.seq2seq.skip_thought import SkipThought

Model = Seq2Seq | Lemmatizer | Classifier | Segmenter | LanguageModel | SkipThought
M = TypeVar("M", bound=Model)
MODELS: dict[str, type[Model]] = {
    model.KIND: Seq2Seq,
    lemmas.KIND: Lemmatizer,
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
        raise wrong_kind(place, kind, f"one of kind {', '.join(MODELS)}")
    return MODELS[kind]
