"""Names that spaCy and Stanza have for attributes of ours: whoever asks for one of them is told our name.

Each is a descriptor that raises AttributeError. A `__getattr__` would do the same in fewer lines, but make every other
attribute several times slower, and type checkers take any name for right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn, TypeVar

T = TypeVar("T")

ENTITIES = ""  # arcparse finds no named entities
TOKEN = {
    "dep": "token.deprel",
    "dep_": "token.deprel",
    "end_char": "token.end",
    "ent_iob_": ENTITIES,
    "ent_type_": ENTITIES,
    "i": "token.id - 1",
    "idx": "token.start",
    "is_alpha": "token.form.isalpha()",
    "is_digit": "token.form.isdigit()",
    "is_punct": "token.is_punctuation",
    "is_title": "token.form.istitle()",
    "is_upper": "token.form.isupper()",
    "label": "token.deprel",
    "lefts": "token.left_children",
    "lemma_": "token.lemma",
    "lower_": "token.form.lower()",
    "ner": ENTITIES,
    "orth_": "token.form",
    "parent": "token.head_token",
    "pos": "token.upos",
    "pos_": "token.upos",
    "rights": "token.right_children",
    "sent": "token.sentence",
    "start_char": "token.start",
    "tag": "token.xpos",
    "tag_": "token.xpos",
    "text_with_ws": "token.text + token.whitespace",
    "whitespace_": "token.whitespace",
}
PHRASE = {
    "end_char": "phrase.end",
    "ents": ENTITIES,
    "label_": ENTITIES,
    "lemma_": "[token.lemma for token in phrase]",
    "sent": "phrase.root.sentence",
    "start_char": "phrase.start",
    "words": "phrase.tokens",
}
SENTENCE = {
    "dependencies": "[(token.head_token, token.deprel, token) for token in sentence]",
    "end_char": "sentence.end",
    "entities": "sentence.spans('NER')",
    "ents": "sentence.spans('NER')",
    "sent_id": "sentence.comment('sent_id')",
    "sents": "[sentence]",
    "start_char": "sentence.start",
}
DOCUMENT = {
    "entities": "[sentence.spans('NER') for sentence in document]",
    "ents": "[sentence.spans('NER') for sentence in document]",
    "num_tokens": "len(document.tokens)",
    "num_words": "len(document.tokens)",
    "sentences": "list(document)",
    "sents": "list(document)",
    "words": "document.tokens",
}
PIPELINE = {
    "bulk_process": "nlp.parse_many",
    "pipe": "nlp.parse_many",
    "process": "nlp.parse",
}


def answers(names: Mapping[str, str]) -> Callable[[type[T]], type[T]]:
    """Return a class decorator: the class answers other names with our own."""

    def named(cls: type[T]) -> type[T]:
        for name, own in names.items():
            setattr(cls, name, _Renamed(cls.__name__, name, own))
        cls.__dir__ = lambda self: _without(object.__dir__(self), names)  # type: ignore[method-assign]
        return cls

    return named


def _without(found: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return [name for name in found if name not in names]


class _Renamed:
    """An attribute that is not there, but has another name."""

    def __init__(self, kind: str, name: str, own: str) -> None:
        self._message = f"{kind!r} object has no attribute {name!r}; " + (
            f"arcparse calls it {own}" if own else "arcparse finds no named entities"
        )
        self._name = name

    def __get__(self, owner: object, cls: type | None = None) -> NoReturn:
        raise AttributeError(self._message, name=self._name)
