"""A segmenter over the compiled kernels, read without torch: it divides as the network in `segmenter.model` does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint import load_model
from arcparse.kernels.library import library
from arcparse.kernels.sequences import CharacterClassifier
from arcparse.networks import layouts
from arcparse.networks.compiled import has_kernel
from arcparse.segmenter.division import CLASSES, KIND, Description, Division, Ids


def load(directory: Path, *, low: bool) -> Division | None:
    """Read a model directory; return None if its network, or this processor, has no kernels.

    `low` precision is the fastest of the processor. Raises ModelError as `Segmenter.load` does.
    """
    saved = load_model(directory, KIND)
    known = Description.restore(saved)
    encoder = known.config.encoder
    if library() is None or encoder.kind != "recurrent" or not has_kernel(encoder.recurrent):
        return None
    saved.expect(layout(known))
    classify = CharacterClassifier(saved.weights, known.pretrained.rows, known.pretrained.scale, low=low)

    def read(ids: Ids) -> NDArray[np.int32]:
        character, word = np.ascontiguousarray(ids, np.int32)
        return classify(character, word)

    return Division(known, read)


def layout(known: Description) -> layouts.Layouts:
    """Return the names and shapes of the weights of a segmenter that has kernels."""
    encoder, dimension = known.config.encoder, known.pretrained.dimension
    found = layouts.within("encoder", layouts.source_encoder(encoder, len(known.characters)))
    if dimension:
        found["word.weight"] = layouts.floats(encoder.embedding, dimension)
    output = encoder.recurrent.hidden * (1 + encoder.recurrent.bidirectional)
    return found | layouts.within("output", layouts.linear(output, CLASSES))
