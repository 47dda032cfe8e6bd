"""Options that commands share: how a model is used, and numbers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from arcparse.settings.limits import BATCH_SIZE, THREADS, Range

if TYPE_CHECKING:
    from arcparse.pipeline import Pipeline
    from arcparse.seq2seq import Model

M = TypeVar("M", bound="Model")
SHOWN = 40  # characters of a value in a message


def whole(limits: Range) -> Callable[[str], int]:
    """Return what reads a whole number in a range, as argparse's `type`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number {limits}, not {text[:SHOWN]!r}") from None
        if value not in limits:
            raise argparse.ArgumentTypeError(f"must be {limits}, not {text[:SHOWN]}")
        return value

    return read


def wholes(limits: Range) -> Callable[[str], tuple[int, ...]]:
    """Return what reads whole numbers in a range divided by commas, as argparse's `type`."""
    return lambda text: tuple(map(whole(limits), text.split(",")))


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add what `use_threads` reads."""
    parser.add_argument("--threads", type=whole(THREADS), metavar="N", default=1, help="processor threads (default: 1)")


def use_threads(args: argparse.Namespace) -> None:
    """Let what is called from now on use as many threads as the options say."""
    from arcparse import threads

    threads.use(args.threads)


def add_recurrent_options(parser: argparse.ArgumentParser) -> None:
    """Add what `load_recurrent` reads."""
    parser.add_argument("--model", required=True, metavar="PATH", help="the model's directory")
    add_threads(parser)


def load_recurrent(args: argparse.Namespace, of: type[M]) -> M:
    """Load the recurrent model that the options name, one of a class alone, with as many threads as they say."""
    from arcparse import seq2seq

    use_threads(args)
    return seq2seq.load(args.model, of)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add what `load_pipeline` reads, and how much is done at a time."""
    parser.add_argument(
        "--model", metavar="NAME_OR_PATH", help="a shipped model or one's place; to tag, a tagger too (default: en)"
    )
    parser.add_argument(
        "--lemmatizer",
        metavar="NAME",
        help="en-lemmatizer, or a path: makes lemmas; with --given tags, of words that have none",
    )
    parser.add_argument(
        "--segmenter", metavar="NAME", help="en-segmenter, or a path: divides text in place of the tokenizer's rules"
    )
    parser.add_argument(
        "--tokenizer",
        metavar="NAME",
        default="en",
        help="rules that divide text: en, neutral, or a language's TOML file (default: en)",
    )
    parser.add_argument(
        "--batch-size",
        type=whole(BATCH_SIZE),
        default=1024,
        metavar="N",
        help="sentences in memory at a time (default: 1024)",
    )
    add_threads(parser)
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16"),
        default="float32",
        help="bfloat16: faster on processors that have it (default: float32)",
    )
    parser.add_argument("--verbose", action="store_true", help="tell the speed also where stderr is no terminal")


def load_pipeline(args: argparse.Namespace) -> Pipeline:
    """Load the model that the options name, with as many threads as they say."""
    from arcparse.pipeline import DEFAULT_MODEL, Pipeline

    return Pipeline.load(
        args.model or DEFAULT_MODEL,
        precision=args.precision,
        lemmatizer=args.lemmatizer,
        segmenter=args.segmenter,
        threads=args.threads,
        tokenizer=args.tokenizer,
    )
