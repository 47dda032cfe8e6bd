"""The compiled decoder of a parser, and what it is given of a batch, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arcparse.kernels.decoder import Decoder, Layer, Network, Trees
from arcparse.kernels.library import floats
from arcparse.kernels.systems import actions
from arcparse.kernels.tables import Rows
from arcparse.lexicon.tags import COLUMN
from arcparse.parser.model import Parser
from arcparse.parser.templates import parsed
from arcparse.sentence import Sentence

Offsets = NDArray[np.int64]


def decoder_of(parser: Parser, *, low: bool = False) -> Decoder:
    system, scorer = parser.system, parser.network.scorer
    known = actions(parser.config.system, system.labels, system.root_labels, system.word_labels)
    assert known is not None
    embeddings = {n: _array(own.weight) for n, own in parser.network.embeddings.items() if n in scorer.first}
    layers = [Layer(_array(layer.weight.T), _array(layer.bias)) for layer in (*scorer.hidden, scorer.output)]
    network = Network(
        {name: _array(own) for name, own in scorer.first.items()},
        {name: _array(own) for name, own in scorer.none.items()},
        embeddings | ({"label": _array(scorer.label)} if "label" in scorer.first else {}),
        _array(scorer.bias),
        layers,
        cube=parser.config.scorer.activation == "cube",
    )
    return Decoder(known, parsed(scorer.features.templates), network, low=low)


@torch.inference_mode()
def decode(
    parser: Parser, decoder: Decoder, sentences: Sequence[Sentence], beam: int = 1, **settings: int
) -> tuple[Offsets, Trees]:
    """Parse as `Parser.search` does; return the sentences' offsets among the tokens, and the trees."""
    words, encoding = parser.encode(sentences)
    lengths = (words.length + 1).tolist()
    tags = {name: _flat(encoding.tags[name], lengths) for name in COLUMN}
    rows = None
    if decoder.main is not None:
        block = encoding.blocks[decoder.main]
        rows = Rows(decoder.first_layer()(_array(block.vector)), _flat(block.row, lengths))
    offset = np.cumsum([0, *lengths])
    normalise = beam > 1 and parser.config.normalisation == "local"
    return offset, decoder.decode(offset, rows, decoder.tags(tags), beam=beam, normalise=normalise, **settings)


def _flat(values: Tensor, lengths: Sequence[int]) -> NDArray[np.int32]:
    return np.concatenate([own[:length] for own, length in zip(values.numpy(), lengths, strict=True)]).astype(np.int32)


def _array(values: Tensor) -> NDArray[np.float32]:
    return floats(values.detach().numpy())
