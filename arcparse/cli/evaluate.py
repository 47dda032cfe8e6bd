"""`arcparse evaluate`: the scores of one system's trees against gold trees, or of two systems' beside each other."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse import evaluation
from arcparse.cli.reliability import reliability_cells, reliability_diagram, reliability_rows
from arcparse.evaluation import ALL_METRICS, METRICS, Breakdown, Difference, Interval, Reliability, Score, Scores
from arcparse.evaluation.alignment import Integers
from arcparse.evaluation.calibration import BINS
from arcparse.evaluation.significance import RESAMPLES
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BREAKDOWNS: dict[str, Callable[..., Breakdown]] = {
    "label": evaluation.by_label,
    "distance": evaluation.by_distance,
    "length": evaluation.by_length,
}
RATIOS = {"precision": "P", "recall": "R", "f1": "F1"}
TESTS = {"randomisation": evaluation.approximate_randomisation, "bootstrap": evaluation.paired_bootstrap}
SEED = 1
CONFUSIONS = 20  # pairs of labels in the table; JSON and CSV have all
COLUMNS = (
    *("file", "breakdown", "part", "metric"),
    *("precision", "recall", "f1", "aligned_accuracy", "correct", "gold", "system", "aligned"),
    *("low", "high", "difference", "difference_low", "difference_high", "p_value", "confidence"),
)


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "evaluate",
        help="compare trees with gold trees",
        description="Compare CoNLL-U files of the same text by the metrics of the CoNLL 2018 shared task. With two "
        "systems, print both, their difference, its 95% bootstrap interval and its two-sided p-value.",
    )
    parser.add_argument("gold", type=Path, metavar="GOLD", help="CoNLL-U file of gold trees")
    parser.add_argument("system", type=Path, metavar="SYSTEM", help="CoNLL-U file of the trees to score")
    parser.add_argument("other", type=Path, nargs="?", metavar="OTHER_SYSTEM", help="another one, to compare with it")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print ratios (0 to 1) and counts as JSON")
    form.add_argument("--csv", action="store_true", help="print them as CSV, a row for each file, part and metric")
    parser.add_argument(
        "--no-punct", action="store_true", help="leave gold punctuation out of UAS, LAS and what follows"
    )
    parser.add_argument(
        "--metrics",
        type=_names_of("metric", ALL_METRICS),
        default=METRICS,
        metavar="NAME,NAME",
        help=f"of {', '.join(ALL_METRICS)} (default: all of the shared task, which ends with BLEX); "
        "UEM and LEM are sentences whose every head, or head and label, is right",
    )
    parser.add_argument(
        "--breakdown",
        type=_names_of("breakdown", tuple(BREAKDOWNS)),
        default=(),
        metavar="NAME,NAME",
        help="scores by label (and confusions of labels), distance of head and dependent, length of the sentence",
    )
    parser.add_argument(
        "--calibration",
        action="store_true",
        help="tell how far confidences can be trusted that `arcparse parse --scores` has written into MISC",
    )
    parser.add_argument("--bins", type=_positive, default=BINS, metavar="N", help="of these (default: %(default)s)")
    parser.add_argument("--diagram", type=Path, metavar="FILE", help="draw the calibration, of SYSTEM alone, as SVG")
    parser.add_argument("--confidence", action="store_true", help="add 95%% bootstrap intervals of F1")
    parser.add_argument("--test", choices=TESTS, default="randomisation", help="for p-values (default: %(default)s)")
    parser.add_argument("--resamples", type=_positive, default=RESAMPLES, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="of resampling (default: %(default)s)")
    parser.set_defaults(run=run)


@dataclass(frozen=True)
class Report:
    """What is said of one system."""

    file: str
    counts: Integers  # [S, M, 4] as `count_sentences` gives them
    intervals: dict[str, Interval]
    breakdowns: dict[str, Breakdown]
    confusions: Counter[tuple[str, str]]
    calibration: dict[str, Reliability]

    @cached_property
    def scores(self) -> Scores:
        """The scores of the whole text."""
        return Scores.of(self.counts.sum(0))


Differences = dict[str, Difference]  # by metric, none where there is one system


def run(args: argparse.Namespace) -> int:
    """Print the scores; return the exit status."""
    gold = list(read_conllu(args.gold))
    reports = [_report(gold, file, args) for file in (args.system, args.other) if file]
    differences: Differences = {}
    if args.other:
        first, second = (report.counts for report in reports)
        resampling = {"resamples": args.resamples, "seed": args.seed}
        differences = evaluation.compare_systems(first, second, args.metrics, test=TESTS[args.test], **resampling)
    if args.diagram:
        args.diagram.write_text(reliability_diagram(reports[0].calibration), encoding="utf-8")
    if args.json:
        print(json.dumps(_json(reports, differences, args.metrics), indent=2, ensure_ascii=False))
    elif args.csv:
        _write_csv(reports, differences, args.metrics)
    else:
        print("\n\n".join(_tables(reports, differences, args.metrics)))
    return 0


def _report(gold: Sequence[Sentence], file: Path, args: argparse.Namespace) -> Report:
    compared, punctuation = evaluation.compare(gold, read_conllu(file)), not args.no_punct
    counts = evaluation.count_sentences(compared, punctuation=punctuation)
    intervals: dict[str, Interval] = {}
    if args.confidence:
        resampling = {"resamples": args.resamples, "seed": args.seed}
        intervals = evaluation.confidence_intervals(counts, args.metrics, **resampling)
    breakdowns = {name: BREAKDOWNS[name](compared, punctuation=punctuation) for name in args.breakdown}
    confusions: Counter[tuple[str, str]] = Counter()
    if "label" in breakdowns:
        confusions = evaluation.label_confusion(compared, punctuation=punctuation)
    calibration: dict[str, Reliability] = {}
    if args.calibration or args.diagram:
        calibration = evaluation.calibration(compared, bins=args.bins, punctuation=punctuation)
    return Report(str(file), counts, intervals, breakdowns, confusions, calibration)


def _names_of(what: str, known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        for name in text.split(","):
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {what} '{name}'; there are {', '.join(known)}")
        return tuple(text.split(","))

    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


# JSON and CSV


def _json(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> dict[str, Any]:
    """Return one system's report, or both and how they differ."""
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
    if report.calibration:
        found["calibration"] = {metric: reliability.as_dict() for metric, reliability in report.calibration.items()}
    return found


def _write_csv(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> None:
    """Write rows of COLUMNS; the second system's say how it differs from the first."""
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
        writer.writerows({"file": report.file, **cells} for cells in reliability_cells(report.calibration))


# Tables


def _tables(reports: Sequence[Report], differences: Differences, metrics: Sequence[str]) -> Iterable[str]:
    if differences:
        yield "\n".join(f"{name}: {report.file}" for name, report in zip(("first", "second"), reports, strict=True))
        yield _difference_table(reports, differences)
    else:
        yield _score_table(reports[0], metrics)
    for name in reports[0].breakdowns:
        yield _breakdown_table(name, [report.breakdowns[name] for report in reports])
    if reports[0].confusions:
        yield _confusion_table([report.confusions for report in reports])
    for report in reports:
        if report.calibration:
            header, *rows = reliability_rows(report.calibration)
            yield f"{report.file}\n{_grid(header, rows)}"


def _score_table(report: Report, metrics: Sequence[str]) -> str:
    """Return the shared task's table, with a column more where there are intervals."""
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
    return _grid([*header, "Difference", "95% Interval", "p"], rows)


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
    return _grid(header, rows)


def _confusion_table(systems: Sequence[Counter[tuple[str, str]]]) -> str:
    """Return the labels that are most often confused, over all systems."""
    wrong = {pair: count for pair, count in sum(systems, Counter()).items() if pair[0] != pair[1]}
    pairs = [pair for pair, _ in Counter(wrong).most_common(CONFUSIONS)]
    names = ["count"] if len(systems) == 1 else ["first", "second"]
    return _grid(
        ["gold label", "system's", *names], [[*pair, *(str(each[pair]) for each in systems)] for pair in pairs]
    )


def _grid(header: list[str], rows: Iterable[list[str]]) -> str:
    """Lay out cells in columns, the first one to the left."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    texts = [" | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([texts[0], "-+-".join("-" * width for width in widths), *texts[1:]])


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2f}"


def _range(interval: Interval | Difference, sign: str = "") -> str:
    return f"{100 * interval.low:{sign}6.2f} .. {100 * interval.high:{sign}6.2f}"
