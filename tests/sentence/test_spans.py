"""Spans of words and their tags: what each scheme allows is held against writing and reading all short sequences."""

from __future__ import annotations

from itertools import pairwise, product
from typing import get_args

import pytest

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.sentence import Sentence, Span
from arcparse.sentence.spans import Scheme, column_of, may_end, may_follow, scheme_of, spans_of, tags_of

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
PREFIXES = {"BIO": "BI", "IOB1": "BI", "BIOES": "BIES"}


def tagged(column: str, tags: str) -> Sentence:
    miscs = [f"{column}={tag}" if tag != "_" else tag for tag in tags.split()]
    return Sentence.from_forms(["word"] * len(miscs)).replace(miscs=miscs)


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("", []),
        ("O O", []),
        ("B-NP I-NP O B-NP", [("NP", 0, 2), ("NP", 3, 4)]),
        ("B-NP B-NP I-VP", [("NP", 0, 1), ("NP", 1, 2), ("VP", 2, 3)]),
        ("I-PER I-PER B-PER O I-LOC", [("PER", 0, 2), ("PER", 2, 3), ("LOC", 4, 5)]),
        ("S-X B-X I-X E-X E-X", [("X", 0, 1), ("X", 1, 4), ("X", 4, 5)]),
        ("_ B-A-B I-A-B _", [("A-B", 1, 3)]),
        ("B I O I", [("", 0, 2), ("", 3, 4)]),
    ],
)
def test_tags_are_read_as_the_shared_tasks_scorer_reads_them(tags: str, spans: list[tuple[str, int, int]]) -> None:
    assert spans_of(tags.split()) == spans


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", "B-X I-X B-X O B-Y B-X"),
        ("IOB1", "I-X I-X B-X O I-Y I-X"),
        ("BIOES", "B-X E-X S-X O S-Y S-X"),
    ],
)
def test_the_same_spans_in_each_scheme(scheme: Scheme, tags: str) -> None:
    spans = [Span("X", 0, 2), Span("X", 2, 3), Span("Y", 4, 5), Span("X", 5, 6)]
    assert tags_of(spans, 6, scheme) == tags.split()
    assert spans_of(tags.split()) == spans
    assert scheme_of([tags.split()]) == scheme


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sequence_is_legal_if_its_own_spans_are_written_so(scheme: Scheme) -> None:
    symbols = ["O", *(f"{prefix}-{label}" for prefix in PREFIXES[scheme] for label in "XY")]
    legal = 0
    for length in range(1, 5):
        for tags in product(symbols, repeat=length):
            follows = all(may_follow(before, tag, scheme) for before, tag in pairwise(("O", *tags)))
            is_legal = follows and may_end(tags[-1], scheme)
            assert is_legal == (tags_of(spans_of(tags), length, scheme) == list(tags)), tags
            legal += is_legal
    assert legal > 100


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ([], "BIO"),
        (["O O"], "BIO"),
        (["B-X I-X", "O I-X"], "BIO"),  # a mistake in BIO, since IOB1 has no B behind O
        (["I-X", "I-X B-X"], "IOB1"),
        (["I-X I-Y"], "IOB1"),
        (["B-X I-X", "S-X"], "BIOES"),
    ],
)
def test_the_scheme_is_seen_in_the_tags_that_begin_spans(tags: list[str], scheme: Scheme) -> None:
    assert scheme_of([sentence.split() for sentence in tags]) == scheme


def test_a_sentence_gives_its_spans_by_the_name_of_their_column() -> None:
    sentence = tagged("Chunk", "B-NP I-NP _ B-VP")
    [first, second] = sentence.spans("chunk")
    assert (first.label, first.start, first.end) == ("NP", 0, 2)
    assert sentence[first.start : first.end].text == "word word"
    assert second.label == "VP"
    assert sentence.spans("NER") == []
    both = sentence.replace(miscs=["Chunk=B-NP|chunk=O", "_", "_", "_"])
    assert (both.spans("Chunk"), both.spans("chunk")) == ([Span("NP", 0, 1)], [])


@pytest.mark.parametrize("tag", ["NP", "B-", "X-NP", "b-NP", "-NP", "O-NP"])
def test_other_tags_are_refused_with_their_place(tag: str) -> None:
    sentence = Sentence(*tagged("Chunk", f"B-NP {tag}").__reduce__()[1][:2], "train.txt:7")
    with pytest.raises(TreebankError, match=f"^train.txt:7: chunk of word 2: '{tag}' is no tag of a span"):
        sentence.spans("chunk")


def test_a_column_that_no_word_has_is_refused_with_those_that_are_there() -> None:
    assert column_of([tagged("Chunk", "_ O")], "CHUNK") == "Chunk"
    with pytest.raises(ConfigurationError, match="gold file has the column 'Chonk' in MISC; did you mean 'chunk'"):
        column_of([tagged("Chunk", "O")], "Chonk", "gold")
    with pytest.raises(ConfigurationError, match="MISC is empty"):
        column_of([tagged("Chunk", "_")], "Chunk")
