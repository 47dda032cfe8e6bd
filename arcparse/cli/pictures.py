"""Pictures that commands write, in the format that the file's name says, and in one piece or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from arcparse import drawing
from arcparse.drawing import figures
from arcparse.errors import ConfigurationError
from arcparse.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".svg", ".png")


def write_picture(picture: str | Figure, file: Path) -> None:
    """Write a drawing, which is SVG, or a figure as SVG or PNG.

    Raises ConfigurationError for another ending, TreebankError as `replacing`.
    """
    ending = file.suffix.lower()
    if ending not in FORMATS:
        raise ConfigurationError(f"{file}: a picture ends in {' or '.join(FORMATS)}, not {ending!r}; name it so")
    if not isinstance(picture, str):
        content = figures.rendered(picture, "png" if ending == ".png" else "svg")
    else:
        content = drawing.png(picture) if ending == ".png" else picture.encode("utf-8")
    write_bytes(content, file)


def write_bytes(content: bytes, file: Path) -> None:
    """Write a file that takes the place of an older one when all is written."""
    with replacing(file) as opened:
        opened.write(content)
