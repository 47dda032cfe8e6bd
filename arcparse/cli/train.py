"""Train a pipeline, a parser, a tagger, a lemmatiser or a model from sequences to sequences."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from arcparse.cli import SUBCOMMANDS, train_pipeline
from arcparse.cli.training import Bar, add_settings, presets_and_purposes, report_skipped, told_once
from arcparse.presets import KINDS
from arcparse.settings import as_toml
from arcparse.training.loop import BEST

SPANS = "spans"  # the preset of a tagger that learns a column of spans
SHORTHANDS = ("train", "dev", "vectors", "training.seed", "training.epochs", "training.threads", "training.device")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train`, with a subcommand for each kind of model."""
    parser = subparsers.add_parser("train", help=SUBCOMMANDS["train"], description=__doc__)
    kinds = parser.add_subparsers(title="models", metavar="MODEL", required=True)
    train_pipeline.add(kinds)
    for kind, (summary, default) in KINDS.items():
        own = kinds.add_parser(
            kind,
            help=summary,
            description=f"Train {summary}. If OUTPUT holds a run that was stopped, it goes on.",
            epilog=presets_and_purposes(kind),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.set_defaults(run=run, kind=kind)
        for name in SHORTHANDS:
            own.add_argument(f"--{name.rpartition('.')[2]}", metavar="VALUE", help=f"short for --set {name}=VALUE")
        own.add_argument("--output", type=Path, help=f"directory of the run; the model will be OUTPUT/{BEST}")
        add_settings(own, default)
        if kind == "tagger":
            own.add_argument(
                "--jackknife",
                type=Path,
                metavar="FILE",
                help="also write the training file with predicted tags, each by a tagger that has not seen the "
                "sentence",
            )
            own.add_argument(
                "--column",
                metavar="NAME",
                help="learn the spans, such as chunks or names, in this column of BIO, IOB1 or BIOES tags: an "
                "attribute of MISC, such as Chunk or NER; short for --set tagger.column=NAME, with the preset "
                f"{SPANS} unless another is given",
            )


def run(args: argparse.Namespace) -> int:
    """Train a model of a kind, for a tagger with its jackknifed tags if wanted; return the exit status."""
    from arcparse import recipes
    from arcparse.training.loop import train
    from arcparse.training.processes import is_first, refuse_several

    if args.kind == "tagger" and args.jackknife:
        refuse_several("tagging the training file")
    recipe = recipes.RECIPES[args.kind]
    preset = args.preset or (SPANS if getattr(args, "column", None) and not args.config else "")
    settings = recipes.resolve(recipe.settings, args.kind, preset=preset, file=args.config, overrides=_overrides(args))
    task = recipe.task(settings, report_skipped if args.skip_bad and is_first() else None)
    if args.dry_run:
        print(as_toml(settings))
        print("\n".join(f"# {line}" for line in _statistics(task).splitlines()))
        return 0
    if args.output is None:
        print("arcparse: the run needs a folder for its files; give --output DIRECTORY", file=sys.stderr)
        return 2
    with told_once(), Bar() as bar:
        result = train(task, settings.training, args.output, resume=not args.fresh, progress=bar.show)
    if is_first():
        print(f"{args.output / BEST}: dev {task.metric} {result.metric:.2f}, epoch {result.epoch}")
    if args.kind == "tagger" and args.jackknife:
        with told_once(), Bar() as bar:
            recipes.jackknife_tags(task, args.output, args.jackknife, resume=not args.fresh, progress=bar.show)
        print(f"{args.jackknife}: {len(task.train)} sentences, each tagged by a tagger that had not seen it")
    return 0


def _overrides(args: argparse.Namespace) -> list[str]:
    given = {name: getattr(args, name.rpartition(".")[2]) for name in SHORTHANDS}
    given["tagger.column"] = getattr(args, "column", None)
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
