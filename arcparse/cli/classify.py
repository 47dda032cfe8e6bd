"""`arcparse classify`: labels for texts, a line each, by a classifier."""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_recurrent_options, load_recurrent, whole
from arcparse.cli.streams import AS_INPUT, input_lines, located, no_file, standard_output
from arcparse.cli.tables import in_columns
from arcparse.errors import TreebankError
from arcparse.formats import opened
from arcparse.settings.limits import COUNT

if TYPE_CHECKING:
    from arcparse.seq2seq.classifier import Classifier

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BATCH = 1024  # texts in memory at a time


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "classify",
        help=SUBCOMMANDS["classify"],
        description="Label texts, one a line, from standard input if neither TEXT nor --input is given. Each output "
        "line is label, tab, probability, tab, text. With --gold only scores are printed: the accuracy, a table of "
        "gold labels by labels of the model, and precision, recall and F1 of each label in per cent.",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("text", nargs="?", type=no_file(AS_INPUT), metavar="TEXT", help="text to label")
    source.add_argument("--input", metavar="FILE", help="texts to label (.gz, .xz, .bz2 too)")
    source.add_argument("--gold", metavar="FILE", help="score the model on this file, with lines of label, tab, text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.add_argument(
        "--nbest",
        type=whole(COUNT),
        default=1,
        metavar="N",
        help="write the N most probable labels of each text, a line each (default: 1)",
    )
    add_recurrent_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Classify, or score; return the exit status."""
    from arcparse import seq2seq
    from arcparse.batches import stream

    model = load_recurrent(args, seq2seq.Classifier)
    with opened(args.output or standard_output()) as file:
        if args.gold:
            file.write(_scores(model, args.gold))
            return 0
        for texts in stream(input_lines(args), BATCH):
            for text, found in zip(texts, model.classify(texts), strict=True):
                likeliest = islice(found.probabilities.items(), args.nbest)
                file.writelines(f"{label}\t{probability:.4f}\t{text}\n" for label, probability in likeliest)
    return 0


def _scores(model: Classifier, place: str) -> str:
    """Return the accuracy and a table. Raises TreebankError for a label that the model does not have."""
    from arcparse.batches import stream
    from arcparse.seq2seq.labelled import read_labelled

    counts: Counter[tuple[str, str]] = Counter()  # of gold and found labels
    texts = read_labelled(*located(place))
    for batch in stream(texts, BATCH):
        strange = next((text.label for text in batch if text.label not in model.labels), None)
        if strange is not None:
            known = ", ".join(model.labels)
            raise TreebankError(f"{place}: the model has no label {strange!r}, only {known}; give a file with these")
        found = model.classify([text.text for text in batch])
        counts.update((text.label, own.label) for text, own in zip(batch, found, strict=True))
    right, total = sum(counts[label, label] for label in model.labels), counts.total()
    return f"accuracy {100 * right / total:.2f}: {right} of {total} texts\n\n{_table(model.labels.symbols, counts)}"


def _table(labels: tuple[str, ...], counts: Counter[tuple[str, str]]) -> str:
    """Return a row for each gold label: the counts of the labels given to its texts, and its scores."""
    rows = [("gold", *labels, "precision", "recall", "F1")]
    for label in labels:
        given = [counts[label, other] for other in labels]
        own, gold, system = counts[label, label], sum(given), sum(counts[other, label] for other in labels)
        parts = ((own, system), (own, gold), (2 * own, gold + system))
        scores = (f"{100 * part / max(1, whole):.2f}" for part, whole in parts)
        rows.append((label, *map(str, given), *scores))
    return "".join(f"{line}\n" for line in in_columns(rows, range(1, len(rows[0]))))
