"""A saved parser without its weights, read without torch: its settings, vocabularies, vectors and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.errors import ModelError
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.networks.settings import NO_ENCODER
from arcparse.parser.settings import ParserConfig
from arcparse.parser.templates import LABEL_ATTRIBUTE, parsed

KIND = "parser"


@dataclass(frozen=True)
class Description:
    """All that a parser knows beside its weights."""

    config: ParserConfig
    lexicon: Lexicon
    tags: TagColumns
    pretrained: Pretrained
    labels: tuple[str, ...]  # of arcs, in the order of their numbers
    root_labels: frozenset[str]  # of the arc from the root
    word_labels: frozenset[str]  # of all other arcs

    @property
    def predicts_tags(self) -> bool:
        """Whether the parser tags on its own."""
        return self.config.encoder != NO_ENCODER

    @classmethod
    def restore(cls, saved: SavedModel) -> Description:
        """Read the description of a saved parser, and the vectors beside it. Raises ModelError if they do not fit."""
        config, pretrained = saved.settings(ParserConfig), Pretrained.beside(saved)
        lexicon = Lexicon.restore(config.lexicon, saved, pretrained.words, pretrained.scheme)
        labels = saved.vocabulary("label", (), cells=True).symbols
        root_labels, word_labels = (frozenset(saved.symbols(name)) for name in ("root_label", "word_label"))
        if not labels or not root_labels | word_labels <= set(labels):
            saved.refuse(VOCABULARIES, "label must hold all of root_label and word_label, and at least one")
        return cls(config, lexicon, TagColumns.restore(saved), pretrained, labels, root_labels, word_labels)


def dimensions_of_features(config: ParserConfig, tags: TagColumns, form: int, encoder: int | None) -> Mapping[str, int]:
    """Return the dimension of each attribute; it is at least 1 if features look at the attribute.

    `form` and `encoder` are the dimensions of their vectors; if an encoder reads the forms, features see its vectors
    alone. Raises ModelError if features look at an attribute without vectors, or at labels alone.
    """
    columns = {name: getattr(config, f"{name}_dimension") for name in tags.sizes}
    vectors = {"form": form} if encoder is None else {"vector": config.projection or encoder}
    found = {**columns, LABEL_ATTRIBUTE: config.scorer.label_dimension, **vectors}
    attributes = dict.fromkeys(name for _, name in parsed(config.features))
    if list(attributes) == [LABEL_ATTRIBUTE]:
        raise ModelError("the features look at labels alone; add one of a token, such as stack(0).upos")
    missing = [name for name in attributes if not found.get(name)]
    if missing:
        raise ModelError(
            f"encoder {config.encoder!r} gives no vectors for the feature templates that end in {missing}; "
            "leave them out, choose another encoder, or set a dimension above 0"
        )
    return found
