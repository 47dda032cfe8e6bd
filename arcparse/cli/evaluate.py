"""`arcparse evaluate`: the scores of the trees of one system, or of two systems side by side, against gold trees."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse import evaluation
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_format, check_standard_input, treebank
from arcparse.cli.options import whole
from arcparse.cli.pictures import write_picture
from arcparse.cli.report import Differences, Report, as_json, tables, write_csv
from arcparse.drawing import figures
from arcparse.evaluation import ALL_METRICS, METRICS, TAG_COLUMNS, Breakdown, Confusion, Interval, Reliability, Score
from arcparse.evaluation.calibration import BINS
from arcparse.evaluation.scores import SPAN_METRICS, TAG_METRICS
from arcparse.evaluation.significance import RESAMPLES
from arcparse.sentence import Sentence
from arcparse.settings.limits import COUNT, Range
from arcparse.settings.limits import SEED as SEED_RANGE

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Group = argparse._ArgumentGroup

BREAKDOWNS: dict[str, Callable[..., Breakdown]] = {
    "label": evaluation.by_label,
    "distance": evaluation.by_distance,
    "length": evaluation.by_length,
    "projectivity": evaluation.by_projectivity,
}
TESTS = {"randomisation": evaluation.approximate_randomisation, "bootstrap": evaluation.paired_bootstrap}
SEED = 1


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "evaluate",
        help=SUBCOMMANDS["evaluate"],
        description="Compare treebanks of the same text, of any format, by the metrics of the CoNLL 2018 shared task. "
        "With two systems, print both, their difference, its 95% bootstrap interval and its two-sided p-value.",
    )
    parser.add_argument("gold", metavar="GOLD", help="file of gold trees; - for standard input")
    parser.add_argument("system", metavar="SYSTEM", help="file of trees to score; - for standard input")
    parser.add_argument("other", nargs="?", metavar="OTHER_SYSTEM", help="file of other trees, to compare with these")
    add_format(parser)
    _add_scores(parser)
    _add_parts(parser.add_argument_group("scores of parts of the words, and confusions"))
    _add_calibration(parser.add_argument_group("calibration of confidences"))
    _add_significance(parser.add_argument_group("intervals, and significance of a difference"))
    parser.set_defaults(run=run)


def _add_scores(parser: argparse.ArgumentParser) -> None:
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print ratios (0 to 1) and counts as JSON")
    printed.add_argument(
        "--csv", action="store_true", help="print ratios and counts as CSV, a row for each file, part and metric"
    )
    parser.add_argument(
        "--no-punct", action="store_true", help="leave gold punctuation out of UAS, LAS and all later metrics"
    )
    parser.add_argument(
        "--metrics",
        type=_names_of("metric", ALL_METRICS),
        default=METRICS,
        metavar="NAME,NAME",
        help=f"metrics, of {', '.join(ALL_METRICS)} (default: those of the shared task, Tokens to BLEX); UEM and LEM "
        "are shares of sentences in which all heads, or all heads and labels, are right; metrics of tokens and tags "
        "need no trees",
    )


def _add_parts(group: Group) -> None:
    group.add_argument(
        "--breakdown",
        type=_names_of("breakdown", tuple(BREAKDOWNS)),
        default=(),
        metavar="NAME,NAME",
        help="add scores by label (with confusions of labels), by distance of head and dependent, by length of the "
        "sentence, or by projectivity of arcs",
    )
    group.add_argument(
        "--train",
        metavar="FILE",
        help="add scores of known words, whose form is in this training file, and of unknown words",
    )
    group.add_argument(
        "--confusion",
        type=_names_of("column", TAG_COLUMNS),
        default=(),
        metavar="NAME,NAME",
        help="add confusions of tags, the most frequent first: of upos, xpos, feats",
    )


def _add_calibration(group: Group) -> None:
    group.add_argument(
        "--calibration",
        action="store_true",
        help="add the reliability of the confidences that `arcparse parse --scores` has written into MISC",
    )
    group.add_argument(
        "--bins",
        type=whole(Range(1, 1000)),
        default=BINS,
        metavar="N",
        help="bins of confidences (default: %(default)s)",
    )
    group.add_argument("--diagram", type=Path, metavar="FILE", help="draw the calibration of SYSTEM: .svg or .png")


def _add_significance(group: Group) -> None:
    group.add_argument("--confidence", action="store_true", help="add 95%% bootstrap intervals of F1")
    group.add_argument(
        "--test", choices=TESTS, default="randomisation", help="test for p-values (default: %(default)s)"
    )
    group.add_argument(
        "--resamples",
        type=whole(COUNT),
        default=RESAMPLES,
        metavar="N",
        help="number of resamples (default: %(default)s)",
    )
    group.add_argument(
        "--seed", type=whole(SEED_RANGE), default=SEED, metavar="N", help="seed of resampling (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the scores; return the exit status."""
    check_standard_input(args.gold, args.system, args.other, args.train)
    gold = list(treebank(args.gold, args))
    reports = [_report(gold, file, args) for file in (args.system, args.other) if file]
    differences: Differences = {}
    if args.other:
        first, second = (report.counts for report in reports)
        resampling = {"resamples": args.resamples, "seed": args.seed}
        differences = evaluation.compare_systems(first, second, args.metrics, test=TESTS[args.test], **resampling)
    if args.diagram:
        write_picture(figures.reliability(reports[0].calibration), args.diagram)
    if args.json:
        print(json.dumps(as_json(reports, differences, args.metrics), indent=2, ensure_ascii=False))
    elif args.csv:
        write_csv(reports, differences, args.metrics)
    else:
        print("\n\n".join(tables(reports, differences, args.metrics)))
    return 0


def _report(gold: Sequence[Sentence], file: str, args: argparse.Namespace) -> Report:
    punctuation, trees = not args.no_punct, _needs_trees(args)
    compared = evaluation.compare(gold, treebank(file, args), trees=trees)
    counts = evaluation.count_sentences(compared, punctuation=punctuation)
    intervals: dict[str, Interval] = {}
    if args.confidence:
        resampling = {"resamples": args.resamples, "seed": args.seed}
        intervals = evaluation.confidence_intervals(counts, args.metrics, **resampling)
    breakdowns = {name: BREAKDOWNS[name](compared, punctuation=punctuation) for name in args.breakdown}
    if args.train:
        known = {form for sentence in treebank(args.train, args) for form in sentence.forms}
        parts = evaluation.by_known(compared, known, punctuation=punctuation)
        breakdowns["word"] = parts if trees else {part: _tag_scores(scores) for part, scores in parts.items()}
    tag_confusions: dict[str, Confusion] = {name: evaluation.tag_confusion(compared, name) for name in args.confusion}
    confusions: Counter[tuple[str, str]] = Counter()
    if "label" in breakdowns:
        confusions = evaluation.label_confusion(compared, punctuation=punctuation)
    calibration: dict[str, Reliability] = {}
    if args.calibration or args.diagram:
        calibration = evaluation.calibration(compared, bins=args.bins, punctuation=punctuation)
    return Report(file, counts, intervals, breakdowns, confusions, tag_confusions, calibration)


def _needs_trees(args: argparse.Namespace) -> bool:
    """Return whether the options ask for a score of heads."""
    return bool({*args.metrics} - {*SPAN_METRICS, *TAG_METRICS} or args.breakdown or args.calibration or args.diagram)


def _tag_scores(scores: dict[str, Score]) -> dict[str, Score]:
    return {metric: score for metric, score in scores.items() if metric in TAG_METRICS}


def _names_of(kind: str, known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def names(text: str) -> tuple[str, ...]:
        for name in text.split(","):
            if name not in known:
                raise argparse.ArgumentTypeError(f"no {kind} '{name}'; there are {', '.join(known)}")
        return tuple(text.split(","))

    return names
