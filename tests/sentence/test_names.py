"""Names of spaCy and Stanza are answered with ours, and cost nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from arcparse.pipeline import Pipeline
from arcparse.sentence import Phrase, Sentence, Token
from arcparse.sentence.document import Document
from arcparse.sentence.names import DOCUMENT, PHRASE, PIPELINE, SENTENCE, TOKEN

PARSED = Sentence.from_tokens(
    [Token(1, "Dogs", "dog", "NOUN", head=2, deprel="nsubj"), Token(2, "bark", "bark", "VERB", head=0, deprel="root")],
    ["# sent_id = 1"],
)
OBJECTS = {
    "token": PARSED[0],
    "phrase": PARSED[:1],
    "sentence": PARSED,
    "document": Document([PARSED]),
    "nlp": Pipeline(None),
}
TABLES = {"token": TOKEN, "phrase": PHRASE, "sentence": SENTENCE, "document": DOCUMENT, "nlp": PIPELINE}


@pytest.mark.parametrize("kind", TABLES)
def test_a_name_of_others_is_answered_with_code_that_works(kind: str) -> None:
    for name, own in TABLES[kind].items():
        with pytest.raises(AttributeError) as caught:
            getattr(OBJECTS[kind], name)
        if own:
            assert str(caught.value).endswith(f"has no attribute {name!r}; arcparse calls it {own}")
            assert eval(own, OBJECTS.copy()) is not None  # noqa: S307 (our own table)
        else:
            assert str(caught.value).endswith("; arcparse finds no named entities")


@pytest.mark.parametrize("kind", TABLES)
def test_such_a_name_is_no_attribute(kind: str) -> None:
    made: Any = OBJECTS[kind]
    table: Mapping[str, str] = TABLES[kind]
    assert not any(hasattr(made, name) for name in table)
    assert not set(table) & set(dir(made))
    assert {"__class__", "__eq__"} < set(dir(made))


@pytest.mark.parametrize("cls", [Token, Phrase, Sentence, Document, Pipeline])
def test_other_names_stay_as_fast_and_as_unknown(cls: type[Any]) -> None:
    assert not hasattr(cls, "__getattr__"), "it would make each attribute slower"
    assert not hasattr(cls, "nonsense")
