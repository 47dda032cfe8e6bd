"""Checks the arguments of callers before any work is done: a text, the tokens of a sentence, or a `Sentence`.

A list of strings is one sentence, each string a token. A list of texts looks the same; therefore such a token must not
have a space in it, except between digits (French "1 000"). Other tokens with spaces, as in Vietnamese, need a
`Sentence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from arcparse.errors import InputError
from arcparse.sentence import Sentence, Token
from arcparse.sentence.document import Document
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import Divide
from arcparse.treebank.encoding import BYTE_ORDER_MARK

Tokens = Sequence[str] | Sentence
Sequences = list[str] | tuple[str, ...] | Sentence  # the same, but no string
Input = str | Tokens
OneOrMore = Sentence | Document  # the result for an input

SHOWN = 40  # characters of a token in a message
SURROGATE = re.compile("[\ud800-\udfff]")
BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # control characters, and line ends of some readers
SEPARATING = re.compile("[\t\n\r]")  # all that a file of CoNLL-U cannot hold in a form: texts and files have others
SPACED_NUMBER = re.compile(r"[\d.,+-]+(?:\s[\d.,+-]+)*")


@dataclass(frozen=True)
class Remedies:
    """How a caller mends an input, in the words of the caller's interface: by default of Python."""

    spaces: str = (  # in a token
        "for several texts call parse_many or tag_many, for one text give a string; for tokens with spaces give "
        "Sentence.from_forms([...])"
    )
    half: str = (  # of a character
        'os.fsdecode makes it of bytes that are not UTF-8; replace it: text.encode("utf-8", "replace").decode()'
    )


PYTHON = Remedies()


def as_sentences(text: Input, divide: Divide = tokenize, name: str = "text") -> list[Sentence]:
    """Return an input as sentences: text is divided, a list of forms is one sentence.

    Raises InputError, with the argument's name, for anything else, and for text or tokens that CoNLL-U cannot hold.
    """
    given = text_or_sentence(text, name)
    return divide(given) if isinstance(given, str) else [given]


def text_or_sentence(given: Any, name: str = "text", remedies: Remedies = PYTHON) -> str | Sentence:
    """Return an input as a text, without a byte-order mark, or as one sentence. Raises as `as_sentences` does."""
    if isinstance(given, str):
        _check_surrogates(given, name, remedies)
        return given.removeprefix(BYTE_ORDER_MARK)
    if isinstance(given, Sentence):
        _check_tokens(given.forms, name, remedies, SEPARATING)
        return given
    if not _is_series(given):
        raise InputError(f"{name} must be a string, a list of word forms or a Sentence, not {_described(given)}")
    tokens = list(given)
    for i, token in enumerate(tokens):
        if not isinstance(token, str):
            raise InputError(f"{name}[{i}] must be a word form, a string, not {_described(token)}{_remedy(token)}")
        if token.isspace():
            raise InputError(f"{name}[{i}] is {_shown(token)}, white space and no token; leave it out")
        if re.search(r"\s", token) and not BREAKING.search(token) and not SPACED_NUMBER.fullmatch(token):
            raise InputError(f"{name}[{i}] must be one token, but {_shown(token)} has spaces: {remedies.spaces}")
    _check_tokens(tokens, name, remedies, BREAKING)
    return Sentence.from_forms(tokens)


def each_input(texts: Any, name: str = "texts") -> Iterator[str | Sentence]:
    """Return an iterator over many inputs. Raises InputError at once for a single input, and later for a bad one."""
    if isinstance(texts, str | Sentence):
        raise InputError(
            f"{name} must be several inputs, not one {type(texts).__name__}; call parse or tag, or put it in a list"
        )
    if not _is_series(texts):
        raise InputError(f"{name} must be a list or another iterable of inputs, not {_described(texts)}")
    return (text_or_sentence(text, f"{name}[{i}]") for i, text in enumerate(texts))


def list_of_sentences(sentences: Any, name: str = "sentences") -> list[Sentence]:
    """Return sentences as a list. Raises InputError for anything else than an iterable of `Sentence` objects."""
    if isinstance(sentences, str | Sentence) or not _is_series(sentences):
        raise InputError(f"{name} must be a list of Sentence objects, not {_described(sentences)}")
    found = list(sentences)
    for i, sentence in enumerate(found):
        if not isinstance(sentence, Sentence):
            raise InputError(
                f"{name}[{i}] must be a Sentence, not {_described(sentence)}; for text and tokens call parse_many "
                "or tag_many"
            )
    return found


def _is_series(given: object) -> bool:
    """Return whether an object is an iterable of entries in order; strings, bytes, mappings and sets do not count."""
    without = (str, bytes, bytearray, memoryview, Mapping, AbstractSet)
    return isinstance(given, Iterable) and not isinstance(given, without)


def _check_tokens(tokens: Sequence[str], name: str, remedies: Remedies, refused: re.Pattern[str]) -> None:
    """Raise InputError for a token that is empty, or has a refused character or half a character."""
    whole = "".join(tokens)  # one search for all tokens: nearly always they are good
    if all(tokens) and not refused.search(whole) and not SURROGATE.search(whole):
        return
    for i, token in enumerate(tokens):
        if not token:
            raise InputError(f"{name}[{i}] is empty, but a token has at least one character; leave it out")
        _check_surrogates(token, f"{name}[{i}]", remedies)
        breaking = refused.search(token)
        if breaking:
            raise InputError(
                f"{name}[{i}] is {_shown(token)}: CoNLL-U cannot hold its character {breaking.start() + 1}, "
                f"{breaking[0]!a}; remove it, or divide the token at this place"
            )


def _check_surrogates(text: str, name: str, remedies: Remedies) -> None:
    found = SURROGATE.search(text)
    if found:
        raise InputError(
            f"{name} has half a character (the lone surrogate {found[0]!a}) as its character {found.start() + 1}; "
            f"{remedies.half}"
        )


def _described(given: object) -> str:
    if given is None:
        return "None"
    if isinstance(given, bytes | bytearray | memoryview):
        return f"{type(given).__name__}; decode them first, as by data.decode()"
    return f"{'an' if type(given).__name__[0] in 'aeiou' else 'a'} {type(given).__name__}"


def _remedy(token: object) -> str:
    if isinstance(token, Token):
        return "; give its form, or all words by Sentence.from_tokens([...])"
    several = isinstance(token, Sentence) or _is_series(token)
    return "; for several sentences call parse_many or tag_many" if several else ""


def _shown(token: str) -> str:
    return repr(token if len(token) <= SHOWN else token[: SHOWN - 1] + "…")
