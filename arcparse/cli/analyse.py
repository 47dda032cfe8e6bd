"""`arcparse analyse`: the numbers of wrong trees by their cause, the search or the model, for each beam width."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_format, gold_sentences
from arcparse.cli.options import add_threads, use_threads, whole, wholes
from arcparse.cli.tables import in_columns
from arcparse.sentence import Sentence
from arcparse.settings.limits import BEAM
from arcparse.trees import checked

if TYPE_CHECKING:
    from arcparse.parser.search_errors import BeamReport

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

HEADINGS = ("beam", "LAS", "exact", "search errors", "model errors", "unreachable", "tokens/s")


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "analyse",
        help=SUBCOMMANDS["analyse"],
        description="Parse the sentences of gold trees with beams of several widths. A wrong tree is a search error "
        "if the gold tree has a higher score, since the beam has lost it; else it is a model error. A gold tree that "
        "the parser cannot build, for example a non-projective one, is unreachable. Shares are of all sentences.",
    )
    parser.add_argument("gold", metavar="GOLD", help="file of gold trees; - for standard input")
    add_format(parser)
    parser.add_argument(
        "--model", metavar="NAME_OR_PATH", help="name of a shipped model, or path of a model (default: en)"
    )
    parser.add_argument("--beams", type=wholes(BEAM), metavar="K,K", help="beam widths (default: 1,2,4,8,16,32)")
    parser.add_argument(
        "--gold-beam",
        type=whole(BEAM),
        metavar="K",
        help="configurations kept in the search for the best score of the gold tree (default: 16)",
    )
    parser.add_argument(
        "--given", choices=("tags",), help="parse with the tags of the file (default: tags of the model)"
    )
    add_threads(parser)
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print counts, and the outcome for each sentence, as JSON")
    printed.add_argument("--csv", action="store_true", help="print counts as CSV, a row for each beam")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the counts by beam width: .svg or .png")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Analyse, print and draw; return the exit status."""
    from arcparse.parser.search_errors import BEAMS, GOLD_BEAM, analyse
    from arcparse.pipeline import DEFAULT_MODEL, Pipeline

    use_threads(args)
    gold = list(checked(gold_sentences(args.gold, args)))
    pipeline = Pipeline.load(args.model or DEFAULT_MODEL, threads=args.threads, without=["lemmas"])
    given = args.given == "tags"
    tagged = pipeline.tag_sentences(gold, given)
    beams, gold_beam = args.beams or BEAMS, args.gold_beam or GOLD_BEAM
    reports = analyse(pipeline.parser, tagged, gold, beams, given_tags=given, gold_beam=gold_beam)
    if args.plot:
        from arcparse.cli.error_plot import error_plot
        from arcparse.cli.pictures import write_picture

        write_picture(error_plot(reports), args.plot)
    if args.json:
        rows = {"beams": list(map(counts, reports)), "sentences": by_sentence(gold, reports)}
        print(json.dumps({"file": args.gold, **rows}, indent=2, ensure_ascii=False))
    elif args.csv:
        write_csv(reports)
    else:
        print(table(reports, f"{args.gold}: {len(gold)} sentences, {sum(map(len, gold))} words; percent"))
    return 0


def counts(report: BeamReport) -> dict[str, Any]:
    """Return a report as numbers: LAS from 0 to 1, and sentences by outcome."""
    return {
        "beam": report.beam,
        "las": report.las,
        "sentences": len(report.outcomes),
        **{outcome.name.lower(): report.outcomes.count(outcome) for outcome in _outcomes()},
        "tokens_per_second": report.tokens_per_second,
    }


def by_sentence(gold: Sequence[Sentence], reports: Sequence[BeamReport]) -> list[Mapping[str, Any]]:
    """Return the place, the name and the outcomes by beam width of each sentence."""
    return [
        {
            "place": sentence.place,
            "sent_id": sentence.comment("sent_id"),
            "outcomes": {str(report.beam): report.outcomes[i].value for report in reports},
        }
        for i, sentence in enumerate(gold)
    ]


def write_csv(reports: Sequence[BeamReport]) -> None:
    """Write a row of counts for each beam."""
    rows = list(map(counts, reports))
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def table(reports: Sequence[BeamReport], title: str) -> str:
    """Return a line for each beam under the title: LAS and shares of the sentences in percent, and tokens/s."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for report in reports:
        shares = (f"{100 * share:.2f}" for share in (report.las, *map(report.share, _outcomes())))
        rows.append((str(report.beam), *shares, f"{report.tokens_per_second:,.0f}"))
    return "\n".join([title, *in_columns(rows, range(len(HEADINGS)))])


def _outcomes() -> list[Any]:
    from arcparse.search import Outcome

    return list(Outcome)
