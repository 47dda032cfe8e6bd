"""The `arcparse` command: one small module per subcommand, imported when it is chosen, so that a start costs little.

A subcommand's module has one function, `add(subparsers)`, which adds its parser to argparse's subparsers and sets
`run` there: a function from the parsed arguments to the exit status. Its summary stands in SUBCOMMANDS. Nothing outside
this package prints.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextvars import copy_context
from importlib import import_module

from arcparse.cli import signals, streams
from arcparse.errors import ArcparseError

SUBCOMMANDS = {
    "parse": "tag and parse text or CoNLL-U",
    "tag": "tag text, tokens or a treebank",
    "train": "train a pipeline, a parser, a tagger, a lemmatiser ...",
    "pack": "put a model and its parts into one archive",
    "distil": "label raw text, for smaller parsers to learn from",
    "evaluate": "compare trees with gold trees",
    "analyse": "count search errors and model errors, by beam width",
    "validate": "report the problems of CoNLL-U files",
    "stats": "count the contents of a treebank",
    "draw": "draw trees: in the terminal, as SVG, PNG or HTML",
    "curves": "draw the course of training: losses, scores, learning rate",
    "convert": "convert treebanks from format to format, and transform them",
    "vectors": "train, convert, look up and plot word vectors",
    "corpus": "list, fetch and verify public treebanks",
    "translate": "translate lines by a sequence-to-sequence model",
    "classify": "label texts by a classifier",
    "label": "label frames of sound, or find a trigger word",
    "transcribe": "write down the speech of recordings",
    "generate": "continue a text by a language model, or print its perplexity",
    "serve": "answer requests over HTTP, with a web page",
    "benchmark": "measure speed, start-up time and memory",
    "info": "show versions, compiled kernels and models",
}
TEXTS = ("text", "prompt")  # arguments of several words, which a shell divides
USAGE_ERROR = 2  # as argparse itself exits
NO_MEMORY = ("allocate memory", "out of memory", "failed to map segment", "bad_alloc")
SIGNALLED = 128  # and the signal's number above it, as shells report it


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, `sys.argv` without argument, and return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded: training's threads wait asleep
    streams.settle()
    with signals.stopping():
        try:
            status = _told(lambda: _run(arguments))
        except SystemExit:  # argparse's own, after a help that must have been written
            if failed := _told(_flush):
                return failed
            raise
        return _told(_flush) or status


def _run(arguments: list[str]) -> int:
    parser = _parser(arguments)
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        words = " ".join(unknown)
        is_text = not words.startswith("-") and any(getattr(parsed, name, None) for name in TEXTS)
        remedy = "; put a text of several words into quotes" if is_text else ""
        parser.error(f"unrecognized arguments: {words}{remedy}")
    run: Callable[[argparse.Namespace], int] = parsed.run
    return copy_context().run(run, parsed)  # the number of threads that is asked for ends with the command


def _flush() -> int:
    """Write out the buffer, so that a full disk, or a reader that has gone, is met here and not at exit."""
    sys.stdout.flush()
    return 0


def _told(run: Callable[[], int]) -> int:
    """Return the status of a function; report its failure in one line if the cause is outside the program."""
    try:
        return run()
    except ArcparseError as error:
        return _failed(str(error))
    except BrokenPipeError:
        streams.discard_output()
        return 0
    except OSError as error:
        return _failed(_explained(error))
    except (MemoryError, ImportError, RuntimeError) as error:
        if not _lacks_memory(error):
            raise
        return _failed("there is not enough memory; use smaller batches (--batch-size) or raise the limit (ulimit -v)")
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except signals.Stopped as stopped:
        return SIGNALLED + stopped.number


def _lacks_memory(error: Exception) -> bool:
    """Return whether memory ran out; each library has its own words for it."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)


def _failed(message: str) -> int:
    print(f"arcparse: {message}", file=sys.stderr)
    return USAGE_ERROR


def _explained(error: OSError) -> str:
    """Return the name of the file that failed and the reason."""
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{os.fsdecode(error.filename)}: {reason}; check the path"


class _Version(argparse.Action):
    """Prints the version; it and the kernels are looked for only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        from arcparse.kernels.library import in_use

        print(f"arcparse {metadata.version('arcparse')} (kernels: {in_use()})")
        parser.exit()


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser: the chosen subcommand by its module, the others with name and help only."""
    parser = argparse.ArgumentParser(prog="arcparse", description="Transition-based dependency parsing.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and the kernels in use, and exit")
    subparsers = parser.add_subparsers(title="subcommands", metavar="SUBCOMMAND", required=True)
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, summary in SUBCOMMANDS.items():
        if name == chosen:
            import_module(f"arcparse.cli.{name}").add(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser
