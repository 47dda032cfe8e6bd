"""Train a parser, a tagger, a lemmatiser or a model from sequences to sequences."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.tables import in_columns
from arcparse.errors import ArcparseError
from arcparse.presets import KINDS, purposes
from arcparse.settings import as_toml
from arcparse.training.loop import BEST
from arcparse.training.progress import Progress

SHORTHANDS = ("train", "dev", "vectors", "training.seed", "training.epochs", "training.threads", "training.device")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train`, with a subcommand for each kind of model."""
    parser = subparsers.add_parser("train", help=SUBCOMMANDS["train"], description=__doc__)
    kinds = parser.add_subparsers(title="models", metavar="MODEL", required=True)
    for kind, (summary, default) in KINDS.items():
        own = kinds.add_parser(
            kind,
            help=summary,
            description=f"Train {summary}. If OUTPUT holds a run that was stopped, it goes on.",
            epilog=_presets(kind),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(run=run, kind=kind)
        own.add_argument("config", nargs="?", type=Path, help="TOML file of settings that replace those of the preset")
        own.add_argument("--preset", default="", help=f"settings to start from, listed below (default: {default})")
        own.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="change a setting; can be given several times",
        )
        for name in SHORTHANDS:
            own.add_argument(f"--{name.rpartition('.')[2]}", metavar="VALUE", help=f"short for --set {name}=VALUE")
        own.add_argument("--output", type=Path, help=f"directory of the run; the model will be OUTPUT/{BEST}")
        own.add_argument(
            "--skip-bad", action="store_true", help="report and pass over sentences that are malformed or have no tree"
        )
        own.add_argument("--fresh", action="store_true", help="begin anew even if OUTPUT holds an earlier run")
        own.add_argument(
            "--dry-run", action="store_true", help="only print the settings as TOML and the sizes of the data"
        )
        if kind == "tagger":
            own.add_argument(
                "--jackknife",
                type=Path,
                metavar="FILE",
                help="also write the training file with predicted tags, each by a tagger that has not seen the "
                "sentence",
            )


def _presets(kind: str) -> str:
    """Return the end of the help of a kind: its presets and their purposes."""
    return "\n  ".join(["presets:", *in_columns(list(purposes(kind).items()))])


def run(args: argparse.Namespace) -> int:
    """Train a model of a kind, for a tagger with its jackknifed tags if wanted; return the exit status."""
    from arcparse import recipes
    from arcparse.training.loop import train

    recipe = recipes.RECIPES[args.kind]
    settings = recipes.resolve(
        recipe.settings, args.kind, preset=args.preset, file=args.config, overrides=_overrides(args)
    )
    task = recipe.task(settings, _report if args.skip_bad else None)
    if args.dry_run:
        print(as_toml(settings))
        print("\n".join(f"# {line}" for line in _statistics(task).splitlines()))
        return 0
    if args.output is None:
        print("arcparse: the run needs a folder for its files; give --output DIRECTORY", file=sys.stderr)
        return 2
    with _told_once(), _Bar() as bar:
        result = train(task, settings.training, args.output, resume=not args.fresh, progress=bar)
    print(f"{args.output / BEST}: dev {task.metric} {result.metric:.2f}, epoch {result.epoch}")
    if args.kind == "tagger" and args.jackknife:
        with _told_once(), _Bar() as bar:
            recipes.jackknife_tags(task, args.output, args.jackknife, resume=not args.fresh, progress=bar)
        print(f"{args.jackknife}: {len(task.train)} sentences, each tagged by a tagger that had not seen it")
    return 0


@contextmanager
def _told_once() -> Iterator[None]:
    """Silence the error of TensorBoard's thread if it cannot write: the training raises it too."""
    shown = threading.excepthook
    threading.excepthook = lambda args: None if issubclass(args.exc_type, OSError) else shown(args)
    try:
        yield
    finally:
        threading.excepthook = shown


def _report(error: ArcparseError) -> None:
    print(f"arcparse: {error}: skipped", file=sys.stderr)


def _overrides(args: argparse.Namespace) -> list[str]:
    given = {name: getattr(args, name.rpartition(".")[2]) for name in SHORTHANDS}
    return [*(f"{name}={value}" for name, value in given.items() if value is not None), *args.set]


def _statistics(task: Any) -> str:
    lines = task.statistics() if hasattr(task, "statistics") else _of_treebanks(task)
    parameters = sum(parameter.numel() for parameter in task.model.parameters())
    return "\n".join([*lines, f"parameters: {parameters}"])


def _of_treebanks(task: Any) -> list[str]:
    model = task.model
    lines = []
    for role in ("train", "silver", "dev") if getattr(task, "silver", ()) else ("train", "dev"):
        sentences = getattr(task, role)
        tokens = sum(map(len, sentences))
        longest = max(map(len, sentences), default=0)
        lines.append(f"{role}: {len(sentences)} sentences, {tokens} tokens, the longest of {longest}")
    vocabularies = {**model.lexicon.vocabularies, **model.tags.vocabularies}
    lines.append("vocabulary: " + ", ".join(f"{len(symbols)} {name}" for name, symbols in vocabularies.items()))
    return lines


class _Bar:
    """A progress bar on standard error for each epoch, and a line with its scores."""

    def __enter__(self) -> Callable[[Progress], None]:
        self._bar: tqdm[None] | None = None
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=progress.steps, unit="batch", leave=False, disable=None)
        left = f"{progress.seconds_left / 60:.0f} min left"
        self._bar.n = progress.step
        self._bar.set_description(f"epoch {progress.epoch}/{progress.epochs}", refresh=False)
        self._bar.set_postfix_str(f"loss {progress.loss:.3f}, {progress.tokens_per_second:.0f} tokens/s, {left}")
        if progress.metrics:
            self._bar.close()
            self._bar = None
            scores = "  ".join(f"{name} {value:.2f}" for name, value in progress.metrics.items())
            print(f"epoch {progress.epoch}  loss {progress.loss:.4f}  {scores}", file=sys.stderr, flush=True)
