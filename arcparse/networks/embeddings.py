"""Embeddings that start from pretrained word vectors and are trained on."""

from __future__ import annotations

import torch
from torch import nn

from arcparse.errors import ConfigurationError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.spelling import find
from arcparse.vocabulary import SPECIALS, Vocabulary


@torch.no_grad()
def start_from(vectors: Pretrained, embedding: nn.Embedding, words: Vocabulary) -> None:
    """Give words their vector, or that of another spelling of them; words without one keep their random vector.

    Raises ConfigurationError if embeddings and vectors differ in dimension.
    """
    if embedding.embedding_dim != vectors.dimension:
        raise ConfigurationError(
            f"the vectors have dimension {vectors.dimension}, the embeddings {embedding.embedding_dim}; "
            f"set embedding to {vectors.dimension}"
        )
    for row, word in enumerate(words):
        found = find(word, vectors.scheme, vectors.words)
        if found is not None and row >= len(SPECIALS):
            source = vectors.words.id(found)
            embedding.weight[row] = torch.from_numpy(vectors.rows[source] * vectors.scale[source])
