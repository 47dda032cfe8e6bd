"""The tokens that feature templates look at, found for all configurations at once by few gathers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.devices import Constant
from arcparse.parser.configuration import Configuration
from arcparse.parser.nodes import LABEL, LEFT, LEFT2, RIGHT, RIGHT2, TOKEN
from arcparse.parser.templates import LABEL_ATTRIBUTE, RELATIONS, Path, parsed

CHILDREN = dict(zip(RELATIONS, (LEFT, LEFT2, RIGHT, RIGHT2), strict=True))  # their rows in a configuration's table


@dataclass(frozen=True)
class _Step:
    """Extends the located nodes: by the children that `relation` [C] names, of the nodes in `columns` [C]."""

    columns: Constant
    relation: Constant


class Features:
    """Templates compiled to few gathers: a start on stack and buffer, then one gather for each depth.

    Its tensors name the CPU as their device: a network may be made on the device "meta", but these need their values.
    """

    def __init__(self, templates: Sequence[str]) -> None:
        """Compile `templates`. Raises ConfigurationError as `parsed` does."""
        paths = parsed(templates)
        self.templates = tuple(templates)
        self.attributes = tuple(dict.fromkeys(attribute for _, attribute in paths))
        starts = [path[0][:-1].split("(") for path, _ in paths]
        self._seen = [max([1 + int(i) for line, i in starts if line == own], default=0) for own in ("stack", "buffer")]
        stack, buffer = self._seen
        located: list[Path] = [(f"stack({i})",) for i in range(stack)]
        located += [(f"buffer({i})",) for i in range(buffer)]
        self._steps = _compile({path for path, _ in paths}, located)
        order = sorted(self.attributes, key=LABEL_ATTRIBUTE.__eq__)
        self.sizes = {name: sum(own == name for _, own in paths) for name in order}
        ordered = [(path, own) for name in order for path, own in paths if own == name]
        self._order = _constant([located.index(path) for path, _ in ordered])
        self._row = _constant([LABEL if name == LABEL_ATTRIBUTE else TOKEN for _, name in ordered])

    def positions(self, attribute: str) -> int:
        """Return the number of templates that end in `attribute`."""
        return self.sizes.get(attribute, 0)

    def extract(self, state: Configuration) -> dict[str, Tensor]:
        """Return for each attribute the tokens [B, K, F] that its templates look at, NONE for no token."""
        tokens = state.nodes.read(self._nodes(state), TOKEN)
        return dict(zip(self.sizes, torch.split(tokens, list(self.sizes.values()), 2), strict=True))

    def values(self, state: Configuration) -> Tensor:
        """Return for each template its token, or its token's label [B, K, F]; NONE for none.

        The attributes are in the order of `sizes`, label last.
        """
        return state.nodes.read(self._nodes(state), self._row.on(state.depth.device))

    def _nodes(self, state: Configuration) -> Tensor:
        device, (stack, buffer) = state.depth.device, self._seen
        node = torch.stack([*state.stack_nodes(stack), *state.buffer_nodes(buffer)], 2)
        for step in self._steps:
            child = state.nodes.read(node.index_select(2, step.columns.on(device)), step.relation.on(device))
            node = torch.cat([node, child], 2)
        return node.index_select(2, self._order.on(device))


def _compile(paths: set[tuple[str, ...]], located: list[Path]) -> list[_Step]:
    """Return the steps that locate every path, appending to `located` the paths that they reach, in order."""
    prefixes = {path[:length] for path in paths for length in range(2, len(path) + 1)}
    steps = []
    for length in range(2, max((len(path) for path in paths), default=1) + 1):
        found = sorted(path for path in prefixes if len(path) == length)
        columns = [located.index(path[:-1]) for path in found]
        relation = [CHILDREN[path[-1]] for path in found]
        steps.append(_Step(_constant(columns), _constant(relation)))
        located.extend(found)
    return steps


def _constant(numbers: Sequence[int]) -> Constant:
    return Constant(torch.tensor(numbers, device="cpu"))
