"""The figure of a derivation: a line for each step, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from arcparse.cli.tables import in_columns
from arcparse.drawing.widths import cells
from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.parser.trace import Arc, Step

HEADINGS = ("step", "stack", "buffer", "transition", "arc added", "log p")
STACK_SHOWN = 4  # tokens from the top; the root at the bottom is always shown
BUFFER_SHOWN = 4  # tokens from the front
FORM_SHOWN = 16  # columns of a form
ELLIPSIS = "…"


def table(sentence: Sentence, steps: Sequence[Step]) -> str:
    """Return the derivation of a sentence under its text, long cells shortened; the last line is blank."""
    forms = ("ROOT", *sentence.forms)
    rows = [HEADINGS]
    for number, step in enumerate(steps):
        arc = arc_text(step.arc, forms) if step.arc else ""
        rows.append(
            (str(number), stack_text(step.stack), buffer_text(step.buffer), step.transition, arc, nats(step.score))
        )
    rows.append((str(len(steps)), "[ROOT]", "[]", "done", "", nats(sum(step.score for step in steps))))
    return "\n".join([title(sentence), *in_columns(rows, right=(0, len(HEADINGS) - 1)), ""])


def nats(score: float) -> str:
    """Return a score with three decimals; -0.000 becomes 0.000."""
    return f"{round(score, 3) + 0.0:.3f}"


def title(sentence: Sentence) -> str:
    """Return the heading of a figure: the name of the sentence, if it has one, and its text."""
    name = sentence.comment("sent_id")
    return f"{name}: {sentence.text}" if name else sentence.text


def stack_text(forms: Sequence[str], shown: int = STACK_SHOWN) -> str:
    """Return the bottom of a stack and the `shown` tokens on top."""
    kept = forms if len(forms) <= shown + 1 else (forms[0], ELLIPSIS, *forms[-shown:])
    return f"[{', '.join(map(short, kept))}]"


def buffer_text(forms: Sequence[str], shown: int = BUFFER_SHOWN) -> str:
    """Return the `shown` tokens at the front of a buffer."""
    kept = forms if len(forms) <= shown else (*forms[:shown], ELLIPSIS)
    return f"[{', '.join(map(short, kept))}]"


def arc_text(arc: Arc, forms: Sequence[str]) -> str:
    """Write an arc as "nsubj(saw-2, I-1)"."""
    head, dependent = (f"{short(forms[token])}-{token}" for token in (arc.head, arc.dependent))
    return f"{arc.label}({head}, {dependent})"


def short(form: str, columns: int = FORM_SHOWN) -> str:
    """Return a form, cut if it is wider than `columns`."""
    if cells(form) <= columns:
        return form
    end = next(end for end in range(len(form), 0, -1) if cells(form[:end]) < columns)
    return form[:end] + ELLIPSIS
