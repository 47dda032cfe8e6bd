"""Many sentences as one page of HTML, which needs nothing else, and a drawing as PNG."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from importlib import import_module
from unicodedata import bidirectional

from arcparse.drawing.colours import Colouring
from arcparse.drawing.diagram import Diagram
from arcparse.drawing.svg import WIDTH, svg
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
figcaption a {{ color: inherit; text-decoration: none }}
</style>
</head>
<body>
<h1>{title}</h1>
"""
_TEXT = re.compile(r"(?<=>)[^<>]+(?=</text>)")
_LETTER = re.compile(r"&#?\w+;|.[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f]*", re.DOTALL)
_FOOT = "</body>\n</html>\n"


def page(
    diagrams: Iterable[tuple[str, Diagram]],
    *,
    title: str = "Dependency trees",
    colour: Colouring = "none",
    width: float | None = WIDTH,
) -> Iterator[str]:
    """Give the pieces of an HTML page of diagrams, each under its name; `colour` and `width` are those of `svg`."""
    yield _HEAD.format(title=escape(title))
    for number, (name, diagram) in enumerate(diagrams, 1):
        anchor = f'<a id="s{number}" href="#s{number}" dir="auto">{escape(name)}</a>'
        yield f"<figure><figcaption>{anchor}</figcaption>\n{svg(diagram, colour=colour, width=width)}</figure>\n"
    yield _FOOT


def png(drawing: str, *, scale: float = 2.0) -> bytes:
    """Turn an SVG drawing into a PNG picture, `scale` of its pixels to one.

    Cairo writes letters one by one: Hebrew is well, Arabic letters are not joined; a browser shows both as they should.
    Raises ConfigurationError where cairosvg, or the cairo library below it, is not installed.
    """
    try:
        cairosvg = import_module("cairosvg")
    except (ImportError, OSError) as error:
        raise ConfigurationError(
            f"PNG pictures need cairosvg ({error}); `pip install arcparse[draw]`, or take the format svg or html"
        ) from None
    visual = _TEXT.sub(lambda match: _reversed(match[0]), drawing)
    picture: bytes = cairosvg.svg2png(bytestring=visual.encode("utf-8"), scale=scale)
    return picture


def _reversed(text: str) -> str:
    """Put letters of scripts from right to left, each with its marks, in the order in which they stand on paper."""
    if not any(bidirectional(character) in ("R", "AL") for character in text):
        return text
    return "".join(reversed(_LETTER.findall(text)))
