"""The reports of `arcparse evaluate` on one system or two: as tables, as JSON, as CSV."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from arcparse.cli.confusion import confusion_cells, confusion_json, confusion_rows
from arcparse.cli.reliability import reliability_cells, reliability_rows
from arcparse.cli.tables import ruled
from arcparse.evaluation import Breakdown, Confusion, Difference, Interval, Reliability, Score, Scores
from arcparse.evaluation.alignment import Integers

RATIOS = {"precision": "P", "recall": "R", "f1": "F1"}
CONFUSIONS = 20  # pairs of labels in the table; JSON and CSV have all
COLUMNS = (
    *("file", "breakdown", "part", "metric"),
    *("precision", "recall", "f1", "aligned_accuracy", "correct", "gold", "system", "aligned"),
    *("low", "high", "difference", "difference_low", "difference_high", "p_value", "confidence", "examples"),
)


@dataclass(frozen=True)
class Report:
    """The results of one system."""

    file: str
    counts: Integers  # [S, M, 4] as `count_sentences` gives them
    intervals: dict[str, Interval]
    breakdowns: dict[str, Breakdown]
    confusions: Counter[tuple[str, str]]
    tag_confusions: dict[str, Confusion]
    calibration: dict[str, Reliability]

    @cached_property
    def scores(self) -> Scores:
        """The scores of the whole text."""
        return Scores.of(self.counts.sum(0))


Differences = dict[str, Difference]  # by metric; empty for one system


# JSON and CSV


def as_json(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> dict[str, Any]:
    """Return the report of one system, or both reports and their differences."""
    systems = [_report_json(report, metrics) for report in reports]
    if not differences:
        return systems[0]
    changes = {metric: asdict(difference) for metric, difference in differences.items()}
    return {"first": systems[0], "second": systems[1], "differences": changes}


def _report_json(report: Report, metrics: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = dict(report.scores.as_dict(metrics))
    for metric, interval in report.intervals.items():
        found[metric] |= {"low": interval.low, "high": interval.high}
    if report.breakdowns:
        found["breakdown"] = {
            name: {part: {metric: score.as_dict() for metric, score in row.items()} for part, row in rows.items()}
            for name, rows in report.breakdowns.items()
        }
    if report.confusions:
        pairs = report.confusions.most_common()
        found["confusions"] = [{"gold": gold, "system": system, "count": count} for (gold, system), count in pairs]
    if report.tag_confusions:
        found["tag_confusions"] = {name: confusion_json(pairs) for name, pairs in report.tag_confusions.items()}
    if report.calibration:
        found["calibration"] = {metric: reliability.as_dict() for metric, reliability in report.calibration.items()}
    return found


def write_csv(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> None:
    """Write rows of COLUMNS; rows of the second system hold its difference from the first."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for report in reports:
        for metric, row in report.scores.as_dict(metrics).items():
            found: dict[str, Any] = {"file": report.file, "metric": metric, **row}
            if report.intervals:
                found |= {"low": report.intervals[metric].low, "high": report.intervals[metric].high}
            if differences and report is reports[1]:
                change = differences[metric]
                found |= {"difference": change.estimate, "p_value": change.p_value}
                found |= {"difference_low": change.low, "difference_high": change.high}
            writer.writerow(found)
        for name, parts in report.breakdowns.items():
            for part, row_of in parts.items():
                place = {"file": report.file, "breakdown": name, "part": part}
                writer.writerows({**place, "metric": metric, **score.as_dict()} for metric, score in row_of.items())
        for (gold, system), count in report.confusions.most_common():
            place = {"file": report.file, "breakdown": "confusion", "part": f"{gold}>{system}"}
            writer.writerow({**place, "aligned": count})
        writer.writerows({"file": report.file, **cells} for cells in confusion_cells(report.tag_confusions))
        writer.writerows({"file": report.file, **cells} for cells in reliability_cells(report.calibration))


# Tables


def tables(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> Iterable[str]:
    """Yield the scores of one system or the differences of two, then the other results, each as a table."""
    if differences:
        yield "\n".join(f"{name}: {report.file}" for name, report in zip(("first", "second"), reports, strict=True))
        yield _difference_table(reports, differences)
    else:
        yield _score_table(reports[0], metrics)
    for name in reports[0].breakdowns:
        yield _breakdown_table(name, [report.breakdowns[name] for report in reports])
    if reports[0].confusions:
        yield _confusion_table([report.confusions for report in reports])
    for name in reports[0].tag_confusions:
        rows = list(confusion_rows(name, [report.tag_confusions[name] for report in reports]))
        yield ruled(rows, left=(0, len(rows[0]) - 1))
    for report in reports:
        if report.calibration:
            yield f"{report.file}\n{ruled(list(reliability_rows(report.calibration)))}"


def _score_table(report: Report, metrics: Sequence[str]) -> str:
    """Return the table of the shared task, with one more column if there are intervals."""
    lines = report.scores.table(metrics).split("\n")
    if not report.intervals:
        return "\n".join(lines)
    added = ["95% Interval", "-" * 16, *(_range(report.intervals[metric]) for metric in metrics)]
    marks = [" | ", "-+-", *[" | "] * len(metrics)]
    width = max(map(len, lines))
    return "\n".join(f"{line:{width}}{mark}{more}" for line, mark, more in zip(lines, marks, added, strict=True))


def _difference_table(reports: Sequence[Report], differences: Differences) -> str:
    header = ["F1 Score"]
    rows = [[metric] for metric in differences]
    for name, report in zip(("first", "second"), reports, strict=True):
        header += [name, "95% Interval"] if report.intervals else [name]
        for row in rows:
            row.append(_percent(report.scores[row[0]].f1))
            row.extend([_range(report.intervals[row[0]])] if report.intervals else [])
    for row in rows:
        change = differences[row[0]]
        row += [f"{100 * change.estimate:+.2f}", _range(change, "+"), f"{change.p_value:.4f}"]
    return ruled([[*header, "Difference", "95% Interval", "p"], *rows])


def _breakdown_table(name: str, systems: Sequence[Breakdown]) -> str:
    """Return a row for each part: precision, recall and F1 of each metric; of two systems, or many metrics, F1."""
    parts = list(dict.fromkeys(part for system in systems for part in system))
    metrics = list(next(iter(systems[0].values()), {}))
    ratios = list(RATIOS) if len(systems) == 1 and len(metrics) < 3 else ["f1"]
    header = [name, "gold"]
    for metric in metrics:
        header += (
            [f"{metric} {RATIOS[ratio]}" for ratio in ratios]
            if len(systems) == 1
            else [f"{metric} first", "second", "diff."]
        )
    rows = []
    for part in parts:
        found = [system.get(part, {}) for system in systems]
        row = [part, str(next(scores[metrics[0]].gold for scores in found if scores))]
        for metric in metrics:
            scores = [scores.get(metric, Score()) for scores in found]
            row += [_percent(getattr(score, ratio)) for score in scores for ratio in ratios]
            row += [f"{100 * (scores[1].f1 - scores[0].f1):+.2f}"] if len(systems) == 2 else []
        rows.append(row)
    return ruled([header, *rows])


def _confusion_table(systems: Sequence[Counter[tuple[str, str]]]) -> str:
    """Return the labels that are most often confused, over all systems."""
    wrong = {pair: count for pair, count in sum(systems, Counter()).items() if pair[0] != pair[1]}
    pairs = [pair for pair, _ in Counter(wrong).most_common(CONFUSIONS)]
    names = ["count"] if len(systems) == 1 else ["first", "second"]
    rows = ([*pair, *(str(each[pair]) for each in systems)] for pair in pairs)
    return ruled([["gold label", "system's", *names], *rows])


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2f}"


def _range(interval: Interval | Difference, sign: str = "") -> str:
    return f"{100 * interval.low:{sign}6.2f} .. {100 * interval.high:{sign}6.2f}"
