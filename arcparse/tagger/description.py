"""A saved tagger without its weights, read without torch: its settings, vocabularies and vectors."""

from __future__ import annotations

from dataclasses import dataclass

from arcparse.checkpoint.saved import SavedModel
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.tagger.settings import TaggerConfig

KIND = "tagger"


@dataclass(frozen=True)
class Description:
    """All that a tagger knows beside its weights."""

    config: TaggerConfig
    lexicon: Lexicon
    tags: TagColumns
    seen: TagColumns | None  # tags that it reads beside the forms
    pretrained: Pretrained

    @classmethod
    def restore(cls, saved: SavedModel) -> Description:
        """Read the description of a saved tagger, and the vectors beside it. Raises ModelError if they do not fit."""
        config, pretrained = saved.settings(TaggerConfig), Pretrained.beside(saved)
        lexicon = Lexicon.restore(config.lexicon, saved, pretrained.words, pretrained.scheme)
        seen = TagColumns.restore(saved) if config.column else None
        return cls(config, lexicon, TagColumns.restore(saved, config.column), seen, pretrained)
