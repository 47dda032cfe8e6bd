"""The parser: its network, vocabularies and transition system, and the search that makes trees of sentences.

A locally normalised parser's paths are compared by log-probability, a globally normalised one's by the plain sum of its
scores (Andor et al. 2016, section 2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from arcparse.batches import in_batches
from arcparse.checkpoint import load_model, save_model
from arcparse.devices import at_once
from arcparse.errors import ModelError
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns, with_given, with_tags
from arcparse.networks.encoder import PretrainedEncoder, files_of
from arcparse.networks.tags import flat_ids, tag_ids
from arcparse.networks.weights import arrays, load_network, take_weights
from arcparse.networks.words import Words, words_of
from arcparse.parser.configuration import Configuration
from arcparse.parser.description import KIND, Description
from arcparse.parser.nbest import Trees, parses, rank, restored
from arcparse.parser.network import Encoding, ParserNetwork
from arcparse.parser.parse import SAMPLES, Parse, tree_of
from arcparse.parser.settings import MARGIN, ParserConfig
from arcparse.parser.systems import System, system_called
from arcparse.search import Beam, Scorer, normalised, sample, search
from arcparse.sentence import ROOT, Sentence
from arcparse.settings import as_dict
from arcparse.threads import turn
from arcparse.trees.pseudo_projective import deprojectivise

WIDE = 64  # hypotheses; with more, fewer sentences are searched at a time
Result = TypeVar("Result")


class Parser(nn.Module):
    """A network with all that it needs to read sentences: vocabularies, pretrained vectors, transition system."""

    def __init__(
        self,
        config: ParserConfig,
        network: ParserNetwork,
        lexicon: Lexicon,
        tags: TagColumns,
        system: System,
        pretrained: Pretrained,
    ) -> None:
        """Join the parts; `config` is the network's, and says how the parser searches."""
        super().__init__()
        self.config, self.network = config, network
        self.lexicon, self.tags, self.system, self.pretrained = lexicon, tags, system, pretrained

    @property
    def predicts_tags(self) -> bool:
        """Whether the parser tags on its own."""
        return self.network.encoder is not None

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.network.device

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products be of bfloat16 when it parses: faster on processors that have it; few trees change."""
        self.network.set_precision(low=low)

    def encode(self, sentences: Sequence[Sentence], *, given_tags: bool = False) -> tuple[Words, Encoding]:
        """Encode sentences on the parser's device; `given_tags` is as for `parse`."""
        words = words_of(self.lexicon, [sentence.forms for sentence in sentences]).to(self.device)
        if not self.predicts_tags:
            return words, self.network.encode(words, tag_ids(self.tags, sentences, self.device))
        if not given_tags:
            return words, self.network.encode(words)
        tags = tag_ids(self.tags, sentences, self.device, only_given=True)
        return words, self.network.encode(words, tags, words.is_token)

    def bind(self, encoding: Encoding) -> Scorer[Configuration]:
        """Return the scorer of a batch: unnormalised scores [B, K, A]."""
        return self.network.bind(encoding)

    def path_scorer(self, encoding: Encoding) -> Scorer[Configuration]:
        """Return the scorer of a batch whose scores [B, K, A], summed along a path, compare paths: see the module."""
        scorer = self.bind(encoding)
        return scorer if self.config.normalisation == "global" else normalised(self.system, scorer)

    def start(self, length: Tensor) -> Beam[Configuration]:
        """Return the beam in which sentences of `length` [B] words begin."""
        return Beam.start(self.system.start(length), len(length), length.device)

    def search(self, words: Words, encoding: Encoding, beam: int = 1, *, scored: bool = False) -> Beam[Configuration]:
        """Return the best parses of B sentences.

        Unless `scored`, a greedy search does not normalise the scores, and a wider one drops hypotheses that fall
        behind by MARGIN.
        """
        scorer = self.path_scorer(encoding) if scored or beam > 1 else self.bind(encoding)
        return search(self.system, scorer, self.start(words.length), beam, margin=math.inf if scored else MARGIN)

    @turn()
    @torch.inference_mode()
    def parse(
        self,
        sentences: Sequence[Sentence],
        *,
        given_tags: bool = False,
        beam: int | None = None,
        batch_tokens: int | None = None,
    ) -> list[Sentence]:
        """Return the sentences with heads and labels, and with tags if the parser predicts them.

        With `given_tags`, a parser that predicts tags uses and keeps the tags of words that have a UPOS. A parser that
        predicts none always uses the sentences' tags. Without a `beam`, that of the configuration is taken. Sentences
        of like length are parsed together, `batch_tokens` at a time, else as many as suit the device.
        """
        size = beam or self.config.beam
        return in_batches(
            sentences,
            _fewer(batch_tokens or at_once(self.device), size),
            lambda batch: self._parse_batch(batch, given_tags, size),
        )

    @turn()
    @torch.inference_mode()
    def tag(
        self, sentences: Sequence[Sentence], *, given_tags: bool = False, batch_tokens: int | None = None
    ) -> list[Sentence]:
        """Return the sentences with the tags that the encoder predicts, heads as they were; nothing is searched.

        `given_tags` and `batch_tokens` are as for `parse`. Raises ModelError if the parser predicts no tags.
        """
        if not self.predicts_tags:
            raise ModelError("this parser predicts no tags; give it a tagger")
        return in_batches(
            sentences,
            batch_tokens or at_once(self.device),
            lambda batch: self._tagged(batch, self.encode(batch, given_tags=given_tags)[1], given_tags),
        )

    @turn()
    @torch.inference_mode()
    def nbest(
        self,
        sentences: Sequence[Sentence],
        size: int,
        *,
        given_tags: bool = False,
        beam: int = 8,
        samples: int = SAMPLES,
        batch_tokens: int | None = None,
    ) -> list[list[Parse]]:
        """Return for each sentence the best `size` distinct trees that a `beam` holds, the likeliest first.

        Confidences are shares of the beam's mass and of `samples` trees drawn from the model; with 0 samples, of the
        beam's mass alone.
        """
        return in_batches(
            sentences,
            _fewer(batch_tokens or at_once(self.device), max(beam, samples)),
            lambda batch: self._nbest_batch(batch, size, given_tags, beam, samples),
        )

    def _parse_batch(self, sentences: Sequence[Sentence], given_tags: bool, beam: int) -> list[Sentence]:
        words, encoding = self.encode(sentences, given_tags=given_tags)
        best = self.search(words, encoding, beam).state
        columns = best.head[:, 0].tolist(), best.label[:, 0].tolist(), self._tagged(sentences, encoding, given_tags)
        parsed = []
        for heads, labels, sentence in zip(*columns, strict=True):
            tree = tree_of(heads, labels, len(sentence), self.system.labels)
            parsed.append(sentence.with_tree(deprojectivise(tree, self.config.projectivity)))
        return parsed

    def _nbest_batch(
        self, sentences: Sequence[Sentence], size: int, given_tags: bool, beam: int, samples: int
    ) -> list[list[Parse]]:
        words, encoding = self.encode(sentences, given_tags=given_tags)
        found, config = self.search(words, encoding, beam, scored=True), self.config
        lengths = [len(sentence) for sentence in sentences]
        head, label, names = self._restored(found.state, lengths, self.system.labels)
        trees, mass = rank(found.score, head, label, config.temperature)
        counted = trees
        if samples:
            start, scorer = self.start(words.length), self.bind(encoding)
            drawn = sample(self.system, scorer, start, samples, config.sampling_temperature)
            head, label, names = self._restored(drawn, lengths, names)
            counted = trees.joined(Trees(head, label, mass.new_full(head.shape[:2], 1 / samples)))
        tagged = self._tagged(sentences, encoding, given_tags)
        return parses(tagged, trees.first(size), mass[:, :size], counted, names)

    def _restored(
        self, state: Configuration, lengths: Sequence[int], names: Sequence[str]
    ) -> tuple[Tensor, Tensor, list[str]]:
        return restored(state.head, state.label, lengths, names, self.config.projectivity)

    def _tagged(self, sentences: Sequence[Sentence], encoding: Encoding, given_tags: bool) -> list[Sentence]:
        """Return the sentences with the tags that were used; with `given_tags`, their own tags stay."""
        tags: list[dict[str, list[str]]] = [{}] * len(sentences)
        if self.predicts_tags:
            lengths = [len(sentence) for sentence in sentences]
            tags = self.tags.symbols(flat_ids(encoding.tags, lengths), lengths)
        if given_tags:
            tags = [with_given(sentence, tag) for sentence, tag in zip(sentences, tags, strict=True)]
        return [with_tags(sentence, tag) for sentence, tag in zip(sentences, tags, strict=True)]

    def rebuilt(self, config: ParserConfig) -> Parser:
        """Return a parser of the same weights with another configuration. Raises ModelError if its network differs."""
        if config.system != self.config.system:
            raise ModelError(
                f"the model to start from has the transition system {self.config.system!r}, not {config.system!r}; "
                f"set parser.system to {self.config.system!r}"
            )
        if config.projectivity != self.config.projectivity:
            raise ModelError(
                f"the model to start from has labels for projectivity {self.config.projectivity!r}, "
                f"not {config.projectivity!r}; set parser.projectivity to {self.config.projectivity!r}"
            )
        parts = self.lexicon, self.tags, self.system, self.pretrained
        network = ParserNetwork(config, *parts, files_of(self.network.encoder))
        take_weights(network, config, self.network, self.config)
        return Parser(config, network, *parts)

    @classmethod
    def build(
        cls,
        config: ParserConfig,
        sentences: Sequence[Sentence],
        pretrained: Pretrained,
        encoder: PretrainedEncoder | None = None,
    ) -> Parser:
        """Make an untrained parser with the vocabularies of a treebank, its `encoder` pretrained if it is given."""
        lexicon = Lexicon.build(config.lexicon, sentences, pretrained.words, pretrained.scheme)
        arcs = {(head == ROOT, label) for s in sentences for head, label in zip(s.heads, s.labels, strict=True)}
        labels = sorted({label for _, label in arcs})
        root_labels, word_labels = ({label for is_root, label in arcs if is_root == root} for root in (True, False))
        system = system_called(config.system)(labels, root_labels, word_labels)
        parts = lexicon, TagColumns.build(sentences), system, pretrained
        encoder = encoder or PretrainedEncoder()
        network = ParserNetwork(config, *parts, encoder.files)
        encoder.start(network.encoder)
        return cls(config, network, *parts)

    def save(
        self, directory: Path, *, vectors: str, metadata: Mapping[str, Any], tagger: str = "", half: bool = False
    ) -> None:
        """Write a model directory; it names the pretrained `vectors` and the `tagger` that lie beside it, if any."""
        vocabularies = self.lexicon.symbols() | self.tags.symbols_by_column()
        vocabularies |= {
            "label": self.system.labels,
            "root_label": tuple(sorted(self.system.root_labels)),
            "word_label": tuple(sorted(self.system.word_labels)),
        }
        save_model(
            directory,
            kind=KIND,
            config={"parser": as_dict(self.config), "vectors": vectors, "tagger": tagger},
            vocabularies=vocabularies,
            weights=arrays(self.network),
            files=files_of(self.network.encoder),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Parser:
        """Read a model directory, and the pretrained vectors beside it. Raises ModelError if they do not fit."""
        saved = load_model(directory, KIND)
        own = Description.restore(saved)
        system = system_called(own.config.system)(own.labels, own.root_labels, own.word_labels)
        parts = own.lexicon, own.tags, system, own.pretrained
        network = load_network(saved, lambda: ParserNetwork(own.config, *parts, saved.files))
        return cls(own.config, network, *parts).eval()


def _fewer(batch_tokens: int, hypotheses: int) -> int:
    """Return the tokens to search at a time, so that many hypotheses need no more memory than WIDE of them."""
    return max(1, batch_tokens * WIDE // max(WIDE, hypotheses))
