"""Documents: sentences with their text."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

import arcparse
from arcparse.errors import InputError
from arcparse.sentence import Sentence, Token
from arcparse.sentence.document import DRAWN, Document, running_text
from arcparse.tokenizer import tokenize
from arcparse.treebank import parse_conllu, read_conllu

TEXT = "Dogs bark.  Cats\nsleep.\n\nWhy?"
DOCUMENT = Document(tokenize(TEXT), TEXT)
SENTENCE = Sentence.from_tokens(
    [Token(1, "Dogs", "dog", "NOUN", "NNS", head=2, deprel="nsubj"), Token(2, "bark", "bark", "VERB", "VBP", head=0)]
)


def test_a_document_is_the_list_of_its_sentences() -> None:
    assert tokenize(TEXT) == DOCUMENT
    assert (len(DOCUMENT), DOCUMENT[1].forms) == (3, ("Cats", "sleep", "."))
    assert [token.form for token in DOCUMENT.tokens] == ["Dogs", "bark", ".", "Cats", "sleep", ".", "Why", "?"]
    assert DOCUMENT.forms == tuple(token.form for token in DOCUMENT.tokens)
    assert Document([SENTENCE, SENTENCE]).lemmas == ("dog", "bark", "dog", "bark")
    assert Document([SENTENCE]).upos == SENTENCE.upos
    assert Document([SENTENCE]).xpos == SENTENCE.xpos
    assert Document([SENTENCE.replace(feats=["A=B", "_"])]).feats == ("A=B", "_")
    assert Document([SENTENCE]).labels == SENTENCE.labels
    assert [TEXT[token.start : token.end] for token in DOCUMENT.tokens] == [t.form for t in DOCUMENT.tokens]


@pytest.mark.parametrize(
    ("sentences", "text", "message"),
    [
        (["Dogs bark."], None, r"sentences\[0\] must be a Sentence, not 'Dogs bark\.'"),
        ("Dogs bark.", None, "sentences must be a list or another iterable of Sentence objects, not 'Dogs bark.'"),
        (None, None, "sentences must be a list or another iterable of Sentence objects, not None"),
        ([], 3, "the text of a document must be a string, not 3"),
    ],
)
def test_a_document_takes_nothing_but_sentences_and_a_text(sentences: Any, text: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Document(sentences, text)


def test_a_document_keeps_its_text() -> None:
    assert DOCUMENT.text == TEXT
    assert Document(DOCUMENT).text == "Dogs bark. Cats sleep.\n\nWhy?"
    assert Document().text == ""
    moved = pickle.loads(pickle.dumps(DOCUMENT))  # noqa: S301 (our own)
    assert (type(moved), moved, moved.text) == (Document, DOCUMENT, TEXT)


def test_paragraphs() -> None:
    assert DOCUMENT.paragraphs == [DOCUMENT[:2], DOCUMENT[2:]]
    assert Document(DOCUMENT[1:]).paragraphs == [DOCUMENT[1:2], DOCUMENT[2:]]
    assert Document().paragraphs == []


def test_a_slice_is_a_document_whose_words_count_in_the_same_text() -> None:
    part = DOCUMENT[1:]
    assert isinstance(part, Document)
    assert list(part) == list(DOCUMENT)[1:]
    assert part.text == DOCUMENT.text
    assert part.forms == tuple(form for sentence in part for form in sentence.forms)
    assert all(part.text[token.start : token.end] == token.text for token in part.tokens)
    assert DOCUMENT[-1] == list(DOCUMENT)[-1]
    copy = DOCUMENT.copy()
    assert isinstance(copy, Document)
    assert (copy, copy.text) == (DOCUMENT, DOCUMENT.text)
    assert copy is not DOCUMENT


def test_a_slice_of_sentences_without_a_raw_text_has_their_own() -> None:
    read = Document(Sentence.from_forms([form]) for form in "abc")
    assert (read.text, read[1:].text) == ("a b c", "b c")


def test_str_is_conllu_and_repr_is_short() -> None:
    assert list(parse_conllu(str(DOCUMENT))) == DOCUMENT
    assert repr(DOCUMENT) == r"<Document of 3 sentences, 8 words: 'Dogs bark.  Cats\nsleep.\n\nWhy?'>"
    long = Document([Sentence.from_forms(["x" * 99])])
    assert repr(long) == f"<Document of 1 sentence, 1 word: '{'x' * 39}…'>"


def test_searches_go_over_all_sentences(sample_treebank: Path) -> None:
    sentences = Document(read_conllu(sample_treebank))
    assert [chunk.text for chunk in sentences.noun_chunks()][:2] == ["The complex", "married and single soldiers"]
    pattern = {"verb": {"upos": "VERB"}, "subject": {"head": "verb", "deprel": "nsubj:pass"}}
    matches = sentences.match(pattern)
    assert matches == [match for sentence in sentences for match in sentence.match(pattern)]
    assert {"verb": "built", "subject": "bridge"} in [{n: t.form for n, t in match.items()} for match in matches]


def test_a_notebook_shows_the_first_trees() -> None:
    [sentence] = arcparse.parse("Dogs bark.", model="en-small")
    html = Document([sentence] * 2)._repr_html_()
    assert (html.count("<svg"), html.count("</svg>"), "more" in html) == (2, 2, False)
    html = Document([sentence] * (DRAWN + 1))._repr_html_()
    assert html.count("<svg") == DRAWN
    assert "… and 1 more sentence<" in html
    assert Document([], "<b>")._repr_html_() == "<p>&lt;Document of 0 sentences, 0 words: &#x27;&lt;b&gt;&#x27;&gt;</p>"


@pytest.mark.parametrize("text", ["One. Two.\n\nThree.\n", "One.\n"])
def test_running_text_is_divided_as_before(text: str) -> None:
    assert running_text(tokenize(text)) == text
