"""`arcparse parse`: text or sentences of any format to trees, or the derivations that lead to them."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse import formats
from arcparse.cli.derivation import table
from arcparse.cli.inputs import add_input, add_target, input_sentences, known_formats, target_format
from arcparse.cli.options import add_model_options, load_pipeline, whole
from arcparse.cli.skipping import Skipped
from arcparse.cli.streams import standard_output
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
        help="tag and parse text or CoNLL-U",
        description="Tag and parse text, or sentences of any format of `arcparse convert`, from standard input where "
        "neither TEXT nor --input is given. A sentence that cannot be parsed is reported, comes out as it came, and "
        "makes the status 1.",
    )
    add_input(parser, "parse")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--output", type=Path, metavar="FILE", help="file to write, once all is parsed")
    target.add_argument(
        "--trace",
        action="store_true",
        help="print each derivation, step by step, in place of the trees; with --beam 2 or more, the beam at each step",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="with --trace: draw the beam as a graph, too")
    add_target(parser)
    parser.add_argument(
        "--given",
        choices=("tags",),
        help="keep UPOS, XPOS and FEATS of the input and parse with them, and make those that are `_`; else make all",
    )
    parser.add_argument(
        "--beam",
        type=whole(BEAM),
        metavar="K",
        help="hypotheses kept; 1 is greedy (default: the model's own; with --nbest or --scores at least 8)",
    )
    parser.add_argument(
        "--nbest", type=whole(NBEST), metavar="N", help="write the best N trees of each sentence, one after the other"
    )
    parser.add_argument(
        "--scores",
        action="store_true",
        help="write score and probability of each tree into comments, and how sure its arcs are into MISC",
    )
    parser.add_argument(
        "--samples",
        type=whole(SAMPLES),
        metavar="N",
        help="with --scores: trees drawn from the model to know how sure arcs are; 0: ask the beam alone (default: 32)",
    )
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Parse the input and write it; return 1 where a sentence could not be parsed."""
    if args.svg and not args.trace:
        raise ConfigurationError("--svg draws the beam that --trace shows; add --trace, and --beam 2 or more")
    _check_scores(args)
    known = known_formats(args)
    target = target_format(args, known)
    pipeline, tally = load_pipeline(args), Tally()
    sentences = tally.counted(input_sentences(args, known, pipeline.divide, tally.skipped))
    if args.trace:
        _print_traces(pipeline, sentences, args, tally.failed)
    else:
        parsed = _scored if args.nbest or args.scores else _parsed
        found = parsed(pipeline, sentences, args, tally.failed)
        formats.write_sentences(found, args.output or standard_output(), target)
    return tally.close(args.verbose)


def _check_scores(args: argparse.Namespace) -> None:
    """Raise ConfigurationError where options contradict."""
    if (args.scores or args.nbest) and args.trace:
        raise ConfigurationError("--trace shows derivations, not trees; leave out --nbest and --scores")
    if args.to and args.trace:
        raise ConfigurationError(f"--trace shows derivations, not trees; leave out --to {args.to}")
    if args.samples is not None and not args.scores:
        raise ConfigurationError(f"--samples {args.samples} goes with --scores; add it")
    if args.nbest and args.beam and args.nbest > args.beam:
        raise ConfigurationError(f"--nbest {args.nbest} needs a beam as wide; --beam is {args.beam}")


class Tally:
    """What has been read, what failed, and since when."""

    def __init__(self, done: str = "parsed") -> None:
        """Begin to count, and start the clock; `done` is what messages call it."""
        self.done, self.skipped = done, Skipped()
        self.sentences = self.words = self.failures = 0
        self.start = time.perf_counter()

    def counted(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """Hand sentences on and count them."""
        for sentence in sentences:
            self.sentences += 1
            self.words += len(sentence)
            yield sentence

    def failed(self, sentence: Sentence, error: Exception) -> None:
        """Report a sentence that could not be worked on."""
        self.failures += 1
        told = str(error).partition("\n")[0].removeprefix(f"{sentence.place}: ")  # the place is said once
        reason = told or type(error).__name__
        name = sentence.comment("sent_id")
        place = f"{sentence.place} (sent_id {name})" if name else sentence.place
        print(f"arcparse: {place}: not {self.done}: {reason}", file=sys.stderr)

    def close(self, verbose: bool) -> int:
        """Tell the failures and, if `verbose` or in a terminal, the speed; return the exit status."""
        seconds = time.perf_counter() - self.start
        self.skipped.tell()
        if self.failures:
            print(f"arcparse: {self.failures} of {self.sentences} sentences could not be {self.done}", file=sys.stderr)
        if verbose or sys.stderr.isatty():
            speed = f"{seconds:.2f} seconds, {self.words / seconds:.0f} words/s"
            print(f"{self.sentences} sentences, {self.words} words, {speed}", file=sys.stderr)
        return 1 if self.failures else 0


def _parsed(
    pipeline: Pipeline,
    sentences: Iterable[Sentence],
    args: argparse.Namespace,
    on_error: Callable[[Sentence, Exception], None],
) -> Iterator[Sentence]:
    from arcparse.batches import stream

    given = args.given == "tags"
    for batch in stream(sentences, args.batch_size):
        yield from pipeline.parse_sentences(batch, beam=args.beam, given_tags=given, on_error=on_error)


def _scored(
    pipeline: Pipeline,
    sentences: Iterable[Sentence],
    args: argparse.Namespace,
    on_error: Callable[[Sentence, Exception], None],
) -> Iterator[Sentence]:
    from arcparse.batches import stream
    from arcparse.parser.nbest import SAMPLES as DEFAULT_SAMPLES
    from arcparse.parser.nbest import ranked

    samples = DEFAULT_SAMPLES if args.samples is None else args.samples
    settings = {"beam": args.beam, "samples": samples if args.scores else 0, "given_tags": args.given == "tags"}
    for batch in stream(sentences, args.batch_size):
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
                trace = beam_trace(pipeline.parser, tagged, beam, given=given)
                drawn += [(sentence, trace)] if args.svg else []
            if beam > 1:
                shown = beam_table(sentence, trace)
            else:
                shown = table(sentence, derivation(pipeline.parser, tagged, given=given))
        except (ArcparseError, RuntimeError, ValueError) as error:
            on_error(sentence, error)
        else:
            print(shown, file=out)
    if args.svg:
        write_bytes(beam_figure(drawn).encode("utf-8"), args.svg)
