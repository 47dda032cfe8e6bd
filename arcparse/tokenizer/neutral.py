"""Rules without a language: words between spaces, punctuation by its kind, sentence ends of all scripts.

A word keeps its hyphens and apostrophes. `Language` adds the rules of one language; see docs/tokenizers.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from arcparse.errors import ConfigurationError
from arcparse.tokenizer.rules import ADDRESS, CAPITALS, EMOTICONS, Tokenizer, any_of

NOTHING = r"(?!)"
APOSTROPHES = "'’ʼ"


@dataclass(frozen=True)
class Language:
    """The additional rules of one language, as in a TOML file; the words of a string are separated by spaces."""

    abbreviations: str = ""  # keep their full stop, and no sentence ends after them: "Dr Mme etc"
    elided: str = ""  # first parts that, with their apostrophe, are tokens of their own: "l d qu" for l'eau
    clitics: str = ""  # last parts that are tokens of their own: "-il -moi" for dit-il
    fused: tuple[str, ...] = ()  # tokens of several words: "du = de le"

    def tokenizer(self) -> Tokenizer:
        """Return the tokeniser. Raises ConfigurationError if an entry of `fused` is not `token = word word`."""
        abbreviations, elided, clitics = (
            any_of(words) or NOTHING for words in (self.abbreviations, self.elided, self.clitics)
        )
        apostrophe, initial = f"[{APOSTROPHES}]", rf"[{CAPITALS}]\.(?=\s+\w)"
        surface = rf"""
            {ADDRESS} | {EMOTICONS}
          | (?i:{elided}){apostrophe}(?=\w)
          | (?<=\w)(?i:{clitics})(?!\w)
          | (?:{abbreviations})\.(?!\w)
          | [^\W\d_](?:\.[^\W\d_])+\b\.? | {initial}              # z.B., U.S.A.; J.
          | [+-]?\d+(?:[.,:/]\d+)*(?!\w)
          | [#@]\w+
          | \w+(?:(?!(?i:{clitics})(?!\w))[-‐‑·{APOSTROPHES}]\w+)*
          | \.{{2,}} | [!?]+ | [！？]+ | …+ | -{{2,}} | ={{2,}} | \*+ | ~+ | \++ | << | >>
          | \S
            """
        return Tokenizer(
            re.compile(surface, re.VERBOSE),
            dict(_fused(line) for own in self.fused for line in (own, own[:1].upper() + own[1:])),
            unending=re.compile(rf"[{CAPITALS}]\.|(?:{abbreviations})\."),
        )


def _fused(line: str) -> tuple[str, tuple[str, ...]]:
    form, _, words = map(str.strip, line.partition("="))
    if len(form.split()) != 1 or not words:
        raise ConfigurationError(f"fused = {line!r}: write a token and its words, for example 'du = de le'")
    first, *rest = words.split()
    return form, (first.capitalize() if form[0].isupper() else first, *rest)


NEUTRAL = Language().tokenizer()
