"""Feature templates as data: which token, seen from a configuration, and what of it.

A template reads "stack(0).form" or "stack(1).leftmost(2).label": it starts at the i-th token from the top of the stack
or the front of the buffer, may go on to the outermost (1) or second outermost (2) child on a side, any number of times
("stack(0).leftmost.leftmost.form", `leftmost` alone being `leftmost(1)`), and ends in an attribute. Attributes are
blocks of vectors that an encoder gives (form, upos, xpos, feats, vector), or what the configuration itself knows
(label). The presets hold the templates of SyntaxNet (Andor et al. 2016) and Chen & Manning (2014).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from arcparse.errors import ConfigurationError
from arcparse.parser.configuration import Configuration
from arcparse.sentence import NONE

ATTRIBUTES = ("form", "upos", "xpos", "feats", "vector", "label")
CHILDREN = {"leftmost(1)": "left", "leftmost(2)": "left2", "rightmost(1)": "right", "rightmost(2)": "right2"}
_START = re.compile(r"(stack|buffer)\((\d+)\)$")


@dataclass(frozen=True)
class _Step:
    """Extends the located tokens by children: of those in `columns`, the ones that the array `relation` names."""

    relation: str
    columns: tuple[int, ...]


class Features:
    """Templates compiled to few gathers: a start on stack and buffer, then one gather for each relation and depth."""

    def __init__(self, templates: Sequence[str]) -> None:
        """Compile `templates`; ConfigurationError names one that cannot be read, or says that there is none."""
        if not templates:
            raise ConfigurationError('the parser has no features; set templates such as features = ["stack(0).vector"]')
        paths = [_parse(template) for template in templates]
        self.templates = tuple(templates)
        self.attributes = tuple(dict.fromkeys(attribute for _, attribute in paths))
        self._stack = sorted({int(path[0][6:-1]) for path, _ in paths if path[0].startswith("stack")})
        self._buffer = sorted({int(path[0][7:-1]) for path, _ in paths if path[0].startswith("buffer")})
        located: list[tuple[str, ...]] = [(f"stack({i})",) for i in self._stack]
        located += [(f"buffer({i})",) for i in self._buffer]
        self._steps = _compile({path for path, _ in paths}, located)
        self._column = {
            attribute: torch.tensor([located.index(path) for path, own in paths if own == attribute])
            for attribute in self.attributes
        }
        self._depth = torch.tensor(self._stack, dtype=torch.long) + 1
        self._offset = torch.tensor(self._buffer, dtype=torch.long)

    def positions(self, attribute: str) -> int:
        """Return how many templates end in `attribute`."""
        return len(self._column[attribute]) if attribute in self._column else 0

    def extract(self, state: Configuration) -> dict[str, Tensor]:
        """Return for each attribute the tokens [B, K, F] that its templates look at, NONE where there is none."""
        place = state.depth.unsqueeze(2) - self._depth.to(state.depth.device)
        stack = state.stack.gather(2, place.clamp(min=0)).masked_fill(place < 0, NONE)
        front = state.front.unsqueeze(2) + self._offset.to(state.front.device)
        token = torch.cat([stack, front.masked_fill(front > state.length.unsqueeze(2), NONE)], 2)
        for step in self._steps:
            parent = token[..., list(step.columns)]
            child = getattr(state, step.relation).gather(2, parent.clamp(min=0))
            token = torch.cat([token, child.masked_fill(parent < 0, NONE)], 2)
        return {name: token.index_select(2, column.to(token.device)) for name, column in self._column.items()}


def _parse(template: str) -> tuple[tuple[str, ...], str]:
    """Split a template into the path to its token and its attribute."""
    *path, attribute = [part.strip() for part in template.split(".")]
    path = [f"{part}(1)" if part in ("leftmost", "rightmost") else part for part in path]
    wrong = [part for part in path[1:] if part not in CHILDREN]
    if attribute not in ATTRIBUTES or not path or not _START.match(path[0]) or wrong:
        raise ConfigurationError(
            f"feature template {template!r}: expected stack(i) or buffer(i), then any of {', '.join(CHILDREN)}, "
            f"then one of {', '.join(ATTRIBUTES)}"
        )
    return tuple(path), attribute


def _compile(paths: set[tuple[str, ...]], located: list[tuple[str, ...]]) -> list[_Step]:
    """Return the steps that locate every path, appending to `located` the paths that they reach, in order."""
    prefixes = {path[:length] for path in paths for length in range(2, len(path) + 1)}
    steps = []
    for length in range(2, max((len(path) for path in paths), default=1) + 1):
        for word, relation in CHILDREN.items():
            found = sorted(path for path in prefixes if len(path) == length and path[-1] == word)
            if found:
                steps.append(_Step(relation, tuple(located.index(path[:-1]) for path in found)))
                located.extend(found)
    return steps
