"""The three tag columns, UPOS, XPOS and FEATS: their vocabularies, and the network layer that predicts them.

FEATS is predicted whole ("Number=Sing|Person=3" is one tag), so that its values always fit together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.batches import pad
from arcparse.checkpoint.saved import VOCABULARIES, SavedModel
from arcparse.errors import ModelError
from arcparse.sentence import EMPTY, FEATS, UPOS, XPOS, Sentence
from arcparse.vocabulary import SPECIALS, Vocabulary

COLUMN = {"upos": UPOS, "xpos": XPOS, "feats": FEATS}
COMBINATIONS = "tags"  # the name of the columns' combinations in a saved model
IGNORED = -100  # the target that cross-entropy leaves out


class TagColumns:
    """Vocabularies by column name; `<pad>` stands for the root's tag.

    It also keeps the treebank's combinations of tags, so that predicted tags agree with given ones.
    """

    def __init__(self, vocabularies: Mapping[str, Vocabulary], combinations: Iterable[str] = ()) -> None:
        """Take the vocabularies of "upos", "xpos" and "feats", and combinations of their tags, with tabs between.

        Raises ModelError for a combination of other tags.
        """
        self.vocabularies, self.combinations = dict(vocabularies), tuple(combinations)
        rows = [self._combination_ids(combination) for combination in self.combinations]
        self._combined = torch.tensor(rows, dtype=torch.long).view(-1, len(COLUMN)).unbind(1)

    def _combination_ids(self, combination: str) -> list[int]:
        tags = combination.split("\t")
        known = [tag in self.vocabularies[name] for name, tag in zip(COLUMN, tags, strict=False)]
        if len(tags) != len(COLUMN) or not all(known):
            raise ModelError(f"{combination!r} is no combination of the model's UPOS, XPOS and FEATS")
        return [self.vocabularies[name].id(tag) for name, tag in zip(COLUMN, tags, strict=True)]

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
        vocabularies = {name: saved.vocabulary(name, cells=True) for name in COLUMN}
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

    def ids(self, sentences: Sequence[Sentence], device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """Return the tags of B sentences as ids [B, N] by column; the root's tag is PAD, a new tag UNKNOWN."""
        return {
            name: pad([[Vocabulary.PAD, *self.vocabularies[name].ids(s.words(column))] for s in sentences]).to(device)
            for name, column in COLUMN.items()
        }

    def given_ids(self, sentences: Sequence[Sentence], device: torch.device | str = "cpu") -> dict[str, Tensor]:
        """Return the same ids, but UNKNOWN for a tag that is not given."""
        given = [given_cells(sentence) for sentence in sentences]
        return {
            name: ids.masked_fill(~pad([[1, *own[name]] for own in given]).bool().to(device), Vocabulary.UNKNOWN)
            for name, ids in self.ids(sentences, device).items()
        }

    def completed(self, scores: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the given ids [B, N] by column, an UNKNOWN one replaced by the best of the scores [B, N, tags].

        If a word has some of its tags, the others make a combination of the treebank with them, if there is one.
        """
        known = {name: ids != Vocabulary.UNKNOWN for name, ids in given.items()}
        tags = {name: torch.where(known[name], given[name], best) for name, best in best_tags(scores).items()}
        has_tag = torch.stack(list(known.values()))
        some = (has_tag.any(0) & ~has_tag.all(0)).nonzero(as_tuple=True)
        if not self.combinations or not len(some[0]):
            return tags
        total = torch.zeros(len(some[0]), len(self.combinations), device=has_tag.device)
        combined = dict(zip(COLUMN, (ids.to(has_tag.device) for ids in self._combined), strict=True))
        for name, ids in combined.items():
            total += scores[name][some].log_softmax(1)[:, ids - len(SPECIALS)]
            total.masked_fill_(known[name][some].unsqueeze(1) & (given[name][some].unsqueeze(1) != ids), -torch.inf)
        best, index = total.max(1)
        for name, ids in combined.items():
            made = ~known[name][some] & ~best.isneginf()
            tags[name][some] = torch.where(made, ids[index], tags[name][some])
        return tags

    def symbols(self, ids: Mapping[str, Tensor], lengths: Sequence[int]) -> list[dict[str, list[str]]]:
        """Return for each sentence the tags of its words, by column, from ids [B, N]."""
        rows = {name: column.tolist() for name, column in ids.items()}
        return [
            {
                name: [self.vocabularies[name].symbols[i] for i in row[sentence][1 : length + 1]]
                for name, row in rows.items()
            }
            for sentence, length in enumerate(lengths)
        ]


def _combinations(sentence: Sentence) -> Iterable[str]:
    return map("\t".join, zip(sentence.upos, sentence.xpos, sentence.feats, strict=True))


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


class TagLayer(nn.Module):
    """Scores the tags of each column from a token's vector, by one linear layer each."""

    def __init__(self, dimension: int, sizes: Mapping[str, int]) -> None:
        """Make layers for columns of `sizes` symbols; the two specials are never predicted."""
        super().__init__()
        self.columns = nn.ModuleDict({name: nn.Linear(dimension, size - len(SPECIALS)) for name, size in sizes.items()})

    def forward(self, vector: Tensor) -> dict[str, Tensor]:
        """Return scores [..., tags] of each column from vectors [..., E]."""
        return {name: layer(vector) for name, layer in self.columns.items()}


def best_tags(scores: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the ids of the best tags of each column [B, N], the root's PAD."""
    best = {}
    for name, score in scores.items():
        best[name] = score.argmax(-1) + len(SPECIALS)
        best[name][:, 0] = Vocabulary.PAD
    return best


def tag_loss(scores: Mapping[str, Tensor], gold: Mapping[str, Tensor]) -> Tensor:
    """Return the mean cross-entropy in nats of scores [B, N, tags] against gold ids [B, N], summed over the columns.

    The root and padding (PAD) and tags outside the vocabulary are left out.
    """
    losses = []
    for name, score in scores.items():
        target = (gold[name] - len(SPECIALS)).masked_fill(gold[name] < len(SPECIALS), IGNORED).flatten()
        total = functional.cross_entropy(score.flatten(0, 1), target, ignore_index=IGNORED, reduction="sum")
        losses.append(total / (target != IGNORED).sum().clamp(min=1))
    return torch.stack(losses).sum()
