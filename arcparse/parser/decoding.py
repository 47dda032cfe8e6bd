"""What every search of the parser begins with: sentences encoded, and the scores that add up along a path.

A locally normalised parser's paths are compared by log-probability, a globally normalised one's by the plain sum of its
scores (Andor et al. 2016, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from arcparse.networks.lexicon import Words
from arcparse.parser.configuration import Configuration
from arcparse.search import Scorer, normalised
from arcparse.sentence import Sentence

if TYPE_CHECKING:
    from arcparse.parser.model import Encoding, Parser


def encode(parser: Parser, sentences: Sequence[Sentence], *, given: bool = False) -> tuple[Words, Encoding]:
    """Encode sentences on the parser's device; `given` is what it is to `Parser.parse`."""
    words = parser.lexicon.words([sentence.forms for sentence in sentences]).to(parser.device)
    if not parser.predicts_tags:
        return words, parser.encode(words, parser.tags.ids(sentences, parser.device))
    if not given:
        return words, parser.encode(words)
    tags = parser.tags.given_ids(sentences, parser.device)
    return words, parser.encode(words, tags, words.is_token)


def path_scorer(parser: Parser, encoding: Encoding) -> Scorer[Configuration]:
    """Return what scores the actions [B, K, A] of a batch so that sums over a path compare: see the module."""
    scorer = parser.bind(encoding)
    return scorer if parser.config.normalisation == "global" else normalised(parser.system, scorer)
