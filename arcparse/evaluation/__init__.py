"""Scores of parsed text against gold trees, by the rules of the CoNLL 2018 shared task (Zeman et al. 2018)."""

from arcparse.evaluation.metrics import evaluate
from arcparse.evaluation.scores import METRICS, Score, Scores

__all__ = ["METRICS", "Score", "Scores", "evaluate"]
