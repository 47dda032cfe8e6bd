"""The parser: an encoder's vectors, features of the configuration, a feed-forward scorer, a transition system.

With the encoder "none" a token has the vector of its form beside those of its tags, which must be given, as in
SyntaxNet (Andor et al. 2016). Any other, such as the recurrent "bilstm", reads the sentence, predicts the tags on the
way (unless they are given) and hands on vectors that know their context (Kiperwasser & Goldberg 2016), so few features
suffice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from arcparse.batches import bucket
from arcparse.checkpoint import load_model, save_model
from arcparse.checkpoint.saved import VOCABULARIES, difference
from arcparse.errors import ConfigurationError, ModelError
from arcparse.networks.encoder import BiLSTMConfig, Block, Encoder, FormEncoder, add_encoder, chosen, encoder_of
from arcparse.networks.lexicon import Lexicon, LexiconConfig, Words
from arcparse.networks.pretrained import Pretrained
from arcparse.networks.tags import COLUMN, TagColumns, TagLayer, best_tags, with_given, with_tags
from arcparse.parser.configuration import Configuration
from arcparse.parser.decoding import encode, path_scorer
from arcparse.parser.features import Features
from arcparse.parser.nbest import SAMPLES, Parse, Trees, parses, rank, restored, tree_of
from arcparse.parser.scorer import BoundScorer, FeedForwardScorer, ScorerConfig
from arcparse.parser.systems import System, system_called
from arcparse.search import Beam, sample, search
from arcparse.sentence import ROOT, Sentence, Tree, check_length
from arcparse.settings import as_dict, changed
from arcparse.settings.limits import AboveZero, Dimension, Hypotheses
from arcparse.threads import spread, turn
from arcparse.trees.pseudo_projective import Projectivity, deprojectivise
from arcparse.vocabulary import Vocabulary

KIND = "parser"
MARGIN = 5.0  # of scores; what is less likely than the best by e^5 hardly ever wins in the end (LAS stays as it is)
WIDE = 64  # hypotheses; with more, fewer sentences are searched at a time
Result = TypeVar("Result")


@dataclass(frozen=True)
class ParserConfig:
    """What the network is made of."""

    features: tuple[str, ...]
    encoder: str = "bilstm"  # or "none"; see `arcparse.networks.encoder`
    system: str = "arc-standard"  # or "swap", which builds non-projective trees too; see `arcparse.parser.systems`
    projectivity: Projectivity = "lift"  # how labels of arcs lifted for a projective system are decorated, and read
    lexicon: LexiconConfig = field(default_factory=LexiconConfig)
    bilstm: BiLSTMConfig = field(default_factory=BiLSTMConfig)
    encoder_settings: dict[str, Any] = field(default_factory=dict)  # of an encoder that has no table of its own here
    projection: Dimension = 128  # of the encoder's vectors, before they meet feature positions; 0 for none
    upos_dimension: Dimension = 32  # tag embeddings, SyntaxNet's size
    xpos_dimension: Dimension = 32
    feats_dimension: Dimension = 32
    scorer: ScorerConfig = field(default_factory=ScorerConfig)
    normalisation: Literal["local", "global"] = "local"  # what scores are in a beam: log-probabilities, or as they come
    beam: Hypotheses = 1  # hypotheses kept when it parses, unless told
    temperature: AboveZero = 1.0  # what trees' scores are divided by, to be probabilities; see tools/calibrate.py
    sampling_temperature: AboveZero = 1.0  # the same of actions' scores, where trees are drawn to know confidences

    def __post_init__(self) -> None:
        """Raise ConfigurationError for an unknown encoder or system, and for marks of arcs that are not lifted."""
        chosen(self)
        lifts = system_called(self.system).projective
        if self.projectivity != "lift" and not lifts:
            raise ConfigurationError(
                f"parser.projectivity {self.projectivity!r} marks lifted arcs, and the system {self.system!r} needs "
                "none lifted; leave parser.projectivity out, or set parser.system to 'arc-standard'"
            )


@dataclass(frozen=True)
class Encoding:
    """A batch as the scorer sees it: its blocks of vectors, the tags used [B, N], and the tags' scores if predicted."""

    blocks: dict[str, Block]
    tags: dict[str, Tensor]
    tag_scores: dict[str, Tensor]


class Parser(nn.Module):
    """A network with all that it needs to read sentences: vocabularies, pretrained vectors, transition system."""

    def __init__(
        self, config: ParserConfig, lexicon: Lexicon, tags: TagColumns, system: System, pretrained: Pretrained
    ) -> None:
        """Make an untrained parser."""
        super().__init__()
        self.config, self.lexicon, self.tags, self.system, self.pretrained = config, lexicon, tags, system, pretrained
        self.forms = FormEncoder(config.lexicon, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained)
        dimensions = {"form": self.forms.dimension} | {name: getattr(config, f"{name}_dimension") for name in COLUMN}
        self.embeddings = nn.ModuleDict(
            {name: nn.Embedding(size, dimensions[name]) for name, size in tags.sizes.items() if dimensions[name]}
        )
        for name, embedding in self.embeddings.items():
            nn.init.normal_(embedding.weight, std=dimensions[name] ** -0.5)  # type: ignore[arg-type]
        encoder = add_encoder(self, config, self.forms.dimension)
        if encoder is not None:
            self.tag_layer = TagLayer(encoder.dimension, tags.sizes)
            dimensions["vector"] = config.projection or encoder.dimension
            self.projection = nn.Linear(encoder.dimension, config.projection) if config.projection else nn.Identity()
        features = Features(config.features)
        missing = [name for name in features.attributes if name != "label" and not dimensions.get(name)]
        if missing:
            raise ModelError(
                f"encoder {config.encoder!r} gives no vectors for the feature templates that end in {missing}"
            )
        self.scorer = FeedForwardScorer(config.scorer, features, dimensions, system)

    @property
    def encoder(self) -> Encoder | None:
        """What reads the sentence; None where tokens have the vectors of their forms."""
        return encoder_of(self, self.config)

    @property
    def predicts_tags(self) -> bool:
        """Whether the parser tags on its own."""
        return self.encoder is not None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.scorer.bias.device

    def encode(self, words: Words, given: Mapping[str, Tensor] | None = None, keep: Tensor | None = None) -> Encoding:
        """Encode B sentences with `given` tags [B, N] or, where the encoder predicts them, its own.

        Where it does, `keep` [B, 1] or [B, N] says which of the given ones are used; those that are unknown never are.
        """
        vector, encoder = self.forms(words.forms), self.encoder
        scores: dict[str, Tensor] = {}
        if encoder is None:
            if given is None:
                raise ModelError("this parser needs tags; give them, or a tagger")
            tags, blocks = dict(given), {"form": Block(vector, words.row)}
        else:
            context = encoder(vector[words.row], words.length + 1)
            scores = self.tag_layer(context)
            tags = best_tags(scores)
            if given is not None and keep is not None:
                kept = {name: ids.masked_fill(~keep, Vocabulary.UNKNOWN) for name, ids in given.items()}
                tags = self.tags.completed(scores, kept)
            row = torch.arange(words.row.numel(), device=words.row.device).view_as(words.row)
            blocks = {"vector": Block(self.projection(context).flatten(0, 1), row)}
        blocks |= {name: Block(table.weight, tags[name]) for name, table in self.embeddings.items()}  # type: ignore[arg-type]
        return Encoding(blocks, tags, scores)

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products be of bfloat16 when it parses: faster on processors that have it, for few other trees."""
        self.scorer.low_precision = low
        if self.encoder is not None:
            self.encoder.low_precision = low

    def bind(self, encoding: Encoding) -> BoundScorer:
        """Return the scorer of a batch; where whole paths are scored, dropout is that of the batch."""
        return self.scorer.bind(encoding.blocks, locked=self.config.normalisation == "global")

    def search(
        self, words: Words, encoding: Encoding, beam_size: int = 1, *, scored: bool = False
    ) -> Beam[Configuration]:
        """Return the best parses of B sentences.

        Unless `scored`, greedy ones skip what makes scores comparable, and others give up what falls behind by MARGIN.
        """
        scorer = path_scorer(self, encoding) if scored or beam_size > 1 else self.bind(encoding)
        return search(self.system, scorer, self._start(words), beam_size, margin=math.inf if scored else MARGIN)

    def _start(self, words: Words) -> Beam[Configuration]:
        return Beam.start(self.system.start(words.length), len(words.length), words.length.device)

    @turn()
    @torch.inference_mode()
    def parse(
        self,
        sentences: Sequence[Sentence],
        *,
        given: bool = False,
        beam_size: int | None = None,
        batch_tokens: int = 2500,
    ) -> list[Sentence]:
        """Return the sentences with heads and labels, and tags where the parser predicts them.

        A parser that predicts tags uses and keeps those of words that have a UPOS if they are `given`; one that does
        not needs them. The beam is the configuration's if none is said. Sentences of like length are parsed together,
        `batch_tokens` at a time.
        """
        size = beam_size or self.config.beam
        return _in_batches(sentences, _fewer(batch_tokens, size), lambda batch: self._parse_batch(batch, given, size))

    @turn()
    @torch.inference_mode()
    def tag(self, sentences: Sequence[Sentence], *, given: bool = False, batch_tokens: int = 2500) -> list[Sentence]:
        """Return the sentences with the tags that the encoder predicts, heads as they were; nothing is searched.

        `given` and `batch_tokens` are what they are to `parse`. Raises ModelError where the parser predicts no tags.
        """
        if not self.predicts_tags:
            raise ModelError("this parser predicts no tags; give it a tagger")
        return _in_batches(
            sentences, batch_tokens, lambda batch: self._tagged(batch, encode(self, batch, given=given)[1], given)
        )

    @turn()
    @torch.inference_mode()
    def nbest(
        self,
        sentences: Sequence[Sentence],
        size: int,
        *,
        given: bool = False,
        beam_size: int = 8,
        samples: int = SAMPLES,
        batch_tokens: int = 2500,
    ) -> list[list[Parse]]:
        """Return for each sentence the best `size` distinct trees in a beam of `beam_size`, the likeliest first.

        Confidences are shares of the beam's mass and of `samples` trees drawn from the model; 0 for the beam alone.
        """
        return _in_batches(
            sentences,
            _fewer(batch_tokens, max(beam_size, samples)),
            lambda batch: self._nbest_batch(batch, size, given, beam_size, samples),
        )

    def _parse_batch(self, sentences: Sequence[Sentence], given: bool, beam_size: int) -> list[Sentence]:
        words, encoding = encode(self, sentences, given=given)
        beam = self.search(words, encoding, beam_size)
        heads, labels = beam.state.head[:, 0].tolist(), beam.state.label[:, 0].tolist()
        lengths = [len(sentence) for sentence in sentences]
        trees = [self._tree(*found) for found in zip(heads, labels, lengths, strict=True)]
        return [
            sentence.replace(heads=tree.heads[1:], labels=tree.labels[1:])
            for sentence, tree in zip(self._tagged(sentences, encoding, given), trees, strict=True)
        ]

    def _nbest_batch(
        self, sentences: Sequence[Sentence], size: int, given: bool, beam_size: int, samples: int
    ) -> list[list[Parse]]:
        words, encoding = encode(self, sentences, given=given)
        beam, config = self.search(words, encoding, beam_size, scored=True), self.config
        lengths = [len(sentence) for sentence in sentences]
        head, label, names = self._restored(beam.state, lengths, self.system.labels)
        trees, mass = rank(beam.score, head, label, config.temperature)
        counted = trees
        if samples:
            start, scorer = self._start(words), self.bind(encoding)
            drawn = sample(self.system, scorer, start, samples, config.sampling_temperature)
            head, label, names = self._restored(drawn, lengths, names)
            counted = trees.joined(Trees(head, label, mass.new_full(head.shape[:2], 1 / samples)))
        tagged = self._tagged(sentences, encoding, given)
        return parses(tagged, trees.first(size), mass[:, :size], counted, names)

    def _restored(
        self, state: Configuration, lengths: Sequence[int], names: Sequence[str]
    ) -> tuple[Tensor, Tensor, list[str]]:
        return restored(state.head, state.label, lengths, names, self.config.projectivity)

    def _tagged(self, sentences: Sequence[Sentence], encoding: Encoding, given: bool) -> list[Sentence]:
        """Return the sentences with the tags that were used, and their own where they are given."""
        tags: list[dict[str, list[str]]] = [{}] * len(sentences)
        if self.predicts_tags:
            tags = self.tags.symbols(encoding.tags, [len(sentence) for sentence in sentences])
        if given:
            tags = [with_given(sentence, tag) for sentence, tag in zip(sentences, tags, strict=True)]
        return [with_tags(sentence, tag) for sentence, tag in zip(sentences, tags, strict=True)]

    def _tree(self, heads: Sequence[int], labels: Sequence[int], length: int) -> Tree:
        """Return the tree of a final configuration, non-projective where its labels say so."""
        return deprojectivise(tree_of(heads, labels, length, self.system.labels), self.config.projectivity)

    def rebuilt(self, config: ParserConfig) -> Parser:
        """Return a parser of the same weights with another configuration; ModelError where its network differs."""
        if config.system != self.config.system:
            raise ModelError(
                f"the model to start from has the transition system {self.config.system!r}, not {config.system!r}; "
                "set parser.system to that"
            )
        if config.projectivity != self.config.projectivity:
            raise ModelError(
                f"the model to start from has labels for projectivity {self.config.projectivity!r}, "
                f"not {config.projectivity!r}; set parser.projectivity to that"
            )
        parser = Parser(config, self.lexicon, self.tags, self.system, self.pretrained)
        problem = difference(parser.state_dict(), self.state_dict())
        if problem:
            settings = changed(as_dict(self.config), as_dict(config))
            raise ModelError(
                f"the settings describe another network than that to start from: {', '.join(settings) or problem}"
            )
        parser.load_state_dict(self.state_dict())
        return parser

    @classmethod
    def build(cls, config: ParserConfig, sentences: Sequence[Sentence], pretrained: Pretrained) -> Parser:
        """Make an untrained parser with the vocabularies of a treebank."""
        lexicon = Lexicon.build(config.lexicon, sentences, pretrained.words, pretrained.scheme)
        arcs = {(head == ROOT, label) for s in sentences for head, label in zip(s.heads, s.labels, strict=True)}
        labels = sorted({label for _, label in arcs})
        root_labels, word_labels = ({label for is_root, label in arcs if is_root == root} for root in (True, False))
        system = system_called(config.system)(labels, root_labels, word_labels)
        return cls(config, lexicon, TagColumns.build(sentences), system, pretrained)

    def save(
        self, directory: Path, *, vectors: str, metadata: Mapping[str, Any], tagger: str = "", half: bool = False
    ) -> None:
        """Write a model directory that names what lies beside it: the pretrained `vectors` and the `tagger`, if any."""
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
            weights=self.state_dict(),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> Parser:
        """Read a model directory, and the pretrained vectors beside it. Raises ModelError where they do not fit."""
        saved = load_model(directory, KIND)
        config, pretrained = saved.settings(ParserConfig), Pretrained.beside(saved)
        lexicon = Lexicon.restore(config.lexicon, saved, pretrained.words, pretrained.scheme)
        label = saved.vocabulary("label", (), cells=True).symbols
        root_label, word_label = (set(saved.symbols(name)) for name in ("root_label", "word_label"))
        if not label or not root_label | word_label <= set(label):
            saved.refuse(VOCABULARIES, "label must hold all of root_label and word_label, and at least one")
        system = system_called(config.system)(label, root_label, word_label)
        tags = TagColumns.restore(saved)
        return saved.network(lambda: cls(config, lexicon, tags, system, pretrained))


def _fewer(batch_tokens: int, hypotheses: int) -> int:
    """Return how many tokens are searched at a time, so that many hypotheses need no more memory than WIDE do."""
    return max(1, batch_tokens * WIDE // max(WIDE, hypotheses))


def _in_batches(
    sentences: Sequence[Sentence], batch_tokens: int, results: Callable[[Sequence[Sentence]], Sequence[Result]]
) -> list[Result]:
    """Return the results of all sentences in order, found for sentences of like length together.

    Raises TreebankError for a sentence that is too long.
    """
    check_length(sentences)
    batches = bucket([len(sentence) + 1 for sentence in sentences], batch_tokens)
    found: dict[int, Result] = {}
    for batch, own in zip(batches, spread(lambda batch: results([sentences[i] for i in batch]), batches), strict=True):
        found.update(zip(batch, own, strict=True))
    return [found[i] for i in range(len(sentences))]
