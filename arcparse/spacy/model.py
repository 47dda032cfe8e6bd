"""The model of a component or tokenizer, by its name or from spaCy's own folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from arcparse.bundle import Bundle, Without
from arcparse.checkpoint.places import shipped
from arcparse.pipeline import Pipeline, load

BATCH = 128  # documents, if nobody says how many


class Model:
    """A model that is loaded when it is first needed: the one that spaCy has saved, or else that of the name."""

    def __init__(self, name: str, without: Sequence[Without] = ()) -> None:
        """Take a name or path, and the parts to leave out, as `arcparse.load` does."""
        self.place: str | Path = name
        self.without = without

    @cached_property
    def pipeline(self) -> Pipeline:
        """The loaded model."""
        return load(self.place, without=self.without)

    def to_disk(self, path: str | Path) -> None:
        """Write a copy of the model, unless it is shipped with arcparse."""
        if not shipped(self.place):
            Bundle.find(self.place, without=self.without).save(Path(path))

    def from_disk(self, path: str | Path) -> None:
        """Take the model that `to_disk` wrote, if it wrote one."""
        if Path(path).exists():
            self.place = Path(path)
            self.__dict__.pop("pipeline", None)
