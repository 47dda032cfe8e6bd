"""A tagger over the compiled kernels, read without torch: it gives the tags of `arcparse.tagger.model.Tagger`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from arcparse.batches import in_batches
from arcparse.checkpoint import load_model
from arcparse.kernels.cache import LIMIT, FormCache
from arcparse.kernels.encoders import FirstLayer, FormRows, Weights, part
from arcparse.kernels.library import library
from arcparse.kernels.tagging import HiddenLayer, Tags, WindowTagger
from arcparse.networks import layouts
from arcparse.networks.compiled import (
    BATCH_TOKENS,
    TagSymbols,
    agreed,
    form_vectors,
    forms_of,
    offsets,
)
from arcparse.networks.settings import NO_ENCODER
from arcparse.sentence import Sentence
from arcparse.tagger.description import KIND, Description
from arcparse.tagger.preparation import known_to, prepare, tags_of_words
from arcparse.tagger.settings import TaggerConfig

SCALE = 1024.0  # parts of 1 in rows of 16-bit integers


class CompiledTagger:
    """A tagger whose tags do not depend on each other: give it sentences, `tagger.tag(sentences)`."""

    reads: tuple[str, ...] = ()

    def __init__(self, known: Description, weights: Weights, *, low: bool, limit: int = LIMIT) -> None:
        """Take the weights by name; `low` precision is the fastest of the processor, `limit` the bytes of the cache."""
        self.config, self.lexicon, self.tags, self.pretrained = (
            known.config,
            known.lexicon,
            known.tags,
            known.pretrained,
        )
        self.columns = known.tags.filled  # the others stay as they are
        config, scale = known.config, SCALE if low else 0.0
        first = FirstLayer(weights["first"], scale=scale, low=low)
        vectors = form_vectors(weights, config.lexicon, known.pretrained)
        self._cache = FormCache([FormRows(known.lexicon.forms, vectors, first)], limit)
        above = range(len(config.hidden) - 1)
        hidden = [HiddenLayer(weights[f"hidden.{i}.weight"], weights[f"hidden.{i}.bias"]) for i in above]
        output = part(weights, "output")
        self._window = WindowTagger(first, weights["outside"], weights["bias"], hidden, output, config.before, low=low)
        self._symbols = TagSymbols(known.tags, self.columns)

    def tag(
        self, sentences: Sequence[Sentence], *, given_tags: bool = False, batch_tokens: int = BATCH_TOKENS
    ) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS, as `Tagger.tag` does."""

        def tagged(batch: Sequence[Sentence]) -> list[Sentence]:
            return self._tagged(batch, given_tags)

        if self.config.preparation == "none":
            return in_batches(sentences, batch_tokens, tagged)
        knows = known_to(self.pretrained)
        prepared = [prepare(sentence, knows, phrases=False) for sentence in sentences]
        units = in_batches([own.units for own in prepared], batch_tokens, tagged)
        return [tags_of_words(*own, self.columns) for own in zip(sentences, prepared, units, strict=True)]

    def forget(self) -> None:
        """Drop the rows of earlier forms, which are kept only for speed."""
        self._cache.forget()

    def _tagged(self, sentences: Sequence[Sentence], given_tags: bool) -> list[Sentence]:
        offset, found = offsets(sentences), self._cache.find(forms_of(sentences))

        def tags(scored: bool) -> Tags:
            return self._window(offset, found.row, found.tables[0], scored=scored)

        ids = agreed(self.tags, sentences, tags, given_tags=given_tags)
        cells = self._symbols.cells(sentences, offset, ids, given_tags=given_tags)
        return [sentence.with_columns(own) for sentence, own in zip(sentences, cells, strict=True)]

    @classmethod
    def load(cls, directory: Path, *, low: bool, limit: int = LIMIT) -> CompiledTagger | None:
        """Read a model directory; return None if its network, or this processor, has no kernels.

        Raises ModelError as `Tagger.load` does.
        """
        saved = load_model(directory, KIND)
        known = Description.restore(saved)
        if library() is None or not _has_kernels(known.config):
            return None
        saved.expect(layout(known))
        return cls(known, saved.weights, low=low, limit=limit)


def _has_kernels(config: TaggerConfig) -> bool:
    depend = bool(config.previous_tags or config.column)
    return config.encoder == NO_ENCODER and not depend and not config.batch_normalisation


def layout(known: Description) -> layouts.Layouts:
    """Return the names and shapes of the weights of a tagger that has kernels."""
    config, pretrained = known.config, known.pretrained.dimension
    sizes = {name: len(own) for name, own in known.lexicon.vocabularies.items()}
    dimension, width = layouts.form_dimension(config.lexicon, pretrained), config.hidden[0]
    found = layouts.within("forms", layouts.forms(config.lexicon, sizes, pretrained))
    found |= {
        "outside": layouts.floats(dimension),
        "first": layouts.floats(dimension, (config.before + 1 + config.after) * width),
        "bias": layouts.floats(width),
    }
    for i, (inputs, outputs) in enumerate(pairwise(config.hidden)):
        found |= layouts.within(f"hidden.{i}", layouts.linear(inputs, outputs))
    return found | layouts.within("output", layouts.tag_layer(config.hidden[-1], known.tags.sizes))
