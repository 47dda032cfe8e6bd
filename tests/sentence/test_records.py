"""Sentences as plain data, and back without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import InputError
from arcparse.sentence import COLUMNS, Sentence
from arcparse.sentence.document import Document
from arcparse.tokenizer import tokenize
from arcparse.treebank import parse_conllu, read_conllu

SPANISH = """\
# sent_id = es-1
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\tV\tMood=Imp\t0\troot\t0:root\t_
2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t1:obj\t_
2.1\tya\tya\tADV\tR\t_\t_\t_\t1:advmod\t_
3\t!\t!\tPUNCT\tF\t_\t_\t_\t_\t_

"""
CELLS = st.text("ab=|:1_é", min_size=1, max_size=4)


def test_numbers_are_integers_and_keys_are_stable() -> None:
    [sentence] = parse_conllu(SPANISH)
    data = sentence.to_dict()
    assert list(data) == ["comments", "text", "tokens"]
    assert (data["comments"], data["text"]) == (["# sent_id = es-1"], "vámonos !")
    assert [list(token) for token in data["tokens"]] == [[*COLUMNS, "start", "end"]] * 5
    assert [token["id"] for token in data["tokens"]] == ["1-2", 1, 2, "2.1", 3]
    assert [token["head"] for token in data["tokens"]] == [-1, 0, 1, -1, -1]
    assert [(token["start"], token["end"]) for token in data["tokens"]] == [
        *[(0, 7)] * 3,
        (None, None),
        (8, 9),
    ]


def test_sentences_come_back_without_loss(sample_treebank: Path) -> None:
    for sentence in [*read_conllu(sample_treebank), *parse_conllu(SPANISH), *tokenize("We don't.\n\nI'm gonna.")]:
        assert Sentence.from_dict(sentence.to_dict()) == sentence
        assert Sentence.from_dict(json.loads(sentence.to_json())) == sentence


@given(st.lists(st.tuples(*[CELLS] * 5, st.integers(-1, 9), *[CELLS] * 3), max_size=4), st.lists(st.text("# a=")))
def test_any_cells_come_back(rows: list[tuple[Any, ...]], comments: list[str]) -> None:
    cells = [
        (str(number), *row[:5], "_" if row[5] == -1 else str(row[5]), *row[6:]) for number, row in enumerate(rows, 1)
    ]
    sentence = Sentence(tuple(comments), tuple(zip(*cells, strict=True)) if cells else ((),) * len(COLUMNS))
    assert Sentence.from_dict(json.loads(sentence.to_json())) == sentence


@given(st.text("I don't. \n", max_size=30))
def test_documents_come_back(text: str) -> None:
    document = Document(tokenize(text), text)
    back = Document.from_dict(json.loads(document.to_json()))
    assert (back, back.text) == (document, document.text)


def test_forms_are_enough() -> None:
    data = {"tokens": [{"form": "Dogs", "head": 2}, {"form": "bark", "head": 0, "upos": "VERB"}]}
    sentence = Sentence.from_dict(data)
    assert (sentence.forms, sentence.heads, sentence.upos) == (("Dogs", "bark"), (2, 0), ("_", "VERB"))
    assert Sentence.from_dict({"tokens": [{"form": "Go", "id": "1", "head": "0"}]}).heads == (0,)
    assert Sentence.from_dict({"tokens": []}) == Sentence.from_forms([])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"a sentence must be a dict with a list of 'tokens', not \[\]"),
        ({"tokens": "Dogs"}, "a sentence must be a dict with a list of 'tokens'"),
        ({"tokens": [{"form": "a"}, {"lemma": "b"}]}, r"tokens\[1\] must be a dict with a 'form' and other columns"),
        ({"tokens": ["a"]}, r"tokens\[0\] must be a dict with a 'form'.*, not 'a'"),
        ({"tokens": [{"form": "a", "lema": "a"}]}, r"tokens\[0\] has the unknown key 'lema'; did you mean 'lemma'\?"),
        ({"tokens": [{"form": "a", "upos": None}]}, r"tokens\[0\]\['upos'\] must be a string, not None"),
        ({"tokens": [{"form": "a", "head": 1.5}]}, r"tokens\[0\]\['head'\] must be an integer, not 1\.5"),
        ({"tokens": [{"form": "a", "head": None}]}, "must be an integer, not None; give the head's id, 0 for the root"),
        ({"tokens": [{"form": "a", "head": True}]}, "must be an integer, not True"),
        ({"tokens": [{"form": "a", "head": -2}]}, "must be an integer, not -2"),
        ({"tokens": [{"form": "a", "head": "x"}]}, "must be an integer, not 'x'"),
        ({"tokens": [{"form": "a", "id": None}]}, r"tokens\[0\]\['id'\] must be an integer or a string, not None"),
        ({"tokens": [{"form": "a"}, {"form": "b", "id": 7}]}, r"tokens\[1\]: ID '7' where '2' was expected; number"),
        ({"tokens": [{"form": "a", "id": 0}]}, r"tokens\[0\]: ID '0' where '1' was expected"),
        ({"tokens": [{"form": "a", "id": "x"}]}, r"tokens\[0\]: ID 'x' where '1' was expected"),
        ({"tokens": [{"form": "a", "id": "1-2"}, {"form": "a"}]}, r"tokens\[0\]: ID '1-2' in a sentence of 1 words"),
        ({"tokens": [{"form": "a"}], "comments": "# a"}, "comments must be a list of strings, not '# a'"),
        ({"tokens": [{"form": "a"}], "comments": [1]}, "comments must be a list of strings"),
    ],
)
def test_what_is_no_sentence_is_refused(data: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Sentence.from_dict(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "a document must be a dict with a list of 'sentences', not None"),
        ({"sentences": 3}, "a document must be a dict with a list of 'sentences'"),
        ({"sentences": [], "text": 3}, "the text of a document must be a string, not 3"),
    ],
)
def test_what_is_no_document_is_refused(data: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Document.from_dict(data)
