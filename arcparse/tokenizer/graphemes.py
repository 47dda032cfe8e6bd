"""Clusters: characters that a reader sees as one letter or picture.

A cluster is an extended grapheme cluster of Unicode (UAX #29), found by the library `regex`, together with the
invisible format characters of a word (a soft hyphen, a mark of direction) that follow it. The rules are written for the
skeleton of a text, which has one character for each cluster; therefore no token can end inside a cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

# Two neighbours that are both among these characters, the most frequent ones, never belong together. This is only a
# short cut: blocks of Unicode that contain joining marks are left out as a whole.
ALONE = (
    "\0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u0590\u1e00-\u200a\u2010-\u2029\u202f-\u205f\u2070-\u20cf\u2100-\u2cee"
    "\u3000-\u3029\u3030-\u3098\u309b-\ua66e\uac00-\ud7a3\uf900-\ufaff\uff01-\uff9d"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff\U00020000-\U0003ffff"
)
# Compiled, and kept by `re`, at the first text that needs them: that takes as long as a sentence's tree.
JOINER = f"[^{ALONE}]"
JOINED = rf"(?:\S?[^\s{ALONE}])+\S?"
KEYCAP = "\u20e3"


@lru_cache(maxsize=1)
def _cluster() -> Any:
    """Return the pattern of a cluster; the library is imported only for texts that need it."""
    import regex

    invisible, joining = r"[\p{Cf}&&\p{GCB=Control}]", r"[\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]*+"
    flag = rf"\p{{Regional_Indicator}}{{2}}{joining}"  # \X matches flags too, but each time counts all flags before
    return regex.compile(rf"(?V1){invisible}*+(?:(?:{flag}|\X)(?:{invisible}{joining})*+)?+")


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each cluster of several characters; no cluster contains white space."""
    if text.isascii() or not re.search(JOINER, text):
        return
    for stretch in re.finditer(JOINED, text):
        for found in _cluster().finditer(text, *stretch.span()):
            if found.end() - found.start() > 1:
                yield found.span()


def skeleton(text: str) -> tuple[str, Sequence[int]]:
    """Return a text with one character for each cluster, and the start of each in `text`; the last entry is its end.

    The list is empty if the text has no cluster of several characters: it is its own skeleton.
    """
    parts: list[str] = []
    starts: list[int] = []
    position = 0
    for begin, end in clusters(text):
        parts += (text[position:begin], _letter(text[begin:end]))
        starts += range(position, begin + 1)
        position = end
    if not parts:
        return text, ()
    starts += range(position, len(text) + 1)
    return "".join((*parts, text[position:])), starts


def _letter(cluster: str) -> str:
    """Return the character for a cluster: the keycap, else its first letter or digit, else its first printable one."""
    if KEYCAP in cluster:
        return KEYCAP
    return next(filter(str.isalnum, cluster), "") or next(filter(str.isprintable, cluster), cluster[0])
