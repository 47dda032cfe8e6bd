"""tools/ship.py puts trained models into the package, with their cards, and shares the vectors."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path

import pytest

from arcparse import Pipeline, checkpoint, seq2seq
from arcparse.checkpoint import places
from arcparse.checkpoint.places import SHIPPED

SCRIPT = Path(__file__).parents[2] / "tools" / "ship.py"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for shipped models with the vectors, and the tagger's card, in it."""
    place = tmp_path / "models"
    for name in ("en-vectors", "en-small-tagger"):
        shutil.copytree(SHIPPED / name, place / name)
    monkeypatch.setattr(places, "SHIPPED", place)
    (tmp_path / "card.md").write_text("# a card\n", encoding="utf-8")
    return place


def ship(monkeypatch: pytest.MonkeyPatch, package: Path, model: str, *options: str) -> None:
    arguments = [str(SHIPPED / model), model, "--card", str(package.parent / "card.md"), *options]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    runpy.run_path(str(SCRIPT), run_name="__main__")


@pytest.mark.slow
def test_a_parser_brings_its_tagger_and_vectors(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ship(monkeypatch, package, "en-small", "--beam", "2")
    assert sorted(entry.name for entry in package.iterdir()) == ["en-small", "en-small-tagger", "en-vectors"]
    assert (package / "en-small" / "README.md").read_text(encoding="utf-8") == "# a card\n"
    for name in ("en-small-tagger", "en-vectors"):
        card = (SHIPPED / name / "README.md").read_bytes()
        assert (package / name / "README.md").read_bytes() == card
    sentence = ["The", "cat", "slept", "."]
    shipped, own = Pipeline.load(package / "en-small"), Pipeline.load(SHIPPED / "en-small", without=["lemmas"])
    assert shipped.parser.config.beam == 2
    assert shipped.parse(sentence) == own.parse(sentence, beam=2)


def test_a_new_parser_keeps_the_lemmatiser_of_the_old_one(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("en-small", "en-lemmatizer"):
        shutil.copytree(SHIPPED / name, package / name)
    ship(monkeypatch, package, "en-small")
    sentence = ["The", "cats", "slept", "."]
    assert Pipeline.load(package / "en-small").parse(sentence).lemmas == ("the", "cat", "sleep", ".")


def test_a_segmenter_names_the_vectors_that_are_there(
    package: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ship(monkeypatch, package, "en-segmenter")
    assert capsys.readouterr().out == f"{package / 'en-segmenter'}: 1.2 MB\n"
    own, shipped = (seq2seq.load(place / "en-segmenter", seq2seq.Segmenter) for place in (SHIPPED, package))
    assert shipped.segment("I see. You don't") == own.segment("I see. You don't")
    saved = checkpoint.load_model(package / "en-segmenter")
    assert saved.config["vectors"] == "en-vectors"
    assert saved.metadata == checkpoint.load_model(SHIPPED / "en-segmenter").metadata


def test_a_segmenter_of_other_vectors_stays_outside(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checkpoint.load_model(package / "en-vectors")
    found.weights["scale"][5] += 1
    checkpoint.save_model(
        package / "other",
        kind=found.kind,
        config=found.config,
        vocabularies=found.vocabularies,
        weights=found.weights,
        metadata=found.metadata,
    )
    with pytest.raises(SystemExit, match="was trained with other vectors than other"):
        ship(monkeypatch, package, "en-segmenter", "--vectors", "other")


def test_a_lemmatizer_is_copied(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ship(monkeypatch, package, "en-lemmatizer")
    assert isinstance(seq2seq.load(package / "en-lemmatizer"), seq2seq.Lemmatizer)
