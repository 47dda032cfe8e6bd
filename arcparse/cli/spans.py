"""Scores of spans, such as chunks and names: `arcparse evaluate --column`, for one system or several."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence

from arcparse import evaluation
from arcparse.cli.inputs import gold_sentences, treebank
from arcparse.cli.report import COLUMNS, breakdown_rows, names_of_systems
from arcparse.cli.tables import Table
from arcparse.errors import ConfigurationError
from arcparse.evaluation import Breakdown

ALL = "all labels"  # the last row; no label has a blank
SPANS, PART = "Spans", "label"
OTHERS = (
    *("metrics", "no_punct", "breakdown", "train", "confusion", "report", "calibration", "diagram", "confidence"),
)  # options for tags and trees


def print_spans(args: argparse.Namespace) -> int:
    """Print the scores of the spans in the column of the options; return the exit status.

    Raises ConfigurationError for an option that belongs to tags and trees.
    """
    for option in OTHERS:
        if getattr(args, option):
            name = option.replace("_", "-")
            raise ConfigurationError(f"--column scores spans, and --{name} tags and trees; leave one of the two out")
    files, gold = (args.system, *args.other), gold_sentences(args.gold, args)
    found = [_breakdown(evaluation.evaluate_spans(gold, treebank(file, args), args.column)) for file in files]
    if args.json:
        systems = [{"file": file, **_as_dict(own)} for file, own in zip(files, found, strict=True)]
        print(json.dumps(systems[0] if len(systems) == 1 else {"systems": systems}, indent=2, ensure_ascii=False))
    elif args.csv:
        _write_csv(files, found)
    else:
        table = Table(breakdown_rows(PART, names_of_systems(files), found))
        print(table.markdown() if args.markdown else table.text())
    return 0


def _breakdown(scores: evaluation.SpanScores) -> Breakdown:
    return {part: {SPANS: score} for part, score in {**scores.by_label, ALL: scores.total}.items()}


def _as_dict(found: Breakdown) -> dict[str, object]:
    labels = {part: row[SPANS].as_dict() for part, row in found.items()}
    return {"spans": labels.pop(ALL), "labels": labels}


def _write_csv(files: Sequence[str], found: Sequence[Breakdown]) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for file, parts in zip(files, found, strict=True):
        for part, row in parts.items():
            place = {"file": file, "breakdown": PART, "part": part, "metric": SPANS}
            writer.writerow({**place, **row[SPANS].as_dict()})
