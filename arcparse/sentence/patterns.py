"""Search a tree for named words, each with conditions on itself and on its place among the others.

    {"verb": {"upos": "VERB"}, "object": {"head": "verb", "deprel": "obj", "morph": {"Number": "Plur"}}}

A pattern is a mapping from names to conditions; a match gives each name a word of its own.

    condition                                            is met if
    form, text, lemma, upos, xpos, deprel, relation,     the word's attribute is the value
    deps, misc: VALUE
    morph: {FEATURE: VALUE, ...}                         each feature is its value; a missing feature is ""
    head: NAME                                           the word of that name is the head
    head: 0                                              the word is the root's child
    ancestor: NAME                                       the word of that name is above, at any distance
    before: NAME, after: NAME                            the word is before, or behind, the word of that name

A VALUE is a string; a list or set of strings, one of which it must be; a compiled regular expression that matches the
whole; or a function from the attribute to True or False. The relations are those of Semgrex that most searches need
(Bauer et al. 2023, "Semgrex and Ssurgeon, Searching and Manipulating Dependency Graphs"; `head` is its `<`, `ancestor`
`<<`), and the form, a flat list of named words, is that of spaCy's DependencyMatcher.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from arcparse.errors import InputError, nearest, shown
from arcparse.sentence.token import Token

Pattern: TypeAlias = "Mapping[str, Mapping[str, Any]]"
Match: TypeAlias = "dict[str, Token]"
Test: TypeAlias = "Callable[[Any], bool]"
Link: TypeAlias = "tuple[str, Callable[[Token, Token], bool], str]"  # the names of two words, and their relation

ATTRIBUTES = ("form", "text", "lemma", "upos", "xpos", "deprel", "relation", "deps", "misc")
MORPH, HEAD = "morph", "head"
RELATIONS: Mapping[str, Callable[[Token, Token], bool]] = {
    HEAD: lambda token, other: token.head == other.id,
    "ancestor": lambda token, other: other in token.ancestors,
    "before": lambda token, other: token.id < other.id,
    "after": lambda token, other: token.id > other.id,
}
EXAMPLE = "{'verb': {'upos': 'VERB'}, 'object': {'head': 'verb', 'deprel': 'obj'}}"


@dataclass(frozen=True)
class _Word:
    """A named word of a pattern: tests of a word, and relations to words of other names."""

    name: str
    tests: tuple[Test, ...]
    relations: tuple[tuple[str, str], ...]


def matches(pattern: Pattern, tokens: Sequence[Token]) -> Iterator[Match]:
    """Yield each match of a pattern among the words of a sentence, in the order of the words of the first name.

    Raises InputError for a pattern that cannot be read.
    """
    words = _read(pattern)
    candidates = [[token for token in tokens if all(test(token) for test in word.tests)] for word in words]
    links = [(word.name, RELATIONS[relation], other) for word in words for relation, other in word.relations]
    return _extended({}, words, candidates, links)


def _extended(
    chosen: Match, words: Sequence[_Word], candidates: Sequence[Sequence[Token]], links: Sequence[Link]
) -> Iterator[Match]:
    """Yield the matches that give the names not yet `chosen` words of their own."""
    if len(chosen) == len(words):
        yield chosen
        return
    name = words[len(chosen)].name
    for token in candidates[len(chosen)]:
        now = chosen | {name: token}
        new = [link for link in links if name in (link[0], link[2]) and link[0] in now and link[2] in now]
        if token not in chosen.values() and all(holds(now[one], now[other]) for one, holds, other in new):
            yield from _extended(now, words, candidates, links)


def _read(pattern: Any) -> list[_Word]:
    if not isinstance(pattern, Mapping) or not pattern:
        raise InputError(f"a pattern must be a dict of named words, as {EXAMPLE}, not {shown(pattern)}")
    return [_word(name, conditions, pattern) for name, conditions in pattern.items()]


def _word(name: str, conditions: Any, names: Collection[str]) -> _Word:
    if not isinstance(conditions, Mapping):
        raise InputError(f"the word {name!r} of the pattern must be a dict, as in {EXAMPLE}, not {shown(conditions)}")
    tests: list[Test] = []
    relations = []
    for key, value in conditions.items():
        place = f"{key!r} of the word {name!r} in the pattern"
        if key in RELATIONS and not (key == HEAD and isinstance(value, int)):
            if value not in [*names] or value == name:
                others = ", ".join(repr(other) for other in names if other != name)
                raise InputError(
                    f"{place} must name another word of it ({others or 'it has none'}), not {shown(value)}"
                )
            relations.append((key, value))
        else:
            tests.append(_test_of_word(key, value, place))
    return _Word(name, tuple(tests), tuple(relations))


def _test_of_word(key: str, value: Any, place: str) -> Test:
    if key == MORPH:
        if not isinstance(value, Mapping):
            raise InputError(f"{place} must be a dict of features, as {{'Number': 'Plur'}}, not {shown(value)}")
        tests = {feature: _test(wanted, f"{feature!r} in {place}") for feature, wanted in value.items()}
        return lambda token: all(test(token.morph.get(feature, "")) for feature, test in tests.items())
    if key == HEAD:
        return lambda token: bool(token.head == value)
    if key not in ATTRIBUTES:
        known = (*ATTRIBUTES, MORPH, *RELATIONS)
        raise InputError(f"{place} is not known{nearest(key, known)}; conditions are {', '.join(known)}")
    test = _test(value, place)
    return lambda token: test(getattr(token, key))


def _test(value: Any, place: str) -> Test:
    """Return the test of an attribute."""
    if isinstance(value, str):
        return value.__eq__
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        return lambda cell: value.fullmatch(cell) is not None
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str) for each in value):
        return frozenset(value).__contains__
    if callable(value):
        return lambda cell: bool(value(cell))
    raise InputError(
        f"{place} must be a string, a list of strings, a compiled regular expression or a function, not {shown(value)}"
    )
