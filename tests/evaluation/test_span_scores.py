"""Scores of spans: by hand, and against the library seqeval."""

from __future__ import annotations

import random

import pytest

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.evaluation import Score, SpanScores, evaluate_spans
from arcparse.sentence import Sentence
from arcparse.sentence.attributes import with_attribute

TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "E-LOC", "S-PER")


def tagged(*sentences: str) -> list[Sentence]:
    made = []
    for number, tags in enumerate(sentences):
        forms = [f"word{number}{i}" for i in range(len(tags.split()))]
        made.append(Sentence.from_forms(forms).replace(miscs=with_attribute(["_"] * len(forms), "NER", tags.split())))
    return made


def test_a_span_counts_if_label_and_both_ends_are_right() -> None:
    gold = tagged("B-PER I-PER O B-LOC", "B-LOC I-LOC", "B-PER")
    system = tagged("B-PER I-PER O B-PER", "B-LOC B-LOC", "B-PER")
    scores = evaluate_spans(gold, system, "ner")
    assert scores.total == Score(2, 4, 5)
    assert scores.by_label == {"LOC": Score(0, 2, 2), "PER": Score(2, 2, 3)}
    assert scores.total.f1 == pytest.approx(4 / 9)


def test_schemes_may_differ() -> None:
    gold, system = tagged("B-PER I-PER B-PER O"), tagged("I-PER I-PER B-PER O")
    assert evaluate_spans(gold, system, "NER").total == evaluate_spans(gold, gold, "NER").total == Score(2, 2, 2)


def test_scores_add_up() -> None:
    one, two = tagged("B-PER O B-LOC"), tagged("B-LOC B-LOC")
    other = tagged("B-PER B-PER O"), tagged("B-LOC O")
    parts = evaluate_spans(one, other[0], "NER") + evaluate_spans(two, other[1], "NER")
    assert parts == SpanScores(Score(2, 4, 3), {"LOC": Score(1, 3, 1), "PER": Score(1, 1, 2)})
    assert SpanScores() + parts == parts


def test_words_may_be_divided_in_another_way() -> None:
    [gold] = tagged("B-PER I-PER O")
    whole = Sentence.from_forms(["word00word01", "word", "02"]).replace(miscs=["NER=B-PER", "_", "NER=B-LOC"])
    assert evaluate_spans([gold], [whole], "NER").total == Score(1, 1, 2)


def test_other_texts_and_missing_columns_are_refused() -> None:
    with pytest.raises(TreebankError, match="the texts differ"):
        evaluate_spans(tagged("O B-PER"), tagged("B-PER"), "NER")
    with pytest.raises(ConfigurationError, match="no word of the system file has the column 'NER'"):
        evaluate_spans(tagged("B-PER"), [Sentence.from_forms(["word00"])], "NER")


def test_the_scores_are_those_of_seqeval() -> None:
    metrics = pytest.importorskip("seqeval.metrics")
    draw = random.Random(1)
    for tags in (TAGS, TAGS[:5]):
        gold, system = ([[draw.choice(tags) for _ in range(1 + length % 9)] for length in range(200)] for _ in range(2))
        ours = evaluate_spans(*(tagged(*map(" ".join, rows)) for rows in (gold, system)), "NER")
        assert ours.total.correct > 20
        theirs = metrics.classification_report(gold, system, output_dict=True)
        for label, score in {**ours.by_label, "micro avg": ours.total}.items():
            own = theirs[label]
            assert (score.precision, score.recall, score.f1, score.gold) == pytest.approx(
                (own["precision"], own["recall"], own["f1-score"], own["support"])
            )
