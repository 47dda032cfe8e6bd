"""Pictures as SVG 1.1 text: elements, their escaping, and the document around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from arcparse.drawing.widths import cells

SANS = "DejaVu Sans, Verdana, Noto Sans, Noto Sans CJK SC, Arial, sans-serif"  # widths are measured for the first
MONO = "DejaVu Sans Mono, Menlo, Consolas, monospace"
ADVANCE = 0.65  # width of a monospaced sign in ems: a little more than these fonts take when hinted to whole pixels
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """Return an element around `content`, which is SVG already; `stroke_width=2` becomes stroke-width="2"."""
    pairs = "".join(f" {key.replace('_', '-')}={quoteattr(_value(value))}" for key, value in attributes.items())
    return f"<{name}{pairs}>{content}</{name}>" if content else f"<{name}{pairs}/>"


def text(x: float, y: float, content: str, **attributes: str | float) -> str:
    """Return a line of text whose baseline begins at (x, y), or is anchored there as an attribute says."""
    return element("text", escape(NOT_XML.sub("\ufffd", content)), x=x, y=y, **attributes)


def tooltip(content: str) -> str:
    """Return a tooltip, which a viewer shows when the mouse points at the element around it."""
    return element("title", escape(NOT_XML.sub("\ufffd", content)))


def text_width(content: str, size: float) -> float:
    """Return the pixels that a monospaced text of `size` pixels' height takes at most."""
    return cells(content) * ADVANCE * size


def document(parts: Iterable[str], wide: float, high: float, *, font: str = MONO, **attributes: str | float) -> str:
    """Return a picture of `wide` x `high` pixels on white ground, which can also be a part of an HTML page."""
    ground = element("rect", width="100%", height="100%", fill="white")
    content = "\n".join(["", ground, *parts, ""])
    size: dict[str, str | float] = {"width": wide, "height": high, "viewBox": f"0 0 {_value(wide)} {_value(high)}"}
    namespace = "http://www.w3.org/2000/svg"
    return element("svg", content, xmlns=namespace, **size, font_family=font, **attributes) + "\n"


def _value(value: str | float) -> str:
    return NOT_XML.sub("\ufffd", value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
