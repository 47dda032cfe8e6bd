"""The tags of spans that a tagger learns: their column, their scheme, and sentences in this scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from arcparse.lexicon.tags import cells, with_tags
from arcparse.sentence import Sentence
from arcparse.sentence.spans import column_of, scheme_of, tags_of
from arcparse.tagger.settings import TaggerConfig


def with_spans(config: TaggerConfig, train: Sequence[Sentence], **others: Sequence[Sentence]) -> TaggerConfig:
    """Return the settings with the name of the column as the sentences of train write it, and with their scheme.

    `others` are sentences by their role, such as dev. Raises ConfigurationError if any of them lack the column,
    TreebankError for a tag of no scheme.
    """
    if not config.column:
        return config
    column = _checked(train, config.column, "train")
    for role, sentences in others.items():
        if sentences:
            _checked(sentences, column, role)
    return replace(config, column=column, scheme=config.scheme or scheme_of([cells(own, column) for own in train]))


def _checked(sentences: Sequence[Sentence], column: str, role: str) -> str:
    """Return the name of the column, after its tags have been read."""
    found = column_of(sentences, column, role)
    for sentence in sentences:
        sentence.spans(found)
    return found


def in_scheme(sentence: Sentence, config: TaggerConfig) -> Sentence:
    """Return a sentence whose spans are tagged in the scheme of the settings, each word with a tag."""
    if not config.column or not config.scheme:
        return sentence
    tags = tags_of(sentence.spans(config.column), len(sentence), config.scheme)
    return with_tags(sentence, {config.column: tags})
