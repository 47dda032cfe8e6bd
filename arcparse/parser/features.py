"""Feature templates as data: a token, as seen from a configuration, and an attribute of it.

A template is written "stack(0).form" or "stack(1).leftmost(2).label": it starts at the i-th token from the top of the
stack or the front of the buffer, may go on to the outermost (1) or second outermost (2) child on a side, any number of
times ("stack(0).leftmost.leftmost.form", `leftmost` alone being `leftmost(1)`), and ends in an attribute. Attributes
are blocks of vectors that an encoder gives (form, upos, xpos, feats, vector), or known to the configuration itself
(label). The presets hold the templates of SyntaxNet (Andor et al. 2016) and Chen & Manning (2014).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.errors import ConfigurationError, shown
from arcparse.parser.configuration import Configuration
from arcparse.parser.nodes import LABEL, LEFT, LEFT2, RIGHT, RIGHT2, TOKEN

LABEL_ATTRIBUTE = "label"  # known to the configuration; all others come from an encoder
ATTRIBUTES = ("form", "upos", "xpos", "feats", "vector", LABEL_ATTRIBUTE)
CHILDREN = {"leftmost(1)": LEFT, "leftmost(2)": LEFT2, "rightmost(1)": RIGHT, "rightmost(2)": RIGHT2}
_START = re.compile(r"(stack|buffer)\([0-9]{1,2}\)$")
LONGEST = 8  # steps of a path: beyond, there is hardly ever a token
MOST = 1000  # templates


@dataclass(frozen=True)
class _Step:
    """Extends the located nodes: by the children that `relation` [C] names, of the nodes in `columns` [C]."""

    columns: Tensor
    relation: Tensor


class Features:
    """Templates compiled to few gathers: a start on stack and buffer, then one gather for each depth.

    Its tensors name the CPU as their device: a network may be made on the device "meta", but these need their values.
    """

    def __init__(self, templates: Sequence[str]) -> None:
        """Compile `templates`. Raises ConfigurationError if one cannot be read, or if there is none."""
        if not templates:
            raise ConfigurationError('the parser has no features; set templates such as features = ["stack(0).vector"]')
        if len(templates) > MOST:
            raise ConfigurationError(f"the parser has {len(templates)} features; set at most {MOST}")
        paths = [_parse(template) for template in templates]
        self.templates = tuple(templates)
        self.attributes = tuple(dict.fromkeys(attribute for _, attribute in paths))
        starts = [path[0][:-1].split("(") for path, _ in paths]
        self._seen = [max([1 + int(i) for line, i in starts if line == own], default=0) for own in ("stack", "buffer")]
        stack, buffer = self._seen
        located: list[tuple[str, ...]] = [(f"stack({i})",) for i in range(stack)]
        located += [(f"buffer({i})",) for i in range(buffer)]
        self._steps = _compile({path for path, _ in paths}, located)
        order = sorted(self.attributes, key=LABEL_ATTRIBUTE.__eq__)
        self.sizes = {name: sum(own == name for _, own in paths) for name in order}
        ordered = [(path, own) for name in order for path, own in paths if own == name]
        self._order = torch.tensor([located.index(path) for path, _ in ordered], device="cpu")
        row = [LABEL if name == LABEL_ATTRIBUTE else TOKEN for _, name in ordered]
        self._row = torch.tensor(row, device="cpu")

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
        return state.nodes.read(self._nodes(state), self._row.to(state.depth.device))

    def _nodes(self, state: Configuration) -> Tensor:
        device, (stack, buffer) = state.depth.device, self._seen
        node = torch.stack([*state.stack_nodes(stack), *state.buffer_nodes(buffer)], 2)
        for step in self._steps:
            child = state.nodes.read(node.index_select(2, step.columns.to(device)), step.relation.to(device))
            node = torch.cat([node, child], 2)
        return node.index_select(2, self._order.to(device))


def _parse(template: str) -> tuple[tuple[str, ...], str]:
    """Split a template into the path to its token and its attribute."""
    *path, attribute = [part.strip() for part in template.split(".")]
    path = [f"{part}(1)" if part in ("leftmost", "rightmost") else part for part in path]
    wrong = [part for part in path[1:] if part not in CHILDREN]
    if attribute not in ATTRIBUTES or not 1 <= len(path) <= LONGEST or not _START.match(path[0]) or wrong:
        raise ConfigurationError(
            f"feature template {shown(template)}: expected stack(i) or buffer(i) with i below 100, then up to "
            f"{LONGEST - 1} of {', '.join(CHILDREN)}, then one of {', '.join(ATTRIBUTES)}"
        )
    return tuple(path), attribute


def _compile(paths: set[tuple[str, ...]], located: list[tuple[str, ...]]) -> list[_Step]:
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
