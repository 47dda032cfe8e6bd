"""`arcparse generate`: a text continued by a language model, or the perplexity of a text."""

from __future__ import annotations

import argparse

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_recurrent_options, load_recurrent, whole
from arcparse.cli.streams import located, no_file
from arcparse.settings.limits import COUNT, LENGTH, SEED


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
    add_recurrent_options(parser)
    parser.add_argument("--length", type=whole(LENGTH), default=50, metavar="N", help="symbols to write (default: 50)")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="below 1, likely symbols are drawn even more often (default: 1)",
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


def run(args: argparse.Namespace) -> int:
    """Write a text or a perplexity; return the exit status."""
    from arcparse import seq2seq
    from arcparse.seq2seq.pairs import lines
    from arcparse.vocabulary import Vocabulary

    model = load_recurrent(args, seq2seq.LanguageModel)
    if args.perplexity:
        text = list(lines(*located(args.perplexity)))
        perplexity, ids = model.perplexity(text), model.ids(text)[1:]
        unknown = 100 * float((ids == Vocabulary.UNKNOWN).double().mean())
        print(f"{args.perplexity}: perplexity {perplexity:.2f}, {len(ids)} symbols, {unknown:.2f} % of them unknown")
        return 0
    limits = {"temperature": args.temperature, "top_k": args.top_k, "top_p": args.top_p}
    print(model.generate(args.prompt, args.length, **limits, seed=args.seed))
    return 0
