import gzip
import os
import pickle
import resource
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import VectorsError
from arcparse.vectors import (
    VectorStore,
    Word2VecConfig,
    checksum,
    dense,
    guess_format,
    load_vectors,
    save_vectors,
    source,
    train_vectors,
    verify,
)

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
    with pytest.raises(VectorsError, match=rf"vectors{suffix}(:\d+)?: .*(cut off|cannot be read)"):
        load_vectors(path)


def test_a_line_without_all_its_values_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "glove.txt").write_text("a 1 2 3\nb 1 2\n")
    with pytest.raises(VectorsError, match=r"glove\.txt:2: a word and 3 values expected, found 3 parts"):
        load_vectors(tmp_path / "glove.txt")


@pytest.mark.parametrize("content", [b"one two three\n", b"\n", b"word\n", bytes(range(256))])
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


FLOATS = {number: np.array(number, "<f4").tobytes() for number in ((1, 2), (3, 4), (np.nan, 1), (np.inf, 1))}
ONE, TWO, NAN, INFINITY = FLOATS.values()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"file: empty"),
        (b"PK\x03\x04 glove", r"file: a \.zip archive; unpack it"),
        (b"BZh91AY", r"file: compressed; .* must end in \.gz, \.xz or \.bz2"),
        ("2 2\na 1 2\n".encode("utf-16"), "file: UTF-16"),
        (b"\xba\x16\x4f\x2f\x0c\0\0\0", r"file: fastText's own \.bin; give its \.vec"),
        (b"2 2\n", "file: cut off: the header says 2 vectors, but the file holds 0"),
        (b"0 5\n", "file:1: the header says 0 vectors of 5 values"),
        (b"1 0\na\n", "file:1: the header says 1 vectors of 0 values"),
        (b"1 999999999999\na 1\n", "file:1: the header says 1 vectors of 999999999999 values; .* 1 to 100000 values"),
        (b"999999999999 2\na 1 2\n", "file: cut off: the header says 999999999999 vectors, .* holds 1; .*--limit 1"),
        (b"999999999999 2\na " + ONE, "file: cut off: the header says 999999999999 vectors, but the file holds 1"),
        (b"2 2\na 1 2\nb 3 4\nc 5 6\n", "file:4: the header says 2 vectors, but here is one more, of 'c'"),
        (b"1 2\na " + ONE + b"\nb " + TWO, "file: row 2: the header says 1 vectors, but here is one more, of 'b'"),
        (b"2 2\na 1 2\nb 3\n", "file:3: a word and 2 values expected, found 2 parts separated by blanks: 'b 3'"),
        (b"a 1 2\nb 3 4 5\n", "file:2: a word and 2 values expected, found 4 parts"),
        (b"a 1 2\n 3 4\n", "file:2: a word and 2 values expected, found 2 parts"),
        (b"2 2\na " + ONE + b"\nb " + TWO[:5], "file: row 2: cut off: 8 bytes are left, too few"),
        (b"2 2\na 1 2\nb 3 nan\n", "file:3: value 2 of 2, 'nan', is not finite"),
        (b"a 1 -inf\n", "file:1: value 2 of 2, '-inf', is not finite"),
        (b"a 1 1e99\n", "file:1: value 2 of 2, '1e99', is not finite in float32"),
        (b"a 0,5 1,5\nb 2,5 3\n", "file:1: value 1 of 2, '0,5', is not a number; write a decimal point instead of the"),
        (b"a 1 2\nb 3 x4\n", "file:2: value 2 of 2, 'x4', is not a number; correct the line"),
        (b"1 2\na " + NAN, "file: row 1: a value of 'a' is nan"),
        (b"1 2\na " + INFINITY, "file: row 1: a value of 'a' is inf"),
        (b"2 2\nNew York " + ONE + b"b " + TWO, "file: row 1: a value of 'New' is .*bytes of a word with a blank"),
        (b"2 2\nof the " + ONE + b"\nb " + TWO, r"file: row 2: b'.*b' is not a word .*the word before, 'of',"),
        (b"2 2\na " + ONE + b" " + TWO, "file: row 2: b'' is not a word"),
    ],
)  # fmt: skip
def test_broken_files_are_told_with_line_or_row(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "file.gz").write_bytes(gzip.compress(content))
    with pytest.raises(VectorsError, match=message):
        load_vectors(tmp_path / "file")
    if not message.startswith(("file: packed", "file: a ")):
        with pytest.raises(VectorsError, match=message.replace("file", r"file\.gz", 1)):
            load_vectors(tmp_path / "file.gz")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbf2 2\na 1 2\nb 3 4\n", ["a", "b"]),
        (b"\xef\xbb\xbfa 1 2\nb 3 4", ["a", "b"]),
        (b"2\t2\r\na\t1\t2\r\nb\t3\t4\r\n", ["a", "b"]),
        (b"2 2\na 1 2 \n\nb 3 4 \n", ["a", "b"]),  # fastText ends rows with a blank
        (b". . . 1 2\nNew York 3 4\n", [". . .", "New York"]),
        (b"1 1 2\nnan 3 4\n", ["1", "nan"]),
        (b"a\xc2\xa0b 1 2\nb 3 4\n", ["a\xa0b", "b"]),
        (b"2 2\na " + ONE + b"\nb " + TWO + b"\n", ["a", "b"]),  # word2vec.c's
        (b"2 2\na " + ONE + b"b " + TWO, ["a", "b"]),  # gensim's
    ],
)
def test_files_of_other_programs(tmp_path: Path, content: bytes, words: list[str]) -> None:
    (tmp_path / "file").write_bytes(content)
    loaded = load_vectors(tmp_path / "file")
    assert loaded.index_to_key == words
    np.testing.assert_array_equal(loaded.vectors, [[1, 2], [3, 4]])


@pytest.mark.parametrize("words", [(b"a", b"b", b"a", b"a"), (b"na\xc3", b"b", b"na\xe2\x82", b"na\xc4")])
@pytest.mark.parametrize("is_text", [True, False])
def test_of_words_that_are_the_same_the_first_is_kept_and_told(
    tmp_path: Path, words: tuple[bytes, ...], is_text: bool
) -> None:
    path = tmp_path / "file"
    rows = [
        word + (b" %d 0\n" % i if is_text else b" " + np.array([i, 0], "<f4").tobytes()) for i, word in enumerate(words)
    ]
    path.write_bytes(b"4 2\n" + b"".join(rows))
    told: list[str] = []
    loaded = load_vectors(path, tell=told.append)
    first = words[0].decode(errors="replace")
    assert loaded.index_to_key == [first, "b"]
    assert len(loaded) == len(dense(loaded)[0]) == 2
    np.testing.assert_array_equal(loaded[first], [0, 0])
    place = f"{path}:4" if is_text else f"{path}: row 3"
    assert told[-1] == f"{place}: {first!r} occurs a second time; its first vector is kept (rows like this: 2)"
    assert len(told) == (1 if first == "a" else 2)
    with pytest.warns(UserWarning, match="rows like this") as warned:
        load_vectors(path)
    assert [str(warning.message) for warning in warned] == told
    VectorStore.create(tmp_path / "store", loaded).close()
    assert verify(tmp_path / "store") == (2, 0, ())


def test_a_limit_reads_the_first_of_a_file_that_is_cut(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"9 2\na " + ONE + b"b " + TWO[:3])
    assert load_vectors(tmp_path / "file", limit=1).index_to_key == ["a"]
    with pytest.raises(VectorsError, match="limit must be at least 1, not 0"):
        load_vectors(tmp_path / "file", limit=0)


def test_many_rows_are_read_without_a_header(tmp_path: Path) -> None:
    matrix = np.arange(120_000, dtype=np.float32).reshape(-1, 60)
    lines = (f"w{i} " + " ".join(map(str, row)) for i, row in enumerate(matrix.tolist()))
    (tmp_path / "file").write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_BLOCK", 1000)  # bytes: memory grows many times
        np.testing.assert_array_equal(load_vectors(tmp_path / "file").vectors, matrix)


@pytest.mark.parametrize(
    ("format", "word"),
    [
        *((format, word) for format in FILES for word in ("", "a\nb", " a", "a ", "\ud800")),
        *(("word2vec-binary", word) for word in ("a b", "a\tb", "a\0b")),
        *((format, "Windows 95") for format in ("word2vec-text", "glove")),
    ],
)
def test_a_word_that_a_format_cannot_hold_is_not_written(tmp_path: Path, keyed: Any, format: str, word: str) -> None:
    keyed.add_vectors([word], np.ones((1, 5), np.float32))
    with pytest.raises(VectorsError, match=rf"out: {format} cannot hold the word .*format 'gensim'"):
        save_vectors(keyed, tmp_path / "out", format)
    assert not (tmp_path / "out").exists()


WORDS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=5, unique=True)


@pytest.mark.slow
@given(WORDS, st.sampled_from(FILES), st.integers(1, 4), st.integers(0, 9))
def test_what_is_written_is_read_whatever_the_words(words: list[str], format: str, dimension: int, seed: int) -> None:
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(dimension)
    vectors.add_vectors(words, np.random.default_rng(seed).normal(size=(len(words), dimension)).astype(np.float32))
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        try:
            save_vectors(vectors, path, format)
        except VectorsError:
            assert any(not word.isprintable() or " " in word for word in words)
            return
        loaded = load_vectors(path, format)
    assert loaded.index_to_key == words
    np.testing.assert_array_equal(loaded.vectors, vectors.vectors)


@given(st.binary(max_size=60), st.sampled_from([b"", b"1 2\n", b"3 1\n", b"a 1 2\n"]), st.sampled_from([None, *FILES]))
def test_any_bytes_are_vectors_or_an_error_of_ours(content: bytes, start: bytes, format: str | None) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(start + content)
        try:
            loaded = load_vectors(path, format, tell=lambda sentence: None)
        except VectorsError as error:
            told = str(error)
            assert told.startswith(str(path))
            assert len(told.splitlines()) == 1
        else:
            assert np.isfinite(loaded.vectors).all()
            assert len(loaded.index_to_key) == len(loaded.vectors) == len(loaded.key_to_index) > 0


def test_what_gensim_keeps_of_words_that_stand_twice(tmp_path: Path) -> None:
    from gensim.models import KeyedVectors

    (tmp_path / "text").write_text("3 2\na 1 2\na 3 4\nb 5 6\n")
    twice = KeyedVectors.load_word2vec_format(str(tmp_path / "text"))
    assert twice.index_to_key[-1] is None
    twice.save(str(tmp_path / "native"))
    told: list[str] = []
    loaded = load_vectors(tmp_path / "native", "gensim", tell=told.append)
    assert (loaded.index_to_key, loaded.vectors.tolist()) == (["a", "b"], [[1, 2], [5, 6]])
    assert told == [f"{tmp_path / 'native'}: 1 rows have no word of their own and are left out"]
    with VectorStore.create(tmp_path / "store", twice) as store:
        assert sorted(store) == ["a", "b"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_gensims_values_are_finite(tmp_path: Path, keyed: Any, value: float) -> None:
    keyed.vectors[3, 1] = value
    keyed.save(str(tmp_path / "native"))
    with pytest.raises(VectorsError, match="native: the vector of '00' holds a value that is not finite"):
        load_vectors(tmp_path / "native", "gensim")


def test_gensims_arrays_must_be_there_and_whole(tmp_path: Path, large: Any) -> None:
    large.save(str(tmp_path / "native"), sep_limit=0)
    arrays = tmp_path / "native.vectors.npy"
    arrays.write_bytes(arrays.read_bytes()[:1000])
    with pytest.raises(VectorsError, match="native: not gensim's, or cut off"):
        load_vectors(tmp_path / "native", "gensim")
    arrays.unlink()
    with pytest.raises(VectorsError, match=r"native: not gensim's, or cut off: .*fetch it again, with its \.npy"):
        load_vectors(tmp_path / "native", "gensim")


def test_gensim_is_missed_with_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("a 1 2\n")
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    for use in (lambda: load_vectors(tmp_path / "file"), lambda: train_vectors([["a"]], Word2VecConfig(min_count=1))):
        with pytest.raises(
            VectorsError, match=r"need gensim, .*install it.*parsing and the shipped vectors work without"
        ):
            use()


def test_a_word_cut_within_a_character_is_kept(tmp_path: Path) -> None:
    (tmp_path / "cut.bin").write_bytes(b"1 2\nna\xc3 " + np.array([1, 2], "<f4").tobytes() + b"\n")
    told: list[str] = []
    assert load_vectors(tmp_path / "cut.bin", tell=told.append).index_to_key == ["na\ufffd"]
    assert told == [
        f"{tmp_path / 'cut.bin'}: row 1: 'na\ufffd' is not all UTF-8; U+FFFD replaces the rest (rows like this: 1)"
    ]


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
