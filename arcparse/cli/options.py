"""Options that commands share: the model, its use, and numbers."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from arcparse.errors import ConfigurationError
from arcparse.settings.limits import BATCH_SIZE, CACHE, THREADS, Range

if TYPE_CHECKING:
    from arcparse.frames import Labeller, Recogniser
    from arcparse.pipeline import Pipeline
    from arcparse.pipeline.options import Parts
    from arcparse.seq2seq import Model

M = TypeVar("M", bound="Model")
F = TypeVar("F", "Labeller", "Recogniser")
SHOWN = 40  # characters of a value in a message


def whole(limits: Range) -> Callable[[str], int]:
    """Return a reader of a whole number in a range, as argparse's `type`."""

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
    """Return a reader of whole numbers in a range, with commas between them, as argparse's `type`."""
    return lambda text: tuple(map(whole(limits), text.split(",")))


def number(limits: Range) -> Callable[[str], float]:
    """Return a reader of a number in a range, as argparse's `type`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if value not in limits:
            raise argparse.ArgumentTypeError(f"must be a number {limits}, not {text[:SHOWN]!r}")
        return value

    return read


def check_nbest(nbest: int | None, beam: int | None) -> None:
    """Raise ConfigurationError if more results are asked for than the beam holds."""
    if nbest and beam and nbest > beam:
        raise ConfigurationError(f"--nbest {nbest} needs a beam as wide; --beam is {beam}")


def add_threads(parser: argparse.ArgumentParser) -> None:
    """Add the option of `use_threads`."""
    parser.add_argument("--threads", type=whole(THREADS), metavar="N", default=1, help="processor threads (default: 1)")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the option of the device, as `arcparse.load` takes it."""
    parser.add_argument(
        "--device",
        default="cpu",
        metavar="NAME",
        help="where the networks compute: cpu, cuda, or auto for a GPU if there is one (default: cpu)",
    )


def use_threads(args: argparse.Namespace) -> None:
    """Set the number of threads to that of the options, from now on."""
    from arcparse import threads

    threads.use(args.threads)


def add_recurrent_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `load_recurrent`."""
    parser.add_argument("--model", required=True, metavar="PATH", help="directory of the model")
    add_threads(parser)
    add_device(parser)


def load_recurrent(args: argparse.Namespace, of: type[M]) -> M:
    """Load the recurrent model of the options, of the class `of`, on its device, and set the number of threads."""
    from arcparse import seq2seq
    from arcparse.devices import select_device

    use_threads(args)
    model = seq2seq.load(args.model, of)
    model.to(select_device(args.device))
    return model


def load_on_device(args: argparse.Namespace, of: type[F]) -> F:
    """Load a model that reads frames, of the class `of`, as `load_recurrent` does."""
    from arcparse.devices import select_device

    use_threads(args)
    model = of.load(args.model)
    model.to(select_device(args.device))
    return model


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `load_pipeline`, the size of batches, the number of workers and the verbosity."""
    parser.add_argument(
        "--model",
        metavar="NAME_OR_PATH",
        help="name of a shipped model, or path of a model, a bundle or a run; `arcparse tag` takes taggers too "
        "(default: en)",
    )
    add_parts(parser)
    parser.add_argument(
        "--batch-size",
        type=whole(BATCH_SIZE),
        default=1024,
        metavar="N",
        help="sentences in memory at a time (default: 1024)",
    )
    add_threads(parser)
    parser.add_argument(
        "--workers",
        type=whole(THREADS),
        metavar="N",
        default=1,
        help="processes that share the work, each with a batch at a time (default: 1)",
    )
    parser.add_argument(
        "--cache-mib",
        type=whole(CACHE),
        metavar="N",
        default=128,
        help="MiB of memory in which the parser keeps what it has computed of word forms; the tagger has as much, and "
        "each worker its own (default: 128)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="number format of the networks: the fastest that compiled models have on this processor, else float32; "
        "or float32; or bfloat16, faster on processors that support it (default: auto)",
    )
    add_device(parser)
    parser.add_argument("--verbose", action="store_true", help="print the speed even if stderr is not a terminal")


def add_parts(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chosen_parts`."""
    parser.add_argument("--tagger", metavar="NAME", help="name or path: tags for a parser that needs them")
    parser.add_argument(
        "--lemmatizer",
        metavar="NAME",
        help="name or path: another lemmatiser than the model's; with --given tags, only words without a lemma get one",
    )
    parser.add_argument(
        "--segmenter", metavar="NAME", help="name or path: divide text by this segmenter, such as en-segmenter"
    )
    parser.add_argument(
        "--tokenizer",
        metavar="NAME",
        help="divide text by rules, not by the model's segmenter: en, neutral, or the TOML file of a language",
    )
    parser.add_argument(
        "--without",
        action="append",
        choices=("lemmas", "lemmatizer", "segmenter"),
        default=[],
        help="leave out the lemmas (or lemmatizer, the same), or divide text by the model's rules; can be given twice",
    )


def chosen_parts(args: argparse.Namespace) -> Parts:
    """Return the parts that the options choose, as `arcparse.load` takes them."""
    return {
        "tagger": args.tagger,
        "lemmatizer": args.lemmatizer,
        "segmenter": args.segmenter,
        "tokenizer": args.tokenizer,
        "without": args.without,
    }


def load_pipeline(args: argparse.Namespace) -> Pipeline:
    """Load the models of the options, and set the number of threads."""
    from arcparse.pipeline import DEFAULT_MODEL, Pipeline

    return Pipeline.load(
        args.model or DEFAULT_MODEL,
        precision=args.precision,
        threads=args.threads,
        cache_mib=args.cache_mib,
        device=args.device,
        **chosen_parts(args),
    )
