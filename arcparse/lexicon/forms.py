"""The parts of a word form as ids: the word, its pretrained vector, affixes, shape and characters.

They depend on the form alone, so each distinct form of a batch is encoded once, and tokens point at the result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, repeat
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint.saved import SavedModel
from arcparse.lexicon.characters import CharacterIds
from arcparse.sentence import Sentence
from arcparse.settings.limits import Dimension, Range, Share, Whole
from arcparse.spelling import find, zero_digits
from arcparse.vocabulary import Vocabulary

ROOT_FORM = "<root>"
OWN = ("word", "affix", "shape", "character")  # the vocabularies of a treebank
LONGEST_SHAPE = 8
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
class FormIds:
    """The ids of U forms, int32."""

    word: NDArray[np.int32]  # [U]
    vector: NDArray[np.int32]  # [U] rows of the pretrained vectors
    affix: NDArray[np.int32]  # [U, P] one column for each length of prefix, then of suffix
    shape: NDArray[np.int32]  # [U]
    character: NDArray[np.int32]  # of all forms, one after the other
    offset: NDArray[np.int64]  # [U + 1] where the characters of each form begin, and the end of the last


class _Kinds(dict[int, str]):
    """The sign that stands for a character's code in a shape; each is found once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = "X" if character.isupper() else "x" if character.isalpha() else "d" if character.isdigit() else character
        self[code] = kind
        return kind


_KIND = _Kinds()


def shape(form: str) -> str:
    """Return the word shape: letters as X and x, digits as d, runs shortened ("Xx", "d.d", "X-d")."""
    return _without_runs(form.translate(_KIND))


@lru_cache(maxsize=4096)
def _without_runs(letters: str) -> str:
    return _RUN.sub(r"\1", letters)[:LONGEST_SHAPE]


class Lexicon:
    """The vocabularies of forms and their parts."""

    def __init__(self, config: LexiconConfig, vocabularies: Mapping[str, Vocabulary], scheme: str) -> None:
        """Take vocabularies `word`, `affix`, `shape`, `character`, `vector`; `scheme` normalises for the last."""
        self.config, self.vocabularies, self.scheme = config, dict(vocabularies), scheme
        self._id_of = {name: vocabulary.id_of for name, vocabulary in vocabularies.items()}

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

    def forms(self, forms: Sequence[str]) -> FormIds:
        """Return the ids of the parts of U forms, one part after the other, which is fast."""
        zeroed, lower = list(map(zero_digits, forms)), [form.lower() for form in forms]
        word, affix, shapes = (self._id_of[name] for name in ("word", "affix", "shape"))
        unknown = Vocabulary.UNKNOWN
        affixes = [
            *(map(affix.get, [f"{own[:n]}-" for own in lower], repeat(unknown)) for n in self.config.prefixes),
            *(map(affix.get, [f"-{own[-n:]}" for own in lower], repeat(unknown)) for n in self.config.suffixes),
        ]
        read = [form[: self.config.longest] for form in forms]
        return FormIds(
            _ids([word.get(own) or word.get(own.lower(), unknown) for own in zeroed]),
            _ids(self._vectors(forms)),
            _ids(list(chain.from_iterable(zip(*affixes, strict=True)))).reshape(len(forms), len(affixes)),
            _ids([shapes.get(shape(form), unknown) for form in forms]),
            self._characters.ids("".join(read)),
            np.cumsum([0, *map(len, read)], dtype=np.int64),
        )

    def _vectors(self, forms: Sequence[str]) -> list[int]:
        known, scheme, unknown = self._id_of["vector"], self.scheme, Vocabulary.UNKNOWN
        ids = list(map(known.get, forms))  # mostly found; else another spelling may be known
        return [
            known.get(find(form, scheme, known) or "", unknown) if id is None else id
            for form, id in zip(forms, ids, strict=True)
        ]

    @cached_property
    def _characters(self) -> CharacterIds:
        return CharacterIds(self.vocabularies["character"])


def _ids(values: Sequence[int]) -> NDArray[np.int32]:
    return np.fromiter(values, np.int32, len(values))


def _affixes(form: str, config: LexiconConfig) -> list[str]:
    """Return a form's affixes in lower case, prefixes as "un-", suffixes as "-ing"; a short form is its own affix."""
    lower = form.lower()
    return [f"{lower[:n]}-" for n in config.prefixes] + [f"-{lower[-n:]}" for n in config.suffixes]
