from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from arcparse import treebank, trees
from arcparse.sentence import Sentence


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> Sequence[Sentence]:
    return list(treebank.read_conllu(sample_treebank))


def test_every_sentence_is_a_tree_with_its_own_id(sentences: Sequence[Sentence]) -> None:
    for sentence in sentences:
        trees.check_tree(sentence.tree, sentence.place)
    assert [sentence.comment("sent_id") for sentence in sentences] == [f"sample-{n:03}" for n in range(1, 73)]


def test_it_has_garden_paths(sentences: Sequence[Sentence]) -> None:
    assert sentences[0].text == "The complex houses married and single soldiers and their families."
    assert sentences[0].heads == (2, 3, 0, 7, 6, 4, 3, 10, 10, 7, 3)
    marked = {sentence.text for sentence in sentences if sentence.comment("garden_path") == "yes"}
    assert len(marked) == 27
    assert {sentences[0].text, "The horse raced past the barn fell.", "The old man the boat."} < marked


def test_eight_of_its_trees_are_non_projective(sentences: Sequence[Sentence]) -> None:
    lifted = [sentence.text for sentence in sentences if not trees.is_projective(sentence.tree.heads)]
    assert lifted == [
        "A letter arrived yesterday that nobody had expected.",
        "Which shelf did you put the big dictionary on?",
        "What are you so afraid of?",
        "I saw a picture yesterday of the house where you were born.",
        "A review came out this morning of the film that we made.",
        "Whom did they say that you would invite?",
        "More people came to the fair than we had expected.",
        "He bought a lamp at the sale that gave no light.",
    ]


def test_the_text_is_what_the_tokens_spell(sentences: Sequence[Sentence]) -> None:
    for sentence in sentences:
        assert sentence.text == sentence.replace(comments=()).text


def test_it_is_written_back_byte_for_byte(sentences: Sequence[Sentence], sample_treebank: Path) -> None:
    stream = io.StringIO()
    treebank.write_conllu(sentences, stream)
    assert stream.getvalue().encode() == sample_treebank.read_bytes()


def test_it_passes_the_validator_of_universal_dependencies(sample_treebank: Path) -> None:
    pytest.importorskip("udtools", reason="udtools is not installed")
    validator = Path(sys.executable).with_name("udvalidate")
    command = [str(validator), "--no-warnings", "--lang", "en", "--level", "5", str(sample_treebank)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "*** PASSED ***\n")
