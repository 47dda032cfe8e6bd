"""The columns of tags, UPOS, XPOS, FEATS or an attribute of MISC: their vocabularies, and the tags of sentences as ids.

FEATS is one symbol as a whole ("Number=Sing|Person=3" is one tag), so that its values always fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.errors import ConfigurationError, ModelError
from arcparse.sentence import EMPTY, FEATS, MISC, UPOS, XPOS, Sentence
from arcparse.sentence.attributes import attribute, with_attribute
from arcparse.vocabulary import SPECIALS, Vocabulary

TAGS = ("upos", "xpos", "feats")  # every model has these
COLUMN = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}  # the columns that a new model gets; see docs/extending.md
WRITTEN = ("upos", "xpos", "feats")  # into results; another column may be seen by features alone
COMBINATIONS = "tags"  # the name of the columns' combinations in a saved model
SPANS = "spans"  # the name of an attribute of MISC there


def cells(sentence: Sentence, name: str) -> tuple[str, ...]:
    """Return the tags of the words in a column of COLUMN, or in an attribute of MISC."""
    return sentence.words(COLUMN[name]) if name in COLUMN else attribute(sentence.words(MISC), name)


def stored_name(name: str) -> str:
    """Return the name of a column in a saved model; an attribute may have the name of another vocabulary there."""
    return name if name in COLUMN else SPANS


class TagColumns:
    """Vocabularies by column name; `<pad>` stands for the root's tag.

    It also keeps the treebank's combinations of tags, so that predicted tags agree with given ones.
    """

    def __init__(self, vocabularies: Mapping[str, Vocabulary], combinations: Iterable[str] = ()) -> None:
        """Take the vocabularies of columns, and combinations of their tags, with tabs between.

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
    def build(cls, sentences: Sequence[Sentence], attribute: str = "") -> TagColumns:
        """Collect the tags of a treebank in the columns of COLUMN, or in one attribute of MISC alone."""
        names = [attribute] if attribute else list(COLUMN)
        vocabularies = {
            name: Vocabulary.build(tag for sentence in sentences for tag in cells(sentence, name)) for name in names
        }
        combined = {tags for sentence in sentences for tags in _combinations(sentence)} if not attribute else ()
        return cls(vocabularies, sorted(combined))

    @classmethod
    def restore(cls, saved: SavedModel, attribute: str = "") -> TagColumns:
        """Restore the columns of COLUMN, or one attribute of MISC, from a saved model's vocabularies.

        Raises ModelError if a column has no tag.
        """
        every = [name for name in COLUMN if name in TAGS or name in saved.vocabularies]
        names = [attribute] if attribute else every
        vocabularies = {name: saved.vocabulary(stored_name(name), cells=True) for name in names}
        empty = [name for name, own in vocabularies.items() if len(own) == len(SPECIALS)]
        if empty:
            saved.refuse(VOCABULARIES, f"{empty[0]} has no tag")
        has_combinations = COMBINATIONS in saved.vocabularies and not attribute
        try:
            return cls(vocabularies, saved.symbols(COMBINATIONS) if has_combinations else ())
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
        symbols = {stored_name(name): own.symbols for name, own in self.vocabularies.items()}
        return symbols | ({COMBINATIONS: self.combinations} if self.combinations else {})

    def ids(self, sentences: Sequence[Sentence], *, only_given: bool = False) -> dict[str, NDArray[np.int32]]:
        """Return the ids of the tags of all tokens by column, one sentence after the other, each with its root.

        The root's tag is PAD. A new tag is UNKNOWN and, with `only_given`, so is a tag that is not given.
        """
        given = [given_cells(sentence) for sentence in sentences] if only_given else None
        size = sum(len(sentence) + 1 for sentence in sentences)
        found = {}
        for name, own in self.vocabularies.items():
            tags = chain.from_iterable((own.symbols[Vocabulary.PAD], *cells(s, name)) for s in sentences)
            found[name] = np.fromiter(map(own.id_of.get, tags, repeat(Vocabulary.UNKNOWN)), np.int32, size)
            if given is not None:
                is_given = np.fromiter(chain.from_iterable((True, *its[name]) for its in given), np.bool_, size)
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
    made = sentence.replace(upos=tags.get("upos"), xpos=tags.get("xpos"), feats=tags.get("feats"))
    for name in tags.keys() - COLUMN.keys():
        made = made.replace(miscs=with_attribute(made.words(MISC), name, tags[name]))
    return made


def check_tags_words(place: str | Path, columns: Sequence[str]) -> None:
    """Raise ConfigurationError if a tagger at a place, which fills these columns, cannot help a parser."""
    if set(columns) - set(COLUMN):
        raise ConfigurationError(
            f"{place}: finds spans ({', '.join(columns)}), and a parser needs parts of speech; name another tagger"
        )


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
    return not all(all(given[name]) if name in given else has_attribute(sentence, name) for name in columns)


def has_attribute(sentence: Sentence, name: str) -> bool:
    """Return whether any word has an attribute of MISC: the words without it are then outside all spans."""
    tags = cells(sentence, name)
    return tags.count(EMPTY) < len(tags)


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
