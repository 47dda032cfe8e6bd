from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import TextIO, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arcparse.errors import CharacterError, TreebankError
from arcparse.formats.source import PIECE, Source
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import read_text

WORDS = [
    "It",
    "rained",
    "etc",
    "U.S",
    ".",
    "?",
    "...",
    ":)",
    "Don't",
    "We",
    "1",
    "a",
    "-----",
    "(",
    "”",
    "Mr",
    "Thanks,",
]
GAPS = ["", " ", " ", " ", "\n", "\r\n", "\n\n", "\n \n", "\t"]
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@given(TEXTS, st.integers(1, 80))
@example("\n\n  One. Two. Three.\n\nFour. Five.\n\n\n", 7)
@example("no end " * 30, 5)
def test_pieces_give_what_the_whole_text_gives(text: str, piece: int) -> None:
    assert list(read_text(io.StringIO(text, newline=""), piece=piece)) == tokenize(text)


def test_numbers_paragraphs_and_offsets_go_on_over_pieces() -> None:
    text = "One here. Two here.\nThree here.\n\nFour here. Five here. Six here."
    sentences = list(read_text(io.StringIO(text), piece=12))
    assert [sentence.comment("sent_id") for sentence in sentences] == ["1", "2", "3", "4", "5", "6"]
    openings = [sentence.comments[:-2] for sentence in sentences]
    assert openings == [("# newdoc", "# newpar"), (), (), ("# newpar",), (), ()]
    assert sentences[5].tokens[0].misc == f"TokenRange={text.index('Six')}:{text.index('Six') + 3}"


@pytest.mark.parametrize("piece", [1, 20, 1000])
def test_a_place_is_file_and_line(piece: int) -> None:
    stream = io.StringIO("\nOne.\nTwo.\n\n\nThree\nstill. Four.\n")
    sentences = read_text(stream, name="a.txt", piece=piece)
    assert [sentence.place for sentence in sentences] == ["a.txt:2", "a.txt:3", "a.txt:6", "a.txt:7"]


def test_no_more_is_read_than_is_needed() -> None:
    stream = io.StringIO("It rained. " * 1000)
    next(read_text(stream, piece=100))
    assert stream.tell() == 100


def test_a_sentence_without_end_is_not_divided_again_for_each_piece_of_a_stream() -> None:
    divided: list[int] = []

    def divide(text: str, *, offset: int = 0) -> list[Sentence]:
        divided.append(len(text))
        return tokenize(text, offset=offset)

    length = 40 * PIECE  # a stream gives no longer pieces, whatever is asked for
    stream = Source(io.StringIO("a" * length), "a.txt")
    [sentence] = read_text(cast(TextIO, stream), divide=divide)
    assert sentence.forms == ("a" * length,)
    assert sum(divided) < 4 * length


@pytest.mark.parametrize(
    ("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress), (".bz2", bz2.compress)]
)
def test_compressed_files_are_opened_as_they_are(
    suffix: str, compress: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(compress("\ufeffDon’t.\r\n\r\nGo.".encode()))
    assert list(read_text(path)) == tokenize("Don’t.\r\n\r\nGo.")


def test_what_cannot_be_read_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(TreebankError, match=r"none\.txt: cannot be read: No such file"):
        list(read_text(tmp_path / "none.txt"))
    (tmp_path / "a.txt.xz").write_bytes(b"no xz")
    with pytest.raises(TreebankError, match=r"a\.txt\.xz: cannot be read"):
        list(read_text(tmp_path / "a.txt.xz"))


LINES = "".join(f"Line {number} is good.\n" for number in range(1, 41)).encode()
BAD = LINES + "Süß caf".encode() + b"\xe9 and \xff here.\n" + LINES


@pytest.mark.parametrize("piece", [50, 1 << 16])
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_bad_byte_is_told_with_line_and_byte_behind_what_precedes(suffix: str, piece: int, tmp_path: Path) -> None:
    path = tmp_path / f"latin.txt{suffix}"
    path.write_bytes(gzip.compress(BAD) if suffix else BAD)
    found = []
    with pytest.raises(CharacterError) as error:
        found.extend(read_text(path, name="a", piece=piece))
    assert found == tokenize(LINES.decode() + "S")[:-1]
    offset = len(LINES) + len("Süß caf".encode())
    assert str(error.value) == f"a:41: byte 0xe9 at offset {offset} is not UTF-8; convert the file to UTF-8"


@pytest.mark.parametrize("piece", [50, 1 << 16])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_bad_bytes_are_replaced_on_request(piece: int, mark: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(mark + BAD + b"\xfe")
    errors: list[TreebankError] = []
    found = list(read_text(tmp_path / "a", name="a", piece=piece, on_error=errors.append))
    assert found == tokenize((BAD + b"\xfe").decode(errors="replace"))
    places = [(41, len(mark + LINES) + 9), (82, len(mark + BAD))]
    assert [str(error).partition(" is not")[0] for error in errors] == [
        f"a:{line}: byte 0x{byte} at offset {offset}" for (line, offset), byte in zip(places, ["e9", "fe"], strict=True)
    ]


@pytest.mark.parametrize("piece", [1, 7])
def test_a_lone_surrogate_is_told_with_its_line(piece: int) -> None:
    with pytest.raises(CharacterError, match=r"a:2: '\\ud800' at offset 5 has no UTF-8; replace it"):
        list(read_text(io.StringIO("One.\n\ud800", newline=""), name="a", piece=piece))


@pytest.mark.parametrize("piece", [1, 2, 100])
def test_a_byte_order_mark_at_the_beginning_is_left_out(piece: int) -> None:
    assert list(read_text(io.StringIO("\ufeffOne. Two."), piece=piece)) == tokenize("One. Two.")
    assert list(read_text(io.StringIO("\ufeff"), piece=piece)) == []
