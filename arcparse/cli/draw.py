"""`arcparse draw`: trees as SVG, PNG, one page of HTML, or Unicode text."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice, repeat, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse import drawing
from arcparse.cli import SUBCOMMANDS
from arcparse.cli.derivation import title
from arcparse.cli.inputs import add_format, add_skip_bad, check_standard_input, treebank
from arcparse.cli.options import whole
from arcparse.cli.pictures import write_bytes
from arcparse.cli.streams import no_file, standard_output, text_argument
from arcparse.cli.tally import Skipped
from arcparse.drawing import Diagram
from arcparse.drawing.colours import COLOURINGS
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.files import make_folder, readable
from arcparse.formats import opened
from arcparse.sentence import Sentence
from arcparse.settings.limits import WIDTH

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

FORMATS = ("text", "svg", "png", "html")
NOT_IN_NAMES = re.compile(r"[^\w.-]+")
NAME_LENGTH = 100  # characters of a file's name

Named = tuple[str, Diagram]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "draw",
        help=SUBCOMMANDS["draw"],
        description="Draw the trees of a treebank, or of a text that is parsed. A text or HTML page holds many "
        "sentences; an SVG or PNG file holds one, so that for many sentences --output is a folder.",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("file", nargs="?", metavar="FILE", help="treebank of any format; - for standard input")
    text = no_file("the output of `arcparse parse --input {}` as FILE, or the file itself if it holds trees")
    source.add_argument("--text", type=text, metavar="TEXT", help="text to parse and draw")
    parser.add_argument(
        "--model", metavar="NAME_OR_PATH", help="for --text: name of a shipped model, or path of a model (default: en)"
    )
    parser.add_argument(
        "--gold", metavar="FILE", help="gold trees of the same words: draw both and mark the differences"
    )
    add_format(parser)
    add_skip_bad(parser)
    parser.add_argument(
        "--format", choices=FORMATS, help="format of the output (default: that of the name of --output, else text)"
    )
    parser.add_argument(
        "--output", type=Path, metavar="PATH", help="file to write, or folder for SVG and PNG of many sentences"
    )
    parser.add_argument(
        "--select",
        type=_names,
        metavar="NAME,NAME",
        help="sentences to draw, by sent_id or by number from 1 (default: all)",
    )
    parser.add_argument(
        "--colour",
        choices=COLOURINGS,
        default="none",
        help="colour arcs by label, or by HeadConfidence in MISC (default: none)",
    )
    parser.add_argument(
        "--width",
        type=whole(WIDTH),
        metavar="N",
        help="break sentences that are wider; in pixels, for text in cells of a terminal",
    )
    parser.set_defaults(run=run)


def _names(text: str) -> frozenset[str]:
    return frozenset(text_argument(text).split(","))


def run(args: argparse.Namespace) -> int:
    """Draw; return the exit status."""
    check_standard_input(args.file, args.gold)
    skipped = Skipped() if args.skip_bad else None
    diagrams = _diagrams(args, skipped)
    target = args.format or _format(args.output)
    if target == "text":
        width = args.width or _terminal_width(args.output)
        _write((f"{name}\n{drawing.text(diagram, width=width)}\n" for name, diagram in diagrams), args.output)
    elif target == "html":
        heading = readable(args.file or args.text)
        _write(drawing.page(diagrams, title=heading, colour=args.colour, width=_pixels(args)), args.output)
    else:
        _draw_each(diagrams, target, args)
    if skipped:
        skipped.tell()
    return 0


def _format(output: Path | None) -> str:
    suffix = output.suffix[1:].lower() if output else ""
    return {"htm": "html"}.get(suffix, suffix if suffix in FORMATS else "text")


def _terminal_width(output: Path | None) -> int:
    return shutil.get_terminal_size().columns if output is None and sys.stdout.isatty() else drawing.TEXT_WIDTH


def _pixels(args: argparse.Namespace) -> float:
    return float(args.width or drawing.WIDTH)


def _diagrams(args: argparse.Namespace, skipped: Skipped | None) -> Iterator[Named]:
    """Yield the drawings of the chosen sentences, each with its name."""
    sentences = _parsed(args.text, args.model) if args.text is not None else treebank(args.file, args, skipped)
    golds = None if args.gold is None else treebank(args.gold, args, skipped)
    pairs = zip(sentences, repeat(None)) if golds is None else _paired(sentences, golds, args.gold)
    found = set()
    for position, (sentence, gold) in enumerate(pairs, 1):
        names = {str(position), sentence.comment("sent_id") or ""}
        if args.select and not names & args.select:
            continue
        found |= names
        name = title(sentence) if sentence.comment("sent_id") else f"{position}: {sentence.text}"
        yield name, drawing.diagram(sentence) if gold is None else drawing.overlay(gold, sentence)
    missing = sorted((args.select or set()) - found)
    if missing:
        raise ConfigurationError(
            f"--select: no sentence has the name or number {missing[0]!r}; give sent_ids, or numbers from 1"
        )


def _parsed(text: str, model: str | None) -> Iterator[Sentence]:
    from arcparse.pipeline import DEFAULT_MODEL, load

    yield from load(model or DEFAULT_MODEL).parse(text)


def _paired(sentences: Iterable[Sentence], golds: Iterable[Sentence], name: str) -> Iterator[tuple[Sentence, Sentence]]:
    for position, (sentence, gold) in enumerate(zip_longest(sentences, golds), 1):
        if sentence is None or gold is None:
            shorter = name if gold is None else "the system"
            raise TreebankError(f"{name}: {shorter} ends before sentence {position}; give the same sentences twice")
        yield sentence, gold


def _draw_each(diagrams: Iterable[Named], target: str, args: argparse.Namespace) -> None:
    """Write one picture to the output, or each to its own file if the output is a folder."""
    named = ((name, _picture(diagram, target, args)) for name, diagram in diagrams)
    if args.output is not None and (args.output.is_dir() or not args.output.suffix):
        make_folder(args.output)
        for position, (name, picture) in enumerate(named, 1):
            write_bytes(picture, args.output / f"{position:04}-{_file_name(name)}.{target}")
        return
    pictures = [picture for _, picture in islice(named, 2)]
    if len(pictures) != 1:
        raise ConfigurationError(
            f"{target} holds one sentence, found {'more' if pictures else 'none'}; give a folder as --output, "
            "choose one with --select, or take --format html"
        )
    if args.output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(pictures[0])
    else:
        write_bytes(pictures[0], args.output)


def _picture(diagram: Diagram, target: str, args: argparse.Namespace) -> bytes:
    drawn = drawing.svg(diagram, colour=args.colour, width=_pixels(args))
    return drawing.png(drawn) if target == "png" else drawn.encode("utf-8")


def _file_name(name: str) -> str:
    return NOT_IN_NAMES.sub("_", name.partition(":")[0])[:NAME_LENGTH].strip("._") or "sentence"


def _write(pieces: Iterable[str], output: Path | None) -> None:
    with opened(output or standard_output()) as file:
        for piece in pieces:
            file.write(piece)
