"""arcparse inside spaCy: a component that parses spaCy's documents, and a tokenizer that makes them.

`nlp.add_pipe("arcparse")` fills heads, labels, tags, features, lemmas and sentence starts of each `Doc`, over its own
tokens. Sentence starts that are set are kept, the others are those of the model's segmenter or rules. The
root's label is `ROOT`, as in spaCy. Blanks, which are tokens in spaCy and none in Universal Dependencies, are attached
to the word before them. The tokenizer `arcparse.Tokenizer.v1` divides as the model does; a multiword token becomes its
words if they spell it, and else stays one token, which has the tags and the place in the tree of its highest word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from arcparse.bundle import Without
from arcparse.libraries import library
from arcparse.pipeline import DEFAULT_MODEL
from arcparse.spacy.component import Component
from arcparse.spacy.model import Model
from arcparse.spacy.tokenizer import Tokenizer

if TYPE_CHECKING:
    from spacy.language import Language

ASSIGNS = ("dep", "head", "is_sent_start", "lemma", "morph", "pos", "tag")  # of a token


def make_component(nlp: Language, name: str, model: str, beam: int | None, without: Sequence[Without]) -> Component:
    """Make the component `arcparse` of a pipeline."""
    return Component(name, Model(model, without), beam)


def make_tokenizer(model: str = DEFAULT_MODEL, without: Sequence[Without] = ()) -> Callable[[Language], Tokenizer]:
    """Make the tokenizer `arcparse.Tokenizer.v1` of a pipeline."""
    return lambda nlp: Tokenizer(nlp.vocab, Model(model, without))


library("spacy.language").Language.factory(
    "arcparse",
    default_config={"model": DEFAULT_MODEL, "beam": None, "without": []},
    assigns=[f"token.{attribute}" for attribute in ASSIGNS],
    func=make_component,
)
library("spacy.util").registry.tokenizers.register("arcparse.Tokenizer.v1", func=make_tokenizer)
