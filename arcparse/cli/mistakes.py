"""Kinds of mistakes with example sentences, and the words that one of two systems has right: text, Markdown, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from arcparse.cli.tables import Section, Table, escaped
from arcparse.evaluation import Agreement, Example, Kind, Mistakes

Agreements = Mapping[str, Mapping[str, Agreement]]  # by breakdown and part
NO_WORD, NOTHING = "no such word", "none"


@dataclass(frozen=True)
class Beside:
    """Two systems word by word: the words that each has right, and the mistakes of one where the other is right."""

    agreements: Agreements
    first_wrong: Sequence[Mistakes]
    second_wrong: Sequence[Mistakes]

    def as_dict(self) -> dict[str, Any]:
        """Return counts and examples, ready for JSON."""
        return {
            "agreement": {
                name: {part: asdict(counts) for part, counts in parts.items()}
                for name, parts in self.agreements.items()
            },
            "second_right_first_wrong": mistakes_json(self.first_wrong),
            "first_right_second_wrong": mistakes_json(self.second_wrong),
        }

    def sections(self) -> Iterator[Section]:
        """Yield a table for each breakdown, and the mistakes of each system."""
        for name, parts in self.agreements.items():
            yield Table(_agreement_rows(name, parts), title=f"Words with right head and label, by {name}")
        yield Listing("Right in the second, wrong in the first", self.first_wrong, "first")
        yield Listing("Right in the first, wrong in the second", self.second_wrong, "second")


def _agreement_rows(name: str, parts: Mapping[str, Agreement]) -> list[list[str]]:
    """Return for each part the counts, and how many more words in per cent the second system has right."""
    rows = [[name, "words", "both", "first alone", "second alone", "neither", "gain %"]]
    for part, found in parts.items():
        counts = (found.words, found.both, found.first, found.second, found.neither)
        rows.append([part, *map(str, counts), f"{100 * (found.second - found.first) / found.words:+.2f}"])
    return rows


@dataclass(frozen=True)
class Listing:
    """Kinds of mistakes of a system with examples, under a title."""

    title: str
    mistakes: Sequence[Mistakes]
    system: str = "system"  # its name beside its arcs

    def text(self) -> str:
        """Return a line for each kind, and three for each example; the wrong word is in brackets."""
        lines = [self.title] if self.mistakes else [f"{self.title}: {NOTHING}"]
        for own in self.mistakes:
            lines.append(f"{own.count:6} {100 * own.share:5.1f}%  {kind_name(own.kind)}")
            for example in own.examples:
                sentence = " ".join(filter(None, [example.before, f"[{example.word}]", example.after]))
                lines.append(f"    {example.sentence}: {sentence}")
                lines.append(f"        {'gold':{len(self.system)}}  {example.gold}")
                lines.append(f"        {self.system}  {example.system or NO_WORD}")
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return a heading for each kind, and its examples as a list."""
        parts = [f"## {escaped(self.title)}", *([] if self.mistakes else [NOTHING])]
        for own in self.mistakes:
            parts.append(f"### {escaped(kind_name(own.kind))}: {own.count} words, {100 * own.share:.1f} %")
            parts.append("\n".join(map(self._item, own.examples)))
        return "\n\n".join(filter(None, parts))

    def _item(self, example: Example) -> str:
        word = f"**{escaped(example.word)}**"
        sentence = " ".join(filter(None, [escaped(example.before), word, escaped(example.after)]))
        arcs = f"gold {escaped(example.gold)}; {self.system} {escaped(example.system or NO_WORD)}"
        return f"- {escaped(example.sentence)}: {sentence}  \n  {arcs}"


def kind_name(kind: Kind) -> str:
    """Return a kind in words: "nmod > obl, wrong head"."""
    if not kind.system:
        return f"{kind.gold}, {NO_WORD}"
    labels = kind.gold if kind.gold == kind.system else f"{kind.gold} > {kind.system}"
    return f"{labels}, {'right' if kind.head_right else 'wrong'} head"


def mistakes_json(found: Sequence[Mistakes]) -> list[dict[str, Any]]:
    """Return an object for each kind."""
    return [
        {
            **own.kind._asdict(),
            "count": own.count,
            "share": own.share,
            "examples": [asdict(example) for example in own.examples],
        }
        for own in found
    ]
