"""The input of commands: treebanks of any format of `arcparse convert`, and text for `parse` and `tag`."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from typing import TextIO, cast

from arcparse import formats
from arcparse.cli.streams import AS_INPUT, STANDARD_INPUT, located, no_file, standard_input, text_argument
from arcparse.cli.tally import Skipped
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.formats import Format
from arcparse.formats.source import Source, Trickle
from arcparse.sentence import Sentence
from arcparse.tokenizer.pieces import read_lines, read_paragraphs
from arcparse.tokenizer.reading import Divide, read_text

TEXT, LINES, CONLLU = "text", "lines", "conllu"
# Running text never looks like these; a line of a word or two, or of brackets, may be either.
UNMISTAKABLE = (CONLLU, "conllx", "conll2009", "jsonl", "displacy")
CHUNKED = ("conll2000", "conll2003")  # text never looks like these in several lines
VAGUE = (TEXT, "conllx")  # a file of these names may hold something else: CoNLL-U in .txt or .conll

Known = dict[str, Format]


# Options


def add_input(parser: argparse.ArgumentParser, act: str) -> None:
    """Add the options that `input_sentences` reads; `act` is the verb for the work on them."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("text", nargs="?", type=no_file(AS_INPUT), metavar="TEXT", help=f"text to {act}")
    source.add_argument(
        "--input",
        metavar="FILE",
        help=f"file to {act}, of any format and size (.gz, .xz, .bz2 too); - for standard input",
    )
    source.add_argument(
        "--stream",
        action="store_true",
        help="answer standard input while it comes in: text paragraph by paragraph, other formats (--from) sentence by "
        "sentence",
    )
    add_format(parser, tag="upos")
    add_skip_bad(parser)


def add_format(parser: argparse.ArgumentParser, *, tag: str | None = None) -> None:
    """Add the options that `treebank` reads; `tag` is the default column of formats with a single tag."""
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FORMAT",
        help="format of the input, from the list in `arcparse convert --help` (default: known from its content and "
        "name)",
    )
    parser.add_argument(
        "--columns",
        type=_names,
        default=(),
        metavar="NAMES",
        help="columns of the format `columns`: form,xpos,Chunk,NER",
    )
    parser.add_argument(
        "--tag",
        choices=("upos", "xpos"),
        default=tag,
        help=f"the tag in formats that have a single one (default: {tag or 'xpos; in displacy and dot, upos'})",
    )


def add_skip_bad(parser: argparse.ArgumentParser) -> None:
    """Add the option to go on after malformed input."""
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="report malformed sentences and pass over them; in text, report bytes that are not UTF-8 and replace them "
        "by U+FFFD",
    )


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the option that `target_format` reads."""
    parser.add_argument(
        "--to",
        metavar="FORMAT",
        help="format of the output, one of those that `arcparse convert --help` lists (default: that of the name of "
        "--output, but conllu for .txt and for every other name)",
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text_argument(text).split(","))


# Formats


def known_formats(args: argparse.Namespace) -> Known:
    """Return the formats by name, with the columns and the tag of the options."""
    return formats.formats(args.tag, args.columns)


def target_format(args: argparse.Namespace, known: Known) -> Format:
    """Return the format of the output. Raises ConfigurationError for an unknown one."""
    if args.to:
        return formats.format_of(args.to, known)
    named = formats.format_named_by(args.output or "", known.values())
    return named if named and named.name != TEXT else known[CONLLU]  # bare text would hold nothing of what was found


# Sentences


def treebank(place: str, args: argparse.Namespace, skipped: Skipped | None = None) -> Iterator[Sentence]:
    """Return the sentences of a file, or of standard input if its name is `-`.

    Malformed ones are handed to `skipped`, if it is given. Raises as `formats.read_sentences` otherwise.
    """
    known = known_formats(args)
    location, name = located(place)
    source = Source(location, name)
    target = formats.format_of(args.source, known) if args.source else _format(source, known)
    return formats.read_sentences(cast(TextIO, source), target, on_error=skipped)


def gold_sentences(place: str, args: argparse.Namespace) -> list[Sentence]:
    """Return the sentences of a file with gold trees. Raises TreebankError if there are none."""
    found = list(treebank(place, args))
    if not found:
        raise TreebankError(f"{located(place)[1]}: holds no sentence to compare with; name a file of gold trees")
    return found


def check_standard_input(*places: str | None) -> None:
    """Raise ConfigurationError if two of the files are standard input, which can be read only once."""
    if places.count(STANDARD_INPUT) > 1:
        raise ConfigurationError(
            "'-' stands for standard input, which can be read once only; name a file for the other"
        )


def input_sentences(args: argparse.Namespace, known: Known, divide: Divide, skipped: Skipped) -> Iterator[Sentence]:
    """Return the sentences of TEXT, --input or standard input; text is divided by `divide`.

    Raises as `formats.read_sentences` does, unless malformed sentences are to be skipped.
    """
    source, chosen = input_source(args, known)
    return sentences_of(source, chosen, divide, skipped if args.skip_bad else None)


def input_source(args: argparse.Namespace, known: Known) -> tuple[Source, Format]:
    """Return TEXT, --input or standard input, with its format. Raises TreebankError if it cannot be read."""
    if args.stream:
        return Trickle(standard_input(), "<stdin>"), formats.format_of(args.source or TEXT, known)
    location, name = (io.StringIO(args.text, newline=""), "TEXT") if args.text is not None else located(args.input)
    source = Source(location, name)
    return source, formats.format_of(args.source, known) if args.source else _format(source, known, default=TEXT)


def sentences_of(source: Source, chosen: Format, divide: Divide, on_error: Skipped | None) -> Iterator[Sentence]:
    """Return the sentences of a source; text is divided by `divide`."""
    if chosen.name in (TEXT, LINES):
        source.strict = False
        read = read_lines if chosen.name == LINES else read_paragraphs if isinstance(source, Trickle) else read_text
        return read(cast(TextIO, source), name=source.name, divide=divide, on_error=on_error)
    return formats.read_sentences(cast(TextIO, source), chosen, on_error=on_error)


def _format(source: Source, known: Known, *, default: str = "") -> Format:
    """Return the format of the input: the unmistakable one, or that of its name, or `default`, or the likeliest one.

    A vague name counts only with a `default`: without one, the input is no text.
    """
    sample = source.sample()
    likeliest = formats.guess(sample) if sample.strip() or not default else default
    if likeliest in UNMISTAKABLE or (likeliest in CHUNKED and sample.strip().count("\n") > 1):
        return known[likeliest]
    named = formats.format_named_by(source.name, known.values())
    if named and (default or named.name not in VAGUE):
        return named
    return known[default or likeliest]
