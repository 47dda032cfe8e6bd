"""`arcparse tag`: tags for text, tokens or a treebank, in any format, without trees."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from arcparse import formats
from arcparse.cli.options import add_model_options, load_pipeline
from arcparse.cli.parse import STANDARD_INPUT, Tally
from arcparse.cli.streams import standard_input, standard_output
from arcparse.dictionary import read_dictionary
from arcparse.raw_text import Divide, read_text
from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.formats import Format

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "tag",
        help="tag text, tokens or a treebank",
        description="Tag text, or sentences of any format of `arcparse convert`, from standard input where neither "
        "TEXT nor --input is given. A sentence that cannot be tagged is reported, comes out as it came, and makes the "
        "status 1.",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("text", nargs="?", metavar="TEXT", help="what to tag")
    source.add_argument("--input", metavar="FILE", help="file to tag, read piece by piece (.gz, .xz, .bz2 too)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write, once all is tagged")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FORMAT",
        help="conllu, vertical (a word a line), horizontal (words between spaces), text... (default: as the file is "
        "named, else text)",
    )
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        help="conllu, tagged (word, tab, tag), word_tag (The_DET cat_NOUN)... (default: as --output is named, else "
        "conllu)",
    )
    parser.add_argument(
        "--tag", choices=("upos", "xpos"), default="upos", help="of formats with a single one (default: upos)"
    )
    parser.add_argument(
        "--given", choices=("tags",), help="keep the tags of the input, and make those that are `_`; else make all"
    )
    parser.add_argument(
        "--dictionary", metavar="FILE", help="forms and their UPOS, XPOS, FEATS, a form a line, tabs between"
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="report sentences of the input that are malformed, and pass over them"
    )
    add_model_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tag the input and write it; return 1 where a sentence could not be tagged."""
    from arcparse.batches import stream

    dictionary = read_dictionary(args.dictionary) if args.dictionary else None
    known = formats.formats(args.tag)
    target = _chosen(args.to, args.output, known, "conllu")
    pipeline, tally = load_pipeline(args), Tally("tagged")
    given = args.given == "tags"
    tagged = (
        sentence
        for batch in stream(tally.counted(_sentences(args, known, pipeline.divide, tally)), args.batch_size)
        for sentence in pipeline.tag_sentences(batch, given, dictionary=dictionary, on_error=tally.failed)
    )
    formats.write_sentences(tagged, args.output or standard_output(), target)
    return tally.close(args.verbose)


def _sentences(args: argparse.Namespace, known: dict[str, Format], divide: Divide, tally: Tally) -> Iterator[Sentence]:
    from_stdin = args.text is None and args.input in (None, STANDARD_INPUT)
    name = "TEXT" if args.text is not None else "<stdin>" if from_stdin else args.input
    source: TextIO | str = standard_input("utf-8-sig") if from_stdin else name
    if args.text is not None:
        source = io.StringIO(args.text, newline="")
    form = _chosen(args.source, None if from_stdin else args.input, known, "text")
    if form is known["text"]:
        return read_text(source, name=name, divide=divide)
    return formats.read_sentences(source, form, name=name, on_error=tally.skipped if args.skip_bad else None)


def _chosen(asked: str | None, file: str | Path | None, known: dict[str, Format], default: str) -> Format:
    """Return the format that is asked for, or that the file is named after, or the default one."""
    if asked:
        return formats.format_of(asked, known)
    return formats.format_named_by(file or "", known.values()) or known[default]
