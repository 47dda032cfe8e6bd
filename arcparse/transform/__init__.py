"""Transformations of sentences between reading and writing: generators, which can be chained, in constant memory.

changes     other trees, tags, labels and forms for the same words
reduction   sentences without some of their words
selection   filtering, sampling, sorting, dividing among parts
expression  the conditions of filtering
"""

from __future__ import annotations

from arcparse.transform.changes import (
    anonymise,
    deprojectivise,
    lower_case,
    merge,
    projectivise,
    read_table,
    relabel,
    strip_subtypes,
    upos_from_xpos,
)
from arcparse.transform.expression import Expression
from arcparse.transform.reduction import drop_punctuation, without
from arcparse.transform.selection import SORT_KEYS, keep, parts, sample, sample_share, sort

__all__ = [
    "SORT_KEYS",
    "Expression",
    "anonymise",
    "deprojectivise",
    "drop_punctuation",
    "keep",
    "lower_case",
    "merge",
    "parts",
    "projectivise",
    "read_table",
    "relabel",
    "sample",
    "sample_share",
    "sort",
    "strip_subtypes",
    "upos_from_xpos",
    "without",
]
