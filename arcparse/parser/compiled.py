"""A parser over the compiled kernels, read without torch: it gives the trees of `arcparse.parser.model.Parser`.

In `low` precision a few arcs in a thousand differ, where two actions have nearly the same score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.batches import in_batches
from arcparse.checkpoint import load_model
from arcparse.checkpoint.saved import CONFIG
from arcparse.errors import ArcparseError, ModelError
from arcparse.kernels.cache import LIMIT, FormCache
from arcparse.kernels.decoder import LABEL, Decoder, Layer, Network
from arcparse.kernels.encoders import LSTM, FormRows, Weights, part
from arcparse.kernels.library import library
from arcparse.kernels.systems import Actions, actions
from arcparse.kernels.tables import Rows
from arcparse.kernels.tagging import TagLayer, Tags
from arcparse.lexicon.tags import WRITTEN
from arcparse.networks import layouts
from arcparse.networks.compiled import (
    BATCH_TOKENS,
    Cells,
    Symbols,
    TagSymbols,
    agreed,
    form_vectors,
    forms_of,
    offsets,
)
from arcparse.networks.settings import NO_ENCODER
from arcparse.parser.description import KIND, Description, dimensions_of_features
from arcparse.parser.parse import tree_of
from arcparse.parser.settings import MARGIN, ParserConfig
from arcparse.parser.templates import parsed
from arcparse.sentence import DEPREL, HEAD, Sentence
from arcparse.sentence.numbering import head_texts
from arcparse.trees.pseudo_projective import deprojectivise

Ids = NDArray[np.int32]
Offsets = NDArray[np.int64]
ENCODERS = (NO_ENCODER, "bilstm")  # those that have kernels


class CompiledParser:
    """A parser of sentences: `parser.parse(sentences)`."""

    def __init__(self, known: Description, steps: Actions, weights: Weights, *, low: bool, limit: int = LIMIT) -> None:
        """Take the actions of its system, and the weights by name.

        `low` precision is the fastest of the processor, `limit` the bytes of memory for the cache of forms.
        """
        self.config, self.lexicon, self.tags = known.config, known.lexicon, known.tags
        self.predicts_tags, self.labels = known.predicts_tags, known.labels
        self.pretrained = known.pretrained  # kept, so that a tagger that is loaded next shares it
        config = known.config
        self._decoder = Decoder(steps, parsed(config.features), _network(known, weights), low=low)
        vectors = form_vectors(weights, config.lexicon, known.pretrained)
        self._encoder: _Encoder | None = None
        if known.predicts_tags:
            self._encoder = _Encoder(self._decoder, config, weights, low=low)
        if self._encoder is not None:
            first = self._encoder.first
        else:
            first = None if self._decoder.main is None else self._decoder.first_layer()
        self._cache = FormCache([FormRows(known.lexicon.forms, vectors, first)], limit)
        self._tag_symbols = TagSymbols(known.tags, WRITTEN if known.predicts_tags else ())
        self._label_symbols = Symbols((*known.labels, ""))  # the root's label is NONE

    def parse(
        self,
        sentences: Sequence[Sentence],
        *,
        given_tags: bool = False,
        beam: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> list[Sentence]:
        """Return the sentences with heads and labels, and with tags if the parser predicts them, as `Parser.parse`."""
        size = beam or self.config.beam

        def trees(batch: Sequence[Sentence]) -> list[Sentence]:
            offset, main, ids = self._encoded(batch, given_tags)
            normalise = size > 1 and self.config.normalisation == "local"
            table = self._decoder.tags(ids)
            found = self._decoder.decode(offset, main, table, beam=size, margin=MARGIN, normalise=normalise)
            cells = self._tag_symbols.cells(batch, offset, ids, given_tags=given_tags)
            arcs = self._arcs(offset, found.head, found.label)
            return [own.with_columns(tags | arc) for own, tags, arc in zip(batch, cells, arcs, strict=True)]

        return in_batches(sentences, batch_tokens, trees)

    def tag(
        self, sentences: Sequence[Sentence], *, given_tags: bool = False, batch_tokens: int = BATCH_TOKENS
    ) -> list[Sentence]:
        """Return the sentences with the tags that the encoder predicts, heads as they were, as `Parser.tag` does."""
        if self._encoder is None:
            raise ModelError("this parser predicts no tags; give it a tagger")

        def tagged(batch: Sequence[Sentence]) -> list[Sentence]:
            offset, _, ids = self._encoded(batch, given_tags)
            cells = self._tag_symbols.cells(batch, offset, ids, given_tags=given_tags)
            return [sentence.with_columns(own) for sentence, own in zip(batch, cells, strict=True)]

        return in_batches(sentences, batch_tokens, tagged)

    def forget(self) -> None:
        """Drop the rows of earlier forms, which are kept only for speed."""
        self._cache.forget()

    def _encoded(self, batch: Sequence[Sentence], given_tags: bool) -> tuple[Offsets, Rows | None, dict[str, Ids]]:
        """Return where sentences begin, the main block's rows of all tokens, and the ids of their tags."""
        offset = offsets(batch)
        if self._encoder is None and self._decoder.main is None:  # it looks at tags alone
            return offset, None, self.tags.ids(batch)
        forms = self._cache.find(forms_of(batch))
        if self._encoder is None:
            return offset, Rows(forms.tables[0], forms.row), self.tags.ids(batch)
        context = self._encoder.context(offset, forms.tables[0], forms.row)
        ids = agreed(self.tags, batch, self._encoder.tags(offset, context), given_tags=given_tags)
        return offset, self._encoder.rows(context), ids

    def _arcs(self, offset: Offsets, head: Ids, label: Ids) -> list[Cells]:
        """Return each sentence's cells of heads and labels."""
        ends = offset.tolist()
        spans = list(pairwise(ends))
        if self.config.projectivity != "lift":
            heads, labels = head.tolist(), label.tolist()
            trees = [tree_of(heads[a:b], labels[a:b], b - a - 1, self.labels) for a, b in spans]
            restored = [deprojectivise(tree, self.config.projectivity) for tree in trees]
            return [{HEAD: head_texts(tree.heads[1:]), DEPREL: tree.labels[1:]} for tree in restored]
        heads, labels = head_texts(head.tolist()), self._label_symbols(label)
        return [{HEAD: heads[a + 1 : b], DEPREL: labels[a + 1 : b]} for a, b in spans]

    @classmethod
    def load(cls, directory: Path, *, low: bool, limit: int = LIMIT) -> CompiledParser | None:
        """Read a model directory; return None if its network or system, or this processor, has no kernels.

        Raises ModelError as `Parser.load` does.
        """
        saved = load_model(directory, KIND)
        known = Description.restore(saved)
        steps = actions(known.config.system, known.labels, known.root_labels, known.word_labels)
        if library() is None or steps is None or known.config.encoder not in ENCODERS:
            return None
        try:
            expected = layout(known, len(steps.label))
        except ArcparseError as error:
            saved.refuse(CONFIG, str(error))
        saved.expect(expected)
        return cls(known, steps, saved.weights, low=low, limit=limit)


class _Encoder:
    """The recurrent encoder, and the layers that read its vectors: the tag layer, and the first layer of the scorer."""

    def __init__(self, decoder: Decoder, config: ParserConfig, weights: Weights, *, low: bool) -> None:
        self._lstm = LSTM.bilstm(part(weights, "bilstm"), low=low, in_rows=True)
        self.first = self._lstm.first  # of the forms' vectors
        self._tag_layer = TagLayer(part(weights, "tag_layer"), low=low)
        projection = (weights["projection.weight"], weights["projection.bias"]) if config.projection else None
        self._first = None if decoder.main is None else decoder.first_layer(projection)

    def context(self, offset: Offsets, table: NDArray[Any], row: Ids) -> NDArray[np.float32]:
        """Return the vectors [T, D] of tokens that know their sentence, from the rows of their forms."""
        return self._lstm(offset, table, row)

    def tags(self, offset: Offsets, context: NDArray[np.float32]) -> Callable[[bool], Tags]:
        """Return the function that predicts the tags."""
        return lambda scored: self._tag_layer(offset, context, scored=scored)

    def rows(self, context: NDArray[np.float32]) -> Rows | None:
        """Return each token's row in the scorer's first layer."""
        return None if self._first is None else Rows(self._first(context), np.arange(len(context), dtype=np.int32))


def _network(known: Description, weights: Weights) -> Network:
    """Return the arrays of the scorer."""
    config = known.config
    scorer = part(weights, "scorer")
    first, none = part(scorer, "first"), part(scorer, "none")
    embeddings = {name: weights[f"embeddings.{name}.weight"] for name in known.tags.sizes if name in first}
    if LABEL in first:
        embeddings[LABEL] = scorer["label"]
    names = [f"hidden.{i}" for i in range(len(config.scorer.hidden) - 1)] + ["output"]
    layers = [Layer(scorer[f"{name}.weight"].T, scorer[f"{name}.bias"]) for name in names]
    return Network(first, none, embeddings, scorer["bias"], layers, cube=config.scorer.activation == "cube")


def layout(known: Description, num_actions: int) -> layouts.Layouts:
    """Return the names and shapes of the weights of a parser that has kernels.

    Raises ModelError if features look at vectors that the model lacks, ConfigurationError if they cannot be read.
    """
    config, pretrained = known.config, known.pretrained.dimension
    sizes = {name: len(own) for name, own in known.lexicon.vocabularies.items()}
    found = layouts.within("forms", layouts.forms(config.lexicon, sizes, pretrained))
    form, encoder = layouts.form_dimension(config.lexicon, pretrained), 2 * config.bilstm.hidden
    for name, size in known.tags.sizes.items():
        if dimension := getattr(config, f"{name}_dimension"):
            found[f"embeddings.{name}.weight"] = layouts.floats(size, dimension)
    if known.predicts_tags:
        found |= layouts.within("bilstm", layouts.bilstm(config.bilstm, form))
        found |= layouts.within("tag_layer", layouts.tag_layer(encoder, known.tags.sizes))
        if config.projection:
            found |= layouts.within("projection", layouts.linear(encoder, config.projection))
    dimensions = dimensions_of_features(config, known.tags, form, encoder if known.predicts_tags else None)
    return found | layouts.within("scorer", _scorer(known, dimensions, num_actions))


def _scorer(known: Description, dimensions: Mapping[str, int], num_actions: int) -> layouts.Layouts:
    own = known.config.scorer
    attributes = [attribute for _, attribute in parsed(known.config.features)]
    width = own.hidden[0]
    found = {"label": layouts.floats(len(known.labels), own.label_dimension), "bias": layouts.floats(width)}
    for name in dict.fromkeys(attributes):
        found[f"none.{name}"] = layouts.floats(dimensions[name])
        found[f"first.{name}"] = layouts.floats(dimensions[name], attributes.count(name) * width)
    for i, (inputs, outputs) in enumerate(pairwise(own.hidden)):
        found |= layouts.within(f"hidden.{i}", layouts.linear(inputs, outputs))
    return found | layouts.within("output", layouts.linear(own.hidden[-1], num_actions))
