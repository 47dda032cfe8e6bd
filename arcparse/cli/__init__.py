"""The `arcparse` command: one small module per subcommand, imported when it is chosen, so that a start costs little.

A subcommand's module has one function, `add(subparsers)`, which adds its parser to argparse's subparsers and sets
`run` there: a function from the parsed arguments to the exit status. Nothing outside this package prints.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextvars import copy_context
from importlib import import_module, metadata

from arcparse.errors import ArcparseError

SUBCOMMANDS = {
    "parse": "tag and parse text or CoNLL-U",
    "tag": "tag text, tokens or a treebank",
    "train": "train a parser, a tagger, a lemmatiser or a translator",
    "evaluate": "compare trees with gold trees",
    "analyse": "tell search errors from model errors, by beam width",
    "validate": "report what is wrong with CoNLL-U files",
    "stats": "tell what a treebank holds, in numbers",
    "draw": "draw trees: in the terminal, as SVG, PNG or HTML",
    "curves": "draw how training went: losses, scores, learning rate",
    "convert": "convert treebanks from format to format, and transform them",
    "vectors": "train, convert, look up and plot word vectors",
    "corpus": "list, fetch and verify public treebanks",
    "translate": "translate lines by a sequence-to-sequence model",
    "classify": "label texts by a classifier",
    "generate": "continue text by a language model, or tell a text's perplexity",
    "benchmark": "measure speed, start-up time and memory",
}
USAGE_ERROR = 2  # as argparse itself exits
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, `sys.argv` without argument, and return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read where torch is loaded: training's threads wait asleep
    try:
        return _run(arguments)
    except ArcparseError as error:
        print(f"arcparse: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        _close_output()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(arguments: list[str]) -> int:
    parsed = _parser(arguments).parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    status = copy_context().run(run, parsed)  # the number of threads that is asked for ends with the command
    sys.stdout.flush()  # here, so that a reader that has gone is met above and not at exit
    return status


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser: the chosen subcommand as its module says, the others by name and help alone."""
    parser = argparse.ArgumentParser(prog="arcparse", description="Transition-based dependency parsing.")
    parser.add_argument("--version", action="version", version=f"arcparse {metadata.version('arcparse')}")
    subparsers = parser.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in SUBCOMMANDS.items():
        if name == chosen:
            import_module(f"arcparse.cli.{name}").add(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser


def _close_output() -> None:
    """Point standard output at nothing, so that Python's own flush at exit meets no broken pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
