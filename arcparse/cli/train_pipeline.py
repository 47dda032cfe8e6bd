"""`arcparse train pipeline`: all models of a pipeline from one treebank, as one bundle with its scores."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli.tables import in_columns
from arcparse.cli.training import Bar, add_settings, duration, presets_and_purposes, report_skipped, told_once
from arcparse.errors import ArcparseError, ConfigurationError
from arcparse.presets import PIPELINE, PIPELINES
from arcparse.settings import as_toml
from arcparse.training.loop import BEST
from arcparse.training.progress import Progress

if TYPE_CHECKING:
    from arcparse.course import PipelineSettings, Stage
    from arcparse.course.files import Size

FILES = {
    "treebank": "folder with the files *-train.conllu, *-dev.conllu, *-test.conllu (.xz, .gz, .bz2 too)",
    "train": "treebank to learn from, instead of the folder's",
    "dev": "treebank to choose the best epochs by (default: the folder's, or else the end of train, held out)",
    "test": "treebank for the scores at the end (default: the folder's, or else dev)",
    "vectors": "word vectors: a store of `arcparse vectors cache`, or a model of vectors",
    "raw": "raw text, a paragraph a line, to train word vectors on",
}
SHARED = ("seed", "epochs", "threads", "device")
SCORES = "scores.json"
ABSENT = {"dev": "the end of train, held out", "test": "dev"}


def add(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train pipeline`."""
    summary, default = PIPELINES[PIPELINE]
    parser = kinds.add_parser(
        PIPELINE,
        help=summary,
        description=f"Train {summary}: word vectors (with --raw), segmenter, lemmatiser, tagger (if the parser needs "
        f"one) and parser. OUTPUT/{BEST} will be a bundle of them, and OUTPUT/{SCORES} its scores. If OUTPUT holds a "
        "run that was stopped, it goes on; parts that are finished are skipped.",
        epilog=presets_and_purposes(PIPELINE),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    for name, meaning in FILES.items():
        parser.add_argument(f"--{name}", metavar="PLACE", help=meaning)
    for name in SHARED:
        parser.add_argument(f"--{name}", metavar="VALUE", help=f"short for --set PART.training.{name}=VALUE, all parts")
    parser.add_argument("--output", type=Path, help=f"directory of the run; the bundle will be OUTPUT/{BEST}")
    add_settings(parser, default)


def run(args: argparse.Namespace) -> int:
    """Train a pipeline, write its bundle, card and scores, and print the scores; return 0."""
    from arcparse import course
    from arcparse.training.processes import refuse_several

    refuse_several("the training of a whole pipeline")
    files = {name: getattr(args, name) for name in FILES}
    settings = course.resolve(
        preset=args.preset,
        file=args.config,
        overrides=[*(f"{name}={json.dumps(place)}" for name, place in files.items() if place), *args.set],
        shared={name: value for name in SHARED if (value := getattr(args, name)) is not None},
    )
    on_error = _reported_once() if args.skip_bad else None
    if args.dry_run:
        settings = course.with_files(settings, on_error=on_error)
        _print_plan(settings, course.sizes(settings, on_error))
        return 0
    if args.output is None:
        raise ConfigurationError("the run needs a folder for its files; give --output DIRECTORY")
    with told_once(), Bar() as bar:
        settings, bundle, scores = course.train_pipeline(
            settings, args.output, resume=not args.fresh, on_error=on_error, progress=_shown(bar)
        )
    print(f"{args.output / BEST}: {', '.join(bundle.parts())}; F1 on {settings.test or settings.dev}:")
    rows = course.rows(scores)
    print("\n".join(in_columns(rows, range(1, len(rows[0])))))
    return 0


def _print_plan(settings: PipelineSettings, sizes: Mapping[str, Size]) -> None:
    """Print the settings as TOML, and the steps and the numbers of sentences and words of each file as its comments."""
    from arcparse import course

    print(as_toml(settings))
    print(f"# steps: {', '.join(course.steps(settings))}")
    for role in ("train", "dev", "test"):
        count = f", {sizes[role].sentences} sentences, {sizes[role].words} words" if role in sizes else ""
        print(f"# {role}: {getattr(settings, role) or ABSENT[role]}{count}")


def _shown(bar: Bar) -> Callable[[Stage, Progress | None], None]:
    """Return a function that shows the steps of a course: a line when one begins, and a bar with the time of them all.

    The time is an upper estimate: a training may stop early.
    """

    def show(stage: Stage, progress: Progress | None) -> None:
        bar.title = f"{stage.name} ({stage.number} of {stage.count})  "
        left = f"at most about {duration(stage.seconds_left)} left"
        if progress is not None:
            bar.show(progress, left)
        else:
            print(f"{bar.title}{left}", file=sys.stderr, flush=True)

    return show


def _reported_once() -> Callable[[ArcparseError], None]:
    """Return a function that reports an error unless it was reported before: each part reads the treebank."""
    told: set[str] = set()

    def report(error: ArcparseError) -> None:
        if str(error) not in told:
            told.add(str(error))
            report_skipped(error)

    return report
