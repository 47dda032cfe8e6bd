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

from arcparse.errors import ConfigurationError, shown
from arcparse.lexicon.tags import COLUMN

Path = tuple[str, ...]  # to a token: a start, then relations, ("stack(0)", "leftmost(1)")

LABEL_ATTRIBUTE = "label"  # known to the configuration; all others come from an encoder
ATTRIBUTES = ("form", *COLUMN, "vector", LABEL_ATTRIBUTE)
RELATIONS = ("leftmost(1)", "leftmost(2)", "rightmost(1)", "rightmost(2)")
_START = re.compile(r"(stack|buffer)\([0-9]{1,2}\)$")
LONGEST = 8  # steps of a path: beyond, there is hardly ever a token
MOST = 1000  # templates


def parsed(templates: Sequence[str]) -> list[tuple[Path, str]]:
    """Return the path and the attribute of each template.

    Raises ConfigurationError if one cannot be read, if there is none, or if there are too many.
    """
    if not templates:
        raise ConfigurationError('the parser has no features; set templates such as features = ["stack(0).vector"]')
    if len(templates) > MOST:
        raise ConfigurationError(f"the parser has {len(templates)} features; set at most {MOST}")
    return [_parsed(template) for template in templates]


def _parsed(template: str) -> tuple[Path, str]:
    """Split a template into the path to its token and its attribute."""
    *path, attribute = [part.strip() for part in template.split(".")]
    path = [f"{part}(1)" if part in ("leftmost", "rightmost") else part for part in path]
    wrong = [part for part in path[1:] if part not in RELATIONS]
    if attribute not in ATTRIBUTES or not 1 <= len(path) <= LONGEST or not _START.match(path[0]) or wrong:
        raise ConfigurationError(
            f"feature template {shown(template)}: expected stack(i) or buffer(i) with i below 100, then up to "
            f"{LONGEST - 1} of {', '.join(RELATIONS)}, then one of {', '.join(ATTRIBUTES)}"
        )
    return tuple(path), attribute
