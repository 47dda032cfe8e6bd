import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import steps_of

from arcparse.errors import VectorsError
from arcparse.files import PART
from arcparse.vectors import DTYPES, ERROR_BOUND, VectorStore, candidates, checksum, database
from arcparse.vectors import store as store_module
from arcparse.vectors.database import explained
from arcparse.vectors.needed import LEVELDB, require_plyvel
from arcparse.vectors.record import METADATA_KEYS, Metadata, decode, encode, random_vector

HOLD = """
import sys
from pathlib import Path
from arcparse.vectors import VectorStore
with VectorStore.open(Path(sys.argv[1])) as store:
    print(store["unheard-of"].tolist(), flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(path: Path) -> Iterator[list[float]]:
    """Keep a store open in a second process, and give the vector that it drew for a missing word."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield json.loads(process.stdout.readline())
        process.communicate("")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_store_gives_back_the_vectors(tmp_path: Path, keyed: Any, dtype: str) -> None:
    with VectorStore.create(tmp_path / "store", keyed, dtype=dtype) as store:
        words, matrix = store.dense()
        expected = keyed.vectors[[keyed.key_to_index[word] for word in words]]
        atol = {"float32": 0, "float16": 1e-3, "int8": 2 * ERROR_BOUND}[dtype]
        np.testing.assert_allclose(matrix, expected, atol=atol, rtol=0)
        np.testing.assert_array_equal(store.matrix(words), matrix)
        np.testing.assert_array_equal(store["paris"], matrix[words.index("paris")])
        assert matrix.dtype == store["paris"].dtype == np.float32
        assert sorted(store) == sorted(words) == sorted(keyed.index_to_key)
        assert len(store) == 7


def test_metadata_says_where_the_vectors_came_from(tmp_path: Path, keyed: Any) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(b"whatever")
    VectorStore.create(
        tmp_path / "store", keyed, dtype="int8", normalisation="google-news", seed=3, source=source
    ).close()
    with VectorStore.open(tmp_path / "store", dimension=5) as store:
        assert store.metadata == Metadata(5, 7, "int8", "google-news", "source.bin", checksum(source), 3, 0.25, 1)


def test_lookup_says_how_a_vector_was_found(tmp_path: Path, keyed: Any) -> None:
    with VectorStore.create(tmp_path / "store", keyed, normalisation="digits-zero") as store:
        for form, how, word in [
            ("paris", "form", "paris"),
            ("PARIS", "variant", "paris"),
            ("LONDON", "variant", "London"),
            ("42", "variant", "00"),
            ("New York", "random", None),
            ("日本", "form", "日本"),
        ]:
            found = store.lookup(form)
            assert found[1:] == (how, word)
            np.testing.assert_array_equal(found.vector, store[form if word is None else word])
            assert (form in store) == (word is not None)


def test_google_news_finds_phrases(tmp_path: Path, keyed: Any) -> None:
    with VectorStore.create(tmp_path / "store", keyed, normalisation="google-news") as store:
        assert store.lookup("New York").word == store.lookup("New-York").word == "New_York"
        assert "42" not in store


@pytest.mark.slow
@settings(max_examples=20)  # each makes two stores
@given(st.lists(st.sampled_from(["Paris", "THE", "london", "LONDON", "77", "7", "naïve", "NAÏVE", "absent", "日本"])))
def test_a_subset_answers_as_all_vectors_do(
    keyed_once: Any, tmp_path_factory: pytest.TempPathFactory, forms: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("subset")
    with (
        VectorStore.create(folder / "all", keyed_once, normalisation="digits-zero") as whole,
        VectorStore.create(folder / "some", keyed_once, forms, normalisation="digits-zero") as some,
    ):
        np.testing.assert_array_equal(whole.matrix(forms), some.matrix(forms))
        assert [whole.lookup(form).how for form in forms] == [some.lookup(form).how for form in forms]
        assert set(some) == {whole.lookup(form).word for form in forms if form in whole}
        assert len(some) == len(list(some))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def keyed_once() -> Any:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(3)
    vectors.add_vectors(
        ["paris", "the", "London", "00", "naïve", "日本"], np.arange(18, dtype=np.float32).reshape(6, 3)
    )
    return vectors


def test_matrix_repeats_words_and_takes_none(store_path: Path) -> None:
    with VectorStore.open(store_path) as store:
        matrix = store.matrix(["paris", "absent", "paris", "absent"])
        np.testing.assert_array_equal(matrix[:2], matrix[2:])
        assert store.matrix([]).shape == (0, 5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_random_vectors_are_uniform_and_repeatable(tmp_path: Path, keyed: Any, dtype: str) -> None:
    words = [f"absent{i}" for i in range(2000)]
    stores = [VectorStore.create(tmp_path / str(i), keyed, dtype=dtype, seed=seed) for i, seed in enumerate((0, 0, 1))]
    first, again, other = (store.matrix(words) for store in stores)
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).all(axis=1).any()
    assert np.abs(first).max() <= 0.25
    assert np.abs(first).max() > 0.249
    assert abs(first.mean()) < 0.01
    assert abs(first.std() - 0.5 / 12**0.5) < 0.005
    assert len(np.unique(first, axis=0)) == 2000
    np.testing.assert_array_equal(stores[0].matrix(words), first)
    for store in stores:
        store.close()


def test_random_vectors_are_the_same_on_every_machine() -> None:
    vector = random_vector("absent", Metadata(3, 0, seed=7))
    np.testing.assert_allclose(vector, [0.013635796, 0.19065623, -0.06198993], rtol=1e-6)


def test_random_vectors_are_remembered(store_path: Path) -> None:
    with VectorStore.open(store_path) as store:
        drawn = store["unheard-of"]
        assert "unheard-of" not in store
        assert "unheard-of" not in list(store)
    with VectorStore.open(store_path) as store:
        assert store._database.db.get(b"r:unheard-of") == drawn.astype("<f4").tobytes()
        np.testing.assert_array_equal(store["unheard-of"], drawn)


def test_two_processes_draw_the_same_vector_and_one_writes(store_path: Path) -> None:
    copy = store_path.with_name("copy.vectors")
    shutil.copytree(store_path, copy)
    with held_by_another_process(store_path) as drawn, VectorStore.open(copy) as store:
        assert store["unheard-of"].tolist() == drawn


def test_a_store_open_elsewhere_is_locked_for_writers_and_open_to_readers(store_path: Path) -> None:
    with held_by_another_process(store_path) as drawn:
        with pytest.raises(VectorsError, match=r"small\.vectors: locked: another process.*read_only=True"):
            VectorStore.open(store_path)
        with VectorStore.open(store_path, read_only=True) as store:
            assert store.read_only
            assert store["unheard-of"].tolist() == drawn
            assert store["other"].tolist() == store["other"].tolist()
    with VectorStore.open(store_path) as store:
        assert not store.read_only
        assert store._database.db.get(b"r:other") is None


def test_a_store_opened_twice_is_locked(store_path: Path) -> None:
    with VectorStore.open(store_path), pytest.raises(VectorsError, match="locked"):
        VectorStore.open(store_path)


def test_a_folder_that_may_not_be_written_is_read(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {file.name: file.stat().st_mtime_ns for file in store_path.iterdir()}
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere, so permissions do not do
    with VectorStore.open(store_path) as store:
        assert store.read_only
        assert "paris" in store
        store.matrix(["unheard-of"])
    assert {file.name: file.stat().st_mtime_ns for file in store_path.iterdir()} == before


def test_a_view_leaves_nothing_behind(store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = tmp_path / "views"
    views.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(views))
    with VectorStore.open(store_path, read_only=True):
        assert len(list(views.iterdir())) == 1
    with pytest.raises(VectorsError, match="dimension 5, not 6"):
        VectorStore.open(store_path, dimension=6, read_only=True)
    next(store_path.glob("MANIFEST-*")).write_bytes(b"x")
    with pytest.raises(VectorsError, match="damaged"):
        VectorStore.open(store_path, read_only=True)
    assert not list(views.iterdir())


def test_another_dimension_is_refused_and_the_lock_released(store_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"small\.vectors: holds vectors of dimension 5, not 100"):
        VectorStore.open(store_path, dimension=100)
    VectorStore.open(store_path, dimension=5).close()


def test_what_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "readme").touch()
    require_plyvel().DB(str(tmp_path / "other"), create_if_missing=True).close()
    for name, message in {
        "missing": "no such store",
        "file": "a file, not a store",
        "folder": "not a store: found readme",
        "other": "LevelDB database without the metadata",
    }.items():
        with pytest.raises(VectorsError, match=rf"{name}: .*{message}.*arcparse vectors cache"):
            VectorStore.open(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"version": 99}', "version 99 .* reads version 1"),
        (b"{", "metadata expected"),
        (b"[1]", "metadata expected"),
        (b'{"version": 1}', "metadata expected"),
        (Metadata(5, 7).to_bytes().replace(b'"float32"', b'"float64"'), "'float64' must be one of"),
        (Metadata(5, 7).to_bytes().replace(b'"seed": 0', b'"seed": "0"'), "metadata expected"),
    ],
)
def test_metadata_of_another_version_or_kind(store_path: Path, content: bytes, message: str) -> None:
    db = require_plyvel().DB(str(store_path))
    for name in METADATA_KEYS:
        db.put(name, content)
    db.close()
    with pytest.raises(VectorsError, match=rf"small\.vectors: .*{message}"):
        VectorStore.open(store_path)


def test_a_record_of_another_length_is_damage(store_path: Path) -> None:
    db = require_plyvel().DB(str(store_path))
    db.put(b"v:paris", b"1234")
    db.close()
    with VectorStore.open(store_path) as store, pytest.raises(VectorsError, match=r"4 bytes, but float32 needs 20"):
        store.lookup("paris")


def test_creation_leaves_a_whole_store_or_none(tmp_path: Path, keyed: Any, store_path: Path) -> None:
    with pytest.raises(VectorsError, match="exists already"):
        VectorStore.create(store_path, keyed)
    with pytest.raises(VectorsError, match="does not exist"):
        VectorStore.create(tmp_path / "missing" / "store", keyed)
    with pytest.raises(VectorsError, match="'float64'"):
        VectorStore.create(tmp_path / "new", keyed, dtype="float64")
    keyed.vectors[6, 0] = 1e6
    with pytest.raises(VectorsError, match="beyond float16"):
        VectorStore.create(tmp_path / "new", keyed, dtype="float16")
    keyed.vectors[6, 0] = np.nan
    with pytest.raises(VectorsError, match="nan"):
        VectorStore.create(tmp_path / "new", keyed, dtype="int8")
    assert [path.name for path in tmp_path.iterdir()] == [store_path.name]


UNFINISHED = """
import os, sys
from pathlib import Path
from arcparse.vectors import store
from gensim.models import KeyedVectors
vectors = KeyedVectors(2)
vectors.add_vectors(["a", "b"], [[1, 2], [3, 4]])
def stop(*_):
    print("writing", flush=True)
    sys.stdin.read()
store.write_metadata = stop
store.VectorStore.create(Path(sys.argv[1]), vectors)
"""


@pytest.mark.slow
def test_a_killed_creation_is_cleaned_by_the_next(tmp_path: Path, keyed: Any) -> None:
    path = tmp_path / "new.vectors"
    command = [sys.executable, "-c", UNFINISHED, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "writing\n"
        process.kill()
    [left] = tmp_path.iterdir()
    assert PART.fullmatch(left.name)
    with VectorStore.create(path, keyed) as store:
        assert len(list(store)) == len(keyed)
    assert [file.name for file in tmp_path.iterdir()] == ["new.vectors"]


def test_a_store_that_another_process_finished_first_stays(
    tmp_path: Path, keyed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.vectors"

    write = store_module._write

    def late(*arguments: Any) -> None:
        write(*arguments)
        path.mkdir()

    monkeypatch.setattr(store_module, "_write", late)
    with pytest.raises(VectorsError, match=r"new\.vectors: exists already"):
        VectorStore.create(path, keyed)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST-*", "*.ldb"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_folder_in_place_of_a_file_is_named(store_path: Path, name: str, read_only: bool) -> None:
    [file] = store_path.glob(name)
    file.unlink()
    file.mkdir()
    with pytest.raises(VectorsError, match=rf"small\.vectors: damaged: {file.name} is a folder, but"):
        VectorStore.open(store_path, read_only=read_only)


def test_a_view_is_made_again_where_a_writer_changed_the_folder(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, tries = database._fill, []

    def fill_late(view: Path, path: Path) -> None:
        tries.append(path)
        fill(view, path)
        if len(tries) < 3:  # as if the tables had been merged meanwhile
            for table in view.glob("*.ldb"):
                table.unlink()
            (path / f"{100 + len(tries)}.ldb").write_bytes(b"")

    monkeypatch.setattr(database, "_fill", fill_late)
    with VectorStore.open(store_path, read_only=True) as store:
        assert "paris" in store
    assert len(tries) == 3


def test_a_folder_that_never_rests_is_told(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100, 200))

    def fill_never(view: Path, path: Path) -> None:
        (path / f"{next(numbers)}.ldb").write_bytes(b"")
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(database, "_fill", fill_never)
    with pytest.raises(VectorsError, match=r"small\.vectors: another process changes it all the time"):
        VectorStore.open(store_path, read_only=True)


def test_a_view_without_room_is_told_at_once(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(database, "_fill", full)
    with pytest.raises(VectorsError, match=r"small\.vectors: cannot be read: .*No space left.*make room for a view"):
        VectorStore.open(store_path, read_only=True)


@pytest.mark.parametrize("reason", ["No space left on device", "Permission denied", "Read-only file system"])
def test_a_disk_that_cannot_be_written_is_no_damage(tmp_path: Path, reason: str) -> None:
    with pytest.raises(VectorsError, match=f"cannot be written: .*{reason}.*read_only=True"), explained(tmp_path):
        raise require_plyvel().IOError(f"IO error: /store/000005.log: {reason}".encode())


def test_files_that_may_not_be_written_are_read(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).suffix != ".log")
    with VectorStore.open(store_path) as store:
        assert store.read_only
        assert "paris" in store


def test_plyvel_is_missed_with_a_message(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in LEVELDB:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(VectorsError, match=r"needs plyvel .*or plyvel-next.*install one"):
        VectorStore.open(store_path)


def test_either_library_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plyvel", None)
    monkeypatch.setitem(sys.modules, "plyvel_next", sys)
    assert require_plyvel() is sys


def test_opening_reads_only_what_it_needs(tmp_path: Path, large: Any) -> None:
    VectorStore.create(tmp_path / "large", large).close()
    VectorStore.create(tmp_path / "small", large, list(large.key_to_index)[:3]).close()

    def opened(name: str) -> None:
        VectorStore.open(tmp_path / name).close()

    small, whole = (steps_of(partial(opened, name)) for name in ("small", "large"))
    assert whole < 2 * small


@given(st.integers(1, 20), st.integers(0, 9), st.sampled_from(DTYPES), st.integers(0, 2**32))
def test_records_come_back(dimension: int, count: int, dtype: str, seed: int) -> None:
    matrix = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    metadata = Metadata(dimension, count, dtype)
    records = encode(matrix, dtype)
    assert {len(record) for record in records} <= {metadata.record_size}
    once = decode(records, metadata)
    np.testing.assert_allclose(once, matrix, atol=0.05, rtol=0)
    np.testing.assert_array_equal(decode(encode(once, dtype), metadata), once)


def test_every_candidate_of_a_word_finds_it(store_path: Path) -> None:
    with VectorStore.open(store_path) as store:
        for form in ("PARIS", "Paris", "paris"):
            assert store.lookup(form).word in candidates(form, "none")


def test_a_store_may_have_any_name(tmp_path: Path, keyed: Any) -> None:
    path = tmp_path / "st\udce9"
    VectorStore.create(path, keyed).close()
    with VectorStore.open(path) as store:
        assert len(store) == len(keyed)
    assert [entry.name for entry in tmp_path.iterdir()] == ["st\udce9"]


def test_what_a_killed_process_left_of_a_store_goes_with_the_next(tmp_path: Path, keyed: Any) -> None:
    (tmp_path / ".arcparse-01234567.part" / "store").mkdir(parents=True)
    (tmp_path / ".arcparse-01234567.part" / "store" / "000005.ldb").touch()
    VectorStore.create(tmp_path / "s", keyed).close()
    assert [entry.name for entry in tmp_path.iterdir()] == ["s"]
