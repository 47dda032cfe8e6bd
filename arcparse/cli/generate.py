"""`arcparse generate`: a text continued by a language model, or the perplexity of a text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_recurrent_options, load_recurrent, whole
from arcparse.cli.streams import located, no_file, standard_output
from arcparse.errors import ConfigurationError
from arcparse.formats import opened
from arcparse.settings.limits import BEAM, COUNT, LENGTH, SEED

SHOWN = 5  # unknown symbols


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "generate",
        help=SUBCOMMANDS["generate"],
        description="Write the prompt and its continuation, drawn symbol by symbol from a model of `arcparse train "
        "lm`. Write the prompt as the training text was written; without a prompt, the text is a new line.",
    )
    prompt = no_file("its text, or --perplexity {}")
    parser.add_argument("prompt", nargs="?", type=prompt, default="", metavar="PROMPT", help="beginning of the text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    add_recurrent_options(parser)
    parser.add_argument("--length", type=whole(LENGTH), default=50, metavar="N", help="symbols to write (default: 50)")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="below 1, likely symbols are drawn even more often (default: 1)",
    )
    parser.add_argument(
        "--samples", type=whole(COUNT), default=1, metavar="N", help="texts to write, one after the other (default: 1)"
    )
    parser.add_argument(
        "--line", action="store_true", help="end each text with its line, after N symbols of --length at most"
    )
    parser.add_argument(
        "--beam",
        type=whole(BEAM),
        metavar="K",
        help="draw nothing: write the likeliest texts that a beam of K finds, as many as --samples says",
    )
    parser.add_argument("--top-k", type=whole(COUNT), metavar="K", help="draw only from the K likeliest symbols")
    parser.add_argument(
        "--top-p",
        type=float,
        default=1.0,
        metavar="P",
        help="draw only from the likeliest symbols whose probabilities add up to P (default: 1)",
    )
    parser.add_argument(
        "--seed",
        type=whole(SEED),
        default=1,
        metavar="S",
        help="seed of the draws; another seed gives another text (default: 1)",
    )
    parser.add_argument(
        "--perplexity",
        metavar="FILE",
        help="write no text, but the perplexity of the model on this text; - for standard input",
    )
    parser.set_defaults(run=run)


def _warn(unknown: Sequence[str]) -> None:
    """Tell on stderr that symbols of the prompt are unknown: they may be written in another way than in training."""
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        print(f"arcparse: the model does not know {', '.join(unknown[:SHOWN])}{more} of the prompt", file=sys.stderr)


def run(args: argparse.Namespace) -> int:
    """Write a text or a perplexity; return the exit status."""
    from arcparse import seq2seq
    from arcparse.seq2seq.language_model_system import Limits
    from arcparse.seq2seq.pairs import lines
    from arcparse.vocabulary import Vocabulary

    if args.beam and args.samples > args.beam:
        raise ConfigurationError(f"--samples {args.samples} needs a beam as wide; --beam is {args.beam}")
    model = load_recurrent(args, seq2seq.LanguageModel)
    if args.perplexity:
        text = list(lines(*located(args.perplexity)))
        perplexity, ids = model.perplexity(text), model.ids(text)[1:]
        unknown = 100 * float((ids == Vocabulary.UNKNOWN).double().mean())
        print(f"{args.perplexity}: perplexity {perplexity:.2f}, {len(ids)} symbols, {unknown:.2f} % of them unknown")
        return 0
    _warn(model.unknown(args.prompt))
    limits = Limits(args.length, args.temperature, args.top_k, args.top_p, args.line)
    if args.beam:
        texts = model.likeliest(args.samples, args.prompt, limits, args.beam)
    else:
        texts = model.draw(args.samples, args.prompt, limits, args.seed)
    with opened(args.output or standard_output()) as file:
        file.writelines(f"{text.removesuffix(chr(10)) if args.line else text}\n" for text in texts)
    return 0
