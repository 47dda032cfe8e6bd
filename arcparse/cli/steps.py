"""The transformations of `arcparse convert`: their flags, values and functions of sentences."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from arcparse import transform
from arcparse.cli.streams import text_argument
from arcparse.errors import ConfigurationError
from arcparse.sentence import Sentence
from arcparse.trees.pseudo_projective import PROJECTIVITIES, Projectivity

if TYPE_CHECKING:
    Group = argparse._ArgumentGroup

Transformation: TypeAlias = "Callable[[Iterable[Sentence]], Iterator[Sentence]]"

DESCENDING = ":down"


@dataclass(frozen=True)
class Surroundings:
    """Things that a step may need besides its value: the seed of draws, and a reader of other files."""

    seed: int
    read: Callable[[str], Iterator[Sentence]]


@dataclass(frozen=True)
class Step:
    """A flag; `make` gives the transformation for its value, which is empty if the flag takes none."""

    flag: str
    metavar: str | None
    text: str
    make: Callable[[str, Surroundings], Transformation]


def add_steps(group: Group) -> None:
    """Add the flags; the option `steps` holds the given ones in their order, as pairs of a step and its value."""
    for step in STEPS:
        nargs = 0 if step.metavar is None else None
        group.add_argument(
            step.flag,
            action=_Given,
            const=step,
            dest="steps",
            default=[],
            nargs=nargs,
            metavar=step.metavar,
            help=step.text,
        )


class _Given(argparse.Action):
    def __call__(self, parser: object, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        namespace.steps = [*namespace.steps, (self.const, values or "")]


def _merging(value: str, surroundings: Surroundings) -> Transformation:
    columns, equals, file = value.partition("=")
    if not equals:
        raise ConfigurationError(f"--merge {value!r}: write COLUMNS=FILE, such as head,deprel=trees.conllu")
    return partial(transform.merge, other=surroundings.read(file), columns=columns.split(","))


def _sampling(value: str, surroundings: Surroundings) -> Transformation:
    try:
        number = float(value[:-1]) / 100 if value.endswith("%") else int(value)
    except ValueError:
        number = -1
    if number < 0:
        raise ConfigurationError(f"--sample {value!r}: give a number of sentences, or a share such as 10%")
    if isinstance(number, float):
        return partial(transform.sample_share, share=number, seed=surroundings.seed)
    return partial(transform.sample, number=number, seed=surroundings.seed)


def _sorting(value: str, _: Surroundings) -> Transformation:
    key = value.removesuffix(DESCENDING)
    if key not in transform.SORT_KEYS:
        raise ConfigurationError(f"--sort {value!r}: name one of {', '.join(transform.SORT_KEYS)}")
    return partial(transform.sort, key=key, descending=key != value)


def _encoding(value: str) -> Projectivity:
    for encoding in PROJECTIVITIES:
        if encoding == value:
            return encoding
    raise ConfigurationError(f"encoding {value!r}: name one of {', '.join(PROJECTIVITIES)}")


STEPS = (
    Step(
        "--filter",
        "EXPR",
        "keep sentences that fulfil a condition: 'length <= 40 and projective and \"nsubj\" in label'",
        lambda value, _: partial(transform.keep, expression=text_argument(value)),
    ),
    Step("--merge", "COLUMNS=FILE", "take columns from a file of the same sentences: head,deprel=t.conllu", _merging),
    Step(
        "--drop-punctuation",
        None,
        "leave out punctuation; its dependents go to its head",
        lambda *_: transform.drop_punctuation,
    ),
    Step(
        "--projectivise",
        "ENCODING",
        f"lift crossing arcs, and mark them in labels: {', '.join(PROJECTIVITIES)}",
        lambda value, _: partial(transform.projectivise, encoding=_encoding(value)),
    ),
    Step(
        "--deprojectivise",
        "ENCODING",
        "attach lifted words again, as labels say",
        lambda value, _: partial(transform.deprojectivise, encoding=_encoding(value)),
    ),
    Step(
        "--upos-from-xpos",
        "TABLE",
        "set UPOS by a file of lines `XPOS UPOS`; XPOS * stands for all others",
        lambda value, _: partial(transform.upos_from_xpos, table=transform.read_table(Path(value))),
    ),
    Step(
        "--relabel",
        "TABLE",
        "change labels by a file of lines `old new`",
        lambda value, _: partial(transform.relabel, table=transform.read_table(Path(value))),
    ),
    Step(
        "--strip-subtypes",
        None,
        "remove subtypes of labels: nsubj:pass becomes nsubj",
        lambda *_: transform.strip_subtypes,
    ),
    Step("--lower-case", None, "lower-case forms", lambda *_: transform.lower_case),
    Step(
        "--anonymise",
        None,
        "mask names, numbers and addresses; drop comments and MISC that may reveal more",
        lambda *_: transform.anonymise,
    ),
    Step("--sample", "N", "draw N sentences at random, or a share: 10%%", _sampling),
    Step(
        "--sort",
        "KEY",
        f"sort by {', '.join(transform.SORT_KEYS)}; length{DESCENDING} puts the longest first; holds all sentences in "
        "memory",
        _sorting,
    ),
)
