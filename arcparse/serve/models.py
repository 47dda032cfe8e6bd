"""The models of the server, by the names that requests give.

A model answers to its own name and to the names that it is given beside it, `english-ewt:en=PATH`. As in UDPipe's
server, the beginning of a name up to a hyphen is a name too, if no other model has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from arcparse.bundle import Without, card_of
from arcparse.checkpoint import find_model
from arcparse.errors import ConfigurationError, nearest, shown
from arcparse.pipeline import Pipeline

NAMES = {"en": ("english", "eng"), "en-small": ("english-small",)}  # further names of shipped models
DATA = re.compile(r"^- \*\*Data:\*\* (.+?\.)(?=\s)", re.MULTILINE | re.DOTALL)  # in a card
BETWEEN = ":"  # two names


class Models:
    """Loaded models; the first is the default."""

    def __init__(
        self, models: Sequence[tuple[Sequence[str], Pipeline]], sources: Mapping[str, str] | None = None
    ) -> None:
        """Take models with their names, the first of which is shown, and texts on the data of which they were made.

        Raises ConfigurationError for a name twice.
        """
        self.pipelines = {names[0]: nlp for names, nlp in models}
        self.sources = sources or {}
        self.default = models[0][0][0]
        self._shown: dict[str, str] = {}
        for own, _ in models:
            for name in own:
                if name in self._shown:
                    raise ConfigurationError(f"two models have the name {name!r}; give one another: --model NAME=PATH")
                self._shown[name] = own[0]
        for own, _ in models:
            for name in _beginnings(own):
                self._shown.setdefault(name, own[0])
        self._reduced = lru_cache(maxsize=None)(Pipeline.reduced)

    @classmethod
    def load(cls, models: Sequence[str], **options: Any) -> Models:
        """Load models: names of shipped ones, or paths, each perhaps with its names before an equals sign.

        `options` are those of `Pipeline.load`. Raises ModelError if there is none, or it is broken.
        """
        named = [_named(model) for model in models]
        sources = {names[0]: source for names, place in named if (source := _source(find_model(place)))}
        return cls([(names, Pipeline.load(place, **options)) for names, place in named], sources)

    def name_of(self, name: str | None) -> str:
        """Return the first name of a model, of the default without a name. Raises ConfigurationError for another."""
        if not name:
            return self.default
        if name not in self._shown:
            known = ", ".join(self.pipelines)
            raise ConfigurationError(
                f"there is no model {shown(name)}{nearest(name, self._shown)}; this server has {known}"
            )
        return self._shown[name]

    def find(self, name: str | None, without: Collection[Without] = ()) -> Pipeline:
        """Return a model, perhaps without some parts. Raises ConfigurationError as `name_of` does."""
        nlp = self.pipelines[self.name_of(name)]
        return self._reduced(nlp, frozenset(without)) if without else nlp


def _named(model: str) -> tuple[list[str], str]:
    """Return the names of a model, and its name for `load` or its path."""
    given, equals, place = model.rpartition("=")
    if equals and not Path(model).exists():
        return [name for name in given.split(BETWEEN) if name] or [place], place
    name = Path(model).name or model
    return [name.removesuffix(".zip"), *NAMES.get(model, ())], model


def _source(place: Path) -> str | None:
    """Return the sentence of a model's card on its data and their licence, if there is one."""
    found = DATA.search(card_of(place))
    return " ".join(found[1].split()) if found else None


def _beginnings(names: Sequence[str]) -> Iterator[str]:
    """Yield the beginnings of names up to each hyphen."""
    for name in names:
        parts = name.split("-")
        yield from ("-".join(parts[:size]) for size in range(len(parts) - 1, 0, -1))
