"""The vector of a form: the encoder "none" gives nothing else, and other encoders read nothing else.

Side by side: word embedding, pretrained vector, affixes, shape and a convolution over characters (Ma & Hovy 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.words import Forms
from arcparse.vocabulary import Vocabulary


@dataclass(frozen=True)
class SharedVectors:
    """Vectors [U, E] that tokens share, and the row [B, N] of each token."""

    vector: Tensor
    row: Tensor


class FormEncoder(nn.Module):
    """Gives each distinct form a vector of `dimension` values."""

    rows: Tensor
    scale: Tensor

    def __init__(self, config: LexiconConfig, sizes: dict[str, int], pretrained: Pretrained) -> None:
        """Make embeddings for vocabularies of `sizes`; the pretrained vectors stay as they are."""
        super().__init__()
        self.config = config
        affixes = len(config.prefixes) + len(config.suffixes)
        self.word = _embedding(sizes["word"], config.word_dimension)
        self.affix = _embedding(sizes["affix"], config.affix_dimension if affixes else 0)
        self.shape = _embedding(sizes["shape"], config.shape_dimension)
        filters = config.character_filters if config.character_dimension else 0
        self.character = _embedding(sizes["character"], config.character_dimension if filters else 0)
        self.convolution = nn.Conv1d(config.character_dimension, filters, 3, padding=1) if filters else None
        self.unknown = nn.Parameter(torch.zeros(pretrained.dimension))
        self.register_buffer("rows", torch.from_numpy(pretrained.rows), persistent=False)
        self.register_buffer("scale", torch.from_numpy(pretrained.scale), persistent=False)
        self.dimension = (
            config.word_dimension
            + pretrained.dimension
            + affixes * config.affix_dimension
            + config.shape_dimension
            + filters
        )

    def forward(self, forms: Forms) -> Tensor:
        """Return the vectors [U, E] of U forms; in training some words and pretrained vectors are hidden."""
        parts = [forms.word.new_zeros((len(forms.word), 0), dtype=torch.float32)]  # there may be no other part
        if self.word is not None:
            parts.append(self.word(self._hidden(forms.word, self.config.word_dropout)))
        if len(self.unknown):
            parts.append(self._pretrained(self._hidden(forms.vector, self.config.vector_dropout)))
        if self.affix is not None:
            parts.append(self.affix(forms.affix).flatten(1))
        if self.shape is not None:
            parts.append(self.shape(forms.shape))
        if self.character is not None and self.convolution is not None:
            character = functional.pad(forms.character, (0, 1))  # so that padding follows the longest form too
            read = self.convolution(self.character(character).transpose(1, 2))
            is_padding = (character == Vocabulary.PAD).unsqueeze(1)
            parts.append(torch.relu(read.masked_fill(is_padding, 0).amax(2)))
        return torch.cat(parts, 1)

    def _pretrained(self, vector: Tensor) -> Tensor:
        found = self.rows[vector].float() * self.scale[vector].unsqueeze(1)
        return torch.where((vector == Vocabulary.UNKNOWN).unsqueeze(1), self.unknown, found)

    def _hidden(self, ids: Tensor, share: float) -> Tensor:
        if not self.training or share == 0:
            return ids
        return torch.where(torch.rand(ids.shape, device=ids.device) < share, Vocabulary.UNKNOWN, ids)


def _embedding(size: int, dimension: int) -> nn.Embedding | None:
    """Return embeddings drawn from N(0, 1 / sqrt(dimension)), as SyntaxNet's; None for dimension 0."""
    if not dimension:
        return None
    embedding = nn.Embedding(size, dimension)
    nn.init.normal_(embedding.weight, std=dimension**-0.5)
    return embedding
