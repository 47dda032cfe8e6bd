"""The tagger: a feed-forward network over a window of words (Collobert et al. 2011, section 3.2).

A word is its embedding, pretrained vector, affixes, shape and characters. With the encoder "none" the network sees
those of the word's neighbours at fixed distances; any other reads the sentence first, and the window is of its vectors.
UPOS, XPOS and FEATS are predicted together from the last hidden layer. What a form adds to
the first hidden layer at each distance is computed once for all its occurrences, as in the parser.

With `previous_tags`, the first layer also sees the tags of the words before, and the tags are searched. Only those of
one column are (UPOS, where the treebank has it): what follows is a tag's grammar, which the coarse tags carry, and the
other columns, read off the same hidden layer, see them too. Without, tags are independent given the words: the best of
each word are the best sequence, whatever the beam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model
from arcparse.checkpoint.saved import difference
from arcparse.errors import ConfigurationError, ModelError
from arcparse.networks.encoder import BiLSTMConfig, FormEncoder, add_encoder, chosen, encoder_of
from arcparse.networks.lexicon import Lexicon, LexiconConfig, Words
from arcparse.networks.pretrained import Pretrained
from arcparse.networks.tags import TagColumns, TagLayer, best_tags, with_given, with_tags
from arcparse.search import Beam, normalised, search
from arcparse.sentence import EMPTY, Sentence, check_length
from arcparse.settings import as_dict, changed, check_ranges
from arcparse.settings.limits import Part, Range, Units
from arcparse.tagger.preparation import Preparation, known_to, prepare, tags_of_words
from arcparse.tagger.scorer import BoundTagger, PreviousTags
from arcparse.tagger.tagging import NONE, LeftToRight, Tagging
from arcparse.threads import aside, spread, turn
from arcparse.vocabulary import SPECIALS, Vocabulary

KIND = "tagger"


@dataclass(frozen=True)
class TaggerConfig:
    """What the network is made of."""

    before: Annotated[int, Range(0, 32)] = 3  # words of the window before and after the one that is tagged
    after: Annotated[int, Range(0, 32)] = 3
    encoder: str = "none"  # or "bilstm"; see `arcparse.networks.encoder`
    bilstm: BiLSTMConfig = field(default_factory=BiLSTMConfig)
    encoder_settings: dict[str, Any] = field(default_factory=dict)  # of an encoder that has no table of its own here
    hidden: Annotated[tuple[Units, ...], Range(1, 32)] = (512,)
    batch_normalisation: bool = False  # before each hidden layer's rectifier (Ioffe & Szegedy 2015)
    dropout: Part = 0.4  # after each hidden layer: the window's network learns the treebank by heart otherwise
    input_dropout: Part = 0.2  # of the forms' vectors
    lexicon: LexiconConfig = field(default_factory=LexiconConfig)
    preparation: Preparation = "none"  # of words, so that vectors know them; see `arcparse.tagger.preparation`
    previous_tags: Annotated[int, Range(0, 32)] = (
        0  # how many tags before a word it sees; 0: tags are independent, and need no search
    )
    tag_dimension: Units = 32  # of their embeddings, SyntaxNet's size
    normalisation: Literal["local", "global"] = "local"  # what scores are in a beam: log-probabilities, or as they come

    def __post_init__(self) -> None:
        """Raise ConfigurationError for a value outside its limits."""
        chosen(self)
        check_ranges(self)
        if self.batch_normalisation and self.normalisation == "global":
            raise ConfigurationError(
                "batch_normalisation gives a state other scores in another batch, and global normalisation compares "
                "them; switch one of the two off"
            )


class Tagger(nn.Module):
    """A network with all that it needs to tag sentences: vocabularies and pretrained vectors."""

    def __init__(self, config: TaggerConfig, lexicon: Lexicon, tags: TagColumns, pretrained: Pretrained) -> None:
        """Make an untrained tagger."""
        super().__init__()
        self.config, self.lexicon, self.tags, self.pretrained = config, lexicon, tags, pretrained
        self.forms = FormEncoder(config.lexicon, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained)
        if not self.forms.dimension:
            raise ConfigurationError("the tagger sees nothing of a word; give it --vectors, or parts in tagger.lexicon")
        encoder = add_encoder(self, config, self.forms.dimension)
        dimension = encoder.dimension if encoder else self.forms.dimension
        positions, width = config.before + 1 + config.after, config.hidden[0]
        self.outside = nn.Parameter(torch.zeros(dimension))  # what stands beyond the sentence
        first = torch.empty(dimension, positions * width)
        self.first = nn.Parameter(nn.init.normal_(first, std=(2 / (positions * dimension)) ** 0.5))
        self.bias = nn.Parameter(torch.zeros(width))
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(config.hidden, config.hidden[1:], strict=False))
        self.norms = nn.ModuleList(
            nn.BatchNorm1d(size) if config.batch_normalisation else nn.Identity() for size in config.hidden
        )
        self.output = TagLayer(config.hidden[-1], tags.sizes)
        self.dropout, self.input_dropout = nn.Dropout(config.dropout), nn.Dropout(config.input_dropout)
        known = [name for name, symbols in tags.vocabularies.items() if set(symbols) - {*SPECIALS, EMPTY}]
        self.columns = tuple(known)  # those that the treebank has; the others stay as they are
        self.searched = next(iter(known), "upos")
        self.system = LeftToRight(tags.vocabularies[self.searched].symbols[len(SPECIALS) :])
        self.previous: PreviousTags | None = None
        if config.previous_tags:
            self.previous = PreviousTags(self.system.num_actions, config.tag_dimension, config.previous_tags, width)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.bias.device

    def bind(self, words: Words) -> BoundTagger:
        """Return the scorer of a batch; where whole paths are scored, dropout is that of the batch."""
        vector, row = self.input_dropout(self.forms(words.forms)), words.row
        encoder = encoder_of(self, self.config)
        if encoder is not None:
            vector = encoder(vector[row], words.length + 1).flatten(0, 1)
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
        """Draw the dropout of each hidden layer [D] where scores are to add up along paths (Gal & Ghahramani 2016)."""
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

    def forward(self, words: Words, tags: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """Return the scores of the tags of each column [B, N, tags], 0 where no word stands.

        The previous tags, if the network sees any, are those of the ids `tags` [B, N] by column.
        """
        gold = torch.full_like(words.row, NONE) if tags is None else self.actions(tags)
        return self.bind(words).columns(gold)

    def actions(self, tags: Mapping[str, Tensor]) -> Tensor:
        """Return the tags of the searched column as actions [B, N], NONE where there is none that is known."""
        return (tags[self.searched] - len(SPECIALS)).clamp(min=NONE)

    def _best(self, words: Words, beam_size: int, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the ids of the best tags of each column [B, N]; those `given`, if any, stay where they are known."""
        scorer = self.bind(words)
        action = torch.full_like(words.row, NONE)
        if self.previous is not None:
            scores = scorer if self.config.normalisation == "global" else normalised(self.system, scorer)
            start = Tagging.start(words.length, self.config.previous_tags)
            beam = search(self.system, scores, Beam.start(start, len(words.length), self.device), beam_size)
            action[:, 1:] = beam.history()[:, 0]
        searched = action + len(SPECIALS)
        if given:  # what is found between given tags is scored after these
            action = torch.where(given[self.searched] > Vocabulary.UNKNOWN, self.actions(given), action)
        scored = scorer.columns(action)
        best = self.tags.completed(scored, given) if given else best_tags(scored)
        if self.previous is not None:
            is_free = torch.stack([ids == Vocabulary.UNKNOWN for ids in given.values()]).all(0) if given else None
            best[self.searched] = searched if is_free is None else searched.where(is_free, best[self.searched])
        return best

    @turn()
    @torch.inference_mode()
    def tag(
        self, sentences: Sequence[Sentence], *, given: bool = False, beam_size: int = 1, batch_tokens: int = 10_000
    ) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS, sentences of like length tagged together.

        Tags that the sentences have stay if they are `given`, and the others are made to agree with them. Raises
        TreebankError for a sentence that is too long.
        """
        check_length(sentences)
        if self.config.preparation == "none":
            return self._tag(sentences, given, beam_size, batch_tokens)
        knows = known_to(self.pretrained)
        prepared = [prepare(sentence, knows, phrases=False) for sentence in sentences]
        units = self._tag([own.units for own in prepared], given, beam_size, batch_tokens)
        return [tags_of_words(*own, self.columns) for own in zip(sentences, prepared, units, strict=True)]

    def _tag(self, sentences: Sequence[Sentence], given: bool, beam_size: int, batch_tokens: int) -> list[Sentence]:
        def tags(batch: Sequence[int]) -> list[dict[str, list[str]]]:
            own = [sentences[i] for i in batch]
            words = self.lexicon.words([sentence.forms for sentence in own]).to(self.device)
            best = self._best(words, beam_size, self.tags.given_ids(own, self.device) if given else {})
            return self.tags.symbols({name: best[name] for name in self.columns}, words.length.tolist())

        tagged: list[Sentence] = list(sentences)
        batches = bucket([len(sentence) + 1 for sentence in sentences], batch_tokens)
        for batch, found in zip(batches, spread(tags, batches), strict=True):
            for i, columns in zip(batch, found, strict=True):
                tagged[i] = with_tags(sentences[i], with_given(sentences[i], columns) if given else columns)
        return tagged

    def rebuilt(self, config: TaggerConfig) -> Tagger:
        """Return a tagger of the same weights with another configuration; ModelError where its network differs."""
        tagger = Tagger(config, self.lexicon, self.tags, self.pretrained)
        problem = difference(tagger.state_dict(), self.state_dict())
        if problem:
            settings = changed(as_dict(self.config), as_dict(config))
            raise ModelError(
                f"the settings describe another network than that to start from: {', '.join(settings) or problem}"
            )
        tagger.load_state_dict(self.state_dict())
        return tagger

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
    @turn()
    def load(cls, directory: Path) -> Tagger:
        """Read a model directory, and the pretrained vectors beside it. Raises ModelError where they do not fit."""
        saved = load_model(directory, KIND)
        config, pretrained = saved.settings(TaggerConfig), Pretrained.beside(saved)
        lexicon = Lexicon.restore(config.lexicon, saved, pretrained.words, pretrained.scheme)
        tags = TagColumns.restore(saved)
        return saved.network(lambda: cls(config, lexicon, tags, pretrained))
