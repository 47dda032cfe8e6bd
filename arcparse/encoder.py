"""Encoders: from the forms of a batch to the vectors that features, taggers and scorers look up.

`FormEncoder` gives each distinct form a vector: its word embedding, pretrained vector, affixes, shape and a convolution
over its characters (Ma & Hovy 2016) side by side. Alone it is the encoder "none". `BiLSTM` reads those vectors in both
directions (Kiperwasser & Goldberg 2016), so that a token's vector knows its sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.lexicon import Forms, LexiconConfig
from arcparse.limits import Layers, Part, Units
from arcparse.pretrained import Pretrained
from arcparse.threads import aside
from arcparse.vocabulary import Vocabulary


@dataclass(frozen=True)
class Block:
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
        self.register_buffer("rows", pretrained.rows, persistent=False)
        self.register_buffer("scale", pretrained.scale, persistent=False)
        self.dimension = (
            config.word_dimension
            + pretrained.dimension
            + affixes * config.affix_dimension
            + config.shape_dimension
            + filters
        )

    def forward(self, forms: Forms) -> Tensor:
        """Return the vectors [U, E] of U forms; training hides some words and pretrained vectors."""
        parts = []
        if self.word is not None:
            parts.append(self.word(self._hidden(forms.word, self.config.word_dropout)))
        if len(self.unknown):
            parts.append(self._pretrained(self._hidden(forms.vector, self.config.vector_dropout)))
        if self.affix is not None:
            parts.append(self.affix(forms.affix).flatten(1))
        if self.shape is not None:
            parts.append(self.shape(forms.shape))
        if self.character is not None and self.convolution is not None:
            character = functional.pad(forms.character, (0, 1))  # the longest form ends as all others do
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


@dataclass(frozen=True)
class BiLSTMConfig:
    """Sizes of the recurrent encoder."""

    layers: Layers = 2
    hidden: Units = 200  # units in each direction
    dropout: Part = 0.33  # of inputs and between layers (Dozat & Manning 2017)


class BiLSTM(nn.Module):
    """Reads vectors of tokens in both directions, in one or more layers."""

    def __init__(self, config: BiLSTMConfig, input_dimension: int) -> None:
        """Make two LSTMs, one for each direction, in each layer."""
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.dimension = 2 * config.hidden
        self.low_precision = False  # bfloat16 when it reads: twice as fast where the processor has it
        inputs = [input_dimension, *[self.dimension] * (config.layers - 1)]
        self.forwards = nn.ModuleList(nn.LSTM(size, config.hidden, batch_first=True) for size in inputs)
        self.backwards = nn.ModuleList(nn.LSTM(size, config.hidden, batch_first=True) for size in inputs)

    def forward(self, vector: Tensor, length: Tensor) -> Tensor:
        """Return [B, N, 2H] from [B, N, E]; sentences have `length` [B] tokens, what stands after them is unused.

        Each direction reads a sentence from its own first token to its last, so padding comes last and changes nothing.
        """
        token = torch.arange(vector.shape[1], device=vector.device).expand(vector.shape[:2])
        turned = torch.where(token < length.unsqueeze(1), length.unsqueeze(1) - 1 - token, token).unsqueeze(2)
        low = self.low_precision and not self.training
        with aside(), torch.autocast(vector.device.type, torch.bfloat16, enabled=low):
            for ahead, back in zip(self.forwards, self.backwards, strict=True):
                vector = self.dropout(vector)
                reverse = back(vector.gather(1, turned.expand_as(vector)))[0]
                vector = torch.cat([ahead(vector)[0], reverse.gather(1, turned.expand_as(reverse))], 2)
        output: Tensor = self.dropout(vector.float())
        return output
