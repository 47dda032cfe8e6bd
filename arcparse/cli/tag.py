"""`arcparse tag`: tags for text, tokens or a treebank, in any format, without trees."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.inputs import add_input, add_target, known_formats, target_format
from arcparse.cli.options import add_model_options, load_pipeline
from arcparse.cli.results import check_stream, write_results
from arcparse.cli.tally import Tally
from arcparse.tagger.dictionary import read_dictionary

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "tag",
        help=SUBCOMMANDS["tag"],
        description="Tag text, or sentences of any format of `arcparse convert`, from standard input if neither TEXT "
        "nor --input is given. A tagger of spans, such as chunks or names, writes these into MISC, and reads the tags "
        "that it has learnt with. A sentence that cannot be tagged is reported and written unchanged, and the exit "
        "status is 1.",
    )
    add_input(parser, "tag")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write, after all is tagged (default: standard output)"
    )
    add_target(parser)
    parser.add_argument(
        "--given", choices=("tags",), help="keep the tags of the input; only those that are `_` are predicted"
    )
    parser.add_argument(
        "--dictionary",
        metavar="FILE",
        help="file with a line for each form: form, UPOS, XPOS, FEATS, with tabs between",
    )
    add_model_options(parser)
    parser.set_defaults(run=run, tag=None)


def run(args: argparse.Namespace) -> int:
    """Tag the input and write it; return 1 if a sentence could not be tagged."""
    check_stream(args)
    dictionary = read_dictionary(args.dictionary) if args.dictionary else None
    pipeline, tally = load_pipeline(args), Tally("tagged")
    args.tag = args.tag or next(iter(pipeline.reads), "upos")
    known = known_formats(args)
    target = target_format(args, known)
    work = partial(pipeline.tag_sentences, given_tags=args.given == "tags", dictionary=dictionary)
    write_results(work, args, known, target, pipeline.divide, tally)
    return tally.close(args.verbose)
