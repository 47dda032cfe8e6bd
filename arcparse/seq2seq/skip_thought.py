"""Skip-thought vectors (Kiros et al. 2015): the meaning of a sentence helps to write the sentences around it.

An encoder reads a sentence; one decoder writes the sentence before it, another the one after it, from the encoder's
last state alone, without attention. The decoders share the matrix of words (section 2.1); unlike the paper's they see
the sentence's vector at their start, not at each step. Trained on running text, the encoder's last state is the vector
of the sentence: sentences of similar use have a high cosine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.checkpoint import load_model, save_model
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.symbols import BEGINNING, Symbols, output_ids, source_ids, vocabulary
from arcparse.networks.decoder import Decoder
from arcparse.networks.embeddings import start_from
from arcparse.networks.memory import Memory
from arcparse.networks.padding import pad
from arcparse.networks.settings import DecoderConfig, EncoderConfig, RecurrentConfig
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.weights import arrays, load_network
from arcparse.sentence import Sentence
from arcparse.seq2seq.model import batches
from arcparse.settings import as_dict
from arcparse.threads import spread, turn
from arcparse.vocabulary import Vocabulary

KIND = "skip-thought"
DOCUMENT = "# newdoc"  # the comment that begins a document


def _decoder() -> DecoderConfig:
    return DecoderConfig(attention="none", recurrent=RecurrentConfig(bidirectional=False))


@dataclass(frozen=True)
class SkipThoughtConfig:
    """The parts of the network and their sizes."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=_decoder)  # one for each neighbour of the sentence


@dataclass(frozen=True)
class Thought:
    """The words of a sentence and of the two around it."""

    before: tuple[str, ...]
    sentence: tuple[str, ...]
    after: tuple[str, ...]


class SkipThought(nn.Module):
    """An encoder of sentences and two decoders of their neighbours: `model.vectors(sentences)`."""

    def __init__(self, config: SkipThoughtConfig, words: Vocabulary) -> None:
        """Make an untrained model."""
        super().__init__()
        self.config, self.words = config, words
        self.encoder = SourceEncoder(config.encoder, len(words))
        decoders = [Decoder(config.decoder, len(words), self.encoder.dimension) for _ in range(2)]
        decoders[1].embedding = decoders[0].embedding
        self.before, self.after = decoders

    @classmethod
    def build(
        cls, config: SkipThoughtConfig, sentences: Iterable[Symbols], size: int, vectors: Pretrained
    ) -> SkipThought:
        """Make an untrained model of the `size` most frequent words; with vectors, embeddings start from them.

        Raises ConfigurationError if embeddings and vectors differ in dimension.
        """
        words = Vocabulary(vocabulary(sentences).symbols[: size + len(BEGINNING)])
        made = cls(config, words)
        if vectors.dimension:
            for embedding in (made.encoder.embedding, made.before.embedding):
                start_from(vectors, embedding, words)
        return made

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return self.before.bias.device

    def encode(self, sentences: Sequence[Symbols]) -> Memory:
        """Encode B sentences."""
        rows = source_ids(self.words, sentences)
        length = torch.tensor([len(row) for row in rows], device=self.device)
        memory: Memory = self.encoder(pad(rows).to(self.device), length)
        return memory

    def loss(self, thoughts: Sequence[Thought]) -> tuple[Tensor, int]:
        """Return the cross-entropy per word of the neighbours, EOS included, in nats, and the number of these words."""
        memory = self.encode([thought.sentence for thought in thoughts])
        total, count = memory.summary.new_zeros((), dtype=torch.float32), 0
        for decoder, side in ((self.before, "before"), (self.after, "after")):
            neighbours = [getattr(thought, side) for thought in thoughts]
            given, target = (pad(ids).to(self.device) for ids in output_ids(self.words, neighbours))
            is_word = target != Vocabulary.PAD
            scores = decoder.scores(decoder(given, memory).output[is_word])
            total = total + functional.cross_entropy(scores.float(), target[is_word], reduction="sum")
            count += int(is_word.sum())
        return total / count, count

    @turn()
    @torch.inference_mode()
    def vectors(self, sentences: Sequence[Symbols]) -> Tensor:
        """Return the vectors [B, D] of sentences, of length 1; the model must be in evaluation mode."""
        own = batches(sentences)
        parts = spread(lambda batch: self.encode([sentences[i] for i in batch]).summary.float().cpu(), own)
        found = torch.zeros(len(sentences), self.encoder.dimension)
        for batch, part in zip(own, parts, strict=True):
            found[batch] = part
        return functional.normalize(found, dim=1)

    def save(self, directory: Path, *, metadata: Mapping[str, Any] | None = None, half: bool = False) -> None:
        """Write a model directory, `half` as `arcparse.checkpoint.save_model` does."""
        save_model(
            directory,
            kind=KIND,
            config={KIND: as_dict(self.config)},
            vocabularies={"words": self.words.symbols},
            weights=arrays(self),
            metadata=metadata,
            half=half,
        )

    @classmethod
    @turn()
    def load(cls, directory: Path) -> SkipThought:
        """Read a model directory. Raises ModelError if it holds something else."""
        saved = load_model(directory, KIND)
        config, words = saved.settings(SkipThoughtConfig), saved.vocabulary("words", BEGINNING)
        return load_network(saved, lambda: cls(config, words))


def lower_forms(sentence: Sentence) -> tuple[str, ...]:
    """Return the words of a sentence as the model reads them, in lower case."""
    return tuple(form.lower() for form in sentence.forms)


def thoughts(sentences: Iterable[Sentence], longest: int) -> list[Thought]:
    """Return all runs of three sentences of a document, none of them longer than `longest` words."""
    found: list[Thought] = []
    window: list[tuple[str, ...]] = []
    for sentence in sentences:
        if any(comment.startswith(DOCUMENT) for comment in sentence.comments):
            window = []
        words = lower_forms(sentence)
        window = [*window[-2:], words] if len(words) <= longest else []
        if len(window) == 3:
            found.append(Thought(*window))
    return found
