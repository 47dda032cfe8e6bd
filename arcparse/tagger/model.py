"""The tagger: its network and vocabularies, and the search for the tags of sentences.

With `previous_tags`, the network sees the tags of the words before, and the tags are searched. Without, tags are
independent given the words: the best tags of each word are the best sequence, with any beam. Tags of spans are always
searched, since not every tag may follow every other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns, has_attribute, with_given, with_tags
from arcparse.networks.tags import best_tags, completed, flat_ids, tag_ids
from arcparse.networks.weights import arrays, load_network, take_weights
from arcparse.networks.words import Words, words_of
from arcparse.search import Beam, Scorer, normalised, search
from arcparse.sentence import Sentence
from arcparse.sentence.lists import check_length
from arcparse.settings import as_dict
from arcparse.tagger.description import KIND, Description
from arcparse.tagger.network import BoundTagger, TaggerNetwork, independent
from arcparse.tagger.preparation import known_to, prepare, tags_of_words
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.system import NONE, LeftToRight, Tagging
from arcparse.threads import spread, turn
from arcparse.vocabulary import SPECIALS, Vocabulary


class Tagger(nn.Module):
    """A network with all that it needs to tag sentences: vocabularies and pretrained vectors."""

    def __init__(
        self,
        config: TaggerConfig,
        network: TaggerNetwork,
        lexicon: Lexicon,
        tags: TagColumns,
        pretrained: Pretrained,
        seen: TagColumns | None = None,
    ) -> None:
        """Join the parts; `config` is the network's, and `seen` are the tags that it sees beside the forms."""
        super().__init__()
        self.config, self.network = config, network
        self.lexicon, self.tags, self.pretrained, self.seen = lexicon, tags, pretrained, seen
        self.columns = tags.filled  # the others stay as they are
        self.reads = tuple(network.seen.columns)
        self.system = LeftToRight(tags.vocabularies[network.searched].symbols[len(SPECIALS) :], config.scheme or None)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.network.bias.device

    @property
    def searched(self) -> str:
        """The column whose tags are searched, and seen by the words that follow."""
        return self.network.searched

    def actions(self, tags: Mapping[str, Tensor]) -> Tensor:
        """Return the tags of the searched column as actions [B, N], NONE for no tag or an unknown one."""
        return (tags[self.searched] - len(SPECIALS)).clamp(min=NONE)

    def seen_ids(self, sentences: Sequence[Sentence]) -> dict[str, Tensor]:
        """Return the ids [B, N] of the tags that the network sees, by column; an absent tag is unknown."""
        return tag_ids(self.seen, sentences, self.device, only_given=True) if self.seen and self.reads else {}

    def start(self, length: Tensor) -> Tagging:
        """Return the states of sentences of `length` [B] words before their first word."""
        return Tagging.start(length, max(self.config.previous_tags, self.system.memory))

    def _scores(self, scorer: BoundTagger, words: Words) -> Scorer[Tagging]:
        """Return the scores that add up along a sequence of tags.

        Log-probabilities of independent tags need not be normalised: all sequences of a sentence have the same sum.
        """
        if not self.config.previous_tags:
            return independent(scorer.columns(torch.full_like(words.row, NONE))[self.searched])
        return scorer if self.config.normalisation == "global" else normalised(self.system, scorer)

    def _best(
        self, words: Words, beam: int, given: Mapping[str, Tensor], seen: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Return the ids of the best tags of each column [B, N]; of the tags `given`, if any, the known ones stay."""
        scorer = self.network.bind(words, seen)
        action = torch.full_like(words.row, NONE)
        is_searched = bool(self.config.previous_tags or self.system.memory)
        if is_searched:
            begin = Beam.start(self.start(words.length), len(words.length), self.device)
            action[:, 1:] = search(self.system, self._scores(scorer, words), begin, beam).history()[:, 0]
        searched = action + len(SPECIALS)
        if given:  # tags between given ones are scored with the given ones before them
            action = torch.where(given[self.searched] > Vocabulary.UNKNOWN, self.actions(given), action)
        scored = scorer.columns(action)
        best = completed(self.tags, scored, given) if given else best_tags(scored)
        if is_searched:
            is_free = torch.stack([ids == Vocabulary.UNKNOWN for ids in given.values()]).all(0) if given else None
            best[self.searched] = searched if is_free is None else searched.where(is_free, best[self.searched])
        return best

    @turn()
    @torch.inference_mode()
    def tag(
        self,
        sentences: Sequence[Sentence],
        *,
        given_tags: bool = False,
        beam: int | None = None,
        batch_tokens: int = 10_000,
    ) -> list[Sentence]:
        """Return the sentences with UPOS, XPOS and FEATS, or with spans; those of like length are tagged together.

        With `given_tags`, tags that the sentences have stay, and the others are made to agree with them; a sentence
        with spans stays as it is. Without `beam`, the model's own is used. Raises TreebankError for a sentence that is
        too long.
        """
        check_length(sentences)
        beam = beam or self.config.beam
        if self.config.column and given_tags:
            bare = [i for i, sentence in enumerate(sentences) if not has_attribute(sentence, self.config.column)]
            made = dict(zip(bare, self._tag([sentences[i] for i in bare], False, beam, batch_tokens), strict=True))
            return [made.get(i, sentence) for i, sentence in enumerate(sentences)]
        if self.config.preparation == "none":
            return self._tag(sentences, given_tags, beam, batch_tokens)
        knows = known_to(self.pretrained)
        prepared = [prepare(sentence, knows, phrases=False) for sentence in sentences]
        units = self._tag([own.units for own in prepared], given_tags, beam, batch_tokens)
        return [tags_of_words(*own, self.columns) for own in zip(sentences, prepared, units, strict=True)]

    def _tag(self, sentences: Sequence[Sentence], given_tags: bool, beam: int, batch_tokens: int) -> list[Sentence]:
        def tags(batch: Sequence[int]) -> list[dict[str, list[str]]]:
            own = [sentences[i] for i in batch]
            words = words_of(self.lexicon, [sentence.forms for sentence in own]).to(self.device)
            given = tag_ids(self.tags, own, self.device, only_given=True) if given_tags else {}
            best = self._best(words, beam, given, self.seen_ids(own))
            lengths = [len(sentence) for sentence in own]
            return self.tags.symbols(flat_ids({name: best[name] for name in self.columns}, lengths), lengths)

        tagged: list[Sentence] = list(sentences)
        batches = bucket([len(sentence) + 1 for sentence in sentences], batch_tokens)
        for batch, found in zip(batches, spread(tags, batches), strict=True):
            for i, columns in zip(batch, found, strict=True):
                tagged[i] = with_tags(sentences[i], with_given(sentences[i], columns) if given_tags else columns)
        return tagged

    def rebuilt(self, config: TaggerConfig) -> Tagger:
        """Return a tagger of the same weights with another configuration. Raises ModelError if its network differs."""
        parts = self.lexicon, self.tags, self.pretrained, self.seen
        network = TaggerNetwork(config, *parts)
        take_weights(network, config, self.network, self.config)
        return Tagger(config, network, *parts)

    @classmethod
    def build(cls, config: TaggerConfig, sentences: Sequence[Sentence], pretrained: Pretrained) -> Tagger:
        """Make an untrained tagger with the vocabularies of a treebank; its spans have the scheme of the settings."""
        lexicon = Lexicon.build(config.lexicon, sentences, pretrained.words, pretrained.scheme)
        tags, seen = TagColumns.build(sentences, config.column), TagColumns.build(sentences) if config.column else None
        parts = lexicon, tags, pretrained, seen
        return cls(config, TaggerNetwork(config, *parts), *parts)

    def save(self, directory: Path, *, vectors: str, metadata: Mapping[str, Any], half: bool = False) -> None:
        """Write a model directory that names the pretrained vectors `vectors` beside it."""
        seen = self.seen.symbols_by_column() if self.seen else {}
        vocabularies = self.lexicon.symbols() | seen | self.tags.symbols_by_column()
        save_model(
            directory,
            kind=KIND,
            config={"tagger": as_dict(self.config), "vectors": vectors},
            vocabularies=vocabularies,
            weights=arrays(self.network),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Tagger:
        """Read a model directory, and the pretrained vectors beside it. Raises ModelError if they do not fit."""
        saved = load_model(directory, KIND)
        own = Description.restore(saved)
        parts = own.lexicon, own.tags, own.pretrained, own.seen
        return cls(own.config, load_network(saved, lambda: TaggerNetwork(own.config, *parts)), *parts).eval()
