"""A saved parser without its weights, read without torch: its settings, vocabularies, vectors and labels."""

from __future__ import annotations

from dataclasses import dataclass

from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.networks.settings import NO_ENCODER
from arcparse.parser.settings import ParserConfig

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
