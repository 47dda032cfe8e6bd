"""Conversion from and to the objects of the `conllu` library, without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcparse.sentence import COLUMNS, EMPTY, Sentence
from arcparse.treebank.block import parse_block

if TYPE_CHECKING:
    from conllu import TokenList


def to_conllu(sentence: Sentence) -> TokenList:
    """Convert to a `conllu.TokenList`, in the form that `conllu.parse` gives.

    Every cell is kept: a cell that `conllu` would write back differently stays a string. A comment that is not
    `key = value`, or whose key is already there, becomes a key without value. The metadata of `conllu` cannot hold two
    facts: an exact repetition of a comment, and a missing space after its `#`.
    """
    from conllu.models import Metadata, Token, TokenList

    metadata = Metadata()
    for comment in sentence.comments:
        key, equals, value = comment[1:].removeprefix(" ").partition(" = ")
        if equals and value and key not in metadata:
            metadata[key] = value
        else:
            metadata[comment[1:].removeprefix(" ")] = None
    rows = zip(*sentence.columns, strict=True)
    tokens = [Token({name: _parsed_cell(name, cell) for name, cell in zip(COLUMNS, row, strict=True)}) for row in rows]
    return TokenList(tokens, metadata, default_fields=COLUMNS)


def from_conllu(tokens: TokenList) -> Sentence:
    """Convert from a `conllu.TokenList`; a missing field becomes `_`. Raises TreebankError if the list is malformed."""
    comments = [f"# {key} = {value}" if value else f"# {key}" for key, value in tokens.metadata.items()]
    rows = ["\t".join([_cell_text(token.get(name)) for name in COLUMNS]) for token in tokens]
    return parse_block("\n".join([*comments, *rows]), "<TokenList>", 1, {})


def _parsed_cell(name: str, cell: str) -> Any:
    from conllu.parser import DEFAULT_FIELD_PARSERS
    from conllu.serializer import serialize_field

    if name not in DEFAULT_FIELD_PARSERS:
        return cell
    value = DEFAULT_FIELD_PARSERS[name]([cell], 0)
    return value if serialize_field(value) == cell else cell


def _cell_text(value: Any) -> str:
    from conllu.serializer import serialize_field

    return str(serialize_field(value)) if value or value == 0 else EMPTY
