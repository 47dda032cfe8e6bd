"""Scores of parsed text against gold trees, by the rules of the CoNLL 2018 shared task (Zeman et al. 2018).

`evaluate` gives the scores. The result of `compare` can also be counted by sentence (`count_sentences`), for intervals
and significance tests; broken down by label, distance, length, projectivity or known words; and used for confusions of
tags and the calibration of confidences.
"""

from arcparse.evaluation.breakdown import (
    Breakdown,
    by_distance,
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
from arcparse.evaluation.scores import ALL_METRICS, METRICS, Score, Scores
from arcparse.evaluation.significance import (
    Difference,
    Interval,
    approximate_randomisation,
    compare_systems,
    confidence_intervals,
    paired_bootstrap,
)

__all__ = [
    "ALL_METRICS",
    "METRICS",
    "TAG_COLUMNS",
    "Breakdown",
    "Comparison",
    "Confusion",
    "Difference",
    "Interval",
    "Reliability",
    "Score",
    "Scores",
    "approximate_randomisation",
    "by_distance",
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
    "evaluate",
    "label_confusion",
    "paired_bootstrap",
    "tag_confusion",
]
