"""`arcparse evaluate`: scores and mistakes of one system, or of several systems side by side, against gold trees."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse import evaluation
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_format, check_standard_input, gold_sentences, treebank
from arcparse.cli.mistakes import Beside
from arcparse.cli.options import whole
from arcparse.cli.pictures import write_picture
from arcparse.cli.report import Differences, Report, as_json, sections, write_csv
from arcparse.cli.spans import print_spans
from arcparse.drawing import figures
from arcparse.errors import ConfigurationError
from arcparse.evaluation import (
    ALL_METRICS,
    METRICS,
    TAG_COLUMNS,
    Breakdown,
    Comparison,
    Confusion,
    Interval,
    Parts,
    Reliability,
    Score,
)
from arcparse.evaluation.calibration import BINS
from arcparse.evaluation.mistakes import EXAMPLES, KINDS
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
    "genre": evaluation.by_genre,
    "projectivity": evaluation.by_projectivity,
}
PARTS: dict[str, Callable[[Comparison], Parts]] = {
    "label": evaluation.label_parts,
    "distance": evaluation.distance_parts,
    "length": lambda compared: evaluation.length_parts(compared).of_words(compared),
    "genre": lambda compared: evaluation.genre_parts(compared).of_words(compared),
    "projectivity": evaluation.projectivity_parts,
}
REPORTED = ("label", "distance", "length", "genre")  # the breakdowns of a report
SEVERAL = ("UPOS", "UAS", "LAS")  # the metrics of three systems and more, which have a table each
TESTS = {"randomisation": evaluation.approximate_randomisation, "bootstrap": evaluation.paired_bootstrap}
SEED = 1


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "evaluate",
        help=SUBCOMMANDS["evaluate"],
        description="Compare treebanks of the same text, of any format, by the metrics of the CoNLL 2018 shared task. "
        "With two systems or more, print all, the difference of each from the first, its 95% bootstrap interval and "
        "its two-sided p-value.",
    )
    parser.add_argument("gold", metavar="GOLD", help="file of gold trees; - for standard input")
    parser.add_argument("system", metavar="SYSTEM", help="file of trees to score; - for standard input")
    parser.add_argument(
        "other", nargs="*", default=[], metavar="OTHER_SYSTEM", help="files of other trees, to compare with these"
    )
    add_format(parser)
    _add_scores(parser)
    parser.add_argument(
        "--column",
        metavar="NAME",
        help="score the spans, such as chunks or names, in this column of BIO, IOB1 or BIOES tags instead of tags and "
        "trees: an attribute of MISC, such as Chunk or NER",
    )
    _add_parts(parser.add_argument_group("scores of parts of the words, and confusions"))
    _add_report(parser.add_argument_group("report of mistakes"))
    _add_calibration(parser.add_argument_group("calibration of confidences"))
    _add_significance(parser.add_argument_group("intervals, and significance of a difference"))
    parser.set_defaults(run=run)


def _add_scores(parser: argparse.ArgumentParser) -> None:
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print ratios (0 to 1) and counts as JSON")
    printed.add_argument(
        "--csv", action="store_true", help="print ratios and counts as CSV, a row for each file, part and metric"
    )
    printed.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument(
        "--no-punct", action="store_true", help="leave gold punctuation out of UAS, LAS and all later metrics"
    )
    parser.add_argument(
        "--metrics",
        type=_names_of("metric", ALL_METRICS),
        metavar="NAME,NAME",
        help=f"metrics, of {', '.join(ALL_METRICS)} (default: those of the shared task, Tokens to BLEX, and for "
        f"three systems and more {', '.join(SEVERAL)}); UEM and LEM "
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
        "sentence, by genre (from the comments `meta::genre`, `newdoc id` or `sent_id`), or by projectivity of arcs",
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


def _add_report(group: Group) -> None:
    group.add_argument(
        "--report",
        action="store_true",
        help=f"add intervals, the breakdowns {','.join(REPORTED)}, confusions of UPOS, and the most frequent kinds of "
        "mistakes with example sentences; with another system, also the words that one alone has right, and the "
        "mistakes that the other does not make",
    )
    group.add_argument(
        "--kinds", type=whole(COUNT), default=KINDS, metavar="N", help="kinds of mistakes (default: %(default)s)"
    )
    group.add_argument(
        "--examples",
        type=whole(Range(0, COUNT.most)),
        default=EXAMPLES,
        metavar="N",
        help="sentences for each kind (default: %(default)s)",
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
    check_standard_input(args.gold, args.system, *args.other, args.train)
    if args.column:
        return print_spans(args)
    _complete(args)
    gold = gold_sentences(args.gold, args)
    known = {form for sentence in treebank(args.train, args) for form in sentence.forms} if args.train else None
    reports: list[Report] = []
    for file in (args.system, *args.other):
        reports.append(_report(gold, file, known, reports[0] if reports else None, args))
    beside = _beside(reports, known, args) if args.report and args.other else None
    if args.diagram:
        write_picture(figures.reliability(reports[0].calibration), args.diagram)
    if args.json:
        print(json.dumps(as_json(reports, beside, args.metrics), indent=2, ensure_ascii=False))
    elif args.csv:
        write_csv(reports, args.metrics)
    else:
        parts = sections(reports, beside, args.metrics)
        print("\n\n".join(part.markdown() if args.markdown else part.text() for part in parts))
    return 0


def _complete(args: argparse.Namespace) -> None:
    """Set the options that others decide. Raises ConfigurationError if two do not go together."""
    args.metrics = args.metrics or (SEVERAL if len(args.other) > 1 else METRICS)
    if not args.report:
        return
    if args.csv:
        raise ConfigurationError("--report has example sentences, which CSV does not hold; use --json or --markdown")
    if len(args.other) > 1:
        raise ConfigurationError("--report compares two systems at most; name one OTHER_SYSTEM")
    args.breakdown, args.confusion, args.confidence = args.breakdown or REPORTED, args.confusion or ("upos",), True


def _report(
    gold: Sequence[Sentence], file: str, known: Collection[str] | None, first: Report | None, args: argparse.Namespace
) -> Report:
    punctuation, trees = not args.no_punct, _needs_trees(args)
    resampling = {"resamples": args.resamples, "seed": args.seed}
    compared = evaluation.compare(gold, treebank(file, args), trees=trees)
    counts = evaluation.count_sentences(compared, punctuation=punctuation)
    intervals: dict[str, Interval] = {}
    if args.confidence:
        intervals = evaluation.confidence_intervals(counts, args.metrics, **resampling)
    breakdowns = {name: BREAKDOWNS[name](compared, punctuation=punctuation) for name in args.breakdown}
    if known is not None:
        parts = evaluation.by_known(compared, known, punctuation=punctuation)
        breakdowns["word"] = parts if trees else {part: _tag_scores(scores) for part, scores in parts.items()}
    tag_confusions: dict[str, Confusion] = {name: evaluation.tag_confusion(compared, name) for name in args.confusion}
    confusions: Counter[tuple[str, str]] = Counter()
    if "label" in breakdowns:
        confusions = evaluation.label_confusion(compared, punctuation=punctuation)
    calibration: dict[str, Reliability] = {}
    if args.calibration or args.diagram:
        calibration = evaluation.calibration(compared, bins=args.bins, punctuation=punctuation)
    mistakes = evaluation.mistakes(compared, **_shown(args)) if args.report else []
    differences: Differences = {}
    if first:
        test = TESTS[args.test]
        differences = evaluation.compare_systems(first.counts, counts, args.metrics, test=test, **resampling)
    return Report(
        file,
        compared,
        counts,
        intervals,
        breakdowns,
        confusions,
        tag_confusions,
        calibration,
        mistakes,
        differences,
    )


def _beside(reports: Sequence[Report], known: Collection[str] | None, args: argparse.Namespace) -> Beside:
    """Compare two systems word by word."""
    first, second = (report.compared for report in reports)
    parts = {name: PARTS[name](first) for name in args.breakdown}
    if known is not None:
        parts["word"] = evaluation.known_parts(first, known)
    agreements = {
        name: evaluation.agreement(first, second, own, punctuation=not args.no_punct) for name, own in parts.items()
    }
    shown = _shown(args)
    return Beside(
        agreements,
        evaluation.mistakes(first, beside=second, **shown),
        evaluation.mistakes(second, beside=first, **shown),
    )


def _shown(args: argparse.Namespace) -> dict[str, Any]:
    return {"punctuation": not args.no_punct, "kinds": args.kinds, "examples": args.examples}


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
