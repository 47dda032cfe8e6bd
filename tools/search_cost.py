"""Show the cost of a search: `python tools/search_cost.py [MODEL]` prints the number of scored states and the time.

Without a model, scores are random and states are arc-standard configurations. There are about 2 scored states for each
word and hypothesis (a little less, until the beam is full): the cost is linear in the length of a sentence and in the
width of the beam.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from arcparse import Pipeline, Sentence
from arcparse.parser.arc_standard import ArcStandard
from arcparse.parser.configuration import Configuration
from arcparse.parser.systems import System
from arcparse.search import Beam, search

LENGTHS, BEAMS = (10, 20, 40, 80), (1, 2, 4, 8, 16, 32)
Scorer = Callable[[Configuration], Tensor]


def cost(system: System, scorer: Scorer, words: int, beam_size: int) -> tuple[int, int, float]:
    """Return the steps, the scored states and the seconds of a search for one sentence."""
    widths: list[int] = []

    def counted(state: Configuration) -> Tensor:
        widths.append(state.depth.numel())
        return scorer(state)

    start = time.perf_counter()
    search(system, counted, Beam.start(system.start(torch.tensor([words])), 1), beam_size)
    return len(widths), sum(widths), time.perf_counter() - start


@torch.inference_mode()
def main() -> None:
    """Print the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("model", nargs="?", help="name or directory of a parser that predicts tags")
    args = options.parse_args()
    parser = Pipeline.load(args.model).parser if args.model else None
    system: System = parser.system if parser else ArcStandard(("a", "b"), ("a",), ("a", "b"))
    generator = torch.Generator().manual_seed(1)
    print("| words | beam | steps | states scored | states per word and hypothesis | seconds |\n|" + "---:|" * 6)
    for words in LENGTHS:
        if parser:
            scorer = parser.path_scorer(parser.encode([Sentence.from_forms(["word"] * words)])[1])
        else:
            scorer = lambda state: torch.rand(*state.depth.shape, system.num_actions, generator=generator)  # noqa: E731
        for beam_size in BEAMS:
            steps, states, seconds = cost(system, scorer, words, beam_size)
            print(f"| {words} | {beam_size} | {steps} | {states} | {states / words / beam_size:.2f} | {seconds:.4f} |")


if __name__ == "__main__":
    main()
