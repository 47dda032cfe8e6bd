"""arcparse: transition-based dependency parsing on one beam search, with English models included.

>>> import arcparse
>>> [sentence] = arcparse.parse("The cat slept.")
>>> [(token.form, token.head, token.deprel) for token in sentence]
[('The', 2, 'det'), ('cat', 3, 'nsubj'), ('slept', 0, 'root'), ('.', 3, 'punct')]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arcparse.sentence import Phrase, Sentence, Token, Tree
from arcparse.sentence.document import Document

if TYPE_CHECKING:
    from arcparse.evaluation import evaluate
    from arcparse.parser.parse import Parse
    from arcparse.pipeline import Pipeline, load
    from arcparse.pipeline.functions import nbest, parse, tag
    from arcparse.tagger.dictionary import read_dictionary
    from arcparse.treebank import read_conllu, write_conllu

__all__ = [
    "Document",
    "Parse",
    "Phrase",
    "Pipeline",
    "Sentence",
    "Token",
    "Tree",
    "evaluate",
    "load",
    "nbest",
    "parse",
    "read_conllu",
    "read_dictionary",
    "tag",
    "write_conllu",
]

_ROOMS = {
    "Parse": "parser.parse",
    "Pipeline": "pipeline",
    "evaluate": "evaluation",
    "load": "pipeline",
    "nbest": "pipeline.functions",
    "parse": "pipeline.functions",
    "read_conllu": "treebank",
    "read_dictionary": "tagger.dictionary",
    "tag": "pipeline.functions",
    "write_conllu": "treebank",
}
_MODULES = {"drawing", "evaluation", "formats", "interop"}  # that users find without an import of their own
_METHODS = {"parse_many", "parse_sentences", "nbest_sentences", "tag_many", "tag_sentences"}  # of a pipeline alone


def _svg(sentence: Sentence) -> str:
    from arcparse import drawing

    return drawing.svg(drawing.diagram(sentence))


Sentence.drawer = _svg


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: most need torch, and `arcparse --help` must answer at once."""
    if name == "__version__":
        return import_module("importlib.metadata").version("arcparse")
    if name in _MODULES:
        return import_module(f"arcparse.{name}")
    if name not in _ROOMS:
        remedy = f"; load a model first: arcparse.load().{name}(...)" if name in _METHODS else ""
        raise AttributeError(f"module 'arcparse' has no attribute {name!r}{remedy}")
    return getattr(import_module(f"arcparse.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    """Return all public names, also those that are not imported yet."""
    return sorted([*__all__, "__version__"])
