"""Bundles: models that make a pipeline are found by their names, packed, replaced and left out."""

from __future__ import annotations

import dataclasses
import json
import pickle
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from overfitted import fitted_parser, fitted_tagger, twenty, vectors

import arcparse
from arcparse import cli
from arcparse.bundle import Bundle, card_of
from arcparse.checkpoint import find_model, load_config
from arcparse.errors import ArcparseError, ConfigurationError, ModelError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.pipeline import Pipeline
from arcparse.segmenter.model import Segmenter
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.tokenizer import Language

TEXT = "The old man the boats. Who wrote this letter?"
SMALL = SegmenterConfig(EncoderConfig(embedding=4, recurrent=RecurrentConfig(cell="lstm", hidden=4)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of runs: a parser with its tagger and vectors, a segmenter with vectors of its own."""
    folder = tmp_path_factory.mktemp("runs")
    vectors().save(folder / "parser" / "vectors")
    fitted_parser("none").model.save(folder / "parser" / "best", vectors="vectors", tagger="tagger", metadata={})
    fitted_tagger().model.save(folder / "parser" / "tagger", vectors="vectors", metadata={})
    own = vectors()
    other = Pretrained(own.words, own.scheme, own.rows, own.scale * 2)
    other.save(folder / "segmenter" / "vectors")
    Segmenter.build(SMALL, TEXT, twenty(), other).save(folder / "segmenter" / "best", vectors="vectors")
    return folder


@pytest.fixture(scope="module")
def bundle(runs: Path) -> Bundle:
    return Bundle.find(runs / "parser", lemmatizer="en-lemmatizer", segmenter=runs / "segmenter", tokenizer="neutral")


@pytest.fixture(scope="module", params=["fr", "fr.zip"])
def packed(bundle: Bundle, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a directory and as an archive."""
    place = tmp_path_factory.mktemp("packed") / str(request.param)
    bundle.save(place, card="# fr\n")
    return place


@pytest.mark.slow
def test_what_was_packed_parses_as_its_parts_do(bundle: Bundle, packed: Path) -> None:
    nlp = arcparse.load(packed)
    assert nlp.parse(TEXT) == Pipeline.of(bundle).parse(TEXT)
    assert nlp.segmenter
    assert nlp.parse(["The", "boats"]).lemmas == ("the", "boat")
    assert nlp.parser.parse([twenty()[0]])
    assert pickle.loads(pickle.dumps(nlp)).parse(TEXT) == nlp.parse(TEXT)  # noqa: S301 (of our own)


def test_vectors_are_written_once_for_all_that_share_them(packed: Path) -> None:
    if packed.is_dir():
        expected = {"README.md", "parser", "tagger", "lemmatizer", "segmenter", "vectors", "segmenter-vectors"}
        assert {entry.name for entry in packed.iterdir()} == expected
    names = {part: load_config(packed / part)[1].get("vectors") for part in ("parser", "tagger", "segmenter")}
    assert names == {"parser": "vectors", "tagger": "vectors", "segmenter": "segmenter-vectors"}
    assert Pretrained.load(packed / "vectors").same_as(vectors())


def test_a_run_holds_its_bundle_as_its_best_model(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "run" / "best")
    found = Bundle.find(tmp_path / "run")
    assert found.model == tmp_path / "run" / "best" / "parser"
    assert found.parts().keys() == {"parser", "tagger", "lemmatizer", "segmenter"}
    assert find_model(tmp_path / "run", ("lemmatizer",)) == tmp_path / "run" / "best" / "lemmatizer"


def test_parts_are_left_out_and_replaced(packed: Path, runs: Path) -> None:
    bare = arcparse.load(packed, without=["lemmas", "segmenter"])
    assert (bare.lemmatizer, bare.segmenter) == (None, None)
    assert bare.parse(["The", "boats"]).lemmas == ("_", "_")
    assert arcparse.load(packed, tokenizer="en").segmenter is None
    assert arcparse.load(packed, tokenizer="en", segmenter=packed).segmenter
    assert Bundle.find("en-small", lemmatizer=packed).lemmatizer == packed / "lemmatizer"
    assert Bundle.find(packed, tagger=runs / "parser" / "tagger").tagger == runs / "parser" / "tagger"
    assert Bundle.find(packed).tokenizer == "neutral"
    assert Bundle.find(packed, tokenizer="en").tokenizer == "en"


def test_the_shipped_models_have_lemmas(packed: Path) -> None:
    for name in ("en", "en-small"):
        assert arcparse.load(name).parse(["The", "cats", "slept"]).lemmas == ("the", "cat", "sleep")
    assert arcparse.load("en").segmenter
    assert arcparse.load("en-small").segmenter is None
    assert arcparse.load("en") is arcparse.load("en", lemmatizer="en-lemmatizer", segmenter="en-segmenter")


def test_a_pipeline_shows_its_parts() -> None:
    assert repr(arcparse.load("en")) == "<Pipeline of segmenter, parser, lemmatizer>"
    assert repr(arcparse.load("en", without=["lemmas", "segmenter"])) == "<Pipeline of parser>"
    assert repr(arcparse.load("en-small-tagger")) == "<Pipeline of tagger>"


def test_the_lemmatiser_can_be_left_out_by_both_of_its_names() -> None:
    found = [Bundle.find("en", without=[name]) for name in ("lemmas", "lemmatizer")]
    assert found[0] == found[1]
    assert found[0].lemmatizer is None
    assert found[0].segmenter is not None


def test_a_tagger_alone_makes_a_bundle(tmp_path: Path) -> None:
    Bundle.find("en-small-tagger", lemmatizer="en-lemmatizer").save(tmp_path / "tags")
    nlp = arcparse.load(tmp_path / "tags")
    assert nlp.tag(["The", "cats", "slept"]).lemmas == ("the", "cat", "sleep")
    with pytest.raises(ModelError, match="is a tagger and makes no trees"):
        nlp.parse("Cats sleep.")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"without": ["tags"]}, r"'lemmas' or 'lemmatizer' or 'segmenter', such as \['lemmas'\], not \['tags'\]$"),
        ({"without": ["lemmatizer"], "lemmatizer": "en-lemmatizer"}, "^lemmatizer is 'en-lemmatizer', but without has"),
        ({"without": "lemmas"}, "^without must be a list with"),
        ({"without": ["lemmas"], "lemmatizer": "en-lemmatizer"}, "lemmatizer is 'en-lemmatizer', but without has"),
        ({"tagger": "en-small-tagger"}, "predicts tags itself; leave out the tagger"),
        ({"lemmatizer": "en-segmenter"}, "holds a model of kind 'segmenter'; name one of kind 'lemmatizer'"),
        ({"without": None}, "^without must be a list with .*, not None$"),
        ({"tokenizer": "fr"}, "there is no tokeniser 'fr'"),
        ({"tokenizer": 3}, "^a tokeniser is a name or a path, not 3; give a string or a Path$"),
    ],
)
def test_parts_that_cannot_be_are_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ArcparseError, match=message):
        arcparse.load("en", **chosen)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("en-lemmatizer", "kind 'lemmatizer'; name a parser or a tagger, and this model as its lemmatizer$"),
        ("en-segmenter", "kind 'segmenter'; name a parser or a tagger, and this model as its segmenter$"),
        ("en-vectors", "kind 'vectors'; name a parser or a tagger$"),
    ],
)
def test_a_part_alone_is_no_pipeline(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=f"holds a model of {message}"):
        arcparse.load(name)


def test_a_part_that_a_bundle_lacks_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    for place in (tmp_path / "bare", tmp_path / "bare.zip"):
        replace(bundle, segmenter=None).save(place)
        with pytest.raises(ModelError, match=rf"{place.name}: .* no bundle with a segmenter"):
            arcparse.load("en-small", segmenter=place)


def test_a_cut_archive_is_refused_as_a_file(tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(b"PK\x03\x04 the rest was not copied")
    with pytest.raises(ModelError, match=r"cut\.zip: is a file, but no whole \.zip archive"):
        arcparse.load(cut)


def test_a_bundle_of_wrong_parts_is_not_written(bundle: Bundle, tmp_path: Path) -> None:
    wrong = Bundle.find("en", lemmatizer="en-segmenter")
    with pytest.raises(ModelError, match="name one of kind 'lemmatizer'"):
        wrong.save(tmp_path / "wrong")
    with pytest.raises(ConfigurationError, match=r"^fr\.toml: cannot be read: No such file"):
        Bundle.find("en", tokenizer="fr.toml").save(tmp_path / "wrong.zip")
    with pytest.raises(ConfigurationError, match=r"fr\.tar\.gz: an archive of models is a \.zip file"):
        bundle.save(tmp_path / "fr.tar.gz")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    with pytest.raises(ModelError, match=r"thesis: holds 'chapter\.tex', no part of the model"):
        bundle.save(tmp_path / "thesis")
    assert [entry.name for entry in tmp_path.rglob("*")] == ["thesis", "chapter.tex"]


@pytest.mark.parametrize("name", ["fr", "fr.zip"])
def test_the_rules_of_a_language_travel_in_the_bundle(name: str, bundle: Bundle, tmp_path: Path) -> None:
    rules, place = tmp_path / "rules.toml", tmp_path / name
    rules.write_text('elided = "l d"\nfused = ["du = de le"]\n', encoding="utf-8")
    chosen = dataclasses.replace(bundle, segmenter=None, lemmatizer=None, tokenizer=rules)
    chosen.save(place)
    rules.unlink()
    found = Bundle.find(place)
    assert found.tokenizer == Language(elided="l d", fused=("du = de le",))
    assert found.divided_by == "its own rules"
    found.save(tmp_path / "again")
    for own in (place, tmp_path / "again"):
        [sentence] = arcparse.load(own).tag("L'eau du puits.")
        assert sentence.forms == ("L'", "eau", "de", "le", "puits", ".")
    rules.write_text('fused = ["du"]', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="fused = 'du': write a token and its words"):
        chosen.save(place)


def test_a_smaller_bundle_replaces_a_larger_one(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "fr")
    Bundle.find(tmp_path / "fr", without=["lemmas", "segmenter"]).save(tmp_path / "fr")
    assert sorted(entry.name for entry in (tmp_path / "fr").iterdir()) == ["parser", "tagger", "vectors"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tokenizer", "../secret.toml", "config.tokenizer must be en, neutral or the table .*, not '../secret.toml'"),
        ("tokenizer", ["en"], "config.tokenizer must be en, neutral or the table of a language"),
        ("tokenizer", {"elidid": "l"}, "config.tokenizer: there is no setting 'elidid'; did you mean 'elided'"),
        ("lemmatizer", "../lemmatizer", "must be a plain name"),
        ("segmenter", 7, "must be a plain name"),
    ],
)
def test_a_model_names_nothing_but_what_lies_beside_it(
    bundle: Bundle, tmp_path: Path, key: str, value: Any, message: str
) -> None:
    bundle.save(tmp_path / "fr")
    file = tmp_path / "fr" / "parser" / "config.json"
    description = json.loads(file.read_text(encoding="utf-8"))
    description["config"][key] = value
    file.write_text(json.dumps(description), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        arcparse.load(tmp_path / "fr")


def test_the_command_packs_and_tells_the_parts(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "card.md").write_text("# mine\n", encoding="utf-8")
    place = tmp_path / "mine"
    options = ["--lemmatizer", "en-lemmatizer", "--card", str(tmp_path / "card.md"), "--output", str(place)]
    assert cli.main(["pack", str(runs / "parser"), *options]) == 0
    assert capsys.readouterr().out == f"{place}: parser, tagger, lemmatizer; text is divided by the rules 'en'\n"
    assert (place / "README.md").read_text(encoding="utf-8") == "# mine\n"
    assert cli.main(["parse", "--model", str(place), "--without", "lemmas", "Dogs bark."]) == 0
    assert "\tbark\t_\t" in capsys.readouterr().out.replace("2\tbark", "\tbark")
    assert cli.main(["pack", str(tmp_path / "nowhere"), "--output", str(place)]) == 2
    assert "nowhere: there is no model" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fr", "fr.zip"])
def test_a_card_goes_with_its_model_and_tells_that_parts_were_changed(
    bundle: Bundle, tmp_path: Path, name: str
) -> None:
    place, copied, changed = tmp_path / name, tmp_path / f"copied-{name}", tmp_path / f"changed-{name}"
    bundle.save(place, card="# fr\n")
    assert cli.main(["pack", str(place), "--output", str(copied)]) == 0
    assert card_of(find_model(copied)) == "# fr\n"
    assert cli.main(["pack", str(copied), "--without", "lemmas", "--output", str(changed)]) == 0
    parts = "parser, tagger, segmenter; text is divided by the segmenter"
    assert card_of(find_model(changed)) == f"# fr\n\n## Changed\n\nParts were replaced or left out since: {parts}.\n"


def test_a_folder_of_a_model_is_no_bundle_whose_card_is_above_it(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# My project\n", encoding="utf-8")
    shutil.copytree(runs / "parser" / "tagger", tmp_path / "mine")
    assert card_of(tmp_path / "mine") == ""
    assert card_of(find_model("en")).startswith("# ")


@pytest.mark.parametrize(
    ("part", "remedy"),
    [
        ("lemmatizer", r"copy both again, or leave it out \(without=\['lemmas'\], --without lemmas\)"),
        ("tagger", "again$"),
    ],
)
def test_a_part_that_is_missing_is_told(bundle: Bundle, tmp_path: Path, part: str, remedy: str) -> None:
    place = tmp_path / "fr"
    bundle.save(place)
    shutil.rmtree(place / part)
    with pytest.raises(
        ModelError, match=rf"fr/{part}: is not there, and the model .* needs it as its {part}; .*{remedy}"
    ):
        Bundle.find(place)


def test_an_archive_may_hold_the_folder_of_a_bundle_as_file_managers_pack_it(bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(tmp_path / "fr", card="# fr\n")
    file = Path(shutil.make_archive(str(tmp_path / "sent"), "zip", tmp_path, "fr"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("__MACOSX/fr/._parser", b"")
    found = Bundle.find(file)
    assert found.parts() == {part: file / "fr" / part for part in bundle.parts()}
    assert card_of(found.model) == "# fr\n"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("other/config.json", b"")
    with pytest.raises(ModelError, match=r"sent\.zip: holds no config\.json"):
        Bundle.find(file)
