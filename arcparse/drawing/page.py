"""Many sentences as one page of HTML without other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from arcparse.drawing.colours import Colouring
from arcparse.drawing.diagram import Diagram
from arcparse.drawing.svg import WIDTH, svg

_HEAD = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font-family: Verdana, Arial, sans-serif; margin: 2em auto; max-width: 1140px; color: #333 }}
figure {{ margin: 0 0 1.5em; padding: .8em; border: 1px solid #ddd; border-radius: 6px; overflow-x: auto }}
figcaption {{ font-size: 14px; margin-bottom: .4em }}
figcaption a {{ color: inherit; text-decoration: none }}
</style>
</head>
<body>
<h1>{title}</h1>
"""
_FOOT = "</body>\n</html>\n"


def page(
    diagrams: Iterable[tuple[str, Diagram]],
    *,
    title: str = "Dependency trees",
    colour: Colouring = "none",
    width: float | None = WIDTH,
) -> Iterator[str]:
    """Yield the pieces of an HTML page of diagrams, each under its name; `colour` and `width` as in `svg`."""
    yield _HEAD.format(title=escape(title))
    for number, (name, diagram) in enumerate(diagrams, 1):
        anchor = f'<a id="s{number}" href="#s{number}" dir="auto">{escape(name)}</a>'
        yield f"<figure><figcaption>{anchor}</figcaption>\n{svg(diagram, colour=colour, width=width)}</figure>\n"
    yield _FOOT
