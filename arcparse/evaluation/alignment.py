"""Align the words of two versions of a text, whose tokens, words and sentences may be divided differently.

Without white space, both versions have the same characters, and each token is a span of these. Two plain words are
aligned if their spans are equal. The words of a multiword token have no spans of their own: within the stretch of text
that such tokens cover, words are aligned by a longest common subsequence of their forms (Zeman et al. 2018).

Axis letters: T tokens, W words, S sentences, A aligned words, each over a whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import TreebankError
from arcparse.sentence import FORM, ID, Sentence, numbering

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Pair = tuple[int, int]

SPACE = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # the characters of Unicode category Zs
SHOWN = 20  # characters of a text in an error


@dataclass(frozen=True)
class Text:
    """The tokens and words of sentences, as spans of the text's characters without white space."""

    sentences: tuple[Sentence, ...]
    characters: str
    bounds: Integers  # [T + 1] the first character of each token, then the end of the text
    sentence_bounds: Integers  # [S + 1] the same for sentences
    token: Integers  # [W] the token of each word
    in_multiword: Booleans  # [W] whether this token is a multiword token

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Text:
        """Join sentences to one text. Raises TreebankError if a form is empty or a range does not fit its words."""
        sentences = tuple(sentences)
        tokens = [_tokens(sentence) for sentence in sentences]
        forms = _without_space(list(chain.from_iterable(forms for forms, _ in tokens)))
        last_token = np.cumsum([0, *(len(forms) for forms, _ in tokens)])
        if "" in forms:
            place = sentences[int(np.searchsorted(last_token, forms.index(""), side="right")) - 1].place
            raise TreebankError(f"{place}: a FORM is empty or only white space; every token needs a visible form")
        widths = np.fromiter(chain.from_iterable(widths for _, widths in tokens), np.int64, len(forms))
        words = np.maximum(widths, 1)
        bounds = np.cumsum(np.fromiter(chain((0,), map(len, forms)), np.int64, len(forms) + 1))
        return cls(
            sentences,
            "".join(forms),
            bounds,
            bounds[last_token],
            np.repeat(np.arange(len(forms)), words),
            np.repeat(widths > 0, words),
        )

    def __len__(self) -> int:
        """Return the number of words."""
        return len(self.token)

    def column(self, column: int) -> list[str]:
        """Return one column of the words of all sentences."""
        return list(chain.from_iterable([sentence.words(column) for sentence in self.sentences]))

    @cached_property
    def forms(self) -> list[str]:
        """Word forms, as written."""
        return self.column(FORM)

    @cached_property
    def starts(self) -> Integers:
        """The first character of each word, [W]; for a word of a multiword token, the token's first character."""
        return self.bounds[self.token]

    def place_of(self, character: int) -> str:
        """Return the place of the sentence that contains a character, or of the last one if the text is shorter."""
        index = int(np.searchsorted(self.sentence_bounds[1:-1], character, side="right"))
        return (self.sentences[index].place or f"sentence {index + 1}") if self.sentences else "(no sentences)"


def _tokens(sentence: Sentence) -> tuple[Sequence[str], Sequence[int]]:
    """Return the form of each token, and the number of words that its range covers: 0 for a plain word."""
    ids = sentence.columns[ID]
    if len(sentence) == len(ids):
        return sentence.columns[FORM], [0] * len(ids)
    rows = list(numbering.tokens(ids))
    forms = [sentence.columns[FORM][row] for row, _ in rows]
    widths = [0 if numbering.is_word(ids[row]) else len(words) for row, words in rows]
    if sum(max(width, 1) for width in widths) != len(sentence):
        raise TreebankError(f"{sentence.place}: the ID ranges do not fit the {len(sentence)} words that follow them")
    return forms, widths


def _without_space(forms: list[str]) -> list[str]:
    return [SPACE.sub("", form) for form in forms] if SPACE.search("".join(forms)) else forms


def check_same_text(gold: Text, system: Text) -> None:
    """Raise TreebankError, which names both places, if the characters of the texts differ."""
    if gold.characters == system.characters:
        return
    pairs = enumerate(zip(gold.characters, system.characters, strict=False))
    shorter = min(len(gold.characters), len(system.characters))
    at = next((index for index, (ours, theirs) in pairs if ours != theirs), shorter)
    raise TreebankError(
        f"{gold.place_of(at)} and {system.place_of(at)}: the texts differ from character {at} on, "
        f"'{gold.characters[at : at + SHOWN]}' in gold and '{system.characters[at : at + SHOWN]}' in system; "
        "segmentation may differ, but the forms of all tokens, joined without spaces, must be the same"
    )


def same_spans(gold_bounds: Integers, system_bounds: Integers) -> Booleans:
    """Return for each span of gold, from one bound to the next, whether the system has the same span."""
    length = int(gold_bounds[-1]) + 1
    gold, system = (bounds[:-1] * length + bounds[1:] for bounds in (gold_bounds, system_bounds))
    return np.isin(gold, system, assume_unique=True)


def align(gold: Text, system: Text) -> tuple[Integers, Integers]:
    """Return the indices ([A], [A]) of the aligned words in two texts with the same characters, in order."""
    if _same_words(gold, system):
        return np.arange(len(gold)), np.arange(len(system))
    pairs = np.array(_pairs(_Spans.of(gold), _Spans.of(system)), np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _same_words(gold: Text, system: Text) -> bool:
    return (
        np.array_equal(gold.bounds, system.bounds)
        and np.array_equal(gold.token, system.token)
        and np.array_equal(gold.in_multiword, system.in_multiword)
        and gold.forms == system.forms
    )


@dataclass(frozen=True, slots=True)
class _Spans:
    """Words as lists, which are faster than arrays for access one by one; an extra word beyond the text ends them."""

    start: list[int]
    end: list[int]
    in_multiword: list[bool]
    form: list[str]

    @classmethod
    def of(cls, text: Text) -> _Spans:
        beyond = len(text.characters) + 1
        in_multiword = text.in_multiword.tolist()
        forms = [
            form.lower() if within else SPACE.sub("", form).lower()
            for form, within in zip(text.forms, in_multiword, strict=True)
        ]
        start, end = text.bounds[text.token], text.bounds[text.token + 1]
        return cls([*start.tolist(), beyond], [*end.tolist(), beyond], [*in_multiword, False], forms)

    def is_inside(self, word: int, end: int) -> bool:
        """Whether a word is in the stretch up to `end`: its multiword token begins there, or the word ends there."""
        return self.start[word] < end if self.in_multiword[word] else self.end[word] <= end

    def extended(self, word: int, end: int) -> int:
        """Return the end of the stretch after `word` is added: a multiword token is always included whole."""
        return max(end, self.end[word]) if self.in_multiword[word] else end


def _pairs(gold: _Spans, system: _Spans) -> list[Pair]:
    pairs: list[Pair] = []
    g = s = 0
    while g < len(gold.form) and s < len(system.form):
        if gold.in_multiword[g] or system.in_multiword[s]:
            (first_g, first_s), (g, s) = _stretch(gold, system, g, s)
            common = _common_subsequence(gold.form[first_g:g], system.form[first_s:s])
            pairs.extend((first_g + i, first_s + j) for i, j in common)
        elif gold.start[g] == system.start[s] and gold.end[g] == system.end[s]:
            pairs.append((g, s))
            g, s = g + 1, s + 1
        elif gold.start[g] <= system.start[s]:
            g += 1
        else:
            s += 1
    return pairs


def _stretch(gold: _Spans, system: _Spans, g: int, s: int) -> tuple[Pair, Pair]:
    """Return the first words of the stretch around a multiword token at `g` or `s`, and the first words after it.

    If the other text has a plain word that begins before the token, this one word is left out. A second such word is
    not tested: the shared task's scorer does not test it either, and the scores must be the same.
    """
    if gold.in_multiword[g]:
        end = gold.end[g]
        s += not system.in_multiword[s] and system.start[s] < gold.start[g]
    else:
        end = system.end[s]
        g += gold.start[g] < system.start[s]
    first = g, s
    while gold.is_inside(g, end) or system.is_inside(s, end):
        if gold.start[g] <= system.start[s]:
            end, g = gold.extended(g, end), g + 1
        else:
            end, s = system.extended(s, end), s + 1
    return first, (g, s)


def _common_subsequence(gold: Sequence[str], system: Sequence[str]) -> list[Pair]:
    """Return the index pairs of a longest common subsequence; if there are several, equal words are paired early."""
    length = [[0] * (len(system) + 1) for _ in range(len(gold) + 1)]  # of the common subsequence from (i, j) on
    for i in reversed(range(len(gold))):
        for j in reversed(range(len(system))):
            equal = gold[i] == system[j]
            length[i][j] = max(equal and length[i + 1][j + 1] + 1, length[i + 1][j], length[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(gold) and j < len(system):
        if gold[i] == system[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif length[i][j] == length[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
