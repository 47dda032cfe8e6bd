"""What `parse` and `tag` read and write: TEXT, a file or standard input, in any format of `arcparse convert`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from typing import TextIO, cast

from arcparse import formats
from arcparse.cli.skipping import Skipped
from arcparse.cli.streams import AS_INPUT, STANDARD_INPUT, no_file, standard_input
from arcparse.formats import Format
from arcparse.formats.source import Source
from arcparse.sentence import Sentence
from arcparse.tokenizer.reading import Divide, read_text

TEXT, CONLLU = "text", "conllu"
# What running text never looks like; a line of a word or two, or of brackets, may be either.
UNMISTAKABLE = (CONLLU, "conllx", "conll2009", "jsonl", "displacy")
VAGUE = (TEXT, "conllx")  # what a file is named after that holds something else: CoNLL-U in .txt or .conll

Known = dict[str, Format]


def add_input(parser: argparse.ArgumentParser, act: str) -> None:
    """Add what `input_sentences` reads; `act` is what is done with it."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("text", nargs="?", type=no_file(AS_INPUT), metavar="TEXT", help=f"what to {act}")
    source.add_argument("--input", metavar="FILE", help=f"file to {act}, read piece by piece (.gz, .xz, .bz2 too)")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FORMAT",
        help="text, conllu, vertical (a word a line), horizontal (words between spaces)... as `arcparse convert` knows "
        "them (default: CoNLL and JSON by their look, else as the file is named, else text)",
    )
    parser.add_argument(
        "--columns",
        type=lambda names: tuple(names.split(",")),
        default=(),
        metavar="NAMES",
        help="of the format `columns`: form,xpos,Chunk,NER",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="report sentences of the input that are malformed, and pass over them; of text, report bytes that are not "
        "UTF-8, and put U+FFFD in their place",
    )


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add what `target_format` reads, and the tag of formats that have one alone."""
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        help="conllu, jsonl, tagged (word, tab, tag), word_tag (The_DET cat_NOUN)... (default: as --output is named, "
        "but conllu for .txt, and for all else)",
    )
    parser.add_argument(
        "--tag", choices=("upos", "xpos"), default="upos", help="of formats with a single one (default: upos)"
    )


def known_formats(args: argparse.Namespace) -> Known:
    """Return the formats by name, with the columns and the tag that are told."""
    return formats.formats(args.tag, args.columns)


def target_format(args: argparse.Namespace, known: Known) -> Format:
    """Return the format that is to be written. Raises ConfigurationError for one that is not known."""
    if args.to:
        return formats.format_of(args.to, known)
    named = formats.format_named_by(args.output or "", known.values())
    return named if named and named.name != TEXT else known[CONLLU]  # bare text would hold nothing of what was found


def input_sentences(args: argparse.Namespace, known: Known, divide: Divide, skipped: Skipped) -> Iterator[Sentence]:
    """Return the sentences of the input. Raises as `formats.read_sentences` does, unless they are to be skipped."""
    name, location = _location(args)
    source = Source(location, name)
    form = formats.format_of(args.source, known) if args.source else _format(args, source, known)
    on_error = skipped if args.skip_bad else None
    if form.name == TEXT:
        source.strict = False
        return read_text(cast(TextIO, source), name=name, divide=divide, on_error=on_error)
    return formats.read_sentences(cast(TextIO, source), form, name=name, on_error=on_error)


def _location(args: argparse.Namespace) -> tuple[str, str | TextIO]:
    """Return the name of the input and where it is."""
    if args.text is not None:
        return "TEXT", io.StringIO(args.text, newline="")
    if args.input in (None, STANDARD_INPUT):
        return "<stdin>", standard_input()
    return args.input, args.input


def _format(args: argparse.Namespace, source: Source, known: Known) -> Format:
    """Return the format that the input looks like if nothing else does, or that the file is named after, or text."""
    named = formats.format_named_by(args.input or "", known.values())
    if named is None or named.name in VAGUE:
        sample = source.sample()
        looks = formats.guess(sample) if sample.strip() else TEXT
        if looks in UNMISTAKABLE:
            return known[looks]
    return named or known[TEXT]
