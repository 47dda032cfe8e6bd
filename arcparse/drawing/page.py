"""Many sentences as one page of HTML, which needs nothing else, and a drawing as PNG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from arcparse.drawing.colours import Colouring
from arcparse.drawing.diagram import Diagram
from arcparse.drawing.svg import svg
from arcparse.errors import ConfigurationError

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
figcaption a {{ color: #777; text-decoration: none; margin-inline-end: .8em }}
</style>
</head>
<body>
<h1>{title}</h1>
"""
_FOOT = "</body>\n</html>\n"


def page(
    diagrams: Iterable[tuple[str, Diagram]], *, title: str = "Dependency trees", colour: Colouring = "none"
) -> Iterator[str]:
    """Give the pieces of an HTML page of named diagrams, one after the other."""
    yield _HEAD.format(title=escape(title))
    for number, (name, diagram) in enumerate(diagrams, 1):
        anchor = f'<a id="s{number}" href="#s{number}">{escape(name or str(number))}</a>'
        caption = f'<figcaption dir="auto">{anchor}{escape(diagram.title)}</figcaption>'
        yield f"<figure>{caption}\n{svg(diagram, colour=colour)}</figure>\n"
    yield _FOOT


def png(drawing: str, *, scale: float = 2.0) -> bytes:
    """Turn an SVG drawing into a PNG picture, `scale` of its pixels to one.

    Raises ConfigurationError where cairosvg, or the cairo library below it, is not installed.
    """
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"PNG pictures need cairosvg ({error}); `pip install arcparse[draw]`, or take the format svg or html"
        ) from None
    picture: bytes = cairosvg.svg2png(bytestring=drawing.encode("utf-8"), scale=scale)
    return picture
