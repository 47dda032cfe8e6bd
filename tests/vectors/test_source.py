import gzip
import os
import pickle
import resource
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcparse.errors import VectorsError
from arcparse.vectors import checksum, dense, guess_format, load_vectors, save_vectors

FILES = ("word2vec-text", "word2vec-binary", "glove")


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".bz2"])
@pytest.mark.parametrize("format", FILES)
def test_a_file_comes_back_and_its_format_is_guessed(tmp_path: Path, keyed: Any, format: str, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    save_vectors(keyed, path, format)
    assert guess_format(path) == format
    words, matrix = dense(load_vectors(path))
    assert list(words) == keyed.index_to_key
    np.testing.assert_array_equal(matrix, keyed.vectors)
    assert matrix.dtype == np.float32


@pytest.mark.parametrize("format", [*FILES, "gensim"])
def test_limit_takes_the_first_words(tmp_path: Path, keyed: Any, format: str) -> None:
    save_vectors(keyed, tmp_path / "vectors", format)
    loaded = load_vectors(tmp_path / "vectors", format, limit=3)
    assert loaded.index_to_key == keyed.index_to_key[:3]
    np.testing.assert_array_equal(loaded.vectors, keyed.vectors[:3])


def test_the_native_format_is_read_only_when_named(tmp_path: Path, keyed: Any) -> None:
    path = tmp_path / "vectors.kv"
    save_vectors(keyed, path, "gensim")
    with pytest.raises(VectorsError, match=r"vectors\.kv: a pickle.*format='gensim'"):
        load_vectors(path)
    np.testing.assert_array_equal(load_vectors(path, "gensim").vectors, keyed.vectors)


def test_a_whole_model_of_gensim_gives_its_vectors(tmp_path: Path) -> None:
    from gensim.models import Word2Vec

    model = Word2Vec([["a", "b", "c"]] * 5, vector_size=4, min_count=1, workers=1)
    model.save(str(tmp_path / "model"))
    np.testing.assert_array_equal(load_vectors(tmp_path / "model", "gensim").vectors, model.wv.vectors)


class Touch:
    """A pickle of this writes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_guessing_runs_no_code(tmp_path: Path) -> None:
    path, touched = tmp_path / "evil.bin", tmp_path / "touched"
    path.write_bytes(pickle.dumps(Touch(touched)))
    with pytest.raises(VectorsError, match="runs the code"):
        load_vectors(path)
    assert not touched.exists()


def test_what_is_not_gensims_is_refused(tmp_path: Path) -> None:
    from gensim.corpora import Dictionary

    path = tmp_path / "list.pkl"
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(VectorsError, match="not gensim"):
        load_vectors(path, "gensim")
    Dictionary([["a"]]).save(str(path))
    with pytest.raises(VectorsError, match="a Dictionary, not KeyedVectors"):
        load_vectors(path, "gensim")
    path.write_bytes(b"\x80\x04nonsense")
    with pytest.raises(VectorsError, match="not gensim"):
        load_vectors(path, "gensim")


@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-binary"])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_truncated_file_is_an_error(tmp_path: Path, keyed: Any, format: str, suffix: str) -> None:
    path = tmp_path / f"vectors{suffix}"
    save_vectors(keyed, path, format)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(VectorsError, match=rf"vectors{suffix}: "):
        load_vectors(path)


def test_a_line_without_all_its_values_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("a 1 2 3\nb 1 2\n")
    with pytest.raises(VectorsError, match=r"glove\.txt: not glove"):
        load_vectors(tmp_path / "glove.txt")


@pytest.mark.parametrize("content", [b"", b"one two three\n", b"\n", b"word nan inf\n", bytes(range(256))])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(VectorsError, match="neither word2vec nor GloVe"):
        load_vectors(tmp_path / "file")


def test_wrong_names_are_refused(tmp_path: Path, keyed: Any) -> None:
    with pytest.raises(VectorsError, match="no such file"):
        load_vectors(tmp_path / "missing")
    (tmp_path / "text.gz").write_text("not packed")
    with pytest.raises(VectorsError, match="cannot be read"):
        load_vectors(tmp_path / "text.gz")
    (tmp_path / "packed.txt").write_bytes(gzip.compress(b"1 1\na 1\n"))
    with pytest.raises(VectorsError, match=r"must end in \.gz"):
        load_vectors(tmp_path / "packed.txt")
    with pytest.raises(VectorsError, match=r"'fasttext'.*word2vec-text"):
        load_vectors(tmp_path / "text.gz", "fasttext")
    with pytest.raises(VectorsError, match=r"'fasttext'.*word2vec-text"):
        save_vectors(keyed, tmp_path / "out", "fasttext")


def test_a_word_cut_within_a_character_is_kept(tmp_path: Path) -> None:
    (tmp_path / "cut.bin").write_bytes(b"1 2\nna\xc3 " + np.array([1, 2], "<f4").tobytes() + b"\n")
    assert load_vectors(tmp_path / "cut.bin").index_to_key == ["na\ufffd"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, keyed: Any) -> None:
    for format in (*FILES, "gensim"):
        with pytest.raises(VectorsError, match=r"missing.out: cannot be written"):
            save_vectors(keyed, tmp_path / "missing" / "out", format)


def test_checksum(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc" * 1_000_000)
    assert checksum(tmp_path / "file") == sha256(b"abc" * 1_000_000).hexdigest()


@pytest.mark.parametrize(
    ("name", "count", "dimension"),
    [("glove.6B.50d.first2k.txt.gz", 2441, 50), ("glove.twitter.27B.25d.12k.txt.gz", 11925, 25)],
)
def test_published_samples(corpora: Path, name: str, count: int, dimension: int) -> None:
    loaded = load_vectors(corpora / "word-vectors-small" / name)
    assert (len(loaded), loaded.vector_size) == (count, dimension)
    assert "queen" in [word for word, _ in loaded.most_similar("king", topn=10)]


def test_vectors_that_cannot_be_written_leave_the_older_file(tmp_path: Path, keyed: Any) -> None:
    (tmp_path / "v.bin").write_bytes(b"older")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(VectorsError, match=r"v\.bin: cannot be written: File too large"):
            save_vectors(keyed, tmp_path / "v.bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "v.bin").read_bytes() == b"older"
    assert len(list(tmp_path.iterdir())) == 1
    save_vectors(keyed, Path(os.devnull))
    assert Path(os.devnull).is_char_device()
