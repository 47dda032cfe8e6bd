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
from arcparse.lexicon.tags import COLUMN
from arcparse.parser.configuration import LEFT, LEFT2, RIGHT, RIGHT2, Configuration
from arcparse.sentence import NONE

LABEL_ATTRIBUTE = "label"  # known to the configuration; all others come from an encoder
ATTRIBUTES = ("form", *COLUMN, "vector", LABEL_ATTRIBUTE)
CHILDREN = {"leftmost(1)": LEFT, "leftmost(2)": LEFT2, "rightmost(1)": RIGHT, "rightmost(2)": RIGHT2}
_START = re.compile(r"(stack|buffer)\([0-9]{1,2}\)$")
LONGEST = 8  # steps of a path: beyond, there is hardly ever a token
MOST = 1000  # templates


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
        """Compile `templates`. Raises ConfigurationError if one cannot be read, or if there is none."""
        if not templates:
            raise ConfigurationError('the parser has no features; set templates such as features = ["stack(0).vector"]')
        if len(templates) > MOST:
            raise ConfigurationError(f"the parser has {len(templates)} features; set at most {MOST}")
        paths = [_parse(template) for template in templates]
        self.templates = tuple(templates)
        self.attributes = tuple(dict.fromkeys(attribute for _, attribute in paths))
        self._stack = sorted({int(path[0][6:-1]) for path, _ in paths if path[0].startswith("stack")})
        self._buffer = sorted({int(path[0][7:-1]) for path, _ in paths if path[0].startswith("buffer")})
        located: list[tuple[str, ...]] = [(f"stack({i})",) for i in self._stack]
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
