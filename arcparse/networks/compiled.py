"""The parts that compiled parsers and taggers share: batches without padding, and the vectors of their tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arcparse.kernels.encoders import FormVectors, Weights, part
from arcparse.kernels.tagging import Tags, completed
from arcparse.lexicon.forms import ROOT_FORM, LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import COLUMN, TagColumns, with_given
from arcparse.networks.settings import RecurrentConfig
from arcparse.sentence import EMPTY, Sentence

BATCH_TOKENS = 2500  # tokens that are read together
Cells = dict[int, Sequence[str]]  # of a sentence's words, by column
Result = TypeVar("Result")


def form_vectors(weights: Weights, config: LexiconConfig, pretrained: Pretrained) -> FormVectors:
    """Return the kernel of the forms' vectors."""
    affixes = len(config.prefixes) + len(config.suffixes)
    return FormVectors(part(weights, "forms"), pretrained.rows, pretrained.scale, affixes)


def offsets(sentences: Sequence[Sentence]) -> NDArray[np.int64]:
    """Return the place of each sentence's root among the tokens of all, and the end of the last [B + 1]."""
    found = np.zeros(len(sentences) + 1, np.int64)
    np.cumsum([len(sentence) + 1 for sentence in sentences], out=found[1:])
    return found


def forms_of(sentences: Sequence[Sentence]) -> list[str]:
    """Return the forms of all tokens, each sentence after its root."""
    return list(chain.from_iterable((ROOT_FORM, *sentence.forms) for sentence in sentences))


def has_tags(sentence: Sentence) -> bool:
    """Return whether any tag is given."""
    return any(tag != EMPTY for column in COLUMN.values() for tag in set(sentence.words(column)))


def agreed(
    columns: TagColumns, sentences: Sequence[Sentence], tags: Callable[[bool], Tags], *, given_tags: bool
) -> dict[str, NDArray[np.int32]]:
    """Return the ids [T] of the tags by column: given ones, if `given_tags`, and predicted ones that agree with them.

    `tags` predicts them, with all scores if its argument is true.
    """
    if not (given_tags and any(map(has_tags, sentences))):
        return tags(False).best
    given = columns.ids(sentences, only_given=True)
    return completed(tags(True), given, columns.combined)


class Symbols:
    """Symbols by id, for whole arrays of ids."""

    def __init__(self, symbols: Sequence[str]) -> None:
        """Take the symbols in the order of their ids; an id of -1 stands for the last."""
        self._symbols = np.array([*symbols], object)

    def __call__(self, ids: NDArray[Any]) -> list[str]:
        """Return the symbols of ids."""
        found: list[str] = self._symbols[ids].tolist()
        return found


class TagSymbols:
    """The cells of tags for their ids."""

    def __init__(self, columns: TagColumns, names: Sequence[str]) -> None:
        """Take the columns, and the `names` of those to write."""
        self._symbols = {name: Symbols(columns.vocabularies[name].symbols) for name in names}

    def cells(
        self,
        sentences: Sequence[Sentence],
        offset: NDArray[np.int64],
        ids: Mapping[str, NDArray[np.int32]],
        *,
        given_tags: bool,
    ) -> list[Cells]:
        """Return each sentence's cells of tags from ids [T]; with `given_tags`, given tags stay as they are."""
        columns = {name: symbols(ids[name]) for name, symbols in self._symbols.items()}
        ends = offset.tolist()
        found = []
        for sentence, start, end in zip(sentences, ends[:-1], ends[1:], strict=True):
            own: Mapping[str, Sequence[str]] = {name: tags[start + 1 : end] for name, tags in columns.items()}
            if given_tags and has_tags(sentence):
                own = with_given(sentence, own)
            found.append({COLUMN[name]: tags for name, tags in own.items()})
        return found


def has_kernel(config: RecurrentConfig) -> bool:
    """Return whether a recurrent encoder of this kind is compiled."""
    return config.cell == "lstm" and not config.zoneout
