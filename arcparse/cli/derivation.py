"""The figure of a derivation: a line for each step, in columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.parser.trace import Arc, Step

HEADINGS = ("step", "stack", "buffer", "transition", "arc added", "log p")
STACK_SHOWN = 4  # tokens from the top; the root at the bottom is always shown
BUFFER_SHOWN = 4  # tokens from the front
FORM_SHOWN = 16  # columns of a form
ELLIPSIS = "…"


def table(sentence: Sentence, steps: Sequence[Step]) -> str:
    """Return the derivation of a sentence under its text, what is long shortened, ending in a blank line."""
    forms = ("ROOT", *sentence.forms)
    rows = [HEADINGS]
    for number, step in enumerate(steps):
        arc = _arc(step.arc, forms) if step.arc else ""
        rows.append((str(number), _stack(step.stack), _buffer(step.buffer), step.transition, arc, f"{step.score:.3f}"))
    rows.append((str(len(steps)), "[ROOT]", "[]", "done", "", f"{sum(step.score for step in steps):.3f}"))
    sizes = [max(map(width, column)) for column in zip(*rows, strict=True)]
    name = sentence.comment("sent_id")
    title = f"{name}: {sentence.text}" if name else sentence.text
    return "\n".join([title, *(_line(row, sizes) for row in rows), ""])


def width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _line(row: Sequence[str], sizes: Sequence[int]) -> str:
    """Join the cells, the first and the last set to the right."""
    pads = [" " * (size - width(cell)) for cell, size in zip(row, sizes, strict=True)]
    right = (0, len(row) - 1)
    cells = [pad + cell if i in right else cell + pad for i, (cell, pad) in enumerate(zip(row, pads, strict=True))]
    return "  ".join(cells)


def _stack(forms: Sequence[str]) -> str:
    shown = forms if len(forms) <= STACK_SHOWN + 1 else (forms[0], ELLIPSIS, *forms[-STACK_SHOWN:])
    return f"[{', '.join(map(_short, shown))}]"


def _buffer(forms: Sequence[str]) -> str:
    shown = forms if len(forms) <= BUFFER_SHOWN else (*forms[:BUFFER_SHOWN], ELLIPSIS)
    return f"[{', '.join(map(_short, shown))}]"


def _arc(arc: Arc, forms: Sequence[str]) -> str:
    """Write an arc as "nsubj(saw-2, I-1)"."""
    head, dependent = (f"{_short(forms[token])}-{token}" for token in (arc.head, arc.dependent))
    return f"{arc.label}({head}, {dependent})"


def _short(form: str) -> str:
    """Return a form, cut where it is too wide."""
    if width(form) <= FORM_SHOWN:
        return form
    end = next(end for end in range(len(form), 0, -1) if width(form[:end]) < FORM_SHOWN)
    return form[:end] + ELLIPSIS
