"""`arcparse parse`: text or sentences of any format to trees, or the derivations that lead to them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_input, add_target, input_sentences, known_formats, target_format
from arcparse.cli.options import add_model_options, check_nbest, load_pipeline, whole
from arcparse.cli.results import check_stream, write_found, write_results
from arcparse.cli.streams import standard_output
from arcparse.cli.tally import Tally
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.sentence import Sentence
from arcparse.settings.limits import BEAM, NBEST, SAMPLES

if TYPE_CHECKING:
    from arcparse.pipeline import Pipeline

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "parse",
        help=SUBCOMMANDS["parse"],
        description="Tag and parse text, or sentences of any format of `arcparse convert`, from standard input if "
        "neither TEXT nor --input is given. A sentence that cannot be parsed is reported and written unchanged, and "
        "the exit status is 1.",
    )
    add_input(parser, "parse")
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write, after all is parsed (default: standard output)"
    )
    target.add_argument(
        "--trace",
        action="store_true",
        help="print each derivation step by step, not the trees; with --beam 2 or more, print the beam at each step",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="with --trace: also draw the beam as a graph")
    add_target(parser)
    parser.add_argument(
        "--given",
        choices=("tags",),
        help="keep UPOS, XPOS and FEATS of the input and parse with them; only tags that are `_` are predicted "
        "(default: all are predicted)",
    )
    parser.add_argument(
        "--beam",
        type=whole(BEAM),
        metavar="K",
        help="width of the beam; 1 is greedy (default: that of the model; with --nbest or --scores at least 8)",
    )
    parser.add_argument(
        "--nbest", type=whole(NBEST), metavar="N", help="write the best N trees of each sentence, one after the other"
    )
    parser.add_argument(
        "--scores",
        action="store_true",
        help="write the score and probability of each tree into comments, and the confidence of each arc into MISC",
    )
    parser.add_argument(
        "--samples",
        type=whole(SAMPLES),
        metavar="N",
        help="with --scores: number of trees drawn from the model to estimate confidences; 0: use the trees of the "
        "beam (default: 32)",
    )
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Parse the input and write it; return 1 if a sentence could not be parsed."""
    if args.svg and not args.trace:
        raise ConfigurationError("--svg draws the beam that --trace shows; add --trace, and --beam 2 or more")
    _check_scores(args)
    check_stream(args)
    known = known_formats(args)
    target = target_format(args, known)
    pipeline, tally = load_pipeline(args), Tally()
    if args.trace or args.nbest or args.scores:
        sentences = tally.counted(input_sentences(args, known, pipeline.divide, tally.skipped))
        if args.trace:
            _print_traces(pipeline, sentences, args, tally.failed)
        else:
            scored = _scored(pipeline, sentences, args, tally.failed)
            write_found(scored, args, target)
    else:
        work = partial(pipeline.parse_sentences, beam=args.beam, given_tags=args.given == "tags")
        write_results(work, args, known, target, pipeline.divide, tally)
    return tally.close(args.verbose)


def _check_scores(args: argparse.Namespace) -> None:
    """Raise ConfigurationError if options contradict each other."""
    if (args.scores or args.nbest) and args.trace:
        raise ConfigurationError("--trace shows derivations, not trees; leave out --nbest and --scores")
    if args.to and args.trace:
        raise ConfigurationError(f"--trace shows derivations, not trees; leave out --to {args.to}")
    if args.workers > 1 and (args.scores or args.nbest or args.trace):
        raise ConfigurationError(f"--workers {args.workers} makes trees alone; leave out --trace, --nbest and --scores")
    if args.samples is not None and not args.scores:
        raise ConfigurationError(f"--samples {args.samples} goes with --scores; add it")
    check_nbest(args.nbest, args.beam)


def _scored(
    pipeline: Pipeline,
    sentences: Iterable[Sentence],
    args: argparse.Namespace,
    on_error: Callable[[Sentence, Exception], None],
) -> Iterator[Sentence]:
    from arcparse.batches import stream
    from arcparse.parser.parse import SAMPLES as DEFAULT_SAMPLES
    from arcparse.parser.parse import ranked

    samples = DEFAULT_SAMPLES if args.samples is None else args.samples
    settings = {"beam": args.beam, "samples": samples if args.scores else 0, "given_tags": args.given == "tags"}
    for batch in stream(sentences, 1 if args.stream else args.batch_size):
        found = pipeline.nbest_sentences(batch, args.nbest or 1, **settings, on_error=on_error)
        for sentence, trees in zip(batch, found, strict=True):
            if not trees:
                yield sentence
            for rank, tree in enumerate(trees, 1):
                shown = replace(tree, sentence=ranked(tree.sentence, rank)) if args.nbest else tree
                yield shown.annotated() if args.scores else shown.sentence


def _print_traces(
    pipeline: Pipeline,
    sentences: Iterable[Sentence],
    args: argparse.Namespace,
    on_error: Callable[[Sentence, Exception], None],
) -> None:
    from arcparse.cli.beam import beam_table
    from arcparse.cli.beam_figure import beam_figure
    from arcparse.cli.derivation import table
    from arcparse.cli.pictures import write_bytes
    from arcparse.parser.beam_trace import BeamTrace, beam_trace
    from arcparse.parser.trace import derivation

    out, given = standard_output(), args.given == "tags"
    beam = args.beam or pipeline.parser.config.beam
    drawn: list[tuple[Sentence, BeamTrace]] = []
    for sentence in sentences:
        try:
            [tagged] = pipeline.tag_sentences([sentence], given)
            if beam > 1 or args.svg:
                trace = beam_trace(pipeline.parser, tagged, beam, given_tags=given)
                drawn += [(sentence, trace)] if args.svg else []
            if beam > 1:
                shown = beam_table(sentence, trace)
            else:
                shown = table(sentence, derivation(pipeline.parser, tagged, given_tags=given))
        except (ArcparseError, RuntimeError, ValueError) as error:
            on_error(sentence, error)
        else:
            print(shown, file=out, flush=args.stream)
    if args.svg:
        write_bytes(beam_figure(drawn).encode("utf-8"), args.svg)
