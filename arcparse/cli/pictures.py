"""Pictures that commands write, in the format that the file's name says, and in one piece or not at all."""

from __future__ import annotations

from pathlib import Path

from arcparse import drawing
from arcparse.errors import ConfigurationError
from arcparse.files import replacing

FORMATS = (".svg", ".png")


def write_picture(svg: str, file: Path) -> None:
    """Write a drawing as SVG or PNG. Raises ConfigurationError for another ending, TreebankError as `replacing`."""
    ending = file.suffix.lower()
    if ending not in FORMATS:
        raise ConfigurationError(f"{file}: a picture ends in {' or '.join(FORMATS)}, not {ending!r}; name it so")
    write_bytes(drawing.png(svg) if ending == ".png" else svg.encode("utf-8"), file)


def write_bytes(content: bytes, file: Path) -> None:
    """Write a file that takes the place of an older one when all is written."""
    with replacing(file) as opened:
        opened.write(content)
