"""A derivation step by step, as textbooks print it (Nivre 2004; Jurafsky & Martin, chapter on dependency parsing)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from arcparse.parser.configuration import Configuration
from arcparse.parser.model import Parser
from arcparse.parser.nodes import HEAD, LABEL, TOKEN
from arcparse.search import WAIT
from arcparse.sentence import Sentence
from arcparse.threads import turn

ROOT_NAME = "ROOT"


@dataclass(frozen=True)
class Arc:
    """An arc between tokens, the root being token 0."""

    head: int
    label: str
    dependent: int


@dataclass(frozen=True)
class Step:
    """A configuration, the transition taken from it and the arc that it added."""

    stack: tuple[str, ...]  # forms from the bottom
    buffer: tuple[str, ...]  # forms from the front
    transition: str
    score: float  # log-probability of the transition among the legal ones, in nats
    arc: Arc | None  # None for a transition that adds none


@turn()
@torch.inference_mode()
def derivation(parser: Parser, sentence: Sentence, beam: int = 1, *, given_tags: bool = False) -> list[Step]:
    """Return the steps of the best derivation that a `beam` finds; none for a sentence without words.

    `given_tags` is as for `Parser.parse`. The scores of the steps add up to the log-probability of the derivation.
    """
    words, encoding = parser.encode([sentence], given_tags=given_tags)
    history = parser.search(words, encoding, beam).history()[0, 0]
    system, scorer, state = parser.system, parser.bind(encoding), parser.system.start(words.length)
    forms, steps = (ROOT_NAME, *sentence.forms), []
    for action in history[history != WAIT].tolist():
        scores = scorer(state).masked_fill(~system.legal(state), -torch.inf).log_softmax(2)
        after = system.apply(state, torch.tensor([[action]]))
        stack, buffer = (tuple([forms[token] for token in tokens]) for tokens in state.tokens(0, 0))
        steps.append(
            Step(
                stack,
                buffer,
                system.name(action),
                scores[0, 0, action].item(),
                _added(parser, state, after),
            )
        )
        state = after
    return steps


def _added(parser: Parser, before: Configuration, after: Configuration) -> Arc | None:
    """Return the arc that the configuration after a transition has and the one before has not."""
    if after.attached.equal(before.attached):
        return None
    word, head, label = (int(after.nodes.read(after.attached, row)) for row in (TOKEN, HEAD, LABEL))
    return Arc(head, parser.system.labels[label], word)
