"""Several parsers that score each configuration together, such as trainings of one recipe with different seeds.

The scores of an action are averaged over the members, whose own normalisers do not depend on the action; so after
normalisation the ensemble has the geometric mean of their distributions (the greedy ensembles of Kuncoro et al. 2016,
section 3, vote for whole trees instead). Tags are those with the best mean score.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from arcparse.errors import ModelError
from arcparse.networks.tags import best_tags, completed, tag_ids
from arcparse.networks.words import Words
from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.network import Encoding
from arcparse.search import Scorer
from arcparse.sentence import Sentence
from arcparse.vocabulary import Vocabulary

SHOWN = 3  # names that a message shows
# The parts without which actions or tags would differ, or scores in kind; each as words that a message can show.
ALIKE: dict[str, Callable[[Parser], Sequence[str]]] = {
    "transition system": lambda parser: (parser.config.system, f"projectivity {parser.config.projectivity}"),
    "set of labels": lambda parser: parser.system.labels,
    "set of the root's labels": lambda parser: sorted(parser.system.root_labels),
    "set of other words' labels": lambda parser: sorted(parser.system.word_labels),
    "normalisation": lambda parser: (parser.config.normalisation,),
    "source of tags": lambda parser: ("its own tags" if parser.predicts_tags else "given tags",),
    "set of tags": lambda parser: [
        f"{column} {tag}" for column, tags in parser.tags.symbols_by_column().items() for tag in tags
    ],
}


@dataclass(frozen=True)
class JointEncoding(Encoding):
    """A batch as each member sees it; the tags and their scores are those of all together."""

    members: tuple[Encoding, ...] = ()


class Ensemble(Parser):
    """Parsers with the same labels, tags and transition system, as one. It can be saved only member by member."""

    def __init__(self, named: Mapping[str, Parser]) -> None:
        """Join parsers by their names; the configuration is the first's. Raises ModelError if they do not fit."""
        (name, first), *others = named.items()
        for other, parser in others:
            _check_alike(name, first, other, parser)
        super().__init__(first.config, first.network, first.lexicon, first.tags, first.system, first.pretrained)
        self.members = nn.ModuleList(named.values())

    def set_precision(self, *, low: bool) -> None:
        """Let matrix products of all members be of bfloat16."""
        for member in self._parsers():
            member.set_precision(low=low)

    def encode(self, sentences: Sequence[Sentence], *, given_tags: bool = False) -> tuple[Words, Encoding]:
        """Encode sentences by each member; the words are those of the first member's vocabulary."""
        encoded = [member.encode(sentences, given_tags=given_tags) for member in self._parsers()]
        words, encodings = encoded[0][0], tuple(encoding for _, encoding in encoded)
        if not self.predicts_tags:
            return words, JointEncoding(encodings[0].blocks, encodings[0].tags, {}, encodings)
        scores = {name: _mean([own.tag_scores[name].log_softmax(-1) for own in encodings]) for name in self.tags.sizes}
        tags = best_tags(scores)
        if given_tags:
            given = tag_ids(self.tags, sentences, self.device, only_given=True)
            kept = {name: ids.masked_fill(~words.is_token, Vocabulary.UNKNOWN) for name, ids in given.items()}
            tags = completed(self.tags, scores, kept)
        return words, JointEncoding(encodings[0].blocks, tags, scores, encodings)

    def bind(self, encoding: Encoding) -> Scorer[Configuration]:
        """Return the mean of the members' scorers."""
        if not isinstance(encoding, JointEncoding):
            raise TypeError(f"an ensemble needs the encoding that it made itself, not {type(encoding).__name__}")
        scorers = [member.bind(own) for member, own in zip(self._parsers(), encoding.members, strict=True)]
        return lambda state: _mean([scorer(state) for scorer in scorers])

    def rebuilt(self, config: Any) -> Parser:
        """Raise ModelError: an ensemble is not trained."""
        raise ModelError("an ensemble cannot be trained; train its members one by one")

    def save(
        self, directory: Path, *, vectors: str, metadata: Mapping[str, Any], tagger: str = "", half: bool = False
    ) -> None:
        """Raise ModelError: the members have directories of their own."""
        raise ModelError(f"{directory}: an ensemble cannot be saved; save its members one by one")

    def _parsers(self) -> list[Parser]:
        return list(self.members)  # type: ignore[arg-type]


def _mean(scores: Sequence[Tensor]) -> Tensor:
    return functools.reduce(Tensor.add, scores) / len(scores)


def _check_alike(name: str, first: Parser, other_name: str, other: Parser) -> None:
    """Raise ModelError if the two have other actions or tags, or scores that cannot be averaged."""
    for thing, part in ALIKE.items():
        one, two = part(first), part(other)
        if list(one) != list(two):
            raise ModelError(
                f"{other_name}: has another {thing} than {name}: {_difference(one, two)}; parsers that score together "
                "must be trained on the same treebank with the same kind of settings"
            )


def _difference(one: Sequence[str], two: Sequence[str]) -> str:
    """Return in words which names the second has and the first lacks, and the other way round: the first few."""
    found = {"with": sorted(set(two) - set(one)), "without": sorted(set(one) - set(two))}
    parts = [f"{word} {', '.join(map(repr, names[:SHOWN]))}" for word, names in found.items() if names]
    return " and ".join(parts) or "in another order"
