"""Sequence to sequence: models over encoders, attention and decoders of `arcparse.networks`, and the one beam search.

model                   N to M: a source to an output, saved and loaded
system                  writing an output as a transition system
task                    training
pairs                   parallel texts
search_errors           wrong outputs, by their cause
settings                the settings of models and lemmatisers
lemmas                  a dictionary of lemmas before a network
lemmatizer              forms to lemmas, by letters; lemmatizer_task trains it
edits                   forms and lemmas compared letter by letter
classifier              N to 1: texts to labels; classifier_task trains it
labelled                texts with labels
skip_thought            sentences to vectors, learned from their neighbours; skip_thought_task trains it
language_model          1 to N: the probability of the next symbol of a text; language_model_task trains it
language_model_network  its network
language_model_system   a text's continuation as a transition system
loading                 models of any of these kinds
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arcparse.networks.memory import Memory
    from arcparse.segmenter.model import Segmenter
    from arcparse.seq2seq.classifier import Classifier
    from arcparse.seq2seq.language_model import LanguageModel
    from arcparse.seq2seq.lemmatizer import Lemmatizer
    from arcparse.seq2seq.loading import MODELS, Model, load
    from arcparse.seq2seq.model import Output, Seq2Seq
    from arcparse.seq2seq.skip_thought import SkipThought

__all__ = [
    "MODELS",
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

_PLACES = {
    "Classifier": "seq2seq.classifier",
    "LanguageModel": "seq2seq.language_model",
    "Lemmatizer": "seq2seq.lemmatizer",
    "MODELS": "seq2seq.loading",
    "Memory": "networks.memory",
    "Model": "seq2seq.loading",
    "Output": "seq2seq.model",
    "Segmenter": "segmenter.model",
    "Seq2Seq": "seq2seq.model",
    "SkipThought": "seq2seq.skip_thought",
    "load": "seq2seq.loading",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: all need torch, and `arcparse.seq2seq.lemmas` does not."""
    if name not in _PLACES:
        raise AttributeError(f"module 'arcparse.seq2seq' has no attribute {name!r}")
    return getattr(import_module(f"arcparse.{_PLACES[name]}"), name)
