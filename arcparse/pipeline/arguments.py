"""What callers hand in, looked at before anything is done with it: a text, the tokens of a sentence, or a sentence.

A list of strings is one sentence, each string a token. Since a list of texts looks the same, a token may have no space
in it, except between digits (French "1 000"); one that has, as in Vietnamese, comes in a `Sentence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from arcparse.errors import InputError
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import Divide

Input = str | Sequence[str] | Sentence

SHOWN = 40  # characters of a token in a message
SURROGATE = re.compile("[\ud800-\udfff]")
BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # controls, and all that some reader takes for a line's end
SPACED_NUMBER = re.compile(r"[\d.,+-]+(?:\s[\d.,+-]+)*")


def as_sentences(text: Input, divide: Divide = tokenize, name: str = "text") -> list[Sentence]:
    """Return what is to be parsed as sentences: text is divided, a list of forms is one sentence.

    Raises InputError, naming the argument, for anything else, and for text or tokens that CoNLL-U cannot hold.
    """
    given = text_or_sentence(text, name)
    return divide(given) if isinstance(given, str) else [given]


def text_or_sentence(given: Any, name: str = "text") -> str | Sentence:
    """Return a text, or else the one sentence that is given. Raises InputError as `as_sentences` does."""
    if isinstance(given, str):
        _check_surrogates(given, name)
        return given
    if isinstance(given, Sentence):
        _check_tokens(given.forms, name)
        return given
    if not _is_series(given):
        raise InputError(f"{name} must be a string, a list of word forms or a Sentence, not {_described(given)}")
    tokens = list(given)
    for i, token in enumerate(tokens):
        if not isinstance(token, str):
            raise InputError(f"{name}[{i}] must be a word form, a string, not {_described(token)}{_plural(token)}")
        if re.search(r"\s", token) and not BREAKING.search(token) and not SPACED_NUMBER.fullmatch(token):
            raise InputError(
                f"{name}[{i}] is to be one token, and {_shown(token)} has spaces: for several texts call parse_many or "
                "tag_many, for one text give a string; a token with spaces belongs in Sentence.from_forms([...])"
            )
    _check_tokens(tokens, name)
    return Sentence.from_forms(tokens)


def each_input(texts: Any, name: str = "texts") -> Iterator[str | Sentence]:
    """Return an iterator over many inputs. Raises InputError at once for a single one, later for a bad one."""
    if isinstance(texts, str | Sentence):
        raise InputError(
            f"{name} must be several inputs, and is one {type(texts).__name__}; call parse or tag, or put it in a list"
        )
    if not _is_series(texts):
        raise InputError(f"{name} must be a list or another iterable of inputs, not {_described(texts)}")
    return (text_or_sentence(text, f"{name}[{i}]") for i, text in enumerate(texts))


def list_of_sentences(sentences: Any, name: str = "sentences") -> list[Sentence]:
    """Return sentences as a list. Raises InputError for anything that is no series of them."""
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
    """Tell whether what is given has entries in an order; a string is none here, nor are bytes."""
    without = (str, bytes, bytearray, memoryview, Mapping, AbstractSet)
    return isinstance(given, Iterable) and not isinstance(given, without)


def _check_tokens(tokens: Sequence[str], name: str) -> None:
    """Raise InputError for a token that is empty or has what CoNLL-U cannot hold."""
    whole = "".join(tokens)  # searched as one: all are sound nearly always
    if all(tokens) and not BREAKING.search(whole) and not SURROGATE.search(whole):
        return
    for i, token in enumerate(tokens):
        if not token:
            raise InputError(f"{name}[{i}] is empty, and a token has at least one character; leave it out")
        _check_surrogates(token, f"{name}[{i}]")
        breaking = BREAKING.search(token)
        if breaking:
            raise InputError(
                f"{name}[{i}] is {_shown(token)}: CoNLL-U cannot hold its character {breaking.start() + 1}, "
                f"{breaking[0]!a}; remove it, or divide the token there"
            )


def _check_surrogates(text: str, name: str) -> None:
    found = SURROGATE.search(text)
    if found:
        raise InputError(
            f"{name} has half a character (the lone surrogate {found[0]!a}) as its character {found.start() + 1}, as "
            'os.fsdecode makes of bytes that are no UTF-8; mend it: text.encode("utf-8", "replace").decode()'
        )


def _described(given: object) -> str:
    if given is None:
        return "None"
    if isinstance(given, bytes | bytearray | memoryview):
        return f"{type(given).__name__}; decode them first, as by data.decode()"
    return f"{'an' if type(given).__name__[0] in 'aeiou' else 'a'} {type(given).__name__}"


def _plural(token: object) -> str:
    several = isinstance(token, Sentence) or _is_series(token)
    return "; for several sentences call parse_many or tag_many" if several else ""


def _shown(token: str) -> str:
    return repr(token if len(token) <= SHOWN else token[: SHOWN - 1] + "…")
