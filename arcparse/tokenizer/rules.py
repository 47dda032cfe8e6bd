"""A tokeniser made of rules: the rules that all languages share, with parameters for one language.

One regular expression, matched from left to right, divides the text into surface tokens. A sentence ends at a blank
line, and at final punctuation, unless the tokens before or after it show that the sentence continues. The expressions
of a language may look ahead only by a fixed number of characters or across one gap; the time is then linear in the
length of any text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from arcparse.sentence import Sentence
from arcparse.tokenizer.graphemes import skeleton
from arcparse.tokenizer.sentences import Divided, Span, Token, assembled, paragraphs

# Parts of a verbose expression.
ADDRESS = (
    r"""(?:https?://|ftp://|www\.|mailto:)[^\s<>"]*[\w/\#&=-] | [\w.+%-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){0,8}"""
)
EMOTICONS = r"[:;=]['’]?[-o^]?[)(\]DPp](?!\w)|[(\[][-^]?[:;=](?!\w)|<3(?!\d)|\^_*\^"
CAPITALS = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽΑ-ΩА-ЯЁ"
WIDE = "。｡！？"  # these end a sentence without a space after them
STOPS = rf".!?…{WIDE}．؟۔।॥።፧։‼⁇⁈⁉"

RULERS = "-_=*~"
RULER = re.compile(rf"[{RULERS}]{{5,}}")
EMOTICON = re.compile(EMOTICONS)
FINAL = re.compile(rf"[{STOPS}]+|{EMOTICONS}|>>|{RULER.pattern}|https?:.*|.+@.+")
LIST_NUMBER = re.compile(r"\d+\.\s+")
CLOSING = re.compile(r"[\"'”’“»›«‹」』）》〉】〕｝)\]>}]+")
QUOTES = "”’»›"  # open or close; after a space, they close only if another space follows
TURNED = "“«‹"  # close in some languages, but never after a space or before a letter or digit
NEVER_FIRST = frozenset(rf",.;:!?)]}}…{STOPS}、，；：）」』】》〉〕｝،؛")
CLOSED = ")"  # stands for the end of a sentence whose stop is followed by a closing bracket or quote


def any_of(words: str) -> str:
    """Return the expression that matches any of the words in a string, which are separated by spaces."""
    return "|".join(map(re.escape, words.split()))


@dataclass(frozen=True)
class Tokenizer:
    """Divides text into sentences of tokens: `tokenizer.tokenize(text)`.

    `surface` matches a token at each visible character. A token has several words if it is a key of `fused`, or if all
    of it matches `clitic`, whose groups are the words. A sentence may also end after a match of `letter_end`. After the
    marks in `before_lower`, a small letter may begin a sentence. No sentence ends after a token that matches `unending`
    (see `may_end`).
    """

    surface: re.Pattern[str]
    fused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clitic: re.Pattern[str] | None = None
    letter_end: re.Pattern[str] | None = None
    before_lower: frozenset[str] = frozenset()
    unending: re.Pattern[str] | None = None

    def tokenize(self, text: str, *, offset: int = 0) -> list[Sentence]:
        """Divide a text into sentences of tokens.

        A blank line begins a paragraph (`# newpar`). Each surface token has a `TokenRange` in MISC: the position of its
        first character and the position after its last one, counted in `text` from `offset`.
        """
        bare, starts = skeleton(text)
        divided = (self._divided(bare, *span) for span in paragraphs(bare))
        if not starts:
            return assembled(text, divided, offset)
        restored = ([list(_restored(text, bare, starts, own)) for own in sentences] for sentences in divided)
        return assembled(text, restored, offset)

    def split_words(self, text: str) -> list[str]:
        """Return the syntactic words of a text, in order."""
        if skeleton(text)[1]:
            return [word for _, words in self.tokens(text, 0, len(text)) for word in words]
        found: list[str] = []
        fused, words = self.fused, self.words
        for form in self.surface.findall(text):
            if form not in fused and (form.isalpha() or len(form) == 1):  # one word, as for most tokens
                found.append(form)
            else:
                found += words(form)
        return found

    def words(self, form: str) -> tuple[str, ...]:
        """Return the syntactic words of a surface token; most tokens are one word."""
        if form in self.fused:
            return self.fused[form]
        clitic = self.clitic.fullmatch(form) if self.clitic and not form.isalpha() and len(form) > 1 else None
        return clitic.groups() if clitic else (form,)

    def tokens(self, text: str, start: int, end: int) -> Iterator[Token]:
        """Yield the tokens of a part of a text, without division into sentences."""
        bare, starts = skeleton(text[start:end])
        found = ((match.span(), self.words(match[0])) for match in self.surface.finditer(bare))
        for (begin, stop), words in _restored(text[start:end], bare, starts, found) if starts else found:
            yield (begin + start, stop + start), words

    def may_end(self, form: str) -> bool:
        """Return whether a sentence may end with a token."""
        return not (self.unending and self.unending.fullmatch(form))

    def _divided(self, text: str, start: int, end: int) -> Iterator[Divided]:
        """Yield the sentences of a paragraph."""
        for spans in self._sentence_spans(text, start, end):
            yield [(span, self.words(text[span[0] : span[1]])) for span in spans]

    def _sentence_spans(self, text: str, start: int, end: int) -> Iterator[list[Span]]:
        """Yield the surface tokens of each sentence of a paragraph."""
        tokens = [match.span() for match in self.surface.finditer(text, start, end)]
        ends = self.letter_end.finditer(text, start, end) if self.letter_end else ()
        letter_ends = {match.end() for match in ends}
        first, final = 0, ""  # final: the last form (or CLOSED) if a sentence may end after it, else ""
        for index, (begin, stop) in enumerate(tokens):
            form, spaced = text[begin:stop], index > first and tokens[index - 1][1] < begin
            closes = bool(final) and _closes(form, spaced, text[stop : stop + 1])
            apart = spaced or (final and final[-1] in WIDE)
            can_begin = apart and not closes and self._may_follow(final, form)
            if can_begin and not LIST_NUMBER.fullmatch(text, tokens[first][0], begin):
                yield tokens[first:index]
                first = index
            if stop in letter_ends or (not form.isalnum() and FINAL.fullmatch(form)):  # which no plain word matches
                final = form
            elif final:
                final = "" if not closes else CLOSED + final[-1] if final[-1] in WIDE else CLOSED
        if tokens:
            yield tokens[first:]

    def _may_follow(self, final: str, form: str) -> bool:
        """Return whether a token may begin a sentence after `final`, which is empty if no sentence may end there."""
        if not final or form[0] in NEVER_FIRST or EMOTICON.fullmatch(form):
            return form[0] in RULERS and bool(RULER.fullmatch(form))
        return final in self.before_lower or not form[0].islower()


def _closes(form: str, spaced: bool, after: str) -> bool:
    """Return whether a token closes the brackets or quotes around a sentence."""
    if not CLOSING.fullmatch(form):
        return False
    if form[0] in TURNED:
        return not spaced and not after.isalnum()
    return not spaced or (form[0] in QUOTES and not after.strip())


def _restored(text: str, bare: str, starts: Sequence[int], tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens of a text from the tokens of its skeleton."""
    for (begin, end), words in tokens:
        span = starts[begin], starts[end]
        if len(words) == 1:
            yield span, (text[slice(*span)],)
        elif "".join(words) == bare[begin:end]:
            places = [starts[place] for place in accumulate(map(len, words), initial=begin)]
            yield span, tuple(text[slice(*part)] for part in pairwise(places))
        else:
            yield span, words
