"""Prepare text, train word vectors on it, cache vectors in a store, look after the store, and look at the vectors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from time import perf_counter

from tqdm import tqdm

from arcparse import vectors
from arcparse.cli import SUBCOMMANDS, vector_views
from arcparse.cli.options import whole
from arcparse.cli.tables import in_columns
from arcparse.errors import VectorsError
from arcparse.settings.limits import SEED, THREADS, Range
from arcparse.tokenizer import split_words
from arcparse.treebank import read_conllu
from arcparse.vectors import VectorStore, Word2VecConfig
from arcparse.vectors.store import require_free

_TRAINING = {
    "dimension": "values per vector",
    "window": "words on either side",
    "negative": "noise words per word; 0: none",
    "min_count": "smallest number of occurrences of a word",
    "sample": "frequency above which a word is downsampled; 0: never",
    "epochs": "passes over the corpus",
    "learning_rate": "learning rate at the start",
    "seed": "seed; results can be repeated only with --workers 1",
    "workers": "threads",
}


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `vectors` and its own subcommands to a parser."""
    parser = subparsers.add_parser("vectors", help=SUBCOMMANDS["vectors"], description=__doc__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, summary: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        added.set_defaults(run=run)
        return added

    _prepare_options(command("prepare", "tokenise raw text into one training file", prepare))
    _train_options(command("train", "train vectors on a prepared file", train))
    _cache_options(command("cache", "copy vectors from a file into a store", cache))
    for name, summary, run in (
        ("info", "show the contents of a store and the time to open it", info),
        ("verify", "read a whole store; the exit status is 1 if it is damaged", verify),
        ("repair", "save the readable part of a damaged store", repair),
    ):
        command(name, summary, run).add_argument("store", type=Path)
    vector_views.add(command)


def _prepare_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", help="raw text, a paragraph a line (.gz, .xz, .bz2 too)")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    parser.add_argument(
        "--exclude",
        type=Path,
        nargs="+",
        default=[],
        metavar="CONLLU",
        help="drop paragraphs that share ten words in a row with these treebanks (give this after FILES)",
    )
    parser.add_argument(
        "--processes", type=whole(THREADS), default=2, help="number of processes that tokenise (default: 2)"
    )


def prepare(args: argparse.Namespace) -> int:
    """Run `arcparse vectors prepare`."""
    unseen = vectors.runs(chain.from_iterable(texts_of(path) for path in args.exclude))
    size = sum(path.stat().st_size for path in args.files if path.is_file())
    with tqdm(total=size, unit="B", unit_scale=True, desc="prepare", disable=None) as bar:
        done = vectors.prepare(
            args.files, args.output, split_words, exclude=unseen, processes=args.processes, progress=bar.update
        )
    print(
        f"{args.output}: {done.words} words of {done.paragraphs} paragraphs, "
        f"without {done.duplicates} duplicates and {done.excluded} excluded"
    )
    return 0


def texts_of(path: Path) -> Iterator[str]:
    """Yield a treebank as text and then as forms, the two ways in which raw files may quote it."""
    sentences = list(read_conllu(path))
    yield from (sentence.text for sentence in sentences)
    yield from chain.from_iterable(sentence.forms for sentence in sentences)


def _train_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", type=Path, help="file written by `arcparse vectors prepare`")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    parser.add_argument(
        "--format",
        choices=vectors.FORMATS,
        default="word2vec-binary",
        help="format of the output (default: %(default)s)",
    )
    parser.add_argument("--cbow", action="store_true", help="continuous bag of words instead of skip-gram")
    parser.add_argument("--subwords", action="store_true", help="learn vectors of letter sequences, which words share")
    parser.add_argument(
        "--hierarchical-softmax", action="store_true", help="use it instead of noise words; needs --negative 0"
    )
    default = Word2VecConfig()
    for name, meaning in _TRAINING.items():
        value = getattr(default, name)
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(value), default=value, help=f"{meaning} (default: {value})")


def train(args: argparse.Namespace) -> int:
    """Run `arcparse vectors train`."""
    chosen = {name: getattr(args, name) for name in _TRAINING}
    kind = {"skip_gram": not args.cbow, "subwords": args.subwords, "hierarchical_softmax": args.hierarchical_softmax}
    config = Word2VecConfig(**kind, **chosen)
    if not args.output.parent.is_dir():  # reported now, not after hours of training
        raise VectorsError(f"{args.output}: the folder {args.output.parent} does not exist; make it first")
    print(f"train: counting the words of {args.corpus}", file=sys.stderr)
    with tqdm(total=config.epochs, unit="epoch", desc="train", disable=None) as bar:
        trained = vectors.train_vectors(args.corpus, config, progress=lambda done: bar.update(done - bar.n))
    vectors.save_vectors(trained, args.output, args.format)
    print(f"{args.output}: {len(trained)} words, {trained.vector_size} values each")
    return 0


def _cache_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source", type=Path, help="word vectors: word2vec text or binary, fastText .vec, GloVe (.gz, .xz, .bz2 too)"
    )
    parser.add_argument("--output", type=Path, required=True, help="store to make, a folder")
    parser.add_argument(
        "--words",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="copy only vectors of the words in these files: .conllu, or raw text",
    )
    parser.add_argument("--limit", type=whole(Range(1)), help="copy only the first LIMIT vectors of the source")
    parser.add_argument(
        "--format",
        choices=vectors.FORMATS,
        help="format of the source (default: guessed); gensim runs code in the file",
    )
    parser.add_argument(
        "--dtype", choices=vectors.DTYPES, default="float32", help="type of the stored numbers (default: %(default)s)"
    )
    parser.add_argument(
        "--normalisation",
        choices=tuple(vectors.SCHEMES),
        default="none",
        help="normalisation of forms (default: %(default)s)",
    )
    parser.add_argument("--seed", type=whole(SEED), default=0, help="seed of the random vectors (default: 0)")


def cache(args: argparse.Namespace) -> int:
    """Run `arcparse vectors cache`."""
    require_free(args.output)  # reported now, not after the source is read
    before = perf_counter()
    loaded = vectors.load_vectors(args.source, args.format, limit=args.limit, tell=_warn)
    seconds = perf_counter() - before
    words = None if args.words is None else dict.fromkeys(chain.from_iterable(map(_forms, args.words)))
    with VectorStore.create(
        args.output,
        loaded,
        words,
        dtype=args.dtype,
        normalisation=args.normalisation,
        seed=args.seed,
        source=args.source,
    ) as store:
        share = "" if words is None else f", for {sum(word in store for word in words)} of {len(words)} forms"
        print(f"{args.output}: {len(store)} of {len(loaded)} vectors{share}; the source took {seconds:.2f} s to load")
    return 0


def _warn(sentence: str) -> None:
    print(f"arcparse: {sentence}", file=sys.stderr)


def _forms(path: Path) -> Iterable[str]:
    if ".conllu" in path.suffixes:
        return chain.from_iterable(sentence.forms for sentence in read_conllu(path))
    return chain.from_iterable(map(split_words, vectors.DistinctLines([path])))


def info(args: argparse.Namespace) -> int:
    """Run `arcparse vectors info`."""
    found = vectors.info(args.store)
    about = found.metadata
    rows = (
        ("vectors", f"{about.count} of dimension {about.dimension}, {about.dtype}"),
        ("random", f"{found.random} remembered, seed {about.seed}, at most {about.random_scale}"),
        ("normalisation", about.normalisation),
        ("source", f"{about.source or 'not named'} {about.checksum}".rstrip()),
        ("size", f"{found.size} bytes, version {about.version}"),
        ("opened in", f"{found.seconds * 1000:.1f} ms"),
    )
    print("\n".join(in_columns(rows)))
    return 0


def verify(args: argparse.Namespace) -> int:
    """Run `arcparse vectors verify`."""
    report = vectors.verify(args.store)
    for problem in report.problems:
        print(problem)
    print(f"{args.store}: {report.known} vectors and {report.random} random ones are whole")
    return 1 if report.problems else 0


def repair(args: argparse.Namespace) -> int:
    """Run `arcparse vectors repair`."""
    saved = vectors.repair(args.store)
    advice = "; make it again with `arcparse vectors cache` to have them back" if saved.lost else ""
    print(f"{args.store}: saved {saved.known} vectors and {saved.random} random ones, lost {saved.lost}{advice}")
    return 0
