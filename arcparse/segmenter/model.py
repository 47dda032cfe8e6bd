"""The segmenter: a recurrent network over characters that says where tokens and sentences end.

It gives each character one of five classes (`arcparse.segmenter.division`). Beside a character the network may see the
pretrained vector of its word: the text after `Thanks` without a full stop is mostly another sentence, and letters alone
hardly say so. The words of a multiword token (`don't`: `do`, `n't`) are remembered from the treebank; a form that the
treebank lacks is divided before its longest known last part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arcparse.checkpoint import load_model, save_model
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.precision import reduced
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.weights import arrays, load_network
from arcparse.segmenter.division import CLASSES, KIND, Description, Division, Ids
from arcparse.segmenter.multiwords import Multiwords
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.sentence import Sentence
from arcparse.settings import as_dict
from arcparse.threads import turn
from arcparse.vocabulary import Vocabulary


class Segmenter(nn.Module):
    """A network with the characters that it knows and the words of multiword tokens: `segmenter.segment(text)`."""

    rows: Tensor
    scale: Tensor

    def __init__(
        self,
        config: SegmenterConfig,
        characters: Vocabulary,
        multiwords: Multiwords,
        pretrained: Pretrained | None = None,
    ) -> None:
        """Make an untrained segmenter."""
        super().__init__()
        self.config, self.characters, self.multiwords = config, characters, multiwords
        self.pretrained = pretrained or Pretrained.none()
        self.division = Division(Description(config, characters, multiwords, self.pretrained), self._read)
        self.register_buffer("rows", torch.from_numpy(self.pretrained.rows), persistent=False)
        self.register_buffer("scale", torch.from_numpy(self.pretrained.scale), persistent=False)
        self.encoder = SourceEncoder(config.encoder, len(characters))
        dimension = self.pretrained.dimension
        self.word = nn.Linear(dimension, config.encoder.embedding, bias=False) if dimension else None
        self.output = nn.Linear(self.encoder.dimension, CLASSES)
        self.low_precision = False  # bfloat16 when it divides: faster if the processor has it

    @classmethod
    def build(
        cls, config: SegmenterConfig, text: str, sentences: Iterable[Sentence], pretrained: Pretrained | None = None
    ) -> Segmenter:
        """Make an untrained segmenter with the characters of a text and a treebank's multiword tokens."""
        return cls(config, Vocabulary.build(text, min_count=2), Multiwords.build(sentences), pretrained)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the scores [B, N, 5] of the class of each character of B windows, given as `ids` [2, B, N]."""
        character, word = ids
        length = torch.full((len(character),), character.shape[1], device=ids.device)
        scores: Tensor = self.output(self.encoder(character, length, self._vectors(word)).vector)
        return scores

    def _vectors(self, word: Tensor) -> Tensor | None:
        """Return the addition to each character's embedding for its word [B, N, E]; training hides some words."""
        if self.word is None:
            return None
        if self.training:
            hidden = torch.rand(len(self.rows), device=word.device) < self.config.word_dropout
            word = word.masked_fill(hidden[word], Vocabulary.UNKNOWN)
        found: Tensor = self.word(self.rows[word].float() * self.scale[word].unsqueeze(-1))
        return found

    def segment(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Divide a text into sentences of tokens and words, with the comments and MISC of `arcparse.tokenize`.

        The model must be in evaluation mode, as it is when loaded.
        """
        return self.division.segment(text, offset=offset)

    def segment_many(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """Divide texts as `segment` does each of them, short ones read together."""
        return self.division.segment_many(texts)

    @turn()
    @torch.inference_mode()
    def _read(self, ids: Ids) -> NDArray[Any]:
        """Return the class of each character [B, N] of windows, given as `ids` [2, B, N]."""
        given = torch.from_numpy(np.ascontiguousarray(ids)).to(self.output.bias.device)
        with reduced(given.device, enabled=self.low_precision):
            found: NDArray[Any] = self(given).argmax(2).cpu().numpy()
        return found

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products be of bfloat16 when it divides: faster on processors that have it."""
        self.low_precision = low

    def save(
        self, directory: Path, *, vectors: str = "", metadata: Mapping[str, Any] | None = None, half: bool = False
    ) -> None:
        """Write a model directory that names the pretrained vectors `vectors` beside it, if it has any.

        `half` is that of `arcparse.checkpoint.save_model`.
        """
        save_model(
            directory,
            kind=KIND,
            config={
                KIND: as_dict(self.config),
                **self.multiwords.as_dict(),
                "vectors": vectors,
            },
            vocabularies={"characters": self.characters.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Segmenter:
        """Read a model directory, and the vectors beside it. Raises ModelError if they do not fit."""
        saved = load_model(directory, KIND)
        own = Description.restore(saved)
        return load_network(saved, lambda: cls(own.config, own.characters, own.multiwords, own.pretrained))
