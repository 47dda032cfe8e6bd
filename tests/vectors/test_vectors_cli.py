from pathlib import Path
from typing import Any

import pytest

from arcparse.cli import main
from arcparse.vectors import VectorStore, load_vectors, save_vectors
from arcparse.vectors.needed import require_plyvel

FORMS = ["The", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "again", "today", "."]
TREEBANK = "# text = The quick brown fox jumps over the lazy dog again today.\n" + "".join(
    f"{i}\t{form}\t_\t_\t_\t_\t_\t_\t_\t_\n" for i, form in enumerate(FORMS, 1)
)


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    (tmp_path / "dev.conllu").write_text(TREEBANK + "\n")
    return tmp_path / "dev.conllu"


@pytest.mark.slow
def test_from_raw_text_to_neighbours(tmp_path: Path, treebank: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, corpus, vectors, store = (tmp_path / name for name in ("raw.txt", "corpus.txt", "v.bin", "v.vectors"))
    quote = "He said: the quick brown fox jumps over the lazy dog again!"
    raw.write_text("".join(f"It isn't {i} cats, is it?\n" for i in range(100)) + f"{quote}\n{quote}\n")
    assert main(["vectors", "prepare", "--output", str(corpus), str(raw), "--exclude", str(treebank)]) == 0
    assert "102 paragraphs, without 1 duplicates and 1 excluded" in capsys.readouterr().out
    assert set(corpus.read_text().splitlines()) == {"It is n't 0 cats , is it ?", "It is n't 00 cats , is it ?"}

    options = ["--dimension", "6", "--min-count", "5", "--epochs", "2", "--sample", "0", "--cbow", "--workers", "1"]
    assert main(["vectors", "train", str(corpus), "--output", str(vectors), *options]) == 0
    assert load_vectors(vectors).vector_size == 6

    caching = ["vectors", "cache", str(vectors), "--output", str(store), "--normalisation", "digits-zero"]
    assert main([*caching, "--dtype", "int8"]) == 0
    assert main(["vectors", "verify", str(store)]) == 0
    capsys.readouterr()
    assert main(["vectors", "nearest", "--vectors", str(store), "cats", "CATS", "zebra", "--count", "2"]) == 2
    out, err = capsys.readouterr()
    assert [line.split(": ")[0] for line in out.splitlines()] == ["cats", "CATS (cats)"]
    assert all(line.count(",") == 1 for line in out.splitlines())
    assert err.startswith("arcparse: no vector for 'zebra'")
    assert main(["vectors", "info", str(store)]) == 0
    out = capsys.readouterr().out
    assert "of dimension 6, int8" in out
    assert "v.bin" in out
    assert "digits-zero" in out


def test_a_store_for_the_words_of_a_corpus(
    tmp_path: Path, keyed: Any, treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, raw = tmp_path / "v.txt", tmp_path / "raw.txt"
    save_vectors(keyed, source, "word2vec-text")
    raw.write_text("PARIS is in 1999\n")
    store = tmp_path / "v.vectors"
    assert main(["vectors", "cache", str(source), "--output", str(store), "--words", str(treebank), str(raw)]) == 0
    assert "2 of 7 vectors, for 3 of 16 forms" in capsys.readouterr().out
    with VectorStore.open(store) as opened:
        assert sorted(opened) == ["paris", "the"]


def test_damage_is_reported_and_repaired(store_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = require_plyvel().DB(str(store_path))
    db.put(b"v:paris", b"short")
    db.close()
    assert main(["vectors", "verify", str(store_path)]) == 1
    assert "arcparse vectors repair" in capsys.readouterr().out
    assert main(["vectors", "repair", str(store_path)]) == 0
    assert "saved 6 vectors and 0 random ones, lost 1; make it again" in capsys.readouterr().out
    assert main(["vectors", "verify", str(store_path)]) == 0


def test_errors_go_to_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vectors", "info", str(tmp_path / "none")]) == 2
    assert "no such store" in capsys.readouterr().err
    missing, corpus = tmp_path / "missing" / "out", tmp_path / "corpus.txt"
    corpus.write_text("a b c\n")
    for command in ("prepare", "train"):
        assert main(["vectors", command, str(corpus), "--output", str(missing)]) == 2
        assert f"{missing}: " in capsys.readouterr().err
