import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from arcparse.errors import VectorsError
from arcparse.vectors import Prepared, RawText, prepare, runs

LINES = ["In 1984 , I was 7 .", "", "A dog barked at 10 cats .", "In 1984 , I was 7 .", "  ", "Nothing else happened ."]
QUOTE = "one two three four five six seven eight nine ten"


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_prepare_replaces_digits_and_drops_duplicates(tmp_path: Path) -> None:
    raw, output = write(tmp_path / "raw.txt", LINES), tmp_path / "corpus.txt"
    done = prepare([raw], output, str.split, processes=1)
    assert output.read_text() == "In 0000 , I was 0 .\nA dog barked at 00 cats .\nNothing else happened .\n"
    assert done == Prepared(paragraphs=4, duplicates=1, excluded=0, words=18)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "raw.txt"]


def test_duplicates_are_found_across_files(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.txt", LINES), write(tmp_path / "b.txt", [*LINES, "New ."])]
    assert [len(words) for words in RawText(files, str.split)] == [7, 7, 4, 2]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)])
def test_packed_files_are_read(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    raw = tmp_path / f"raw.txt{suffix}"
    raw.write_bytes(pack("Où est 42 ?\n".encode()))
    corpus = RawText([raw], str.split)
    assert list(corpus) == [["Où", "est", "00", "?"]]
    assert list(corpus) == list(corpus)


@pytest.mark.parametrize(
    ("paragraph", "kept"),
    [
        (f"He said : {QUOTE} !", False),
        ("ONE, two; three - four... five six seven, eight nine ten?", False),
        ("one two three four five six seven eight nine", True),
        ("one two three four five SIX AND seven eight nine ten", True),
    ],
)
def test_paragraphs_that_quote_ten_words_are_excluded(tmp_path: Path, paragraph: str, kept: bool) -> None:
    raw = write(tmp_path / "raw.txt", [paragraph, "something else"])
    unseen = runs([f"Begin. {QUOTE}. End."])
    done = prepare([raw], tmp_path / "out.txt", str.split, exclude=unseen, processes=1)
    assert done.excluded == int(not kept)
    assert len(list(RawText([raw], str.split, unseen))) == 1 + kept


def test_runs_cross_the_bounds_of_short_texts() -> None:
    assert runs(["One two three four five.", "Six seven eight nine ten."]) == {tuple(QUOTE.split())}
    assert runs(["too short"]) == frozenset()


def test_long_paragraphs_are_split_where_gensim_would_stop_reading(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw.txt", [" ".join(["w"] * 25_000)])
    assert [len(words) for words in RawText([raw], str.split)] == [10_000, 10_000, 5_000]


@pytest.mark.slow
def test_processes_write_what_one_writes(tmp_path: Path) -> None:
    from arcparse.tokenizer import split_words

    lines = [f"Paragraph {i // 2}, isn't it? {QUOTE if i % 100 == 0 else ''}" for i in range(9000)]
    raw, unseen = write(tmp_path / "raw.txt", lines), runs([QUOTE])
    outputs, counts = [], []
    told: list[int] = []
    for processes in (1, 2):
        output = tmp_path / f"{processes}.txt"
        counts.append(prepare([raw], output, split_words, exclude=unseen, processes=processes, progress=told.append))
        outputs.append(output.read_text())
    assert outputs[0] == outputs[1]
    assert counts[0] == counts[1] == Prepared(9000, 4500 - 90, 90, counts[0].words)
    assert outputs[0].count("\n") == 4500
    assert outputs[0].startswith("Paragraph 0 , is n't it ?\n")
    assert sum(told) == 2 * raw.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("raw.gz", b"not packed\n", "cannot be read"),
        ("raw.xz", lzma.compress(b"abc\n" * 10_000)[:-20], "cannot be read"),
        ("raw.txt", b"good\nb\xe4d\n", "not UTF-8"),
    ],
)
def test_unreadable_files_leave_no_output(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VectorsError, match=rf"{name}: {message}"):
        prepare([tmp_path / name], tmp_path / "out.txt", str.split, processes=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match=r"missing\.txt: cannot be read"):
        list(RawText([tmp_path / "missing.txt"], str.split))
