"""The commands that look at vectors, of a store and of those that are shipped."""

from pathlib import Path

import numpy as np
import pytest

from arcparse import drawing
from arcparse.cli import main, vector_views
from arcparse.lexicon.stores import word_vectors
from arcparse.vectors import VectorStore, load_vectors


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Four words at the corners of a square, in a space of their own."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(3)
    matrix = np.array([[3, 0, 1], [3, 0, -1], [0, 3, 1], [0, 3, -1], [1, 1, 0.5]], np.float32)
    vectors.add_vectors(["woman", "man", "queen", "king", "nurse"], matrix)
    VectorStore.create(tmp_path / "s.vectors", vectors, normalisation="digits-zero").close()
    return tmp_path / "s.vectors"


@pytest.mark.slow
def test_the_shipped_vectors_answer_without_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "nearest", "dog", "--count", "2"]) == 0
    assert capsys.readouterr().out.startswith("dog: cat 0.")
    assert main(["vectors", "analogy", "man", "king", "woman", "--count", "3"]) == 0
    assert capsys.readouterr().out.startswith("man : king = woman : queen 0.")


def test_a_store_answers(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "analogy", "man", "king", "woman", "--vectors", str(store), "--count", "1"]) == 0
    assert capsys.readouterr().out == "man : king = woman : queen 1.000\n"
    assert main(["vectors", "nearest", "x", "--vectors", str(store / "nowhere")]) == 2
    assert "there are no word vectors" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["p.svg", "P.HTML"])
def test_a_plot_is_written(name: str, store: Path, tmp_path: Path) -> None:
    assert main(["vectors", "plot", "king", "Queen", "--vectors", str(store), "--output", str(tmp_path / name)]) == 0
    drawn = (tmp_path / name).read_text()
    assert ">Queen</text>" in drawn
    assert drawn.startswith("<svg" if name == "p.svg" else "<!DOCTYPE html>")
    assert not list(tmp_path.glob(".*"))


def test_a_plot_as_png_goes_the_way_of_drawings(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_views, "png", lambda drawn: b"PNG " + drawn[:4].encode())
    assert vector_views.png is not drawing.png
    assert main(["vectors", "plot", "king", "--vectors", str(store), "--output", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes() == b"PNG <svg"


def test_a_plot_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "plot", "king", "--output", str(tmp_path / "p.pdf")]) == 2
    assert "a plot ends in .png, .svg or .html" in capsys.readouterr().err


def test_debiasing_shows_and_writes_what_it_does(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "fair.txt"
    options = ["--words", "nurse", "--equal", "queen:king", "--output", str(output), "--format", "word2vec-text"]
    assert main(["vectors", "debias", "woman:man", *options, "--vectors", str(store)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:4] == [
        ["word", "before", "after"],
        ["nurse", "+0.333", "+0.000"],
        ["queen", "+0.316", "+0.316"],
        ["king", "-0.316", "-0.316"],
    ]
    assert lines[4] == [f"{output}:", "5", "words,", "3", "values", "each"]
    fair = load_vectors(output)
    assert fair["nurse"] == pytest.approx([2**-0.5, 2**-0.5, 0])
    assert main(["vectors", "debias", "woman:man", "--vectors", str(store)]) == 0


@pytest.mark.parametrize("pair", ["woman", "woman:", "a:b:c"])
def test_a_pair_has_two_words(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["vectors", "debias", pair])
    assert "is not a pair such as woman:man" in capsys.readouterr().err


def test_the_library_opens_both_kinds(store: Path) -> None:
    own, shipped = word_vectors(store), word_vectors()
    assert (len(own), own.scheme) == (5, "digits-zero")
    assert shipped.matrix.shape == (len(shipped), 100)
    assert "<unk>" not in shipped
    assert shipped.words[0] != "<pad>"
