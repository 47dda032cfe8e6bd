"""The tokens that feature templates look at, found for all configurations at once by few gathers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.parser.configuration import LEFT, LEFT2, RIGHT, RIGHT2, Configuration
from arcparse.parser.templates import LABEL_ATTRIBUTE, RELATIONS, Path, parsed
from arcparse.sentence import NONE

CHILDREN = dict(zip(RELATIONS, (LEFT, LEFT2, RIGHT, RIGHT2), strict=True))  # their rows in a configuration's table


@dataclass(frozen=True)
class _Step:
    """Extends the located tokens: by those of the tokens in `columns` [C] that the rows `relation` [C] name."""

    columns: Tensor
    relation: Tensor


class Features:
    """Templates compiled to few gathers: a start on stack and buffer, then one gather for each depth.

    Its tensors name the CPU as their device: a network may be made on the device "meta", but these need their values.
    """

    def __init__(self, templates: Sequence[str]) -> None:
        """Compile `templates`. Raises ConfigurationError as `parsed` does."""
        paths = parsed(templates)
        self.templates = tuple(templates)
        self.attributes = tuple(dict.fromkeys(attribute for _, attribute in paths))
        self._stack = sorted({int(path[0][6:-1]) for path, _ in paths if path[0].startswith("stack")})
        self._buffer = sorted({int(path[0][7:-1]) for path, _ in paths if path[0].startswith("buffer")})
        located: list[Path] = [(f"stack({i})",) for i in self._stack]
        located += [(f"buffer({i})",) for i in self._buffer]
        self._steps = _compile({path for path, _ in paths}, located)
        order = sorted(self.attributes, key=LABEL_ATTRIBUTE.__eq__)
        self.sizes = {name: sum(own == name for _, own in paths) for name in order}
        self._depth = torch.tensor(self._stack, dtype=torch.long, device="cpu") + 1
        self._offset = torch.tensor(self._buffer, dtype=torch.long, device="cpu")
        token = [located.index(path) for name in order for path, own in paths if own == name]
        self._tokens = torch.tensor(token, device="cpu")

    def positions(self, attribute: str) -> int:
        """Return the number of templates that end in `attribute`."""
        return self.sizes.get(attribute, 0)

    def extract(self, state: Configuration) -> dict[str, Tensor]:
        """Return for each attribute the tokens [B, K, F] that its templates look at, NONE for no token."""
        return dict(zip(self.sizes, torch.split(self.tokens(state), list(self.sizes.values()), 2), strict=True))

    def tokens(self, state: Configuration) -> Tensor:
        """Return the tokens of `extract` as one [B, K, F], the attributes in the order of `sizes`, label last."""
        device, width = state.depth.device, state.table.shape[3]
        place = state.depth.unsqueeze(2) - self._depth.to(device)
        stack = state.stack.gather(2, place.clamp(min=0)).masked_fill(place < 0, NONE).long()
        buffer = state.buffer(state.front.unsqueeze(2) + self._offset.to(device))
        token = torch.cat([stack, buffer], 2)
        table = state.table.flatten(2)
        for step in self._steps:
            parent = token.index_select(2, step.columns.to(device))
            child = table.gather(2, parent.clamp(min=0) + step.relation.to(device) * width)
            token = torch.cat([token, child.long().masked_fill(parent < 0, NONE)], 2)
        return token.index_select(2, self._tokens.to(device))


def _compile(paths: set[tuple[str, ...]], located: list[Path]) -> list[_Step]:
    """Return the steps that locate every path, appending to `located` the paths that they reach, in order."""
    prefixes = {path[:length] for path in paths for length in range(2, len(path) + 1)}
    steps = []
    for length in range(2, max((len(path) for path in paths), default=1) + 1):
        found = sorted(path for path in prefixes if len(path) == length)
        columns = [located.index(path[:-1]) for path in found]
        relation = [CHILDREN[path[-1]] for path in found]
        steps.append(_Step(torch.tensor(columns, device="cpu"), torch.tensor(relation, device="cpu")))
        located.extend(found)
    return steps
