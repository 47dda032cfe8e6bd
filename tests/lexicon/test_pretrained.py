from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from overfitted import fitted_parser, vectors

from arcparse.checkpoint import places, save_model
from arcparse.errors import ModelError, VectorsError
from arcparse.lexicon.pretrained import KIND, Pretrained
from arcparse.lexicon.stores import LEVEL, from_store, inspected, word_vectors
from arcparse.recipes import load_vectors
from arcparse.vectors import VectorStore
from arcparse.vocabulary import SPECIALS


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of four words, one of which is a name that vocabularies use themselves."""
    models = pytest.importorskip("gensim.models")
    keyed = models.KeyedVectors(5)
    matrix = np.random.default_rng(0).normal(scale=3, size=(4, 5)).astype(np.float32)
    file = tmp_path / "words.txt"
    file.write_text("what the vectors came from", encoding="utf-8")
    keyed.add_vectors(["the", "<unk>", "cat", "00"], matrix)
    VectorStore.create(tmp_path / "store", keyed, normalisation="digits-zero", source=file).close()
    return tmp_path / "store"


def test_a_store_is_read_whole_at_one_level(store: Path) -> None:
    pretrained = from_store(store)
    with VectorStore.open(store) as opened:
        words, matrix = opened.dense()
    assert pretrained.words.symbols == (*SPECIALS, *(word for word in words if word != "<unk>"))
    assert (pretrained.scheme, pretrained.dimension) == ("digits-zero", 5)
    assert pretrained.source == "words.txt"
    values = pretrained.rows * pretrained.scale[:, None]
    assert (values[:2] == 0).all()
    scaled = matrix * (LEVEL / np.sqrt(np.mean(np.square(matrix))))
    for word, row in zip(words, scaled, strict=True):
        if word != "<unk>":
            found = values[pretrained.words.id(word)]
            assert np.abs(found - row).max() <= np.abs(row).max() / 254 + 1e-6


def test_a_store_that_is_open_is_read_and_not_changed(store: Path) -> None:
    before = from_store(store, ["zebra"])
    with VectorStore.open(store):  # another training run, or anybody
        assert from_store(store, ["zebra"]).same_as(before)
    with VectorStore.open(store, read_only=True) as opened:
        assert "zebra" not in opened


def test_zeros_stay_zeros_and_no_vectors_are_told(tmp_path: Path) -> None:
    keyed = pytest.importorskip("gensim.models").KeyedVectors(3)
    keyed.add_vectors(["a", "b"], np.zeros((2, 3), np.float32))
    VectorStore.create(tmp_path / "zeros", keyed).close()
    VectorStore.create(tmp_path / "none", keyed, ["absent"]).close()
    assert not from_store(tmp_path / "zeros").rows.any()
    with pytest.raises(VectorsError, match=r"none: holds no vectors; make it again"):
        from_store(tmp_path / "none")


def test_saved_vectors_are_read_as_they_were(store: Path, tmp_path: Path) -> None:
    pretrained = from_store(store)
    pretrained.save(tmp_path / "vectors")
    loaded = Pretrained.load(tmp_path / "vectors")
    assert loaded.same_as(pretrained)
    assert (loaded.source, loaded.rows.dtype, loaded.scale.dtype) == (pretrained.source, np.int8, np.float32)


def test_vectors_in_use_are_shared_until_their_files_change(tmp_path: Path) -> None:
    vectors().save(tmp_path / "vectors")
    one, other = Pretrained.load(tmp_path / "vectors"), Pretrained.load(tmp_path / "." / "vectors")
    assert one is other
    vectors(1).save(tmp_path / "vectors")
    assert Pretrained.load(tmp_path / "vectors").same_as(vectors(1))
    (tmp_path / "vectors" / "weights.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="copy the model again"):
        Pretrained.load(tmp_path / "vectors")


def test_no_vectors_have_no_dimension() -> None:
    assert Pretrained.none().dimension == 0
    assert Pretrained.none().same_as(Pretrained.none())


def test_what_differs_is_not_the_same() -> None:
    assert vectors().same_as(replace(vectors(), source="elsewhere"))
    for other in (
        vectors(1),
        Pretrained.none(),
        replace(vectors(), scheme="digits-zero"),
        replace(vectors(), scale=vectors().scale * 2),
    ):
        assert not vectors().same_as(other)


def test_vectors_are_written_beside_a_model_once(tmp_path: Path) -> None:
    model, place = tmp_path / "model", tmp_path / "vectors"
    assert Pretrained.none().save_beside(model, "vectors") == ""
    assert not place.exists()
    assert vectors().save_beside(model, "vectors") == "vectors"
    written = (place / "config.json").stat().st_mtime_ns
    assert vectors().save_beside(model, "vectors") == "vectors"
    assert (place / "config.json").stat().st_mtime_ns == written
    vectors(1).save_beside(model, "vectors")
    assert Pretrained.load(place).same_as(vectors(1))


def test_something_else_of_that_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "CURRENT").write_text("a database of vectors", encoding="utf-8")
    with pytest.raises(ModelError, match="vectors"):
        vectors().save_beside(tmp_path / "model", "vectors")
    assert (tmp_path / "vectors" / "CURRENT").exists()


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    fitted_parser("none").model.save(tmp_path / "model", vectors="", metadata={})
    with pytest.raises(ModelError, match=r"holds a model of kind .parser.*kind .vectors"):
        Pretrained.load(tmp_path / "model")
    with pytest.raises(ModelError, match="nowhere"):
        Pretrained.load(tmp_path / "nowhere")
    save_model(tmp_path / "x", kind=KIND + "s", config={}, vocabularies={}, weights={})
    with pytest.raises(ModelError, match=r"holds a model of kind .vectorss"):
        Pretrained.load(tmp_path / "x")


def test_a_folder_does_not_take_the_place_of_shipped_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SHIPPED", tmp_path / "shipped")
    vectors().save(tmp_path / "shipped" / "en-vectors")
    (tmp_path / "here" / "en-vectors").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert load_vectors("en-vectors").same_as(vectors())
    assert word_vectors("en-vectors").words == inspected(vectors()).words
    for own in (load_vectors, word_vectors):
        with pytest.raises(VectorsError, match="en-vectors"):
            own("./en-vectors")


def test_a_place_without_vectors_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "vectors.bin").write_bytes(b"3 4\n")
    for own in (load_vectors, word_vectors):
        with pytest.raises(
            VectorsError, match=r"nofile: there are no word vectors: .* make a store by `arcparse vectors"
        ):
            own("nofile")
        with pytest.raises(VectorsError, match=r"vectors\.bin: is a file, and no store of word vectors; make one by"):
            own(str(tmp_path / "vectors.bin"))
