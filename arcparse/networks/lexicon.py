"""The parts of a word form as ids: the word, its pretrained vector, affixes, shape and characters.

They depend on the form alone, so each distinct form of a batch is encoded once, and tokens point at the result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Annotated

import torch
from torch import Tensor

from arcparse.batches import pad
from arcparse.checkpoint.saved import SavedModel
from arcparse.sentence import Sentence
from arcparse.settings.limits import Dimension, Range, Share, Whole
from arcparse.vectors.lookup import find, zero_digits
from arcparse.vocabulary import Vocabulary

ROOT_FORM = "<root>"
OWN = ("word", "affix", "shape", "character")  # the vocabularies of a treebank
REMEMBERED = 200_000  # forms whose ids are kept; with more, the memory starts afresh
LONGEST_REMEMBERED = 100  # characters of such a form
_RUN = re.compile(r"(.)\1+")


@dataclass(frozen=True)
class LexiconConfig:
    """The parts of a form that a network sees, and the sizes of their vectors; a dimension of 0 leaves a part out."""

    min_count: Whole = 2  # rarer forms share the vector of unknown words, and so train it
    word_dimension: Dimension = 64  # SyntaxNet's word embeddings
    prefixes: tuple[Annotated[int, Range(1, 32)], ...] = (2, 3)
    suffixes: tuple[Annotated[int, Range(1, 32)], ...] = (1, 2, 3, 4)
    affix_dimension: Dimension = 16
    shape_dimension: Dimension = 16
    character_dimension: Dimension = 32
    character_filters: Dimension = 64  # of a convolution over three characters (Ma & Hovy 2016 have 30)
    longest: Annotated[int, Range(1, 1024)] = 24  # characters that are read of a longer form; the suffixes read its end
    word_dropout: Share = 0.2  # share of forms whose own word vector is hidden in training
    vector_dropout: Share = 0.1  # the same for the pretrained vector


@dataclass(frozen=True)
class Forms:
    """Ids of U distinct forms."""

    word: Tensor  # [U]
    vector: Tensor  # [U] rows of the pretrained vectors
    affix: Tensor  # [U, P] one column for each length of prefix, then of suffix
    shape: Tensor  # [U]
    character: Tensor  # [U, C]


@dataclass(frozen=True)
class Words:
    """The tokens of B sentences: the number of words of each, and the distinct form of each token."""

    length: Tensor  # [B]
    row: Tensor  # [B, N] into the forms; the root is token 0
    forms: Forms
    text: tuple[str, ...] = ()  # the forms themselves, for encoders that read them; ROOT_FORM is the first

    def to(self, device: torch.device) -> Words:
        """Return the same on a device."""
        forms = Forms(*(getattr(self.forms, field.name).to(device) for field in fields(Forms)))
        return Words(self.length.to(device), self.row.to(device), forms, self.text)

    @property
    def is_token(self) -> Tensor:
        """Whether a sentence has a token there [B, N], the root included."""
        return torch.arange(self.row.shape[1], device=self.row.device) <= self.length.unsqueeze(1)


def shape(form: str) -> str:
    """Return the word shape: letters as X and x, digits as d, runs shortened ("Xx", "d.d", "X-d")."""
    letters = "".join("X" if c.isupper() else "x" if c.isalpha() else "d" if c.isdigit() else c for c in form)
    return _RUN.sub(r"\1", letters)[:8]


class Lexicon:
    """The vocabularies of forms and their parts."""

    def __init__(self, config: LexiconConfig, vocabularies: Mapping[str, Vocabulary], scheme: str) -> None:
        """Take vocabularies `word`, `affix`, `shape`, `character`, `vector`; `scheme` normalises for the last."""
        self.config, self.vocabularies, self.scheme = config, dict(vocabularies), scheme
        self._remembered: dict[str, tuple[int, int, list[int], int, list[int]]] = {}

    @classmethod
    def build(cls, config: LexiconConfig, sentences: Iterable[Sentence], vector: Vocabulary, scheme: str) -> Lexicon:
        """Collect the vocabularies of a treebank beside those of the pretrained vectors."""
        counts = Counter(chain.from_iterable(sentence.forms for sentence in sentences))
        words: Counter[str] = Counter()
        for form, count in counts.items():
            words[zero_digits(form)] += count
        affixes = Counter(affix for form in counts for affix in _affixes(form, config))
        return cls(
            config,
            {
                "word": Vocabulary.build({**words, ROOT_FORM: max(words.values(), default=1)}, config.min_count),
                "affix": Vocabulary.build(affixes, min_count=3),
                "shape": Vocabulary.build((shape(form) for form in counts), min_count=3),
                "character": Vocabulary.build(chain.from_iterable(counts), min_count=3),
                "vector": vector,
            },
            scheme,
        )

    @classmethod
    def restore(cls, config: LexiconConfig, saved: SavedModel, vector: Vocabulary, scheme: str) -> Lexicon:
        """Restore the result of `symbols` from the vocabularies of a saved model."""
        return cls(config, {name: saved.vocabulary(name) for name in OWN} | {"vector": vector}, scheme)

    def symbols(self) -> dict[str, tuple[str, ...]]:
        """Return the vocabularies that a model saves; those of the pretrained vectors are saved with them."""
        return {name: self.vocabularies[name].symbols for name in OWN}

    def forget(self) -> None:
        """Drop the ids of earlier forms, which are kept only for speed."""
        self._remembered.clear()

    def words(self, sentences: Sequence[Sequence[str]]) -> Words:
        """Return the ids of B sentences of forms, each with the root before it."""
        rows: dict[str, int] = {ROOT_FORM: 0}
        row = [[0, *(rows.setdefault(form, len(rows)) for form in forms)] for forms in sentences]
        if len(self._remembered) > REMEMBERED:
            self.forget()
        known = self._remembered
        ids = [known.get(form) or self._new(form) for form in rows]
        word, vector, affix, form_shape, character = zip(*ids, strict=True)
        forms = Forms(
            torch.tensor(word), torch.tensor(vector), torch.tensor(affix), torch.tensor(form_shape), pad(character)
        )
        return Words(torch.tensor([len(forms) for forms in sentences]), pad(row), forms, tuple(rows))

    def _new(self, form: str) -> tuple[int, int, list[int], int, list[int]]:
        ids = self._ids(form)
        if len(form) <= LONGEST_REMEMBERED:
            self._remembered[form] = ids
        return ids

    def _ids(self, form: str) -> tuple[int, int, list[int], int, list[int]]:
        word, vector = self.vocabularies["word"], self.vocabularies["vector"]
        zeroed = zero_digits(form)
        known = zeroed if zeroed in word else zeroed.lower()
        found = find(form, self.scheme, vector) or ""
        return (
            word.id(known),
            vector.id(found),
            self.vocabularies["affix"].ids(_affixes(form, self.config)),
            self.vocabularies["shape"].id(shape(form)),
            self.vocabularies["character"].ids(form[: self.config.longest]),
        )


def _affixes(form: str, config: LexiconConfig) -> list[str]:
    """Return a form's affixes in lower case, prefixes as "un-", suffixes as "-ing"; a short form is its own affix."""
    lower = form.lower()
    return [f"{lower[:n]}-" for n in config.prefixes] + [f"-{lower[-n:]}" for n in config.suffixes]
