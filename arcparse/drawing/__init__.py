"""Pictures of dependency trees: arcs above the words, tags below, one layout for drawings and for the terminal.

Arcs are nested by length as in tikz-dependency, which Marneffe et al. (2014) use for UD: an arc inside another runs
below it. Each arc has its own foot at either end, so that arcs cross only if the tree is not projective. Wide words and
wide labels push words apart; no box ever covers another.

    diagram    the words and arcs of a sentence, or of two analyses of it
    widths     the width of text, in a drawing and in a terminal
    layout     arcs on levels, feet on words, places of both
    lines      long sentences divided into lines
    svg        a layout as SVG
    terminal   a layout in the box-drawing signs of Unicode
    colours    the colours of arcs
    page       many sentences as HTML
    png        a drawing as PNG
    elements   the parts of SVG
    figures    curves, bars, reliability and attention, by matplotlib
    word_map   word vectors as points of a plane
"""

from __future__ import annotations

from arcparse.drawing.diagram import Diagram, diagram, overlay
from arcparse.drawing.page import page
from arcparse.drawing.png import png
from arcparse.drawing.svg import WIDTH, svg
from arcparse.drawing.terminal import WIDTH as TEXT_WIDTH
from arcparse.drawing.terminal import text

__all__ = [
    "TEXT_WIDTH",
    "WIDTH",
    "Diagram",
    "diagram",
    "overlay",
    "page",
    "png",
    "svg",
    "text",
]
