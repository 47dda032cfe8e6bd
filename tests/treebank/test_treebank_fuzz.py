"""Files mutated at random: each block is read as it stands, or refused with its place; nothing else ever happens.

A scalar twin splits the text line by line and decides on each block by itself; reading must agree with it.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import re
from collections.abc import Callable, Sequence
from itertools import groupby, islice
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arcparse import files, trees
from arcparse.errors import ArcparseError, TreebankError, TreeError
from arcparse.sentence import Sentence
from arcparse.treebank import parse_conllu, read_conllu, reading, write_conllu

pytestmark = pytest.mark.slow  # the whole file

CHECKOUT = Path(__file__).parents[2]
CORPORA = Path(os.environ.get("ARCPARSE_CORPORA", CHECKOUT.parent / "shared" / "corpora"))
REAL = sorted(CORPORA.glob("ud-*/*-dev.conllu.xz"))
MUTANTS = 100  # of each file
SENTENCES = 5  # of each mutant

RANGES = """\
# sent_id = r
0.1\tx\t_\t_\t_\t_\t_\t_\t_\t_
1-2\tal\t_\t_\t_\t_\t_\t_\t_\t_
1\ta\ta\tADP\t_\t_\t3\tcase\t_\t_
2\tel\tel\tDET\t_\t_\t3\tdet\t_\t_
2.1\tgran\t_\t_\t_\t_\t_\t_\t_\t_
2.2\tgran\t_\t_\t_\t_\t_\t_\t_\t_
3\tmar\tmar\tNOUN\t_\t_\t0\troot\t_\t_

"""

# The scalar twin ------------------------------------------------------------------------------------------------------

Block = tuple[int, list[str]]  # its first line, its lines


def blocks_of(data: bytes) -> list[Block]:
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    grouped = groupby(enumerate(text.split("\n"), 1), key=lambda numbered: numbered[1] != "")
    found = [list(numbered) for filled, numbered in grouped if filled]
    return list(filter(None, (without_mark(n[0][0], [line for _, line in n]) for n in found)))


def without_mark(number: int, lines: list[str]) -> Block | None:
    """The block without a byte-order mark before it, or None if nothing else is in it."""
    first = lines[0].removeprefix("\ufeff")
    if first or len(lines) == 1:
        return (number, [first, *lines[1:]]) if first else None
    return number + 1, lines[1:]


def is_sound(lines: list[str]) -> bool:
    if any("\r" in line or re.search("[\ud800-\udfff]", line) for line in lines):
        return False
    while lines and lines[0].startswith("#"):
        lines = lines[1:]
    rows = [line.split("\t") for line in lines]
    if not rows or any(len(row) != 10 or "" in row for row in rows):
        return False
    words = [row for row in rows if re.fullmatch("[1-9][0-9]*", row[0])]
    if not words or [row[0] for row in words] != [str(number) for number in range(1, len(words) + 1)]:
        return False
    heads = ["_", *map(str, range(len(words) + 1))]
    if any(row[6] not in heads or row[6] == row[0] for row in words):
        return False
    return ids_fit([row[0] for row in rows], len(words))


def ids_fit(ids: list[str], size: int) -> bool:
    """Whether all ranges and empty nodes stand at valid places."""
    word = node = end = 0
    for name in ids:
        if match := re.fullmatch(r"([1-9]\d*)-([1-9]\d*)", name, re.ASCII):
            first, last = int(match[1]), int(match[2])
            if first != word + 1 or not first <= last <= size or first <= end:
                return False
            end = last
        elif "." in name:
            node += 1
            if name != f"{word}.{node}":
                return False
        elif name == str(word + 1):
            word, node = word + 1, 0
        else:
            return False
    return True


# What must hold -------------------------------------------------------------------------------------------------------


def check(data: bytes, read: Callable[..., Sequence[Sentence]]) -> int:
    """Compare reading with the scalar twin; return the number of sentences that were read."""
    errors: list[TreebankError] = []
    sentences = read(on_error=errors.append)
    blocks = blocks_of(data)
    sound = [(f"f:{line}", "\n".join([*lines, "", ""])) for line, lines in blocks if is_sound(lines)]
    assert [(sentence.place, str(sentence)) for sentence in sentences] == sound
    bad = [(line, lines) for line, lines in blocks if not is_sound(lines)]
    for error, (line, lines) in zip(errors, bad, strict=True):
        match = re.match(r"f:(\d+)(?: \(sent_id (.+?)\))?: \S", str(error))
        assert match, error
        assert line <= int(match[1]) < line + len(lines)
        str(error).encode()  # it can be printed
    if errors:
        with pytest.raises(TreebankError, match=re.escape(str(errors[0]))):
            read()
    else:
        assert read() == sentences
    check_sentences(sentences)
    return len(sentences)


def check_sentences(sentences: Sequence[Sentence]) -> None:
    stream = io.StringIO(newline="")
    write_conllu(sentences, stream)
    assert parse_conllu(stream.getvalue()) == list(sentences)
    for sentence in sentences:
        assert len(sentence.columns) == 10
        assert len({len(column) for column in sentence.columns}) == 1
        assert sentence.words(0) == tuple(str(number) for number in range(1, len(sentence) + 1))
        assert all(-1 <= head <= len(sentence) for head in sentence.heads)
        assert isinstance(sentence.text, str)
    refused: list[TreeError] = []
    whole = list(trees.checked(sentences, refused.append))
    assert len(whole) + len(refused) == len(sentences)
    assert all(is_tree(sentence.heads) for sentence in whole)
    assert sum(is_tree(sentence.heads) for sentence in sentences) == len(whole)


def is_tree(heads: Sequence[int]) -> bool:
    def reaches_root(word: int) -> bool:
        for _ in heads:
            word = heads[word - 1] if word > 0 else word
        return word == 0

    return heads.count(0) == 1 and all(reaches_root(word) for word in range(1, len(heads) + 1))


# Mutations ------------------------------------------------------------------------------------------------------------

CELLS = [
    b"_",
    b"0",
    b"1",
    b"2",
    b"3",
    b"99",
    b"-1",
    b"1-2",
    b"2-1",
    b"1.1",
    b"0.1",
    b"x",
    b"",
    b" ",
    b"01",
    b"\xd9\xa1",
]
BITS = [
    b"\t",
    b"\n",
    b"\n\n",
    b"\r",
    b"\r\n",
    b"#",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\0",
    b"\xe2\x80\xa8",
]


def flip_byte(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def insert_bytes(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + draw.choice(BITS) + data[at:]


def drop_bytes(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return data[:at] + data[at + draw.randrange(1, 40) :]


def truncate(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(1, len(data) + 1)]


def drop_tab(data: bytes, draw: random.Random) -> bytes:
    at = draw.choice([match.start() for match in re.finditer(b"\t", data)] or [0])
    return data[:at] + data[at + 1 :]


def change_line_breaks(data: bytes, draw: random.Random) -> bytes:
    return data.replace(b"\n", draw.choice([b"\r\n", b"\r", b"\n \n", b"\n\n"]))


def on_lines(change: Callable[[list[bytes], int, random.Random], None]) -> Callable[[bytes, random.Random], bytes]:
    def mutate(data: bytes, draw: random.Random) -> bytes:
        lines = data.split(b"\n")
        change(lines, draw.randrange(len(lines)), draw)
        return b"\n".join(lines)

    return mutate


def drop_line(lines: list[bytes], at: int, draw: random.Random) -> None:
    del lines[at]


def repeat_line(lines: list[bytes], at: int, draw: random.Random) -> None:
    lines.insert(draw.randrange(len(lines)), lines[at])


def swap_lines(lines: list[bytes], at: int, draw: random.Random) -> None:
    other = draw.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def change_cell(lines: list[bytes], at: int, draw: random.Random) -> None:
    cells = lines[at].split(b"\t")
    cells[draw.choice([0, 6, draw.randrange(10)]) % len(cells)] = draw.choice(CELLS)
    lines[at] = b"\t".join(cells)


def exchange_columns(lines: list[bytes], at: int, draw: random.Random) -> None:
    one, other = draw.sample(range(10), 2)
    for row, line in enumerate(lines):
        cells = line.split(b"\t")
        if len(cells) == 10 and draw.random() < 0.5:
            cells[one], cells[other] = cells[other], cells[one]
            lines[row] = b"\t".join(cells)


MUTATIONS = [
    *(flip_byte, insert_bytes, drop_bytes, truncate, drop_tab, change_line_breaks),
    *map(on_lines, (drop_line, repeat_line, swap_lines, change_cell, change_cell, exchange_columns)),
]


def some_sentences(path: Path) -> str:
    skipped = random.Random(path.name).randrange(50)
    short = (sentence for sentence in islice(read_conllu(path), skipped, None) if len(sentence) < 40)
    return "".join(map(str, islice(short, SENTENCES)))


@pytest.mark.parametrize(
    "file", [None, CHECKOUT / "corpora" / "sample.conllu", *REAL], ids=lambda file: file.name if file else "ranges"
)
def test_a_mutated_file_is_read_as_it_stands_or_refused(
    file: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = (some_sentences(file) if file else RANGES * 3).encode()
    draw = random.Random(f"{file and file.name}")
    path = tmp_path / "f"
    counts = []
    for _ in range(MUTANTS):
        data = original
        for mutation in draw.choices(MUTATIONS, k=draw.choice([1, 1, 1, 2, 4])):
            data = mutation(data, draw) or b"\n"
        path.write_bytes(data)
        monkeypatch.setattr(files, "CHUNK", draw.choice([1, 61, 1 << 20]))
        counts.append(check(data, lambda **options: list(read_conllu(path, name="f", **options))))
    assert 0 < sum(counts) < MUTANTS * len(blocks_of(original))  # some survive, some do not


PIECES = [
    "1",
    "2",
    "_",
    "0",
    "\t",
    "\n",
    "#",
    "-",
    ".",
    "\r",
    "\ufeff",
    " ",
    "x",
    "1\tx\t_\t_\t_\t_\t0\t_\t_\t_\n",
    "\n\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@example("1\tx\t_\t_\t_\t_\t0\t_\t_\t_\r")
@example("1\tx\t_\t_\t_\t_\t0\t_\t_\t_\r\r\n")
@example("\ufeff\ufeff# a\n1\tx\t_\t_\t_\t_\t0\t_\t_\t_")
@example("1\tx\t_\t_\t_\t_\t0\t_\t_\t_\n1-1\tx\t_\t_\t_\t_\t_\t_\t_\t_")
def test_any_text_is_read_as_it_stands_or_refused(text: str) -> None:
    check(text.encode(), lambda **options: parse_conllu(text, name="f", **options))


@given(st.binary(max_size=200))
@example(b"\xff\xfe1\x00\t\x00")
def test_any_bytes_are_read_as_they_stand_or_refused(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    check(data, lambda **options: parse_conllu(text, name="f", **options))


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_a_mutated_archive_is_an_error_or_what_it_was(
    suffix: str, compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    draw, path = random.Random(suffix), tmp_path / f"f{suffix}"
    original = parse_conllu(RANGES * 20)
    whole = compress((RANGES * 20).encode())
    refused: list[str] = []
    for _ in range(200):
        path.write_bytes(draw.choice([flip_byte, drop_bytes, truncate, insert_bytes])(whole, draw))
        try:
            assert list(read_conllu(path)) == original
        except TreebankError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(message.startswith(f"{path}:") for message in refused)


# Passing over, in bounded memory --------------------------------------------------------------------------------------


def test_bad_sentences_are_reported_and_passed_over(tmp_path: Path) -> None:
    row = "1\tx\t_\t_\t_\t_\t{}\t_\t_\t_\n\n"
    path = tmp_path / "f"
    path.write_bytes(
        ("# sent_id = a\n" + row.format(0) + "# sent_id = b\n" + row.format(7)).encode()
        + ("# sent_id = c\n" + row.format(0)).encode().replace(b"x", b"\xe9")
        + ("# sent_id = d\n" + row.format(0)).encode()
    )
    errors: list[ArcparseError] = []
    read = list(read_conllu(path, name="f", on_error=errors.append))
    assert [sentence.comment("sent_id") for sentence in read] == ["a", "d"]
    assert list(map(str, errors)) == [
        "f:5 (sent_id b): HEAD '7' is outside the sentence of 1 words; give 0 for the root, another word's number up "
        "to 1, or '_'",
        "f:8 (sent_id c): byte 0xe9 is not UTF-8; convert the file to UTF-8",
    ]


def test_a_callback_may_stop_the_reading() -> None:
    def stop(error: TreebankError) -> None:
        raise KeyError(str(error))

    with pytest.raises(KeyError, match="f:1: 1 column"):
        parse_conllu("x\n\n" + RANGES, name="f", on_error=stop)


def test_an_error_of_the_reader_of_sentences_is_its_own() -> None:
    sentences = reading.parse_chunks([RANGES * 2], "f", on_error=lambda _: pytest.fail("not an error of the file"))
    next(sentences)
    with pytest.raises(TreebankError, match="elsewhere"):
        sentences.throw(TreebankError("elsewhere"))  # type: ignore[attr-defined]


def test_a_sentence_without_end_is_no_treebank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST", 10_000)
    monkeypatch.setattr(files, "CHUNK", 1000)
    path = tmp_path / "f"
    path.write_text(RANGES + "# endless\n" * 5_000)
    errors: list[TreebankError] = []
    with pytest.raises(TreebankError, match=r"^f:10: no blank line in 1\d{4} characters; end each sentence with one$"):
        list(read_conllu(path, name="f", on_error=errors.append))
    assert errors == []
