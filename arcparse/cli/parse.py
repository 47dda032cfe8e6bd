"""`arcparse parse`: text or CoNLL-U to trees, or the derivations that lead to them."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from arcparse.cli.derivation import table
from arcparse.cli.options import add_model_options, load_pipeline, whole
from arcparse.cli.streams import standard_input, standard_output
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.limits import BEAM, NBEST, SAMPLES
from arcparse.raw_text import Divide, read_text
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu, write_conllu

if TYPE_CHECKING:
    from arcparse.pipeline import Pipeline

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

COMPRESSED = (".gz", ".xz", ".bz2")
CONLLU = (".conllu", ".conll")
STANDARD_INPUT = "-"


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "parse",
        help="tag and parse text or CoNLL-U",
        description="Tag and parse text or CoNLL-U, from standard input where neither TEXT nor --input is given, and "
        "print CoNLL-U. A sentence that cannot be parsed is reported, comes out as it came, and makes the status 1.",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("text", nargs="?", metavar="TEXT", help="what to parse")
    source.add_argument("--input", metavar="FILE", help="file to parse, read piece by piece (.gz, .xz, .bz2 too)")
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--output", type=Path, metavar="FILE", help="file to write, once all is parsed")
    target.add_argument(
        "--trace",
        action="store_true",
        help="print each derivation, step by step, in place of the trees; with --beam 2 or more, the beam at each step",
    )
    parser.add_argument("--svg", type=Path, metavar="FILE", help="with --trace: draw the beam as a graph, too")
    parser.add_argument(
        "--from",
        dest="format",
        choices=("text", "conllu"),
        help="what the input is (default: conllu for a file named .conllu or .conll, else text)",
    )
    parser.add_argument(
        "--given",
        choices=("tags",),
        help="keep UPOS, XPOS and FEATS of the input and parse with them, and make those that are `_`; else make all",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="report sentences of a CoNLL-U input that are malformed, and pass over them",
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
    pipeline = load_pipeline(args)
    tally = Tally()
    sentences = tally.counted(_sentences(args, pipeline.divide, tally.skipped if args.skip_bad else None))
    if args.trace:
        _print_traces(pipeline, sentences, args, tally.failed)
    else:
        parsed = _scored if args.nbest or args.scores else _parsed
        write_conllu(parsed(pipeline, sentences, args, tally.failed), args.output or standard_output())
    return tally.close(args.verbose)


def _check_scores(args: argparse.Namespace) -> None:
    """Raise ConfigurationError where options contradict."""
    if (args.scores or args.nbest) and args.trace:
        raise ConfigurationError("--trace shows derivations, not trees; leave out --nbest and --scores")
    if args.samples is not None and not args.scores:
        raise ConfigurationError(f"--samples {args.samples} goes with --scores; add it")
    if args.nbest and args.beam and args.nbest > args.beam:
        raise ConfigurationError(f"--nbest {args.nbest} needs a beam as wide; --beam is {args.beam}")


class Tally:
    """What has been read, what failed, and since when."""

    def __init__(self, done: str = "parsed") -> None:
        """Begin to count, and start the clock; `done` is what messages call it."""
        self.done = done
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
        reason = str(error).partition("\n")[0] or type(error).__name__
        name = sentence.comment("sent_id")
        place = f"{sentence.place} (sent_id {name})" if name else sentence.place
        print(f"arcparse: {place}: not {self.done}: {reason}", file=sys.stderr)

    def skipped(self, error: ArcparseError) -> None:
        """Report a sentence that could not be read."""
        print(f"arcparse: {error}: skipped", file=sys.stderr)

    def close(self, verbose: bool) -> int:
        """Tell the failures and, if `verbose` or in a terminal, the speed; return the exit status."""
        seconds = time.perf_counter() - self.start
        if self.failures:
            print(f"arcparse: {self.failures} of {self.sentences} sentences could not be {self.done}", file=sys.stderr)
        if verbose or sys.stderr.isatty():
            speed = f"{seconds:.2f} seconds, {self.words / seconds:.0f} words/s"
            print(f"{self.sentences} sentences, {self.words} words, {speed}", file=sys.stderr)
        return 1 if self.failures else 0


def _sentences(
    args: argparse.Namespace, divide: Divide, on_error: Callable[[ArcparseError], None] | None
) -> Iterator[Sentence]:
    from_stdin = args.text is None and args.input in (None, STANDARD_INPUT)
    name = "TEXT" if args.text is not None else "<stdin>" if from_stdin else args.input
    is_conllu = (args.format or _format(name)) == "conllu"
    source: TextIO | str = name
    if args.text is not None:
        source = io.StringIO(args.text, newline="")
    elif from_stdin:  # CoNLL-U with bytes that are no UTF-8 is refused, or passed over, where they stand
        source = standard_input("utf-8-sig", "surrogateescape" if is_conllu else "strict")
    if is_conllu:
        return read_conllu(source, name=name, on_error=on_error)
    return read_text(source, name=name, divide=divide)


def _format(name: str) -> str:
    """Guess what a file holds by its name."""
    path = Path(name.lower())
    suffix = Path(path.stem).suffix if path.suffix in COMPRESSED else path.suffix
    return "conllu" if suffix in CONLLU else "text"


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
        args.svg.write_text(beam_figure(drawn), encoding="utf-8")
