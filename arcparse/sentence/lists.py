"""Many sentences: checked as a caller gives them, and in lists that are processed together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from arcparse.errors import InputError, TreebankError, shown
from arcparse.sentence import Sentence

T = TypeVar("T")
LONGEST = 20_000  # words in a sentence to tag, lemmatise or parse: a bound of time and memory


def lists_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last list may be shorter. Reads no further ahead than one list.

    If an item raises an error, the items before it are yielded first.
    """
    iterator = iter(items)
    while True:
        found: list[T] = []
        try:
            found.extend(islice(iterator, size))  # keeps the items before an error
        except Exception:
            if found:
                yield found
            raise
        if not found:
            return
        yield found


def each_sentence(sentences: Any, name: str = "sentences") -> Iterator[Sentence]:
    """Return an iterator over sentences. Raises InputError at once for a single thing, later for another in a list."""
    if isinstance(sentences, str | bytes | Sentence) or not isinstance(sentences, Iterable):
        raise InputError(f"{name} must be a list or another iterable of Sentence objects, not {shown(sentences)}")
    return (_checked(sentence, f"{name}[{i}]") for i, sentence in enumerate(sentences))


def each_text(texts: Any, name: str = "texts") -> Iterator[str]:
    """Return an iterator over texts. Raises InputError at once for a single thing, later for another in a list."""
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise InputError(f"{name} must be a list or another iterable of strings, not {shown(texts)}")
    return (_text(text, f"{name}[{i}]") for i, text in enumerate(texts))


def _text(text: Any, name: str) -> str:
    if isinstance(text, str):
        return text
    raise InputError(f"{name} must be a string, not {shown(text)}")


def _checked(sentence: Any, name: str) -> Sentence:
    if isinstance(sentence, Sentence):
        return sentence
    raise InputError(f"{name} must be a Sentence, not {shown(sentence)}")


def check_length(sentences: Iterable[Sentence]) -> None:
    """Raise TreebankError for a sentence of more than LONGEST words: the limit bounds time and memory."""
    for sentence in sentences:
        if len(sentence) > LONGEST:
            place = sentence.place or f"the sentence that begins with {' '.join(sentence.forms[:3])[:60]!r}"
            raise TreebankError(
                f"{place}: a sentence of {len(sentence)} words is too long to be tagged or parsed, the limit is "
                f"{LONGEST} words; divide it into shorter sentences"
            )
