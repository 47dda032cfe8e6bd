"""Spans of words, such as chunks and names, and the tags of single words that stand for them.

Three schemes of tags are known (Tjong Kim Sang & Veenstra 1999, section 2). In BIO (their IOB2), B begins a span, I
goes on with it, and O is outside. In IOB1, B only begins a span behind another of the same label; elsewhere I begins
it. In BIOES, E ends a span of several words and S is a span of one. Tags of any scheme, and even illegal ones, are read
by the rules of the shared tasks' scorer, conlleval: a span begins at a B or S, at any tag behind an O, E or S, and
where the label changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

from arcparse.errors import ConfigurationError, TreebankError, nearest
from arcparse.sentence.attributes import attribute, names_of
from arcparse.sentence.columns import EMPTY, MISC

Scheme = Literal["BIO", "IOB1", "BIOES"]

OUTSIDE = "O"
BEGINS, ENDS, INSIDE = ("B", "S"), ("E", "S"), ("B", "I")
PREFIXES = ("B", "I", "E", "S")
SPACING = frozenset(("SpaceAfter", "SpacesAfter", "SpacesBefore", "TokenRange"))  # attributes of running text


class Span(NamedTuple):
    """Some words with a label: `sentence[span.start : span.end]`. Positions are those of words, from 0."""

    label: str
    start: int
    end: int


def split(tag: str) -> tuple[str, str]:
    """Return the prefix and the label of a tag: `B` and `NP` of `B-NP`; a word without tag is outside.

    Raises ValueError for a tag of another form.
    """
    if tag in (OUTSIDE, EMPTY):
        return OUTSIDE, ""
    prefix, hyphen, label = tag.partition("-")
    if prefix not in PREFIXES or bool(hyphen) != bool(label):
        raise ValueError(f"{tag!r} is no tag of a span, which is O, or B, I, E or S with a label: B-NP")
    return prefix, label


def spans_of(tags: Iterable[str]) -> list[Span]:
    """Return the spans of a sentence's tags. Raises ValueError as `split` does."""
    found: list[Span] = []
    before, label, start = OUTSIDE, "", 0
    for end, tag in enumerate([*tags, OUTSIDE]):
        prefix, own = split(tag)
        is_new = prefix == OUTSIDE or prefix in BEGINS or before in ENDS or own != label
        if is_new and before != OUTSIDE:
            found.append(Span(label, start, end))
        if is_new or before == OUTSIDE:
            start = end
        before, label = prefix, own
    return found


def tags_of(spans: Iterable[Span], size: int, scheme: Scheme) -> list[str]:
    """Return the tags of a sentence of `size` words; the spans are in order and do not overlap."""
    tags, before = [OUTSIDE] * size, Span("", 0, 0)
    for span in spans:
        prefixes = ["B"] + ["I"] * (span.end - span.start - 1)
        if scheme == "IOB1" and (span.start, span.label) != (before.end, before.label):
            prefixes[0] = "I"
        if scheme == "BIOES":
            prefixes[-1] = "E" if len(prefixes) > 1 else "S"
        tags[span.start : span.end] = [f"{prefix}-{span.label}" if span.label else prefix for prefix in prefixes]
        before = span
    return tags


def may_follow(before: str, tag: str, scheme: Scheme) -> bool:
    """Return whether a tag is legal behind another, or behind O at the start of a sentence."""
    (last, label), (prefix, own) = split(before), split(tag)
    goes_on = last != OUTSIDE and label == own
    if scheme == "BIO":
        return prefix != "I" or goes_on
    if scheme == "IOB1":
        return prefix != "B" or goes_on
    return goes_on and prefix in ("I", "E") if last in INSIDE else prefix in (OUTSIDE, *BEGINS)


def may_end(tag: str, scheme: Scheme) -> bool:
    """Return whether a tag is legal for the last word of a sentence."""
    return scheme != "BIOES" or split(tag)[0] not in INSIDE


def scheme_of(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Return the scheme in which sentences are tagged, by the prefixes that begin their spans.

    Tags that fit BIO and IOB1 are BIO, and so are those that fit neither. Raises ValueError as `split` does.
    """
    pairs = {pair for tags in sentences for pair in pairwise((OUTSIDE, *tags))}
    parts = [(split(before), split(tag)) for before, tag in pairs]
    if any(tag[0] in ENDS for _, tag in parts):
        return "BIOES"
    begins = {tag[0] for before, tag in parts if before[0] == OUTSIDE or before[1] != tag[1]}
    return "IOB1" if "I" in begins and "B" not in begins else "BIO"


class Tagged(Protocol):
    """A sentence, as far as its spans need it."""

    @property
    def place(self) -> str:
        """The file and line where it was read."""

    def words(self, column: int) -> tuple[str, ...]:
        """Return one column of the words."""


def spans_in(sentence: Tagged, column: str) -> list[Span]:
    """Return the spans in an attribute of MISC, whose name may be in upper or lower case.

    Raises TreebankError for a tag that is none of a span.
    """
    miscs = sentence.words(MISC)
    tags = attribute(miscs, _same(column, names_of(miscs)) or column)
    try:
        return spans_of(tags)
    except ValueError:
        place = f"{sentence.place}: " if sentence.place else ""
        raise TreebankError(f"{place}{column} of {_fault(tags)}") from None


def _fault(tags: Iterable[str]) -> str:
    """Return the first word whose tag is none of a span, and the reason."""
    for number, tag in enumerate(tags, 1):
        try:
            split(tag)
        except ValueError as error:
            return f"word {number}: {error}"
    return ""


def column_of(sentences: Iterable[Tagged], column: str, role: str = "train") -> str:
    """Return the name of an attribute of MISC as sentences write it, given in upper or lower case.

    Raises ConfigurationError, which names the `role` of the file, if no word has the attribute.
    """
    names = names_of(misc for sentence in sentences for misc in sentence.words(MISC))
    found = _same(column, names)
    if not found:
        there = f"there are {', '.join(names)}" if names else "MISC is empty"
        if names and SPACING.issuperset(names):
            there = "it was read as running text"
        near = nearest(column.lower(), [name.lower() for name in names])
        raise ConfigurationError(
            f"no word of the {role} file has the column {column!r} in MISC{near}; {there}; if its format is not "
            "recognised, convert it: arcparse convert --from columns --columns form,NER"
        )
    return found


def _same(name: str, names: Sequence[str]) -> str:
    """Return the name itself if it is there, else one that differs in upper and lower case, else nothing."""
    return name if name in names else next((own for own in names if own.casefold() == name.casefold()), "")
