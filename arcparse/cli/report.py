"""The reports of `arcparse evaluate` on one system or several: as tables for a terminal or in Markdown, JSON, CSV."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from arcparse.cli.confusion import confusion_cells, confusion_json, confusion_rows
from arcparse.cli.mistakes import Beside, Listing, mistakes_json
from arcparse.cli.reliability import reliability_cells, reliability_rows
from arcparse.cli.tables import Rows, Section, Table, escaped
from arcparse.evaluation import (
    Breakdown,
    Comparison,
    Confusion,
    Difference,
    Interval,
    Mistakes,
    Reliability,
    Score,
    Scores,
)
from arcparse.evaluation.alignment import Integers

RATIOS = {"precision": "P", "recall": "R", "f1": "F1"}
CONFUSIONS = 20  # pairs of labels in the table; JSON and CSV have all
COLUMNS = (
    *("file", "breakdown", "part", "metric"),
    *("precision", "recall", "f1", "aligned_accuracy", "correct", "gold", "system", "aligned"),
    *("low", "high", "difference", "difference_low", "difference_high", "p_value", "confidence", "examples"),
)
Differences = dict[str, Difference]  # by metric


@dataclass(frozen=True)
class Report:
    """The results of one system; `differences` are those from the first system, empty for the first."""

    file: str
    compared: Comparison
    counts: Integers  # [S, M, 4] as `count_sentences` gives them
    intervals: dict[str, Interval]
    breakdowns: dict[str, Breakdown]
    confusions: Counter[tuple[str, str]]
    tag_confusions: dict[str, Confusion]
    calibration: dict[str, Reliability]
    mistakes: Sequence[Mistakes]
    differences: Differences

    @cached_property
    def scores(self) -> Scores:
        """The scores of the whole text."""
        return Scores.of(self.counts.sum(0))


# JSON and CSV


def as_json(reports: Sequence[Report], beside: Beside | None, metrics: Sequence[str]) -> dict[str, Any]:
    """Return the report of one system, both reports and their differences, or a list of three reports and more."""
    systems = [_report_json(report, metrics) for report in reports]
    if len(systems) == 1:
        return systems[0]
    changes = [{metric: asdict(found) for metric, found in report.differences.items()} for report in reports]
    if len(systems) == 2:
        pair = {"first": systems[0], "second": systems[1], "differences": changes[1]}
        return pair | (beside.as_dict() if beside else {})
    rows = zip(reports, systems, changes, strict=True)
    return {"systems": [{"file": report.file, **found, "differences": own} for report, found, own in rows]}


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
    if report.mistakes:
        found["mistakes"] = mistakes_json(report.mistakes)
    return found


def write_csv(reports: Sequence[Report], metrics: Sequence[str]) -> None:
    """Write rows of COLUMNS; rows of the second system, and of those after it, hold their difference from the first."""
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for report in reports:
        for metric, row in report.scores.as_dict(metrics).items():
            found: dict[str, Any] = {"file": report.file, "metric": metric, **row}
            if report.intervals:
                found |= {"low": report.intervals[metric].low, "high": report.intervals[metric].high}
            if report.differences:
                change = report.differences[metric]
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


def sections(reports: Sequence[Report], beside: Beside | None, metrics: Sequence[str]) -> Iterator[Section]:
    """Yield the scores of one system or the differences of several, then the other results."""
    names = names_of_systems(reports)
    if len(reports) == 1:
        yield _Scores(reports[0], metrics)
    else:
        yield from _pair(reports) if len(reports) == 2 else _ranking(reports, metrics)
    for name in reports[0].breakdowns:
        yield Table(breakdown_rows(name, names, [report.breakdowns[name] for report in reports]))
    if reports[0].confusions:
        yield Table(_confusion_rows(names, [report.confusions for report in reports]))
    for name in reports[0].tag_confusions:
        rows = list(confusion_rows(name, names, [report.tag_confusions[name] for report in reports]))
        yield Table(rows, left=(0, len(rows[0]) - 1))
    for report in reports:
        if report.calibration:
            yield Table(list(reliability_rows(report.calibration)), title=report.file)
    if reports[0].mistakes:
        yield Listing(f"Mistakes of {reports[0].file}", reports[0].mistakes)
    if beside:
        yield from beside.sections()


def names_of_systems(reports: Sequence[object]) -> Sequence[str]:
    """Return the names of systems in the headings."""
    return ("first", "second") if len(reports) == 2 else [str(number) for number in range(1, len(reports) + 1)]


@dataclass(frozen=True)
class _Files:
    """The names of the files that are compared."""

    lines: Sequence[str]

    def text(self) -> str:
        return "\n".join(self.lines)

    def markdown(self) -> str:
        return "\n".join(f"- {escaped(line)}" for line in self.lines)


@dataclass(frozen=True)
class _Scores:
    """The scores of one system, with one more column if there are intervals; as text, the table of the shared task."""

    report: Report
    metrics: Sequence[str]

    def text(self) -> str:
        lines = self.report.scores.table(self.metrics).split("\n")
        if not self.report.intervals:
            return "\n".join(lines)
        added = ["95% Interval", "-" * 16, *(_range(self.report.intervals[metric]) for metric in self.metrics)]
        marks = [" | ", "-+-", *[" | "] * len(self.metrics)]
        width = max(map(len, lines))
        return "\n".join(f"{line:{width}}{mark}{more}" for line, mark, more in zip(lines, marks, added, strict=True))

    def markdown(self) -> str:
        headings, _, *rows = ([cell.strip() for cell in line.split("|")] for line in self.text().split("\n"))
        return Table([headings, *rows]).markdown()


def _pair(reports: Sequence[Report]) -> Iterator[Section]:
    """Yield the names of the files, and a row for each metric: both systems, the second's difference from the first."""
    yield _Files([f"{name}: {report.file}" for name, report in zip(names_of_systems(reports), reports, strict=True)])
    header = ["F1 Score"]
    rows = [[metric] for metric in reports[1].differences]
    for name, report in zip(names_of_systems(reports), reports, strict=True):
        header += [name, "95% Interval"] if report.intervals else [name]
        for row in rows:
            row.append(_percent(report.scores[row[0]].f1))
            row.extend([_range(report.intervals[row[0]])] if report.intervals else [])
    for row in rows:
        row += _change(reports[1].differences[row[0]])
    yield Table([[*header, *CHANGE], *rows])


CHANGE = ("Difference", "95% Interval", "p")


def _change(change: Difference) -> list[str]:
    return [f"{100 * change.estimate:+.2f}", _range(change, "+"), f"{change.p_value:.4f}"]


def _ranking(reports: Sequence[Report], metrics: Sequence[str]) -> Iterator[Table]:
    """Yield a table for each metric: all systems, and the difference of each from the first."""
    for metric in metrics:
        header = [metric, "F1 Score", *(["95% Interval"] if reports[0].intervals else []), *CHANGE]
        rows = []
        for name, report in zip(names_of_systems(reports), reports, strict=True):
            interval = [_range(report.intervals[metric])] if report.intervals else []
            change = _change(report.differences[metric]) if report.differences else [""] * len(CHANGE)
            rows.append([f"{name}: {report.file}", _percent(report.scores[metric].f1), *interval, *change])
        yield Table([header, *rows])


def breakdown_rows(name: str, names: Sequence[str], systems: Sequence[Breakdown]) -> Rows:
    """Return a row for each part: precision, recall and F1 of each metric; of several systems, or many metrics, F1."""
    parts = list(dict.fromkeys(part for system in systems for part in system))
    metrics = list(next(iter(systems[0].values()), {}))
    ratios = list(RATIOS) if len(systems) == 1 and len(metrics) < 3 else ["f1"]
    header = [name, "gold"]
    for metric in metrics:
        if len(systems) == 1:
            header += [f"{metric} {RATIOS[ratio]}" for ratio in ratios]
        else:
            header += [f"{metric} {names[0]}", *names[1:], *(["diff."] if len(systems) == 2 else [])]
    rows = []
    for part in parts:
        found = [system.get(part, {}) for system in systems]
        row = [part, str(next(scores[metrics[0]].gold for scores in found if scores))]
        for metric in metrics:
            scores = [scores.get(metric, Score()) for scores in found]
            row += [_percent(getattr(score, ratio)) for score in scores for ratio in ratios]
            row += [f"{100 * (scores[1].f1 - scores[0].f1):+.2f}"] if len(systems) == 2 else []
        rows.append(row)
    return [header, *rows]


def _confusion_rows(names: Sequence[str], systems: Sequence[Counter[tuple[str, str]]]) -> Rows:
    """Return the labels that are most often confused, over all systems."""
    wrong = {pair: count for pair, count in sum(systems, Counter()).items() if pair[0] != pair[1]}
    pairs = [pair for pair, _ in Counter(wrong).most_common(CONFUSIONS)]
    rows = ([*pair, *(str(each[pair]) for each in systems)] for pair in pairs)
    return [["gold label", "system's", *(["count"] if len(systems) == 1 else names)], *rows]


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2f}"


def _range(interval: Interval | Difference, sign: str = "") -> str:
    return f"{100 * interval.low:{sign}6.2f} .. {100 * interval.high:{sign}6.2f}"
