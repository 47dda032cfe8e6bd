"""Scores of parsed text against gold trees, by the rules of the CoNLL 2018 shared task (Zeman et al. 2018).

`evaluate` gives the scores. The result of `compare` can also be counted by sentence (`count_sentences`), for intervals
and significance tests; broken down by label, distance, length, genre, projectivity or known words; and used for
confusions of tags, mistakes with examples, the words that one of two systems has right, and calibration.
"""

from arcparse.evaluation.breakdown import (
    Breakdown,
    by_distance,
    by_genre,
    by_known,
    by_label,
    by_length,
    by_projectivity,
    label_confusion,
)
from arcparse.evaluation.calibration import Reliability, calibration
from arcparse.evaluation.comparison import Comparison, compare
from arcparse.evaluation.confusion import TAG_COLUMNS, Confusion, confused, tag_confusion
from arcparse.evaluation.metrics import count_sentences, evaluate
from arcparse.evaluation.mistakes import Agreement, Example, Kind, Mistakes, agreement, mistakes
from arcparse.evaluation.parts import (
    Parts,
    distance_parts,
    genre_parts,
    known_parts,
    label_parts,
    length_parts,
    projectivity_parts,
)
from arcparse.evaluation.scores import ALL_METRICS, METRICS, Score, Scores
from arcparse.evaluation.significance import (
    Difference,
    Interval,
    approximate_randomisation,
    compare_systems,
    confidence_intervals,
    paired_bootstrap,
)
from arcparse.evaluation.spans import SpanScores, evaluate_spans

__all__ = [
    "ALL_METRICS",
    "METRICS",
    "TAG_COLUMNS",
    "Agreement",
    "Breakdown",
    "Comparison",
    "Confusion",
    "Difference",
    "Example",
    "Interval",
    "Kind",
    "Mistakes",
    "Parts",
    "Reliability",
    "Score",
    "Scores",
    "SpanScores",
    "agreement",
    "approximate_randomisation",
    "by_distance",
    "by_genre",
    "by_known",
    "by_label",
    "by_length",
    "by_projectivity",
    "calibration",
    "compare",
    "compare_systems",
    "confidence_intervals",
    "confused",
    "count_sentences",
    "distance_parts",
    "evaluate",
    "evaluate_spans",
    "genre_parts",
    "known_parts",
    "label_confusion",
    "label_parts",
    "length_parts",
    "mistakes",
    "paired_bootstrap",
    "projectivity_parts",
    "tag_confusion",
]
