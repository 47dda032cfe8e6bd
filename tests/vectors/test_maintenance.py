from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcparse.errors import VectorsError
from arcparse.vectors import VectorStore, info, repair, verify
from arcparse.vectors.needed import require_plyvel
from arcparse.vectors.record import Metadata


def largest_table(path: Path) -> Path:
    return max(path.glob("*.ldb"), key=lambda table: table.stat().st_size)


def cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def scratch(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def put(path: Path, key: bytes, record: bytes) -> None:
    db = require_plyvel().DB(str(path))
    db.put(key, record)
    db.close()


@pytest.fixture
def path(tmp_path: Path, large: Any) -> Path:
    VectorStore.create(tmp_path / "large.vectors", large).close()
    return tmp_path / "large.vectors"


def test_a_whole_store_has_no_problems(path: Path) -> None:
    with VectorStore.open(path) as store:
        store.matrix(["absent", "missing"])
    assert verify(path) == (3000, 2, ())
    assert repair(path) == (3000, 2, 0)
    assert verify(path) == (3000, 2, ())


def test_info_describes_a_store_that_is_in_use(path: Path) -> None:
    with VectorStore.open(path) as store:
        store["absent"]
        found = info(path)
    assert found.metadata == Metadata(50, 3000)
    assert found.random == 1
    assert found.size > 3000 * 50 * 4
    assert 0 < found.seconds < 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: cut(largest_table(path)), "damaged"),
        (lambda path: cut(next(path.glob("MANIFEST-*"))), "damaged"),
        (lambda path: largest_table(path).unlink(), "damaged: .*missing files"),
        (lambda path: (path / "CURRENT").unlink(), "damaged: it has no file CURRENT"),
        (lambda path: (path / "CURRENT").write_text("nonsense"), "damaged"),
    ],
)
def test_a_store_with_broken_files_names_the_remedy(path: Path, damage: Callable[[Path], Any], message: str) -> None:
    damage(path)
    remedy = rf"large\.vectors: {message}.*arcparse vectors repair .*large\.vectors"
    with pytest.raises(VectorsError, match=remedy), VectorStore.open(path) as store:
        store.matrix(f"word{i}" for i in range(3000))


def test_a_scratched_table_is_noticed_by_every_reader(path: Path, large: Any) -> None:
    scratch(largest_table(path))
    with VectorStore.open(path) as store:
        for read in (store.dense, lambda: list(store), lambda: store.matrix(large.index_to_key)):
            with pytest.raises(VectorsError, match="checksum mismatch"):
                read()
    report = verify(path)
    assert "checksum mismatch" in report.problems[-1]
    assert "arcparse vectors repair" in report.problems[-1]


@pytest.mark.parametrize("random_words", [0, 50])
def test_repair_saves_all_but_the_scratched_block(path: Path, large: Any, random_words: int) -> None:
    with VectorStore.open(path) as store:
        store.matrix([f"absent{i}" for i in range(random_words)])
    scratch(largest_table(path))
    saved = repair(path)
    assert 2900 < saved.known < 3000
    assert saved == (saved.known, random_words, 3000 - saved.known)
    assert verify(path) == (saved.known, random_words, ())
    with VectorStore.open(path) as store:
        assert len(store) == saved.known
        for word in list(store)[::97]:
            np.testing.assert_array_equal(store[word], large[word])


@pytest.mark.parametrize("name", ["MANIFEST-*", "CURRENT"])
def test_repair_rebuilds_what_can_be_rebuilt(path: Path, name: str) -> None:
    cut(next(path.glob(name)))
    with pytest.raises(VectorsError, match="arcparse vectors repair"):
        VectorStore.open(path)
    assert repair(path) == (3000, 0, 0)
    assert verify(path) == (3000, 0, ())


@pytest.mark.parametrize(
    ("key", "record", "message"),
    [
        (b"v:word7", b"short", "a record has 5 bytes, but float32 needs 200"),
        (b"v:word7", np.full(50, np.nan, "<f4").tobytes(), "not finite"),
        (b"v:\xff\xff", bytes(200), "can't decode"),
        (b"x:word", bytes(200), "a key that no store has"),
        (b"~metadata", Metadata(50, 2999).to_bytes(), "copies of the metadata differ"),
    ],
)
def test_records_that_do_not_belong_are_found_and_dropped(path: Path, key: bytes, record: bytes, message: str) -> None:
    put(path, key, record)
    report = verify(path)
    assert any(message in problem and "arcparse vectors repair" in problem for problem in report.problems)
    repair(path)
    after = verify(path)
    assert after.problems == ()
    assert after.known == (2999 if key == b"v:word7" else 3000)


def test_a_wrong_count_is_a_problem_that_repair_mends(path: Path) -> None:
    for key in (b"!metadata", b"~metadata"):
        put(path, key, Metadata(50, 3007).to_bytes())
    report = verify(path)
    assert len(report.problems) == 1
    assert "has 3000 sound vectors, but its metadata says 3007" in report.problems[0]
    assert repair(path) == (3000, 0, 7)
    assert verify(path).problems == ()


def test_reports_of_many_problems_are_short(tmp_path: Path, large: Any) -> None:
    VectorStore.create(tmp_path / "store", large).close()
    db = require_plyvel().DB(str(tmp_path / "store"))
    for i in range(100):
        db.put(f"v:word{i}".encode(), b"")
    db.close()
    report = verify(tmp_path / "store")
    assert report.known == 2900
    assert len(report.problems) == 20
    assert "2900 sound vectors" in report.problems[0]


def test_repair_touches_nothing_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match="not a store"):
        repair(tmp_path)
    assert not list(tmp_path.iterdir())


def test_repair_waits_for_no_lock(path: Path) -> None:
    with VectorStore.open(path), pytest.raises(VectorsError, match="locked"):
        repair(path)


def test_without_any_metadata_there_is_nothing_to_repair(path: Path) -> None:
    db = require_plyvel().DB(str(path))
    db.delete(b"!metadata")
    db.close()
    assert verify(path).known == 3000
    db = require_plyvel().DB(str(path))
    db.delete(b"~metadata")
    db.close()
    with pytest.raises(VectorsError, match="without the metadata"):
        repair(path)
