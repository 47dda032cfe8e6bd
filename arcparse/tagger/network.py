"""The tagger's network: a feed-forward network over a window of words (Collobert et al. 2011, section 3.2).

A word is its embedding, pretrained vector, affixes, shape and characters. With the encoder "none" the network sees
those of the word's neighbours at fixed distances. Any other encoder reads the sentence first, and the window is one of
its vectors. UPOS, XPOS and FEATS are predicted together from the last hidden layer.

With `previous_tags`, the first layer also sees the tags of the words before, but of one column alone (UPOS, if the
treebank has it): the coarse tags carry the grammar of a sequence of tags. The other columns are read off the same
hidden layer and so depend on those tags too. Without `previous_tags`, tags are independent given the words.

The share of a form in the first hidden layer is computed once at each distance for all its occurrences, and the shares
of a word's window are summed up once. A state then needs a look-up for its word, one for each tag before it, and the
layers above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.errors import ConfigurationError
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.networks.encoder import FormEncoder, add_encoder, encoder_of, read
from arcparse.networks.tags import TagLayer
from arcparse.networks.words import Words
from arcparse.search import Scorer
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.system import Tagging, tags_before
from arcparse.threads import aside
from arcparse.vocabulary import SPECIALS, Vocabulary


class TaggerNetwork(nn.Module):
    """All that has weights: `bind` reads sentences and gives the scorer of their words' tags."""

    def __init__(
        self,
        config: TaggerConfig,
        lexicon: Lexicon,
        tags: TagColumns,
        pretrained: Pretrained,
        seen: TagColumns | None = None,
    ) -> None:
        """Make an untrained network; it may see tags of other columns. Raises ConfigurationError if it sees nothing."""
        super().__init__()
        self.config = config
        self.forms = FormEncoder(config.lexicon, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained)
        if not self.forms.dimension:
            raise ConfigurationError("the tagger sees nothing of a word; give it --vectors, or parts in tagger.lexicon")
        self.seen = SeenTags(config, seen)
        dimension = self.forms.dimension + self.seen.dimension
        encoder = add_encoder(self, config, dimension)
        dimension = encoder.dimension if encoder else dimension
        positions, width = config.before + 1 + config.after, config.hidden[0]
        self.outside = nn.Parameter(torch.zeros(dimension))  # the vector of places beyond the sentence
        first = torch.empty(dimension, positions * width)
        self.first = nn.Parameter(nn.init.normal_(first, std=(2 / (positions * dimension)) ** 0.5))
        self.bias = nn.Parameter(torch.zeros(width))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(config.hidden, config.hidden[1:], strict=False))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(size) if config.batch_normalisation else nn.Identity() for size in config.hidden
        )
        self.output = TagLayer(config.hidden[-1], tags.sizes)
        self.dropout, self.input_dropout = nn.Dropout(config.dropout), nn.Dropout(config.input_dropout)
        self.searched = next(iter(tags.filled), "upos")
        self.previous: PreviousTags | None = None
        if config.previous_tags:
            num_tags = tags.sizes[self.searched] - len(SPECIALS)
            self.previous = PreviousTags(num_tags, config.tag_dimension, config.previous_tags, width)

    def bind(self, words: Words, seen: Mapping[str, Tensor] | None = None) -> BoundTagger:
        """Return the scorer of a batch, with the ids [B, N] of the tags that it sees, if it sees any.

        If whole paths are scored, one dropout mask serves the batch.
        """
        vector = self.forms(words.forms)
        if seen:
            vector, words = self.seen(vector, words, seen)
        vector, row = self.input_dropout(vector), words.row
        encoder = encoder_of(self, self.config)
        if encoder is not None:
            vector = read(encoder, vector, words).flatten(0, 1)
            row = torch.arange(row.numel(), device=row.device).view_as(row)
        width, positions = len(self.bias), self.config.before + 1 + self.config.after
        with aside():
            table = (torch.cat([self.outside.unsqueeze(0), vector]) @ self.first).view(-1, width)
        padded = functional.pad((row + 1).masked_fill(~words.is_token, 0), (self.config.before, self.config.after))
        is_word = words.is_token & (torch.arange(row.shape[1], device=row.device) > 0)
        window = padded.unfold(1, positions, 1)[is_word] * positions + torch.arange(positions, device=row.device)
        first = functional.embedding_bag(window, table, mode="sum")
        return BoundTagger(self, first, is_word, self._masks() if self.training else None)

    def _masks(self) -> list[Tensor] | None:
        """Draw one dropout mask for each hidden layer [D] if scores add up along paths (Gal & Ghahramani 2016)."""
        if self.config.normalisation == "local":
            return None
        return [self.dropout(self.bias.new_ones(width)) for width in self.config.hidden]

    def above(self, first: Tensor, masks: Sequence[Tensor] | None = None) -> Tensor:
        """Return the last hidden layer [S, D'] from the sums of the first [S, D]; `masks` are drawn if not given."""
        norms = iter(self.norms)
        drops = iter([self.dropout] * len(self.norms) if masks is None else [mask.mul for mask in masks])
        hidden = next(drops)(torch.relu(next(norms)(first + self.bias)))
        for layer, norm, drop in zip(self.hidden, norms, drops, strict=True):
            hidden = drop(torch.relu(norm(layer(hidden))))
        return hidden


class SeenTags(nn.Module):
    """The embeddings of tags that stand beside the form of a word, such as its part of speech."""

    def __init__(self, config: TaggerConfig, tags: TagColumns | None) -> None:
        """Make embeddings of the columns that have tags and, in the settings, a dimension."""
        super().__init__()
        sizes = {name: getattr(config, f"{name}_dimension", 0) for name in (tags.filled if tags else ())}
        self.columns = nn.ModuleDict(
            {name: nn.Embedding(tags.sizes[name], size) for name, size in sizes.items() if tags and size}
        )
        for name, embedding in self.columns.items():
            nn.init.normal_(embedding.weight, std=sizes[name] ** -0.5)  # type: ignore[arg-type]
        self.dimension = sum(sizes[name] for name in self.columns)
        self.dropout = config.tags_dropout

    def forward(self, vector: Tensor, words: Words, ids: Mapping[str, Tensor]) -> tuple[Tensor, Words]:
        """Return the vectors of B x N tokens, [B * N, E], from those of forms and from ids [B, N], and words for them.

        An unknown tag is one that is not given; in training, those of some sentences are hidden.
        """
        tables = self.columns.items()
        if self.training and self.dropout:
            is_hidden = torch.rand(len(words.row), 1, device=words.row.device) < self.dropout
            ids = {name: own.masked_fill(is_hidden, Vocabulary.UNKNOWN) for name, own in ids.items()}
        joined = torch.cat([vector[words.row], *(table(ids[name]) for name, table in tables)], -1)
        row = torch.arange(words.row.numel(), device=words.row.device).view_as(words.row)
        return joined.flatten(0, 1), replace(words, row=row)


class PreviousTags(nn.Module):
    """The share of the tags before a word in the first hidden layer, of `width` units."""

    def __init__(self, num_tags: int, dimension: int, previous: int, width: int) -> None:
        """Make embeddings of the tags, and one for no tag, and a layer over the tags of `previous` words."""
        super().__init__()
        self.previous, self.width = previous, width
        embedding, first = torch.empty(1 + num_tags, dimension), torch.empty(dimension, previous * width)
        self.embedding = nn.Parameter(nn.init.normal_(embedding, std=dimension**-0.5))
        self.first = nn.Parameter(nn.init.normal_(first, std=(previous * dimension) ** -0.5))

    def table(self) -> Tensor:
        """Return each tag's share at each distance [(1 + A) * H, D]."""
        return (self.embedding @ self.first).view(-1, self.width)

    def sums(self, table: Tensor, last: Tensor) -> Tensor:
        """Return the shares [S, D] of the tags [S, H] before S words, from the result of `table`."""
        index = (last + 1) * self.previous + torch.arange(self.previous, device=last.device)
        return functional.embedding_bag(index, table, mode="sum")


class BoundTagger:
    """The scorer of the S words of B sentences."""

    def __init__(
        self, network: TaggerNetwork, first: Tensor, is_word: Tensor, masks: Sequence[Tensor] | None = None
    ) -> None:
        """Take the words' sums in the first layer [S, D], their places [B, N], and the batch's dropout, if any."""
        self.network, self.first, self.is_word, self.masks = network, first, is_word, masks
        self.row = (is_word.flatten().cumsum(0) - 1).clamp(min=0).view_as(is_word)
        self.table = None if network.previous is None else network.previous.table()

    def __call__(self, state: Tagging) -> Tensor:
        """Return unnormalised scores [B, K, A] of the tags of the column that is searched."""
        index = self.index(state)
        return self.score({name: rows.flatten(0, 1) for name, rows in index.items()}).view(*state.position.shape, -1)

    def index(self, state: Tagging) -> dict[str, Tensor]:
        """Return the rows of the next word [B, K, 1] and of the tags before it [B, K, H]."""
        position = state.position.clamp(max=self.row.shape[1] - 1)  # beyond the end nothing is used
        return {
            "word": self.row.gather(1, position).unsqueeze(2),
            "tag": state.last[..., : self.network.config.previous_tags],
        }

    def score(self, index: Mapping[str, Tensor]) -> Tensor:
        """Return the scores [S, A] of S states from their rows [S, 1] and [S, H]."""
        hidden = self._hidden(self.first[index["word"][:, 0]], index["tag"])
        return self.network.output.scores(self.network.searched, hidden)

    def columns(self, tag: Tensor) -> dict[str, Tensor]:
        """Return the scores [B, N, tags] of each column, 0 at a place without a word.

        `tag` [B, N] are the tags as actions; each word sees the tags before it.
        """
        last = tags_before(tag, self.network.config.previous_tags)[self.is_word]
        scores = self.network.output(self._hidden(self.first, last))
        return {
            name: score.new_zeros(*self.is_word.shape, score.shape[1]).masked_scatter(self.is_word.unsqueeze(2), score)
            for name, score in scores.items()
        }

    def _hidden(self, first: Tensor, last: Tensor) -> Tensor:
        """Return the last hidden layer [S, D] from the words' sums [S, D] and the tags before them [S, H]."""
        if self.network.previous is not None and self.table is not None:
            first = first + self.network.previous.sums(self.table, last)
        return self.network.above(first, self.masks)


def independent(scores: Tensor) -> Scorer[Tagging]:
    """Return the scorer of tags that do not depend on each other, from the scores [B, N, A] of all words."""

    def of_next_word(state: Tagging) -> Tensor:
        position = state.position.clamp(max=scores.shape[1] - 1)  # beyond the end nothing is used
        return scores.gather(1, position.unsqueeze(2).expand(-1, -1, scores.shape[2]))

    return of_next_word
