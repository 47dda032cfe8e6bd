"""`arcparse distil`: an accurate parser labels raw text, so that a smaller one can learn from its trees."""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_device, whole
from arcparse.settings.limits import BEAM, COUNT

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "distil",
        help=SUBCOMMANDS["distil"],
        description="Parse raw text by a TEACHER, and write its tags and trees into a folder, shard by shard. A run "
        "that was stopped goes on with the next shard. To train a parser or a tagger on them too, give it the folder: "
        "`arcparse train parser ... --set silver=FOLDER`.",
    )
    parser.add_argument(
        "teacher",
        nargs="+",
        metavar="TEACHER",
        help="name of a shipped model, or path of a parser; several score together, if their labels and tags are equal",
    )
    parser.add_argument(
        "--text", nargs="+", required=True, metavar="FILE", help="raw text, a paragraph a line (.gz, .xz, .bz2 too)"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="folder of the shards")
    parser.add_argument(
        "--exclude",
        type=Path,
        nargs="+",
        default=[],
        metavar="CONLLU",
        help="leave out paragraphs that share ten words in a row with these treebanks, such as those of dev and test",
    )
    parser.add_argument("--beam", type=whole(BEAM), default=1, metavar="K", help="width of the beam (default: 1)")
    parser.add_argument(
        "--paragraphs", type=whole(COUNT), default=200, metavar="N", help="paragraphs of a shard (default: 200)"
    )
    parser.add_argument(
        "--part",
        type=_part,
        default=(1, 1),
        metavar="I/N",
        help="write only each N-th shard, from the I-th on: N such commands side by side share the work (default: 1/1)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="number format of the networks, as for `arcparse parse` (default: auto)",
    )
    add_device(parser)
    parser.add_argument(
        "--tokenizer",
        metavar="NAME",
        help="rules that divide text, as for `arcparse parse` (default: as the teacher divides it)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Label the text, and print the number of shards and words; return 0."""
    from tqdm import tqdm

    from arcparse.cli.vectors import texts_of
    from arcparse.distillation import Distillation, distil
    from arcparse.pipeline.ensembles import load_ensemble
    from arcparse.vectors import runs

    names = tuple(Path(path).name for path in args.exclude)
    settings = Distillation(" + ".join(args.teacher), tuple(args.text), names, args.paragraphs, args.beam)
    teacher = load_ensemble(
        args.teacher, precision=args.precision, tokenizer=args.tokenizer, device=args.device, without=["lemmas"]
    )
    unseen = runs(chain.from_iterable(texts_of(path) for path in args.exclude))
    size = sum(Path(text).stat().st_size for text in args.text if Path(text).is_file())
    shards = words = 0
    with tqdm(total=size, unit="B", unit_scale=True, desc="distil", disable=None) as bar:
        for shard in distil(settings, teacher, args.output, unseen=unseen, part=args.part, progress=bar.update):
            shards, words = shards + 1, words + shard.words
    print(f"{args.output}: {shards} new shards of {words} words")
    return 0


def _part(text: str) -> tuple[int, int]:
    """Return (i, n) of "i/n", as argparse's `type`."""
    number, _, count = text.partition("/")
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return int(number), int(count)
    raise argparse.ArgumentTypeError(f"must be I/N, the I-th of N from 1 on, for example 1/2, not {text[:40]!r}")
