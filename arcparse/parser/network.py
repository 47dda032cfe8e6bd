"""The parser's network: an encoder's vectors, features of the configuration, a feed-forward scorer.

With the encoder "none" a token has the vector of its form beside those of its tags, which must be given, as in
SyntaxNet (Andor et al. 2016). Any other encoder, such as the recurrent "bilstm", reads the sentence, predicts the tags
on the way (unless they are given) and hands on vectors that know their context (Kiperwasser & Goldberg 2016), so few
features suffice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from arcparse.errors import ModelError
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.networks.encoder import AnyEncoder, FormEncoder, SharedVectors, add_encoder, encoder_of, read
from arcparse.networks.tags import TagLayer, best_tags, completed
from arcparse.networks.words import Words
from arcparse.parser.description import dimensions_of_features
from arcparse.parser.features import Features
from arcparse.parser.scorer import BoundScorer, FeedForwardScorer
from arcparse.parser.settings import ParserConfig
from arcparse.parser.systems import System
from arcparse.vocabulary import Vocabulary


@dataclass(frozen=True)
class Encoding:
    """A batch as the scorer sees it: its blocks of vectors, the tags used [B, N], and the tags' scores if predicted."""

    blocks: dict[str, SharedVectors]
    tags: dict[str, Tensor]
    tag_scores: dict[str, Tensor]


class ParserNetwork(nn.Module):
    """All that has weights: `encode` reads sentences, and `bind` gives the scorer of their configurations."""

    def __init__(
        self,
        config: ParserConfig,
        lexicon: Lexicon,
        tags: TagColumns,
        system: System,
        pretrained: Pretrained,
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Make an untrained network; some encoders need `files` of the model.

        Raises ModelError if the encoder lacks them, or if it lacks vectors that the features need.
        """
        super().__init__()
        self.config, self.tags = config, tags
        self.forms = FormEncoder(config.lexicon, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained)
        sizes = {name: (size, getattr(config, f"{name}_dimension")) for name, size in tags.sizes.items()}
        self.embeddings = nn.ModuleDict({name: nn.Embedding(*own) for name, own in sizes.items() if own[1]})
        for embedding in self.embeddings.values():
            nn.init.normal_(embedding.weight, std=embedding.embedding_dim**-0.5)  # type: ignore[arg-type, operator]
        encoder = add_encoder(self, config, self.forms.dimension, files)
        if encoder is not None:
            self.tag_layer = TagLayer(encoder.dimension, tags.sizes)
            self.projection = nn.Linear(encoder.dimension, config.projection) if config.projection else nn.Identity()
        given = None if encoder is None else encoder.dimension
        dimensions = dimensions_of_features(config, tags, self.forms.dimension, given)
        self.scorer = FeedForwardScorer(config.scorer, Features(config.features), dimensions, system)

    @property
    def encoder(self) -> AnyEncoder | None:
        """The module that reads the sentence; None if tokens have the vectors of their forms."""
        return encoder_of(self, self.config)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.scorer.bias.device

    def encode(self, words: Words, given: Mapping[str, Tensor] | None = None, keep: Tensor | None = None) -> Encoding:
        """Encode B sentences with `given` tags [B, N] or, if the encoder predicts tags, its own.

        If it does, the given tags are used only at `keep` [B, 1] or [B, N], and never an unknown one.
        """
        vector, encoder = self.forms(words.forms), self.encoder
        scores: dict[str, Tensor] = {}
        if encoder is None:
            if given is None:
                raise ModelError("this parser needs tags; give them, or a tagger")
            tags, blocks = dict(given), {"form": SharedVectors(vector, words.row)}
        else:
            context = read(encoder, vector, words)
            scores = self.tag_layer(context)
            tags = best_tags(scores)
            if given is not None and keep is not None:
                kept = {name: ids.masked_fill(~keep, Vocabulary.UNKNOWN) for name, ids in given.items()}
                tags = completed(self.tags, scores, kept)
            row = torch.arange(words.row.numel(), device=words.row.device).view_as(words.row)
            blocks = {"vector": SharedVectors(self.projection(context).flatten(0, 1), row)}
        blocks |= {name: SharedVectors(table.weight, tags[name]) for name, table in self.embeddings.items()}  # type: ignore[arg-type]
        return Encoding(blocks, tags, scores)

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products be of bfloat16 when it parses: faster on processors that have it; few trees change."""
        self.scorer.low_precision = low
        if self.encoder is not None:
            self.encoder.low_precision = low

    def bind(self, encoding: Encoding) -> BoundScorer:
        """Return the scorer of a batch; if whole paths are scored, one dropout mask serves the batch."""
        return self.scorer.bind(encoding.blocks, locked=self.config.normalisation == "global")
