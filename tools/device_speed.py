"""Show the speed of models on processor and GPU: `python tools/device_speed.py TREEBANK en --devices cpu,cuda`.

For each device and size of batch it prints words per second, the median of some runs after one that does not count, and
the arcs that differ from those of the first row. With `--train`, the same of training steps, with exploration.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch

from arcparse import Pipeline, Sentence, recipes
from arcparse.devices import select_device
from arcparse.formats import read_sentences
from arcparse.parser.model import Parser
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.training.optimisation import Learner


def seconds(work: Callable[[], object], device: torch.device, runs: int) -> float:
    """Return the median time of `runs` calls, after one that does not count."""
    found = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        found.append(time.perf_counter() - start)
    return statistics.median(found[1:])


def arcs(sentences: Sequence[Sentence]) -> list[tuple[int, str]]:
    """Return the head and the label of each word."""
    return [arc for sentence in sentences for arc in zip(sentence.heads, sentence.labels, strict=True)]


def parsing(parser: Parser, sentences: Sequence[Sentence], args: argparse.Namespace) -> None:
    """Print a row for each device and size of batch."""
    first: list[Sentence] = []
    words = sum(map(len, sentences))
    for device in map(select_device, args.devices):
        parser.to(device)
        for batch in args.batches:
            parse = partial(
                parser.parse, sentences, given_tags=not parser.predicts_tags, beam=args.beam, batch_tokens=batch
            )
            parsed = parse()
            first = first or parsed
            other = sum(arc != before for arc, before in zip(arcs(parsed), arcs(first), strict=True))
            speed = words / seconds(parse, device, args.runs)
            print(f"| parse | {device} | {batch} | {speed:,.0f} | {other} of {words} |", flush=True)


def training(task: ParserTask, device: torch.device, batch: int, steps: int) -> None:
    """Print a row with the speed of some training steps, after a few that do not count."""
    learner = Learner(task.model, task.settings.training)
    task.model.train()
    batches = task.batches(1)[: steps + 2]
    words = 0
    start = time.perf_counter()
    for number, own in enumerate(batches):
        if number == 2:
            words, start = 0, time.perf_counter()
        loss = task.loss(own)
        learner.update(loss.value, 1e-4, number)
        words += loss.count
    print(f"| train | {device} | {batch} | {words / (time.perf_counter() - start):,.0f} | |", flush=True)


def main() -> None:
    """Print the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("treebank")
    options.add_argument("models", nargs="*", help="names or paths of parsers")
    options.add_argument("--devices", type=lambda text: text.split(","), default=["cpu"])
    options.add_argument("--batches", type=lambda text: [int(own) for own in text.split(",")], default=[2500, 30000])
    options.add_argument("--beam", type=int, default=1)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--train", metavar="PRESET", help="also measure the training of a parser by this preset")
    options.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of that training")
    options.add_argument("--steps", type=int, default=20, help="of training (default: 20)")
    args = options.parse_args()
    print("| work | device | tokens of a batch | words/s | other arcs |\n|---|---|---:|---:|---:|")
    sentences = list(read_sentences(args.treebank))
    for name in args.models:
        parsed = Pipeline.load(name)
        parser, tagger = parsed.parser, parsed.tagger
        parsing(parser, tagger.tag(sentences) if tagger else sentences, args)
    for device in args.devices if args.train else []:
        for batch in args.batches:
            own = [f"train={args.treebank}", f"dev={args.treebank}", f"training.device={device}", *args.set]
            chosen = recipes.resolve(
                ParserSettings, "parser", preset=args.train, overrides=[*own, f"training.batch_tokens={batch}"]
            )
            training(recipes.parser_task(chosen), select_device(device), batch, args.steps)


if __name__ == "__main__":
    main()
