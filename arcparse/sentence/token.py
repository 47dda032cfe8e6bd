"""Words of a sentence, from which one can walk: along the tree, to the neighbours, and back into the text.

All that a word knows beyond its columns is found in its sentence when it is asked for. Walks end also if heads form a
cycle, as in files with faults.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from arcparse.errors import InputError, TreeError
from arcparse.sentence.columns import COLUMNS, EMPTY, NONE, ROOT
from arcparse.sentence.names import TOKEN, answers
from arcparse.sentence.surface import Surface

Children = Sequence[Sequence[int]]  # by the number of the head, with the root's at position 0


class Words(Protocol):
    """A sentence, as its words know it."""

    @property
    def text(self) -> str:
        """The text of the sentence."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The words."""

    @property
    def children(self) -> Children:
        """The numbers of each word's children. Raises TreeError if a head is outside the sentence."""

    @property
    def surfaces(self) -> Sequence[Surface]:
        """The token of the text in which each word is written."""

    def comment(self, key: str) -> str | None:
        """Return the value of a comment."""


class _Placed:
    """An object that can be told its sentence once, without being compared or printed by it."""

    __slots__ = ("_sentence",)
    _sentence: Words


@answers(TOKEN)
@dataclass(frozen=True, slots=True)
class Token(_Placed):
    """One syntactic word; `head` is 0 for the root's child and -1 if the file has no head."""

    id: int
    form: str
    lemma: str = EMPTY
    upos: str = EMPTY
    xpos: str = EMPTY
    feats: str = EMPTY
    head: int = NONE
    deprel: str = EMPTY
    deps: str = EMPTY
    misc: str = EMPTY

    def __str__(self) -> str:
        """Return the form."""
        return self.form

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a pickle holds: the columns, and the sentence if there is one."""
        columns = tuple([getattr(self, name) for name in COLUMNS])
        return _placed, (columns, getattr(self, "_sentence", None))

    # Its own

    @property
    def text(self) -> str:
        """The form, under spaCy's name."""
        return self.form

    @property
    def relation(self) -> str:
        """The universal part of the relation: `nsubj` of `nsubj:pass`."""
        return self.deprel.partition(":")[0]

    @property
    def morph(self) -> Mapping[str, str]:
        """The features by their names: `token.morph["Number"]`; without any, it is empty."""
        features = [] if self.feats == EMPTY else [cell.partition("=") for cell in self.feats.split("|")]
        return {name: value for name, _, value in features}

    @property
    def is_punctuation(self) -> bool:
        """Whether UPOS is PUNCT."""
        return self.upos == "PUNCT"

    # Its tree

    @property
    def sentence(self) -> Words:
        """The sentence of the word. Raises InputError for a token that was made alone."""
        try:
            return self._sentence
        except AttributeError:
            raise InputError(
                f"the token {self.form!r} belongs to no sentence; take it from Sentence.from_tokens([...])"
            ) from None

    @property
    def head_token(self) -> Token | None:
        """The head as a token; None for the root's child, and for a word without a head."""
        if self.head <= ROOT:
            return None
        _ = self.sentence.children  # refuses a head outside the sentence
        return self.sentence.tokens[self.head - 1]

    @property
    def children(self) -> tuple[Token, ...]:
        """The words whose head this one is, in their order."""
        return _at(self.sentence, self.sentence.children[self.id])

    @property
    def left_children(self) -> tuple[Token, ...]:
        """The children before the word."""
        return _at(self.sentence, [child for child in self.sentence.children[self.id] if child < self.id])

    @property
    def right_children(self) -> tuple[Token, ...]:
        """The children behind the word."""
        return _at(self.sentence, [child for child in self.sentence.children[self.id] if child > self.id])

    @property
    def subtree(self) -> tuple[Token, ...]:
        """The word and all words below it, in their order."""
        return _at(self.sentence, below(self.sentence.children, self.id))

    @property
    def left_edge(self) -> Token:
        """The first word of the subtree."""
        return self.subtree[0]

    @property
    def right_edge(self) -> Token:
        """The last word of the subtree."""
        return self.subtree[-1]

    @property
    def ancestors(self) -> tuple[Token, ...]:
        """The head, its head and so on, up to the root's child."""
        found: dict[int, Token] = {}
        token = self.head_token
        while token and token.id not in found:
            found[token.id] = token
            token = token.head_token
        return tuple(found.values())

    @property
    def conjuncts(self) -> tuple[Token, ...]:
        """The words that are coordinated with this one, without itself, in their order.

        The first of them is the head of the others, whose relation is `conj`
        (https://universaldependencies.org/u/dep/conj.html).
        """
        first = next((token for token in (self, *self.ancestors) if token.relation != "conj"), None)
        waiting, found = [first] if first else [], {self.id}
        while waiting:
            token = waiting.pop()
            found.add(token.id)
            waiting += [child for child in token.children if child.relation == "conj"]
        return _at(self.sentence, sorted(found - {self.id}))

    # Its text

    @property
    def start(self) -> int:
        """The position of the word's first character in the text; for a part of a multiword token, of the whole's.

        It counts in the raw text that was parsed, and in the text of the sentence if there was none.
        """
        return self.sentence.surfaces[self.id - 1].start

    @property
    def end(self) -> int:
        """The position behind the word's last character, counted as `start`: `text[token.start : token.end]`."""
        return self.sentence.surfaces[self.id - 1].end

    @property
    def whitespace(self) -> str:
        """The white space behind the word; empty inside a multiword token."""
        surface = self.sentence.surfaces[self.id - 1]
        return surface.whitespace if self.id == surface.words[-1] else ""


def placed(rows: Iterable[tuple[Any, ...]], sentence: Words) -> tuple[Token, ...]:
    """Return the tokens of a sentence, made of their columns."""
    return tuple([_placed(row, sentence) for row in rows])


def _placed(columns: tuple[Any, ...], sentence: Words | None) -> Token:
    token = Token(*columns)
    if sentence is not None:
        object.__setattr__(token, "_sentence", sentence)
    return token


def numbered(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return tokens that can be a sentence: these, or copies with new numbers if they are some words of a larger one.

    In copies, a head that is not among the words is 0, and DEPS is empty. Raises InputError if two ids are equal.
    """
    new = {token.id: number for number, token in enumerate(tokens, 1)}
    if len(new) < len(tokens):
        raise InputError("two of the tokens have the same id; take the words of one sentence, each once")
    sentences = [token.sentence for token in tokens[:1] if hasattr(token, "_sentence")]
    is_part = any(len(sentence.tokens) > len(tokens) for sentence in sentences)
    if not is_part and all(old == number for old, number in new.items()):
        return tokens
    heads = [token.head if token.head <= ROOT else new.get(token.head, ROOT) for token in tokens]
    return [
        replace(token, id=number, head=head, deps=EMPTY)
        for number, (token, head) in enumerate(zip(tokens, heads, strict=True), 1)
    ]


def _at(sentence: Words, numbers: Iterable[int]) -> tuple[Token, ...]:
    tokens = sentence.tokens
    return tuple([tokens[number - 1] for number in numbers])


def children_of(heads: Sequence[int], place: str = "") -> Children:
    """Return the numbers of the children of the root and of each word, by the heads of the words.

    Raises TreeError, which names the `place` of the sentence, if a head is outside it.
    """
    children: list[list[int]] = [[] for _ in range(len(heads) + 1)]
    for word, head in enumerate(heads, 1):
        if head > len(heads):
            begin = f"{place}: " if place else ""
            raise TreeError(f"{begin}HEAD '{head}' of word {word} is outside the sentence of {len(heads)} words")
        if head >= ROOT:
            children[head].append(word)
    return tuple(map(tuple, children))


def below(children: Children, word: int) -> list[int]:
    """Return the numbers of a word and of all words below it, in their order."""
    found, waiting = {word}, [word]
    while waiting:
        new = [child for child in children[waiting.pop()] if child not in found]
        found.update(new)
        waiting += new
    return sorted(found)
