"""The use of each kind of model, told to a user who gives a model where another kind is needed."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from arcparse.errors import ModelError, shown


class Use(NamedTuple):
    """The command that takes a kind of model, and the function that loads it."""

    command: str
    call: str


SEQ2SEQ, FRAMES = "arcparse.seq2seq.load", "arcparse.frames."
USES = {
    "parser": Use("arcparse parse", "arcparse.load"),
    "tagger": Use("arcparse tag", "arcparse.load"),
    "lemmatizer": Use("arcparse parse --lemmatizer", SEQ2SEQ),
    "segmenter": Use("arcparse parse --segmenter", SEQ2SEQ),
    "seq2seq": Use("arcparse translate", SEQ2SEQ),
    "classifier": Use("arcparse classify", SEQ2SEQ),
    "lm": Use("arcparse generate", SEQ2SEQ),
    "skip-thought": Use("", SEQ2SEQ),
    "labeller": Use("arcparse label", f"{FRAMES}Labeller.load"),
    "recogniser": Use("arcparse transcribe", f"{FRAMES}Recogniser.load"),
}  # word vectors have no use alone


def wrong_kind(place: Path, kind: str, wanted: str, use: str = "") -> ModelError:
    """Return the error that a model is of one kind, and another is `wanted`; it ends with the `use` of this model."""
    found = USES.get(kind)
    if found and not use:
        command = f"`{found.command}`, in Python " if found.command else ""
        use = f", or use this one by {command}{found.call}"
    return ModelError(f"{place}: holds a model of kind {shown(kind)}; name {wanted}{use}")
