"""Options that commands share: how a model is used, and numbers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from arcparse.pipeline import Pipeline
    from arcparse.seq2seq import Model

M = TypeVar("M", bound="Model")


def number(text: str) -> int:
    """Read a number of at least 1, as argparse's `type`."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def numbers(text: str) -> tuple[int, ...]:
    """Read numbers of at least 1 divided by commas, as argparse's `type`."""
    return tuple(map(number, text.split(",")))


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add what `use_threads` reads."""
    parser.add_argument("--threads", type=number, metavar="N", help="processor threads (default: as torch chooses)")


def use_threads(args: argparse.Namespace) -> None:
    """Let torch use as many threads as the options say."""
    import torch

    if args.threads:
        torch.set_num_threads(args.threads)


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
        "--batch-size", type=number, default=1024, metavar="N", help="sentences in memory at a time (default: 1024)"
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

    use_threads(args)
    return Pipeline.load(
        args.model or DEFAULT_MODEL,
        precision=args.precision,
        lemmatizer=args.lemmatizer,
        segmenter=args.segmenter,
        tokenizer=args.tokenizer,
    )
