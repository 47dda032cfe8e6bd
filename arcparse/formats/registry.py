"""All formats by name. Each module beside this one describes its own; docs/extending.md writes one from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from arcparse.errors import ConfigurationError
from arcparse.formats import bracketed, conllu, graphs, json_lines, penn, running_text, table
from arcparse.formats.format import Format

Tag = Literal["upos", "xpos"]


class MakeFormats(Protocol):
    """A function that returns the formats of a module, one or more."""

    def __call__(self, tag: str = ...) -> Iterable[Format]:
        """Return the formats; those with a single tag hold the column `tag`, by default the one that suits them."""
        ...


_FORMATS: list[MakeFormats] = [
    conllu.formats,
    table.formats,
    running_text.formats,
    bracketed.formats,
    penn.formats,
    graphs.formats,
    json_lines.formats,
]


def register(make: MakeFormats) -> None:
    """Let commands and functions find formats of your own by their names, in this process.

    Raises ConfigurationError if another format has such a name.
    """
    if make in _FORMATS:
        return
    taken = [made.name for made in make() if made.name in formats()]
    if taken:
        raise ConfigurationError(f"there is another format {taken[0]!r}; give yours another name")
    _FORMATS.append(make)


def formats(tag: Tag | None = None, columns: Sequence[str] = ()) -> dict[str, Format]:
    """Return the formats by name.

    `tag` is the column for the tag of formats with a single one, by default XPOS, in pictures UPOS. `columns` are those
    of the format `columns`, which exists only with them. Raises ConfigurationError for names that cannot be columns.
    """
    made = [each for make in _FORMATS for each in (make() if tag is None else make(tag))]
    if columns:
        made.append(table.format_of_columns(columns))
    return {each.name: each for each in made}
