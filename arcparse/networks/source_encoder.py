"""The encoder: symbols of a source, words or characters, to the memory that decoders and classifiers look at."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arcparse.networks.memory import Memory
from arcparse.networks.recurrent import Recurrent
from arcparse.networks.regularisation import LockedDropout, embed
from arcparse.networks.settings import EncoderConfig
from arcparse.networks.transformer import TransformerEncoder
from arcparse.threads import aside
from arcparse.vocabulary import Vocabulary


class SourceEncoder(nn.Module):
    """Embeds symbols and reads them."""

    def __init__(self, config: EncoderConfig, symbols: int) -> None:
        """Make an untrained encoder for a vocabulary of so many symbols."""
        super().__init__()
        self.config = config
        self.embedding = embedding(symbols, config.embedding)
        self.reader: Recurrent | TransformerEncoder
        if config.kind == "recurrent":
            self.reader = Recurrent(config.recurrent, config.embedding)
        else:
            self.reader = TransformerEncoder(config.transformer, config.embedding)
        self.dimension = self.reader.dimension
        self.dropout = LockedDropout(config.output_dropout)

    def forward(self, symbol: Tensor, length: Tensor, added: Tensor | None = None) -> Memory:
        """Encode B sources [B, N], each of `length` [B] symbols, at least one.

        `added` [B, N, E] is added to the symbols' embeddings, to tell more about each symbol.
        """
        vector = embed(self.embedding, symbol, self.config.embedding_dropout, self.training)
        if added is not None:
            vector = vector + added
        is_token = torch.arange(symbol.shape[1], device=symbol.device) < length.unsqueeze(1)
        with aside():
            if isinstance(self.reader, TransformerEncoder):
                output, summary = self.reader(vector, length)
                return Memory(output, is_token, summary)
            output, ends = self.reader(vector, length)
        return Memory(self.dropout(output), is_token, ends[-1][0])


def embedding(symbols: int, dimension: int) -> nn.Embedding:
    """Make embeddings of norm about 1, which can serve as an output layer too; the one of padding stays 0."""
    made = nn.Embedding(symbols, dimension, padding_idx=Vocabulary.PAD)
    nn.init.normal_(made.weight, std=dimension**-0.5)
    with torch.no_grad():
        made.weight[Vocabulary.PAD] = 0
    return made
