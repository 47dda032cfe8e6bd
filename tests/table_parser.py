"""A parser whose scores are a table, and a garden path written in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from tiny_model import tiny_parser
from torch import Tensor

from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.network import Encoding
from arcparse.sentence import Sentence

Situation = tuple[tuple[int, ...], int]  # the stack from the bottom, the front of the buffer
Table = Mapping[Situation, Mapping[str, float]]

GARDEN = Sentence.from_forms(["old", "man", "boats"]).replace(heads=[2, 0, 2], labels=["nsubj", "root", "obj"])
# After two words SHIFT looks a little better than the arc that is right; but then nothing good follows.
GARDEN_PATH: Table = {
    ((0, 1, 2), 3): {"SHIFT": 2.0, "LEFT-ARC(nsubj)": 1.0},
    ((0, 2), 3): {"SHIFT": 4.0},
    ((0, 2, 3), 4): {"RIGHT-ARC(obj)": 4.0},
    ((0, 1, 2, 3), 4): {"LEFT-ARC(nsubj)": 0.5},
    ((0, 1, 3), 4): {"LEFT-ARC(nsubj)": 0.5},
}


def table_parser(table: Table, normalisation: str) -> Parser:
    """Return a parser that scores an action by the stack and the buffer's front, 0 where the table has nothing."""
    parser = tiny_parser([GARDEN])
    parser.config = replace(parser.config, normalisation=normalisation)  # type: ignore[arg-type]

    def bind(_: Encoding) -> object:
        return scores

    def scores(state: Configuration) -> Tensor:
        found = torch.zeros(*state.depth.shape, parser.system.num_actions)
        for b, k in torch.cartesian_prod(*map(torch.arange, state.depth.shape)).tolist():
            stack = tuple(state.tokens(b, k)[0])
            for name, value in table.get((stack, int(state.front[b, k])), {}).items():
                found[b, k, parser.system.action(name)] = value
        return found

    parser.network.bind = bind  # type: ignore[method-assign, assignment]
    return parser
