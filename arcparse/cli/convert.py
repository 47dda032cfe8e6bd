"""`arcparse convert`: treebanks from format to format, with transformations on the way."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tqdm import tqdm

from arcparse import formats, transform
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_format, add_target, check_standard_input, known_formats, target_format, treebank
from arcparse.cli.options import whole
from arcparse.cli.steps import Surroundings, add_steps
from arcparse.cli.streams import STANDARD_INPUT, standard_output
from arcparse.cli.tables import in_columns
from arcparse.cli.tally import Skipped
from arcparse.errors import ConfigurationError
from arcparse.files import make_folder
from arcparse.formats import SentenceWriter
from arcparse.sentence import Sentence
from arcparse.settings.limits import SEED

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

PART = "{part}"
MOST_FOLDS = 100  # files that are open at a time


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    names = in_columns([(known.name, known.summary) for known in formats.formats().values()])
    parser = subparsers.add_parser(
        "convert",
        help=SUBCOMMANDS["convert"],
        description="Convert treebanks from format to format. Losses are reported once, with "
        "counts. Formats:\n\n  " + "\n  ".join(names),
        epilog=(formats.__doc__ or "").partition("\n\n")[2].partition("\n    format        the")[0].rstrip(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="files (.gz, .xz, .bz2 too), folders, patterns, or - for standard input, which is the default",
    )
    add_format(parser)
    add_target(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="file to write, or a folder, for one file for each input (default: standard output)",
    )
    parser.add_argument("--strict", action="store_true", help="fail if anything would be lost")
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="report and pass over sentences that cannot be read or written; bytes that are not UTF-8 become U+FFFD",
    )
    _add_transformations(parser)
    parser.set_defaults(run=run)


def _add_transformations(parser: argparse.ArgumentParser) -> None:
    add_steps(parser.add_argument_group("transformations", "applied in the given order"))
    parser.add_argument("--seed", type=whole(SEED), default=0, metavar="N", help="seed of --sample (default: 0)")
    division = parser.add_mutually_exclusive_group()
    division.add_argument(
        "--split",
        type=_shares,
        metavar="SHARES",
        help=f"divide by document into parts, for example train=8,dev=1,test=1; the names take the place of {PART} in "
        "--output",
    )
    division.add_argument(
        "--folds",
        type=_folds,
        metavar="K",
        help=f"divide by document into K files; 1 to K take the place of {PART} in --output",
    )


def _shares(text: str) -> dict[str, float]:
    try:
        return {name: float(share) for name, share in (part.split("=") for part in text.split(","))}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} has another form than train=8,dev=1,test=1") from None


def _folds(text: str) -> dict[str, float]:
    if not text.isdecimal() or not 2 <= int(text) <= MOST_FOLDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 2 to {MOST_FOLDS}")
    return {str(fold): 1.0 for fold in range(1, int(text) + 1)}


def run(args: argparse.Namespace) -> int:
    """Convert and report the losses; return 1 if a sentence was passed over or a byte replaced."""
    job = _Job(args)
    shares = args.split or args.folds
    if shares:
        job.divide(shares)
    elif args.output and (args.output.endswith(("/", os.sep)) or Path(args.output).is_dir()):
        job.convert_each(Path(args.output))
    else:
        job.convert_all()
    job.tell()
    return 1 if job.skipped.sentences or job.skipped.lines else 0


class _Job:
    """One run of the command: its files, its formats and its losses."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Find the formats and the files. Raises ConfigurationError or TreebankError if one does not exist."""
        self._args, known = args, known_formats(args)
        if args.source:
            formats.format_of(args.source, known)
        self._target = target_format(args, known)
        suffixes = {suffix for each in known.values() for suffix in each.suffixes}
        self._files = formats.expanded(args.inputs or [STANDARD_INPUT], suffixes)
        check_standard_input(*self._files)
        self.skipped = Skipped()
        self._on_error = self.skipped if args.skip_bad else None
        self._lost: Counter[str] = Counter()

    def convert_all(self) -> None:
        """Convert all inputs to one output."""
        with formats.opened(self._args.output or standard_output()) as stream:
            self._write(stream, self._transformed(self._sentences(self._files)))

    def convert_each(self, folder: Path) -> None:
        """Convert each input to a file in a folder, with the same name but another suffix."""
        targets = {file: folder / (_stem(file) + self._target.suffixes[0]) for file in self._files}
        if len(set(targets.values())) < len(targets):
            raise ConfigurationError(f"{folder}: two inputs have the same name; convert them to different folders")
        make_folder(folder)
        for file, target in targets.items():
            with formats.opened(target) as stream:
                self._write(stream, self._transformed(self._sentences([file])))

    def divide(self, shares: dict[str, float]) -> None:
        """Convert to one output for each part."""
        pattern = self._args.output or ""
        if PART not in pattern:
            raise ConfigurationError(f"--output {pattern!r}: write {PART} in the place of the part's name")
        with ExitStack() as stack:
            writers = {
                part: self._writer(stack.enter_context(formats.opened(pattern.replace(PART, part)))) for part in shares
            }
            divided = transform.parts(self._transformed(self._sentences(self._files)), shares)
            for part, group in groupby(divided, key=itemgetter(0)):
                writers[part].write(sentence for _, sentence in group)
        for writer in writers.values():
            self._lost.update(writer.lost)

    def tell(self) -> None:
        """Report the losses, and the number of sentences that were passed over."""
        if self._lost:
            counts = ", ".join(f"{lost} ({number})" for lost, number in self._lost.most_common())
            print(f"arcparse: {self._target.name} cannot hold: {counts}", file=sys.stderr)
        self.skipped.tell()

    def _write(self, stream: TextIO, sentences: Iterable[Sentence]) -> None:
        writer = self._writer(stream)
        writer.write(sentences)
        self._lost.update(writer.lost)

    def _writer(self, stream: TextIO) -> SentenceWriter:
        return SentenceWriter(stream, self._target, strict=self._args.strict, on_error=self._on_error)

    def _sentences(self, files: Sequence[str]) -> Iterator[Sentence]:
        with tqdm(unit="word", unit_scale=True, leave=False, disable=None) as bar:
            for file in files:
                bar.set_description(Path(file).name)
                for sentence in treebank(file, self._args, self._on_error):
                    bar.update(len(sentence))
                    yield sentence

    def _transformed(self, sentences: Iterator[Sentence]) -> Iterator[Sentence]:
        surroundings = Surroundings(self._args.seed, formats.read_sentences)
        for step, value in self._args.steps:
            sentences = step.make(value, surroundings)(sentences)
        return sentences


def _stem(file: str) -> str:
    """Return the name of a file without its suffixes: `en` for `en.conllu.xz`."""
    path = Path("stdin" if file == STANDARD_INPUT else file)
    return Path(path.stem).stem if path.suffix in formats.COMPRESSED else path.stem
