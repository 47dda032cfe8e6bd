"""The tags of spans that a tagger learns: their column, their scheme, and sentences in this scheme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from arcparse.lexicon.tags import cells, with_tags
from arcparse.sentence import Sentence
from arcparse.sentence.spans import column_of, scheme_of, tags_of
from arcparse.tagger.settings import TaggerConfig


def with_spans(config: TaggerConfig, sentences: Sequence[Sentence]) -> TaggerConfig:
    """Return the settings with the name of the column as the sentences write it, and with their scheme of tags.

    Raises ConfigurationError if no sentence has the column, TreebankError for a tag of no scheme.
    """
    if not config.column:
        return config
    column = column_of(sentences, config.column)
    for sentence in sentences:
        sentence.spans(column)  # refuses other tags, with their place
    return replace(config, column=column, scheme=config.scheme or scheme_of([cells(own, column) for own in sentences]))


def in_scheme(sentence: Sentence, config: TaggerConfig) -> Sentence:
    """Return a sentence whose spans are tagged in the scheme of the settings, each word with a tag."""
    if not config.column or not config.scheme:
        return sentence
    tags = tags_of(sentence.spans(config.column), len(sentence), config.scheme)
    return with_tags(sentence, {config.column: tags})
