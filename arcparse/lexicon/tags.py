"""The three tag columns, UPOS, XPOS and FEATS: their vocabularies, and the tags that sentences have as ids.

FEATS is one symbol as a whole ("Number=Sing|Person=3" is one tag), so that its values always fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.errors import ModelError
from arcparse.sentence import EMPTY, FEATS, UPOS, XPOS, Sentence
from arcparse.vocabulary import SPECIALS, Vocabulary

TAGS = ("upos", "xpos", "feats")  # every model has these
COLUMN = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}  # the columns that a new model gets; see docs/extending.md
WRITTEN = ("upos", "xpos", "feats")  # into results; another column may be seen by features alone
COMBINATIONS = "tags"  # the name of the columns' combinations in a saved model


class TagColumns:
    """Vocabularies by column name; `<pad>` stands for the root's tag.

    It also keeps the treebank's combinations of tags, so that predicted tags agree with given ones.
    """

    def __init__(self, vocabularies: Mapping[str, Vocabulary], combinations: Iterable[str] = ()) -> None:
        """Take the vocabularies of names of COLUMN, and combinations of their tags, with tabs between.

        Raises ModelError for a combination of other tags.
        """
        self.vocabularies, self.combinations = dict(vocabularies), tuple(combinations)
        rows = [self._combination_ids(combination) for combination in self.combinations]
        ids = np.array(rows, np.int32).reshape(-1, len(self.vocabularies))
        # Of each column the ids [C] of C combinations.
        self.combined = dict(zip(self.vocabularies, np.ascontiguousarray(ids.T), strict=True))

    def _combination_ids(self, combination: str) -> list[int]:
        tags = combination.split("\t")
        ids = [own.id_of.get(tag, -1) for own, tag in zip(self.vocabularies.values(), tags, strict=False)]
        if len(tags) != len(self.vocabularies) or -1 in ids:
            names = ", ".join(self.vocabularies).upper()
            raise ModelError(f"{combination!r} is no combination of the model's {names}")
        return ids

    @classmethod
    def build(cls, sentences: Sequence[Sentence]) -> TagColumns:
        """Collect the tags of a treebank."""
        vocabularies = {
            name: Vocabulary.build(tag for sentence in sentences for tag in sentence.words(column))
            for name, column in COLUMN.items()
        }
        return cls(vocabularies, sorted({tags for sentence in sentences for tags in _combinations(sentence)}))

    @classmethod
    def restore(cls, saved: SavedModel) -> TagColumns:
        """Restore the result of `symbols_by_column` from a saved model. Raises ModelError if a column has no tag."""
        names = [name for name in COLUMN if name in TAGS or name in saved.vocabularies]
        vocabularies = {name: saved.vocabulary(name, cells=True) for name in names}
        empty = [name for name, own in vocabularies.items() if len(own) == len(SPECIALS)]
        if empty:
            saved.refuse(VOCABULARIES, f"{empty[0]} has no tag")
        try:
            return cls(vocabularies, saved.symbols(COMBINATIONS) if COMBINATIONS in saved.vocabularies else ())
        except ModelError as error:
            saved.refuse(VOCABULARIES, str(error))

    @property
    def sizes(self) -> dict[str, int]:
        """The number of symbols of each column."""
        return {name: len(vocabulary) for name, vocabulary in self.vocabularies.items()}

    @property
    def filled(self) -> tuple[str, ...]:
        """The columns in which the treebank has tags."""
        return tuple(name for name, own in self.vocabularies.items() if set(own) - {*SPECIALS, EMPTY})

    def symbols_by_column(self) -> dict[str, tuple[str, ...]]:
        """Return the vocabularies that a model saves."""
        symbols = {name: vocabulary.symbols for name, vocabulary in self.vocabularies.items()}
        return symbols | ({COMBINATIONS: self.combinations} if self.combinations else {})

    def ids(self, sentences: Sequence[Sentence], *, only_given: bool = False) -> dict[str, NDArray[np.int32]]:
        """Return the ids of the tags of all tokens by column, one sentence after the other, each with its root.

        The root's tag is PAD. A new tag is UNKNOWN and, with `only_given`, so is a tag that is not given.
        """
        given = [given_cells(sentence) for sentence in sentences] if only_given else None
        size = sum(len(sentence) + 1 for sentence in sentences)
        found = {}
        for name, own in self.vocabularies.items():
            cells = chain.from_iterable((own.symbols[Vocabulary.PAD], *s.words(COLUMN[name])) for s in sentences)
            found[name] = np.fromiter(map(own.id_of.get, cells, repeat(Vocabulary.UNKNOWN)), np.int32, size)
            if given is not None:
                is_given = np.fromiter(chain.from_iterable((True, *cells[name]) for cells in given), np.bool_, size)
                found[name][~is_given] = Vocabulary.UNKNOWN
        return found

    def symbols(self, ids: Mapping[str, NDArray[Any]], lengths: Sequence[int]) -> list[dict[str, list[str]]]:
        """Return for each sentence of `lengths` words its tags by column, from ids in the order of `ids`."""
        tags = {name: [self.vocabularies[name].symbols[i] for i in own.tolist()] for name, own in ids.items()}
        ends = list(accumulate(length + 1 for length in lengths))
        return [
            {name: own[end - length : end] for name, own in tags.items()}
            for length, end in zip(lengths, ends, strict=True)
        ]


def _combinations(sentence: Sentence) -> Iterable[str]:
    return map("\t".join, zip(*map(sentence.words, COLUMN.values()), strict=True))


def with_tags(sentence: Sentence, tags: Mapping[str, Sequence[str]]) -> Sentence:
    """Return the sentence with other tags of its words in the columns that `tags` has."""
    return sentence.replace(upos=tags.get("upos"), xpos=tags.get("xpos"), feats=tags.get("feats"))


def given_cells(sentence: Sentence) -> dict[str, list[bool]]:
    """Return by column whether each word's tag is given: whether it is not `_`.

    A word may have no XPOS and no features. So `_` counts as given in these columns if the word has a UPOS and another
    word of the sentence shows that the column is filled in. In a column of `_` alone nothing is given.
    """
    has_upos = [tag != EMPTY for tag in sentence.upos]
    given = {}
    for name, column in COLUMN.items():
        has_tag = [tag != EMPTY for tag in sentence.words(column)]
        given[name] = [own or upos for own, upos in zip(has_tag, has_upos, strict=True)] if any(has_tag) else has_tag
    return given


def lacks_tags(sentence: Sentence, columns: Iterable[str]) -> bool:
    """Return whether any tag of these columns is not given."""
    given = given_cells(sentence)
    return not all(all(given[name]) for name in columns)


def with_given(sentence: Sentence, predicted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the predicted tags by column, with given tags in place of predicted ones."""
    given = given_cells(sentence)
    return {
        name: [
            mine if is_given else tag
            for is_given, mine, tag in zip(given[name], sentence.words(COLUMN[name]), tags, strict=True)
        ]
        for name, tags in predicted.items()
    }
