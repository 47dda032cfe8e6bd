"""Noun chunks of gold trees, in several languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from texts import read, rows

from arcparse.treebank import read_conllu

ENGLISH = {
    "The complex houses married and single soldiers and their families.": [
        *("The complex", "married and single soldiers", "their families"),
    ],
    "My sister is a doctor, but her husband sells used cars.": ["My sister", "a doctor", "her husband", "used cars"],
    "The man who lives upstairs has three cats that nobody has ever seen.": [
        *("The man", "who", "three cats", "that", "nobody"),
    ],
    "It's late, and we'll take Anna's car.": ["It", "we", "Anna's car"],
    "There are many birds in the garden this morning.": ["many birds", "the garden", "this morning"],
    "Dr. Lee, the head of the clinic, speaks Korean, German and a little Greek.": [
        *("Dr. Lee", "the head", "the clinic", "Korean", "German", "a little Greek"),
    ],
    "The committee has not yet decided how much money it should spend on new books.": [
        *("The committee", "how much money", "it", "new books"),
    ],
}


def test_english(sample_treebank: Path) -> None:
    sentences = {sentence.text: sentence for sentence in read_conllu(sample_treebank)}
    for text, chunks in ENGLISH.items():
        assert [chunk.text for chunk in sentences[text].noun_chunks()] == chunks


@pytest.mark.parametrize(
    ("words", "chunks"),
    [
        (["1 le _ DET 2 det", "2 chat _ NOUN 6 nsubj", "3 très _ ADV 4 advmod", "4 noir _ ADJ 2 amod",
          "5 a _ AUX 6 aux", "6 dormi _ VERB 0 root"], ["le chat très noir"]),
        (["1 Anna _ PROPN 3 nsubj", "2 Lee _ PROPN 1 flat", "3 eats _ VERB 0 root", "4 something _ PRON 3 obj",
          "5 bad _ ADJ 4 amod", "6 on _ ADP 8 case", "7 day _ NOUN 8 nmod", "8 two _ NUM 3 obl"],
         ["Anna Lee", "something bad", "day"]),
        (["1 the _ DET 4 det", "2 then _ ADV 4 advmod", "3 - _ PUNCT 4 punct", "4 president _ NOUN 5 nsubj",
          "5 spoke _ VERB 0 root"], ["the then - president"]),
        (["1 not _ ADV 3 advmod", "2 a _ DET 3 det", "3 hero _ NOUN 0 root"], ["a hero"]),
        (["1 there _ PRON 2 expl", "2 is _ VERB 0 root", "3 hope _ NOUN 2 nsubj", "4 of _ ADP 5 case",
          "5 help _ NOUN 3 nmod"], ["hope", "help"]),
        (["1 wo _ PRON 3 nmod", "2 de _ PART 1 case", "3 shu _ NOUN 0 root"], ["wo de shu"]),
    ],
)  # fmt: skip
def test_other_phrases(words: list[str], chunks: list[str]) -> None:
    [sentence] = read(rows(*words))
    assert [chunk.text for chunk in sentence.noun_chunks()] == chunks


def test_chunks_never_overlap(sample_treebank: Path) -> None:
    for sentence in read_conllu(sample_treebank):
        numbers = [token.id for chunk in sentence.noun_chunks() for token in chunk]
        assert numbers == sorted(set(numbers))
