"""Look at word vectors: neighbours, analogies, a plot, and de-biasing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse import vectors
from arcparse.cli.options import whole
from arcparse.cli.pictures import write_bytes
from arcparse.cli.streams import text_argument
from arcparse.cli.tables import in_columns
from arcparse.drawing import png
from arcparse.drawing.word_map import word_map
from arcparse.errors import ConfigurationError
from arcparse.settings.limits import COUNT

if TYPE_CHECKING:
    from arcparse.vectors import WordVectors

    Command = Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]

SHIPPED = "en-vectors"
TEXT = vectors.FORMATS[0]  # binary files cannot hold the control characters that some shipped words are made of
PAGE = '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>{}</title></head>\n<body>\n{}</body>\n</html>\n'


def add(command: Command) -> None:
    """Add the commands; `command` adds one by its name, its summary and its function."""
    near = command("nearest", "list the words nearest to words", nearest)
    near.add_argument("words", nargs="+", type=text_argument, metavar="WORD")
    alike = command("analogy", "list words X so that A is to B as C is to X", analogy)
    alike.add_argument("words", nargs=3, type=text_argument, metavar=("A", "B", "C"))
    for parser in (near, alike):
        parser.add_argument("--count", type=whole(COUNT), default=10, help="number of words (default: 10)")
    drawn = command("plot", "draw words as points of a plane, by principal components", plot)
    drawn.add_argument("words", nargs="+", type=text_argument, metavar="WORD")
    drawn.add_argument(
        "--output", type=Path, required=True, metavar="FILE", help="picture to write: .png, .svg or .html"
    )
    fair = command("debias", "remove a bias, shown by pairs of words, from other words", debias)
    fair.add_argument(
        "pairs", type=_pair, nargs="+", metavar="WORD:WORD", help="pairs of words that show the bias: woman:man"
    )
    fair.add_argument("--words", nargs="+", type=text_argument, default=[], metavar="WORD", help="words to neutralise")
    fair.add_argument("--equal", type=_pair, nargs="+", default=[], metavar="WORD:WORD", help="pairs to equalise")
    fair.add_argument("--output", type=Path, metavar="FILE", help="write all vectors, with these changes")
    fair.add_argument(
        "--format", choices=vectors.FORMATS[:3], default=TEXT, help="format of the output (default: %(default)s)"
    )
    for parser in (near, alike, drawn, fair):
        parser.add_argument(
            "--vectors",
            default=SHIPPED,
            metavar="NAME_OR_PATH",
            help="a store, or a model directory of vectors (default: the shipped %(default)s)",
        )


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text_argument(text).partition(":")
    if not first or not second or ":" in second:
        raise argparse.ArgumentTypeError(f"{text!r} is not a pair such as woman:man")
    return first, second


def _opened(args: argparse.Namespace) -> WordVectors:
    from arcparse.lexicon.stores import word_vectors

    return word_vectors(args.vectors)


def nearest(args: argparse.Namespace) -> int:
    """Run `arcparse vectors nearest`."""
    space = _opened(args)
    for word in args.words:
        own = space.words[space.row(word)]
        shown = word if own == word else f"{word} ({own})"
        print(f"{shown}: {_listed(vectors.nearest(space, word, args.count))}")
    return 0


def analogy(args: argparse.Namespace) -> int:
    """Run `arcparse vectors analogy`."""
    a, b, c = args.words
    print(f"{a} : {b} = {c} : {_listed(vectors.analogy(_opened(args), a, b, c, args.count))}")
    return 0


def _listed(found: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{word} {cosine:.3f}" for word, cosine in found)


def plot(args: argparse.Namespace) -> int:
    """Run `arcparse vectors plot`."""
    suffix = args.output.suffix.lower()
    if suffix not in (".png", ".svg", ".html"):
        raise ConfigurationError(f"{args.output}: a plot ends in .png, .svg or .html; change the name")
    drawn = word_map(_opened(args), args.words)
    picture = png(drawn) if suffix == ".png" else _text(drawn, suffix, args.words).encode("utf-8")
    write_bytes(picture, args.output)
    return 0


def _text(drawn: str, suffix: str, words: Sequence[str]) -> str:
    return PAGE.format(escape(", ".join(words)), drawn) if suffix == ".html" else drawn


def debias(args: argparse.Namespace) -> int:
    """Run `arcparse vectors debias`."""
    before = _opened(args)
    direction = vectors.direction_of(before, args.pairs)
    after = vectors.debias(before, args.pairs, args.words, args.equal)
    rows = [["word", "before", "after"]]
    for word in dict.fromkeys([*args.words, *(word for pair in args.equal for word in pair)]):
        along = (float(space.directions[before.row(word)] @ direction) for space in (before, after))
        rows.append([word, *(f"{round(value, 3) + 0.0:+.3f}" for value in along)])  # 0.0: no -0.000
    print("\n".join(in_columns(rows, right=(1, 2))))
    if args.output:
        kept = [word for word in after.words if vectors.can_hold(args.format, word)]
        written = vectors.WordVectors(kept, after.matrix[after.rows(kept)])
        vectors.save_vectors(written.keyed(), args.output, args.format)
        left = f"; {len(after) - len(kept)} that {args.format} cannot hold left out" if len(kept) < len(after) else ""
        print(f"{args.output}: {len(kept)} words, {after.matrix.shape[1]} values each{left}")
    return 0
