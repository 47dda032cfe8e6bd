"""Noun chunks: flat phrases of a noun, a proper noun or a pronoun with the words that describe it, by labels of UD.

A chunk begins with the first dependent before its noun that belongs to it (determiner, adjective, numeral, possessor,
part of a compound) and ends with the noun, or with the parts of a name, adjectives and numerals directly behind it.
Prepositions, conjunctions, relative clauses and later phrases do not belong to it. Chunks never overlap: a noun inside
a chunk has none of its own. This is spaCy's idea of `noun_chunks` (https://spacy.io/api/doc#noun_chunks) with the
relations of Universal Dependencies (https://universaldependencies.org/u/dep), for all languages alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arcparse.sentence.phrase import Phrase
from arcparse.sentence.token import Children, Token, below

NOUNS = frozenset(("NOUN", "PROPN", "PRON"))
NAMES = frozenset(("compound", "fixed", "flat", "goeswith"))
BEFORE = NAMES | {"amod", "clf", "det", "nmod", "nummod"}  # relations of dependents that belong to a noun behind them
BEHIND = NAMES | {"amod", "clf", "det", "nummod"}
LIGHT = NAMES | {"conj"}  # what an adjective behind its noun may have behind it; with more, it is a phrase of its own
NO_CHUNKS = NAMES | {"case", "cc", "det", "discourse", "expl", "mark"}  # relations of nouns without a chunk


def noun_chunks(tokens: Sequence[Token], children: Children) -> Iterator[Phrase]:
    """Yield the chunks of a sentence in their order, by its words and the numbers of each word's children."""
    nouns = [token for token in tokens if token.upos in NOUNS and token.relation not in NO_CHUNKS]
    end = 0
    for first, last in sorted((_extent(noun, tokens, children) for noun in nouns), key=_widest_first):
        if first > end:
            yield Phrase(tuple(tokens[first - 1 : last]))
            end = last


def _widest_first(extent: tuple[int, int]) -> tuple[int, int]:
    return extent[0], -extent[1]


def _extent(noun: Token, tokens: Sequence[Token], children: Children) -> tuple[int, int]:
    """Return the numbers of the first and the last word of a noun's chunk."""
    first = last = noun.id
    for child in children[noun.id]:
        if child < noun.id and tokens[child - 1].relation in BEFORE:
            first = min(first, below(children, child)[0])
        elif child > noun.id:
            own = below(children, child)
            behind = [tokens[other - 1].relation for other in children[child] if other > child]
            follows = own[0] == last + 1 and not tokens[last].is_punctuation
            if tokens[child - 1].relation not in BEHIND or not follows or not LIGHT.issuperset(behind):
                break
            last = max([child, *(other for other in children[child] if tokens[other - 1].relation in NAMES)])
    return first, last
