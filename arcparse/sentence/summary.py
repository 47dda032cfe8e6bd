"""Sentences and documents in one short line, which Python shows of them: their sizes and the beginning of the text."""

from __future__ import annotations

SHOWN = 40  # characters of the text


def summary(kind: str, sizes: str, text: str) -> str:
    """Return `<Document of 2 sentences, 7 words: 'The cat slept. …'>`."""
    beginning = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    return f"<{kind} of {sizes}: {beginning!r}>"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
