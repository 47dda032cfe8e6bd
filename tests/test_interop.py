from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from texts import DOGS

from arcparse import interop
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.sentence import Sentence, Token
from arcparse.treebank import parse_conllu, read_conllu

PLAIN = Sentence.from_tokens(
    [
        Token(1, "Dogs", "dog", "NOUN", "NNS", "Number=Plur", 2, "nsubj"),
        Token(2, "bark", "bark", "VERB", "VBP", "Mood=Ind|Tense=Pres", 0, "root", misc="SpaceAfter=No"),
        Token(3, ".", ".", "PUNCT", ".", "_", 2, "punct"),
    ]
)


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


@pytest.mark.parametrize(
    ("library", "call"),
    [
        ("networkx", interop.to_networkx),
        ("pandas", lambda sentence: interop.to_pandas([sentence])),
        ("nltk", interop.to_nltk),
        ("spacy", interop.to_spacy),
    ],
)
def test_a_missing_library_is_named(
    library: str, call: Callable[[Sentence], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match=f"needs the library {library} .*`pip install {library}`"):
        call(PLAIN)


def test_networkx_keeps_words_and_comments(sentences: list[Sentence]) -> None:
    pytest.importorskip("networkx", reason="networkx is not installed")
    for sentence in [*sentences, Sentence.from_forms(["a", "b"])]:
        graph = interop.to_networkx(sentence)
        assert graph.number_of_nodes() == len(sentence) + 1
        back = interop.from_networkx(graph)
        assert (back.tokens, back.comments) == (sentence.tokens, sentence.comments)
    graph = interop.to_networkx(PLAIN)
    assert graph.edges[2, 1]["label"] == "nsubj"
    assert graph.nodes[1]["upos"] == "NOUN"


def test_a_graph_that_is_no_tree_is_refused() -> None:
    networkx = pytest.importorskip("networkx", reason="networkx is not installed")
    with pytest.raises(TreebankError, match=r"nodes are \[1, 2\]"):
        interop.from_networkx(networkx.DiGraph([(1, 2)]))
    with pytest.raises(TreebankError, match=r"word 2 has the heads \[0, 1\]"):
        interop.from_networkx(networkx.DiGraph([(0, 1), (0, 2), (1, 2)]))
    assert interop.from_networkx(networkx.DiGraph([(0, 1)])).forms == ("_",)


def test_pandas_keeps_every_row(sentences: list[Sentence]) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    kept = [*sentences, *parse_conllu(DOGS)]
    frame = interop.to_pandas(kept)
    assert len(frame) == sum(len(sentence.columns[0]) for sentence in kept)
    assert list(interop.from_pandas(frame)) == kept
    bare = frame[["sentence", "id", "form"]]
    bare.attrs.clear()
    assert [sentence.forms for sentence in interop.from_pandas(bare)] == [sentence.forms for sentence in kept]


def test_nltk_keeps_words(sentences: list[Sentence]) -> None:
    pytest.importorskip("nltk", reason="nltk is not installed")
    for sentence in [*sentences, Sentence.from_forms(["a", "b"])]:
        graph = interop.to_nltk(sentence)
        back = interop.from_nltk(graph)
        for column in range(9):
            assert back.words(column) == (("_",) * len(sentence) if column == 8 else sentence.words(column))
    graph = interop.to_nltk(PLAIN)
    assert graph.tree().label() == "bark"
    assert (("bark", "VERB"), "nsubj", ("Dogs", "NOUN")) in list(graph.triples())
    del graph.nodes[2]
    with pytest.raises(TreebankError, match="not 1 to 2"):
        interop.from_nltk(graph)


@pytest.mark.slow
def test_spacy_keeps_words(sentences: list[Sentence]) -> None:
    pytest.importorskip("spacy", reason="spacy is not installed")
    for sentence in [*sentences, Sentence.from_forms(["a", "b"])]:
        doc = interop.to_spacy(sentence)
        [back] = interop.from_spacy(doc)
        assert [back.words(column) for column in range(8)] == [sentence.words(column) for column in range(8)]
        assert doc.text.rstrip(" ") == sentence.replace(comments=()).text  # in English the words of a range spell it
    doc = interop.to_spacy(PLAIN)
    assert (doc[0].text, doc[0].dep_, doc[0].head.text) == ("Dogs", "nsubj", "bark")
    assert doc[1].is_sent_start is False


def test_spacy_wants_all_heads_or_none() -> None:
    pytest.importorskip("spacy", reason="spacy is not installed")
    with pytest.raises(TreebankError, match="some words have no head"):
        interop.to_spacy(PLAIN.replace(heads=(2, 0, -1)))


def test_blanks_of_spacy_are_no_words() -> None:
    tokens = pytest.importorskip("spacy.tokens", reason="spacy is not installed")
    vocabulary = pytest.importorskip("spacy.vocab")
    doc = tokens.Doc(
        vocabulary.Vocab(),
        words=["a", " ", "b"],
        spaces=[True, False, False],
        heads=[0, 0, 1],
        deps=["ROOT", "dep", "dep"],
    )
    [sentence] = interop.from_spacy(doc)
    assert (sentence.forms, sentence.heads) == (("a", "b"), (0, 1))


def test_conllu_is_at_hand_too() -> None:
    assert interop.from_conllu(interop.to_conllu(PLAIN)) == PLAIN
