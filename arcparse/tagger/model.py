"""The neural n-gram tagger: a feed-forward network over a window of words (Collobert et al. 2011, section 3.2).

A word is its embedding, pretrained vector, affixes, shape and characters; the network sees those of its neighbours at
fixed distances and scores UPOS, XPOS and FEATS together. As in the parser, what a form adds to the first hidden layer
at each distance is computed once for all its occurrences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model, sibling
from arcparse.encoder import FormEncoder
from arcparse.errors import ModelError
from arcparse.lexicon import Lexicon, LexiconConfig, Words
from arcparse.pretrained import Pretrained
from arcparse.sentence import Sentence
from arcparse.settings import as_dict, from_dict
from arcparse.tags import COLUMN, TagColumns, TagLayer, best_tags, with_tags
from arcparse.vocabulary import Vocabulary

KIND = "tagger"


@dataclass(frozen=True)
class TaggerConfig:
    """What the network is made of."""

    before: int = 3  # words of the window before and after the one that is tagged
    after: int = 3
    hidden: tuple[int, ...] = (512,)
    dropout: float = 0.4  # after each hidden layer: the window's network learns the treebank by heart otherwise
    input_dropout: float = 0.2  # of the forms' vectors
    lexicon: LexiconConfig = field(default_factory=LexiconConfig)


class Tagger(nn.Module):
    """A network with all that it needs to tag sentences: vocabularies and pretrained vectors."""

    def __init__(self, config: TaggerConfig, lexicon: Lexicon, tags: TagColumns, pretrained: Pretrained) -> None:
        """Make an untrained tagger."""
        super().__init__()
        self.config, self.lexicon, self.tags, self.pretrained = config, lexicon, tags, pretrained
        self.forms = FormEncoder(config.lexicon, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained)
        positions, width = config.before + 1 + config.after, config.hidden[0]
        self.outside = nn.Parameter(torch.zeros(self.forms.dimension))  # what stands beyond the sentence
        fan_in = positions * self.forms.dimension
        self.first = nn.Parameter(torch.randn(self.forms.dimension, positions * width) * (2 / fan_in) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(width))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(config.hidden, config.hidden[1:], strict=False))
        self.output = TagLayer(config.hidden[-1], tags.sizes)
        self.dropout, self.input_dropout = nn.Dropout(config.dropout), nn.Dropout(config.input_dropout)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.bias.device

    def forward(self, words: Words) -> dict[str, Tensor]:
        """Return the scores of the tags of each column [B, N, tags]."""
        vector = torch.cat([self.outside.unsqueeze(0), self.input_dropout(self.forms(words.forms))])
        table = (vector @ self.first).view(-1, len(self.bias))  # [(1 + U) * positions, D]
        window = self._window(words)
        index = window * window.shape[2] + torch.arange(window.shape[2], device=window.device)
        first = functional.embedding_bag(index.flatten(0, 1), table, mode="sum").view(*window.shape[:2], -1)
        hidden = self.dropout(torch.relu(first + self.bias))
        for layer in self.hidden:
            hidden = self.dropout(torch.relu(layer(hidden)))
        scores: dict[str, Tensor] = self.output(hidden)
        return scores

    def _window(self, words: Words) -> Tensor:
        """Return the rows [B, N, positions] of each token's neighbours, 0 beyond the sentence."""
        row = (words.row + 1).masked_fill(~words.is_token, 0)
        padded = functional.pad(row, (self.config.before, self.config.after))
        return padded.unfold(1, self.config.before + 1 + self.config.after, 1)

    @torch.inference_mode()
    def tag(self, sentences: Sequence[Sentence], *, batch_tokens: int = 2500) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS, sentences of like length tagged together."""
        tagged: list[Sentence] = list(sentences)
        for batch in bucket([len(sentence) + 1 for sentence in sentences], batch_tokens):
            words = self.lexicon.words([sentences[i].forms for i in batch]).to(self.device)
            tags = self.tags.symbols(best_tags(self(words)), words.length.tolist())
            for i, columns in zip(batch, tags, strict=True):
                tagged[i] = with_tags(sentences[i], columns)
        return tagged

    @classmethod
    def build(cls, config: TaggerConfig, sentences: Sequence[Sentence], pretrained: Pretrained) -> Tagger:
        """Make an untrained tagger with the vocabularies of a treebank."""
        lexicon = Lexicon.build(config.lexicon, sentences, pretrained.words, pretrained.scheme)
        return cls(config, lexicon, TagColumns.build(sentences), pretrained)

    def save(self, directory: Path, *, vectors: str, metadata: Mapping[str, Any], half: bool = False) -> None:
        """Write a model directory that names the pretrained vectors `vectors` beside it."""
        vocabularies = self.lexicon.symbols() | self.tags.symbols_by_column()
        save_model(
            directory,
            kind=KIND,
            config={"tagger": as_dict(self.config), "vectors": vectors},
            vocabularies=vocabularies,
            weights=self.state_dict(),
            metadata=metadata,
            half=half,
        )

    @classmethod
    def load(cls, directory: Path) -> Tagger:
        """Read a model directory, and the pretrained vectors beside it. Raises ModelError where they do not fit."""
        saved = load_model(directory)
        if saved.kind != KIND:
            raise ModelError(f"{directory}: holds a {saved.kind}, not a tagger")
        name = saved.config["vectors"]
        pretrained = Pretrained.load(sibling(directory, name)) if name else Pretrained.none()
        own = {name: Vocabulary(tuple(symbols)) for name, symbols in saved.vocabularies.items()}
        config = from_dict(TaggerConfig, saved.config["tagger"])
        lexicon = Lexicon.restore(config.lexicon, own, pretrained.words, pretrained.scheme)
        tagger = cls(config, lexicon, TagColumns({name: own[name] for name in COLUMN}), pretrained)
        try:
            tagger.load_state_dict(saved.weights)
        except RuntimeError as error:
            raise ModelError(f"{directory}: its weights, settings and vectors do not fit together: {error}") from None
        return tagger.eval()
