"""Scores of spans, such as chunks and names: a span is right if its label, its first and its last word are right.

This is the measure of the shared tasks of CoNLL-2000 and CoNLL-2003, whose scorer is conlleval (Tjong Kim Sang &
Buchholz 2000). Places are counted in characters without white space, so that segmentation may differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from arcparse.evaluation.alignment import Text, check_same_text
from arcparse.evaluation.scores import Score
from arcparse.sentence import Sentence
from arcparse.sentence.lists import each_sentence
from arcparse.sentence.spans import Span, column_of


@dataclass(frozen=True)
class SpanScores:
    """The score of all spans, and that of each label, the most frequent in gold first. `SpanScores()` is neutral."""

    total: Score = field(default_factory=Score)
    by_label: dict[str, Score] = field(default_factory=dict)

    def __add__(self, other: SpanScores) -> SpanScores:
        """Return the scores over both texts."""
        labels = dict.fromkeys([*self.by_label, *other.by_label])
        sums = {name: self.by_label.get(name, Score()) + other.by_label.get(name, Score()) for name in labels}
        return SpanScores(self.total + other.total, _sorted(sums))


def evaluate_spans(gold: Iterable[Sentence], system: Iterable[Sentence], column: str) -> SpanScores:
    """Return the scores of a system's spans; `column` is the attribute of MISC with their tags, such as Chunk or NER.

    Tags may be of any scheme; see `arcparse.sentence.spans`. Raises TreebankError if the texts differ or a tag is of no
    scheme, ConfigurationError if no word of gold or of the system has the column.
    """
    ours, theirs = (
        _spans(each_sentence(own, name), column, name) for own, name in ((gold, "gold"), (system, "system"))
    )
    check_same_text(ours[0], theirs[0])
    right = ours[1] & theirs[1]
    counts = [Counter(span.label for span in spans) for spans in (right, ours[1], theirs[1])]
    labels = dict.fromkeys(label for own in counts for label in own)
    by_label = {label: Score(*(own[label] for own in counts)) for label in labels}
    return SpanScores(Score(len(right), len(ours[1]), len(theirs[1])), _sorted(by_label))


def _spans(sentences: Iterable[Sentence], column: str, name: str) -> tuple[Text, set[Span]]:
    """Return a text, and its spans as places of characters."""
    text = Text.of(sentences)
    own = column_of(text.sentences, column, name)
    starts, ends = text.starts.tolist(), text.bounds[text.token + 1].tolist()
    found, first = set(), 0
    for sentence in text.sentences:
        found |= {
            Span(label, starts[first + start], ends[first + end - 1]) for label, start, end in sentence.spans(own)
        }
        first += len(sentence)
    return text, found


def _sorted(scores: dict[str, Score]) -> dict[str, Score]:
    return dict(sorted(scores.items(), key=lambda own: (-own[1].gold, own[0])))
