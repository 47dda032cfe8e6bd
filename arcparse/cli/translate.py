"""`arcparse translate`: lines of symbols to lines of symbols, by a sequence-to-sequence model."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import check_standard_input
from arcparse.cli.options import add_recurrent_options, check_nbest, load_recurrent, number, whole, wholes
from arcparse.cli.streams import STANDARD_INPUT, input_lines, located, standard_output, text_or_input
from arcparse.cli.tables import in_columns
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.formats import opened
from arcparse.settings.limits import BEAM, LENGTH_POWER, NBEST

if TYPE_CHECKING:
    from arcparse.seq2seq import Output, Seq2Seq

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BATCH = 256  # lines in memory at a time
HEADINGS = ("beam", "BLEU", "exact", "search errors", "model errors", "unreachable", "symbols/s")


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "translate",
        help=SUBCOMMANDS["translate"],
        description="Translate lines, from standard input if neither TEXT nor --input is given. Words are divided at "
        "spaces: give the text in the form of the training text, tokenised or in lower case if that was. With "
        "--reference only a table of scores by beam width is printed: BLEU of sacrebleu, and shares of lines in per "
        "cent. A wrong output is a search error if the model gives the reference a higher score, else a model error; a "
        "reference with a word that the model does not know is unreachable.",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "text", nargs="?", type=text_or_input, metavar="TEXT", help="line to translate; - for standard input"
    )
    source.add_argument("--input", metavar="FILE", help="lines to translate (.gz, .xz, .bz2 too)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    add_recurrent_options(parser)
    parser.add_argument("--beam", type=wholes(BEAM), default=(5,), metavar="K", help="width of the beam (default: 5)")
    parser.add_argument(
        "--nbest", type=whole(NBEST), metavar="N", help="write the best N outputs, each as line number, score, output"
    )
    parser.add_argument(
        "--length-power", type=number(LENGTH_POWER), metavar="P", help="divide scores by length ** P (default: 1)"
    )
    parser.add_argument(
        "--keep-unknown",
        action="store_true",
        help="write <unk> for unknown words, not the source word with the most attention",
    )
    parser.add_argument(
        "--attention", type=Path, metavar="FILE", help="draw the attention of the model for one line: .svg or .png"
    )
    parser.add_argument(
        "--reference",
        metavar="FILE",
        help="file of the right translations of the lines; print scores, with --beam K,K by beam width",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Translate, or score; return the exit status."""
    from arcparse import seq2seq

    check_nbest(args.nbest, args.beam[0])
    model = load_recurrent(args, seq2seq.Seq2Seq)
    if args.reference:
        if args.text is None:
            check_standard_input(args.input or STANDARD_INPUT, args.reference)
        print(_scores(model, args))
        return 0
    if len(args.beam) > 1:
        raise ConfigurationError("--beam: only --reference FILE compares several widths; give one")
    if args.attention:
        _draw(model, args)
        return 0
    with opened(args.output or standard_output()) as file:
        for position, (_, outputs) in enumerate(_translated(model, args), 1):
            for output in outputs:
                scored = f"{position}\t{output.score:.4f}\t" if args.nbest else ""
                file.write(scored + _line(model, output.symbols) + "\n")
    return 0


def _line(model: Seq2Seq, symbols: Sequence[str]) -> str:
    from arcparse.lexicon.symbols import together

    return together(symbols, model.config.symbols)


def _translated(model: Seq2Seq, args: argparse.Namespace) -> Iterator[tuple[tuple[str, ...], list[Output]]]:
    from arcparse.batches import stream
    from arcparse.lexicon.symbols import divided

    for batch in stream(input_lines(args), BATCH):
        sources = [divided(line, model.config.symbols) for line in batch]
        found = model.generate(
            sources,
            beam=args.beam[0],
            nbest=args.nbest or 1,
            copy_unknown=not args.keep_unknown,
            length_power=_length_power(args),
        )
        yield from zip(sources, found, strict=True)


def _length_power(args: argparse.Namespace) -> float:
    from arcparse.seq2seq.model import LENGTH_POWER

    return LENGTH_POWER if args.length_power is None else float(args.length_power)


def _draw(model: Seq2Seq, args: argparse.Namespace) -> None:
    from arcparse.cli.pictures import write_picture
    from arcparse.drawing import figures

    pairs = [(source, outputs[0]) for source, outputs in _translated(model, args)]
    if len(pairs) != 1 or not pairs[0][1].attention[0]:
        found = f"{len(pairs)} lines" if len(pairs) != 1 else "a model without attention"
        raise ConfigurationError(f"--attention: draws one line of a model with attention, found {found}")
    [(source, output)] = pairs
    write_picture(figures.heat_map((*output.symbols, "</s>"), (*source, "</s>"), output.attention), args.attention)
    print(_line(model, output.symbols))


def _scores(model: Seq2Seq, args: argparse.Namespace) -> str:
    from arcparse.lexicon.symbols import divided
    from arcparse.search import Outcome
    from arcparse.seq2seq.model import copied
    from arcparse.seq2seq.pairs import Pair, lines
    from arcparse.seq2seq.search_errors import analyse
    from arcparse.seq2seq.task import bleu

    kind = model.config.symbols
    sources, references = list(input_lines(args)), list(lines(*located(args.reference)))
    if len(sources) != len(references):
        raise TreebankError(
            f"{args.reference}: has {len(references)} lines, the input {len(sources)}; give equal numbers of lines"
        )
    pairs = [Pair(divided(a, kind), divided(b, kind)) for a, b in zip(sources, references, strict=True)]
    rows: list[tuple[str, ...]] = [HEADINGS]
    for report in analyse(model, pairs, args.beam, length_power=_length_power(args)):
        outputs = report.outputs
        if not args.keep_unknown:
            outputs = tuple(copied(output, pair.source) for output, pair in zip(outputs, pairs, strict=True))
        score = bleu([output.symbols for output in outputs], [pair.output for pair in pairs], kind)
        shares = (100 * report.outcomes.count(outcome) / max(1, len(pairs)) for outcome in Outcome)
        numbers_of = (f"{value:.2f}" for value in (score, *shares))
        rows.append((str(report.beam), *numbers_of, f"{report.symbols_per_second:,.0f}"))
    return "\n".join(in_columns(rows, range(len(HEADINGS))))
