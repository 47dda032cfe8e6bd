"""The colours of arcs: by the kind of the label, by the confidence of the parser, or by the analysis.

The hues are those of Okabe and Ito's palette, which the colour-blind can tell apart, dark enough for small type.
"""

from __future__ import annotations

from typing import Literal

from arcparse.drawing.diagram import Arc

Colouring = Literal["none", "label", "confidence"]
COLOURINGS: tuple[Colouring, ...] = ("none", "label", "confidence")

INK, FAINT = "#333333", "#777777"
GOLD, SYSTEM = "#00735a", "#b8470b"
UNSURE, SURE = (213, 70, 0), (0, 85, 145)  # red, green and blue at confidence 0 and 1
_KINDS = {  # the rows of UD's table of relations: https://universaldependencies.org/u/dep/
    "#0068a8": "nsubj obj iobj csubj ccomp xcomp",
    "#8a5a00": "obl vocative expl dislocated nmod appos nummod",
    "#a0417a": "advcl acl advmod amod discourse",
    "#00735a": "conj cc fixed flat list parataxis compound orphan goeswith reparandum",
    "#777777": "aux cop mark det clf case punct",
    "#b8470b": "root dep",
}
KINDS = {relation: colour for colour, relations in _KINDS.items() for relation in relations.split()}


def colour_of(arc: Arc, by: Colouring) -> str:
    """Return the colour of an arc for CSS; a difference between two analyses comes first."""
    if arc.side != "both":
        return GOLD if arc.side == "gold" else SYSTEM
    if arc.differs:
        return SYSTEM
    if by == "label":
        return KINDS.get(arc.label.partition(":")[0], INK)
    if by == "confidence":
        return FAINT if arc.confidence is None else shade(arc.confidence)
    return INK


def shade(confidence: float) -> str:
    """Return the colour of a confidence from 0 to 1."""
    return "#" + "".join(f"{round(a + (b - a) * confidence):02x}" for a, b in zip(UNSURE, SURE, strict=True))
