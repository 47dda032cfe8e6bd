"""The encoder "bilstm": LSTMs that read a sentence in both directions (Kiperwasser & Goldberg 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arcparse.networks.precision import reduced
from arcparse.networks.settings import BiLSTMConfig
from arcparse.threads import aside


class BiLSTM(nn.Module):
    """Reads vectors of tokens in both directions, in one or more layers."""

    settings = BiLSTMConfig

    def __init__(self, config: BiLSTMConfig, input_dimension: int) -> None:
        """Make two LSTMs, one for each direction, in each layer."""
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.dimension = 2 * config.hidden
        self.low_precision = False  # bfloat16 when it reads: twice as fast if the processor has it
        inputs = [input_dimension, *[self.dimension] * (config.layers - 1)]
        self.forwards = nn.ModuleList(nn.LSTM(size, config.hidden, batch_first=True) for size in inputs)
        self.backwards = nn.ModuleList(nn.LSTM(size, config.hidden, batch_first=True) for size in inputs)

    def forward(self, vector: Tensor, length: Tensor) -> Tensor:
        """Return [B, N, 2H] from [B, N, E]; sentences have `length` [B] tokens, the padding after them is unused.

        Each direction reads a sentence from its own first token to its last, so padding comes last and changes nothing.
        """
        token = torch.arange(vector.shape[1], device=vector.device).expand(vector.shape[:2])
        turned = torch.where(token < length.unsqueeze(1), length.unsqueeze(1) - 1 - token, token).unsqueeze(2)
        low = self.low_precision and not self.training
        with aside(), reduced(vector.device, enabled=low):
            for ahead, back in zip(self.forwards, self.backwards, strict=True):
                vector = self.dropout(vector)
                reverse = back(vector.gather(1, turned.expand_as(vector)))[0]
                vector = torch.cat([ahead(vector)[0], reverse.gather(1, turned.expand_as(reverse))], 2)
        output: Tensor = self.dropout(vector.float())
        return output
