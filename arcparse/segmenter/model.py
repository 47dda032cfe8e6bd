"""The segmenter: a recurrent network over characters that says where tokens and sentences end.

N to N: each character has one of five classes (Straka et al. 2016, section 3; Qi et al. 2018, section 2.1): nothing
ends behind it, a token, a token of several words, and either of these with its sentence. The rules for English may
divide tokens instead. Beside a character the network may see the pretrained vector of its word: the text after `Thanks`
without a full stop is mostly another sentence, and letters alone hardly say so. The words of a multiword token
(`don't`: `do`, `n't`) are remembered from the treebank; a form that the treebank lacks is divided before its longest
known last part. A blank line always ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from arcparse.checkpoint import load_model, save_model
from arcparse.errors import TreebankError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.precision import reduced
from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.weights import arrays, load_network
from arcparse.segmenter.multiwords import Multiwords, surface_tokens
from arcparse.sentence import Sentence
from arcparse.settings import as_dict
from arcparse.settings.limits import Share
from arcparse.threads import spread, turn
from arcparse.tokenizer import ENGLISH, Divided, Token, assembled, clusters, paragraphs
from arcparse.vectors.lookup import find
from arcparse.vocabulary import Vocabulary

KIND = "segmenter"
INSIDE, TOKEN, MULTIWORD, SENTENCE, MULTIWORD_SENTENCE = range(5)  # the classes of characters: the ends behind one
CLASSES = 5
WINDOW, MARGIN = 512, 64  # characters read together; those of the margin at either side are only context
STEP = 32  # windows of short texts have multiples of it as length: few lengths, so that many are read together
BATCH = 64 * WINDOW  # characters read at a time

WORD = re.compile(r"[^\W_]+")  # a word that may have a vector


@dataclass(frozen=True)
class SegmenterConfig:
    """The parts of the network and their sizes."""

    encoder: EncoderConfig = field(
        default_factory=lambda: EncoderConfig(
            embedding=64, embedding_dropout=0.0, recurrent=RecurrentConfig(cell="lstm", hidden=128, layers=1)
        )
    )
    tokens: Literal["network", "rules"] = (
        "network"  # that divides tokens; the rules are those of `arcparse.tokenize` for English
    )
    word_dropout: Share = 0.2  # share of the words whose vectors are hidden in a batch, so that characters count too
    spaces: bool = False  # whether a token may hold a space; else one ends at each


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

    def ids(self, text: str) -> Tensor:
        """Return the ids of a text's characters, and the rows of their words' vectors: [2, N]."""
        ids = torch.zeros(2, len(text), dtype=torch.long)
        ids[0] = torch.tensor(self.characters.ids(text))
        if self.word is not None:
            known: dict[str, int] = {}
            for found in WORD.finditer(text):
                form = found[0]
                if form not in known:
                    known[form] = self._row(form)
                ids[1, found.start() : found.end()] = known[form]
        return ids

    def _row(self, form: str) -> int:
        words, scheme = self.pretrained.words, self.pretrained.scheme
        return words.id(find(form, scheme, words) or "")

    def segment(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Divide a text into sentences of tokens and words, with the comments and MISC of `arcparse.tokenize`.

        The model must be in evaluation mode, as it is when loaded.
        """
        [ends] = self.classes([text])
        return self._sentences(text, ends, offset)

    def segment_many(self, texts: Sequence[str]) -> list[list[Sentence]]:
        """Divide texts as `segment` does each of them, short ones read together."""
        return [self._sentences(text, ends) for text, ends in zip(texts, self.classes(texts), strict=True)]

    def _sentences(self, text: str, ends: list[int], offset: int = 0) -> list[Sentence]:
        for begin, stop in clusters(text):  # nothing ends inside one
            ends[begin:stop] = [*[INSIDE] * (stop - begin - 1), max(ends[begin:stop])]
        return assembled(text, (self._divided(text, ends, *span) for span in paragraphs(text)), offset)

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products be of bfloat16 when it divides: faster on processors that have it."""
        self.low_precision = low

    @turn()
    @torch.inference_mode()
    def classes(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the class of each character of texts, read in windows that overlap."""
        windows = [self._windows(text) for text in texts]
        by_length: dict[int, list[int]] = {}
        for index, own in enumerate(windows):
            by_length.setdefault(own.shape[2], []).append(index)
        ends: list[list[int]] = [[]] * len(texts)
        for length, indices in by_length.items():
            together = torch.cat([windows[i] for i in indices], 1).to(self.output.bias.device)
            parts = torch.split(together, max(1, BATCH // length), 1)
            found = torch.cat(spread(self._found, parts))
            for i, own in zip(indices, torch.split(found, [windows[i].shape[1] for i in indices]), strict=True):
                settled = own[:, MARGIN:-MARGIN] if len(texts[i]) > WINDOW else own
                ends[i] = settled.flatten()[: len(texts[i])].tolist()
        return ends

    def _found(self, ids: Tensor) -> Tensor:
        """Return the class of each character of B windows [B, N]."""
        with reduced(ids.device, enabled=self.low_precision):
            found: Tensor = self(ids).argmax(2)
        return found

    def _windows(self, text: str) -> Tensor:
        """Return the ids of a long text's windows, which overlap, or of the one window of a short text: [2, W, N]."""
        if len(text) <= WINDOW:
            return self.ids(text.ljust(max(1, -(-len(text) // STEP)) * STEP)).unsqueeze(1)
        step = WINDOW - 2 * MARGIN
        count = -(-len(text) // step)
        padded = self.ids(" ").expand(2, count * step + 2 * MARGIN).clone()
        padded[:, MARGIN : MARGIN + len(text)] = self.ids(text)
        return padded.unfold(1, WINDOW, step)

    def _divided(self, text: str, ends: Sequence[int], start: int, stop: int) -> Iterator[Divided]:
        """Give the sentences of a paragraph, each its tokens with their words."""
        if self.config.tokens == "rules":
            yield from _grouped(text, ENGLISH.tokens(text, start, stop), ends)
            return
        tokens: Divided = []
        begin = -1
        for i in range(start, stop):
            if text[i].isspace():
                continue
            begin = i if begin < 0 else begin
            end = ends[i]
            is_last = i + 1 == stop or (text[i + 1].isspace() and not self._may_hold(text[i + 1 : i + 3]))
            if end != INSIDE or is_last:
                form = text[begin : i + 1]
                words = self.multiwords.divided(form, several=end in (MULTIWORD, MULTIWORD_SENTENCE))
                tokens.append(((begin, i + 1), words))
                begin = -1
            if end >= SENTENCE and begin < 0:
                yield tokens
                tokens = []
        if begin >= 0:
            form = text[begin:stop].rstrip()
            tokens.append(((begin, begin + len(form)), (form,)))
        if tokens:
            yield tokens

    def _may_hold(self, gap: str) -> bool:
        """Tell whether a token may go on behind a gap: only one space, because a form is a cell of CoNLL-U."""
        return self.config.spaces and gap[0] == " " and not gap[1:].isspace()

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
        pretrained, multiwords = Pretrained.beside(saved), Multiwords.restore(saved)
        config, characters = saved.settings(SegmenterConfig), saved.vocabulary("characters")
        return load_network(saved, lambda: cls(config, characters, multiwords, pretrained))


def _grouped(text: str, tokens: Iterable[Token], ends: Sequence[int]) -> Iterator[Divided]:
    """Give the sentences of tokens; one ends with a token in which the network found an end, if the rules allow it."""
    sentence: Divided = []
    for (begin, end), words in tokens:
        sentence.append(((begin, end), words))
        if max(ends[begin:end]) >= SENTENCE and ENGLISH.may_end(text[begin:end]):
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def labelled(text: str, sentences: Sequence[Sentence]) -> list[int]:
    """Return the class of each character of a treebank's text (see `arcparse.tokenizer.reading.running_text`).

    Raises TreebankError if a sentence's tokens are not those of its text.
    """
    ends = [INSIDE] * len(text)
    position = 0
    for sentence in sentences:
        end = TOKEN
        for form, words in surface_tokens(sentence):
            while position < len(text) and text[position].isspace():
                position += 1
            if not text.startswith(form, position):
                raise TreebankError(
                    f"{sentence.place}: the token {form!r} is not where it should be in the text, which goes on with "
                    f"{text[position : position + 20]!r}; mend `# text` or the tokens"
                )
            position += len(form)
            end = MULTIWORD if len(words) > 1 else TOKEN
            ends[position - 1] = end
        ends[position - 1] = SENTENCE if end == TOKEN else MULTIWORD_SENTENCE
    return ends
