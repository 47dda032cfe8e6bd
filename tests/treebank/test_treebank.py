"""CoNLL-U: sentences that were read are written back unchanged; malformed ones are refused with place and remedy."""

import bz2
import gzip
import io
import lzma
import os
import stat
from pathlib import Path

import conllu
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse import files
from arcparse.errors import InputError, TreebankError
from arcparse.sentence import COLUMNS, HEAD, Sentence
from arcparse.treebank import from_conllu, parse_conllu, read_conllu, reading, to_conllu, write_conllu

CORPORA = Path(os.environ.get("ARCPARSE_CORPORA", Path(__file__).parents[3] / "shared" / "corpora"))
FILES = [
    pytest.param(file, marks=[] if "-dev" in file.name and not file.parent.name.startswith("r2.") else pytest.mark.slow)
    for file in sorted(CORPORA.glob("ud-*/**/*.conllu.xz"))
]

SAMPLE = """\
# newdoc
# sent_id = es-1
# text = Vámonos al mar.
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\tV\tMood=Imp|Number=Plur\t0\troot\t0:root\t_
2\tnos\tnosotros\tPRON\tP\tCase=Acc\t1\tobj\t1:obj|5:nsubj:xsubj\t_
2.1\tya\tya\tADV\t_\t_\t_\t_\t1:advmod\tCopyOf=-1
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t5:case\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t5:det\t_
5\tmar\tmar\tNOUN\tN\tGender=Masc\t1\tobl\t1:obl:a\tSpaceAfter=No|Gloss=the=sea
6\t.\t.\tPUNCT\t_\t_\t1\tpunct\t1:punct\t_

# sent_id = en-2
1\tNew York\tNew York\tPROPN\t_\t_\t_\t_\t_\t_

"""


def text_of(sentences):
    stream = io.StringIO(newline="")
    write_conllu(sentences, stream)
    return stream.getvalue()


# Sentences of any kind ------------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\t\n\r"), min_size=1, max_size=6)
COMMENTS = st.lists(WORDS.map("# ".__add__) | st.sampled_from(["#", "#x", "# a = b", "# newpar", "# a  =  b = c"]))


@st.composite
def sentences(draw):
    size = draw(st.integers(1, 4))
    names, covered = draw(st.sampled_from([[], ["0.1", "0.2"]])), 0
    for word in range(1, size + 1):
        if word > covered and draw(st.booleans()):
            covered = draw(st.integers(word, size))
            names.append(f"{word}-{covered}")
        names = [*names, str(word), *draw(st.sampled_from([[], [f"{word}.1"], [f"{word}.1", f"{word}.2"]]))]
    cells = draw(st.lists(WORDS, min_size=1, max_size=8))
    rows = [[name, *draw(st.lists(st.sampled_from(cells), min_size=9, max_size=9))] for name in names]
    for row in rows:
        if row[0].isdigit():
            row[6] = draw(st.sampled_from(["_", *(str(head) for head in range(size + 1) if str(head) != row[0])]))
        else:
            row[6] = "_"
    return Sentence(tuple(draw(COMMENTS)), tuple(zip(*rows, strict=True)))


@pytest.mark.slow
@given(st.lists(sentences(), max_size=3))
def test_what_is_written_is_read_back(many):
    assert parse_conllu(text_of(many)) == many
    assert text_of(many) == "".join(map(str, many))


@pytest.mark.slow
@given(st.lists(sentences(), min_size=1, max_size=3), st.integers(1, 40), st.sampled_from(["\n", "\r\n"]))
def test_chunks_blank_lines_marks_and_line_breaks_do_not_matter(many, size, ending):
    text = "\ufeff\n\n" + "\n".join(map(str, many)).rstrip("\n")
    text = text.replace("\n", ending)
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    read = list(reading.parse_chunks(chunks, "x"))
    assert read == many
    lines = text.split(ending)
    for sentence in read:
        first = lines[int(sentence.place.removeprefix("x:")) - 1]
        assert first == str(sentence).split("\n")[0]


@pytest.mark.slow
@given(sentences())
def test_cells_survive_the_conllu_library(sentence):
    there = to_conllu(sentence)
    back = from_conllu(there)
    assert back.columns == sentence.columns
    assert conllu.TokenList(list(there), there.metadata).serialize().endswith(str(sentence.replace(comments=[])))


# Reading --------------------------------------------------------------------------------------------------------------


def test_reads_every_column_comment_and_place():
    first, second = parse_conllu(SAMPLE, name="es.conllu")
    assert first.comments == ("# newdoc", "# sent_id = es-1", "# text = Vámonos al mar.")
    assert first.columns[0] == ("1-2", "1", "2", "2.1", "3-4", "3", "4", "5", "6")
    assert first.forms == ("Vamos", "nos", "a", "el", "mar", ".")
    assert first.heads == (0, 1, 5, 5, 1, 1)
    assert (first.place, second.place) == ("es.conllu:1", "es.conllu:14")
    assert second.heads == (-1,)
    assert text_of([first, second]) == SAMPLE


@pytest.mark.skipif(not FILES, reason=f"no treebank below {CORPORA}; set ARCPARSE_CORPORA")
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_real_files_are_written_byte_for_byte(file):
    text = lzma.decompress(file.read_bytes()).decode("utf-8")
    assert text_of(read_conllu(io.StringIO(text, newline=""))) == text


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".bz2"])
def test_suffix_says_the_compression(tmp_path, suffix):
    path = tmp_path / f"a.conllu{suffix}"
    write_conllu(parse_conllu(SAMPLE), path)
    decompress = {"": bytes, ".gz": gzip.decompress, ".xz": lzma.decompress, ".bz2": bz2.decompress}[suffix]
    assert decompress(path.read_bytes()).decode() == SAMPLE
    assert list(read_conllu(str(path))) == parse_conllu(SAMPLE)
    assert next(read_conllu(path)).place == f"{path}:1"
    assert next(read_conllu(path, name="train")).place == "train:1"


def test_reads_a_stream_by_its_name(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(SAMPLE, encoding="utf-8")
    with path.open(encoding="utf-8") as stream:
        assert [sentence.place for sentence in read_conllu(stream)] == [f"{path}:1", f"{path}:14"]
    assert next(read_conllu(io.StringIO(SAMPLE))).place == "<stream>:1"


def test_reads_files_longer_than_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 7)  # cuts characters of several bytes in two
    (tmp_path / "a").write_bytes(("\ufeff" + SAMPLE * 3).replace("\n", "\r\n").encode())
    read = list(read_conllu(tmp_path / "a", name="a"))
    assert read == parse_conllu(SAMPLE * 3)
    assert [sentence.place for sentence in read] == ["a:1", "a:14", "a:17", "a:30", "a:33", "a:46"]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", "\n\n\n\n"])
def test_nothing_is_no_sentence(text):
    assert parse_conllu(text) == []


def row(name="1", head="0", form="x"):
    return f"{name}\t{form}\t_\t_\t_\t_\t{head}\t_\t_\t_"


ID_RULE = "number words 1, 2, 3, a range m-n before word m, an empty node n.1 after word n"
FAULTS = {
    "nine columns": (
        [row(head="2"), row("2")[:-2]],
        3,
        "9 columns in '2\\tx\\t_\\t_\\t_\\t_\\t0\\t_\\t_', expected 10",
    ),
    "eleven columns": (
        [row() + "\t_"],
        2,
        "11 columns in '1\\tx\\t_\\t_\\t_\\t_\\t0\\t_\\t_\\t_\\t_', expected 10; name the columns of CoNLL-U Plus",
    ),
    "nine and eleven columns": ([row()[:-2], row("2", "1") + "\t_"], 2, "9 columns in "),
    "spaces for tabs": ([row().replace("\t", " ")], 2, "1 column in '1 x _ _ _ _ 0 _ _ _', expected 10; separate them"),
    "a long row": (["word " * 50], 2, "1 column in 'word word"),
    "blank with spaces": ([row(), " \t"], 3, "a line of blanks, ' \\t', between rows; leave it empty where a sentence"),
    "mark on a row": ([row(), "\ufeff" + row()], 3, "ID '\\ufeff1' where '2' was expected; files were put together"),
    "mark on a comment": ([row(), "\ufeff# a"], 3, "byte-order mark before '# a'; files were put together without"),
    "no empty line between": (
        [row(), row()],
        3,
        "ID '1' where '2' was expected; if a new sentence begins here, put an",
    ),
    "no empty line between ranges": (
        [row(), row("1-2", "_"), row(), row("2", "1")],
        3,
        "ID '1-2' where '2' was expected; if a new sentence begins here, put an empty line before it; else continue",
    ),
    "empty FORM": ([row(form="")], 2, "FORM '' is empty; write '_'"),
    "empty last column": ([row()[:-1]], 2, "MISC '' is empty; write '_'"),
    "empty middle MISC": ([row()[:-1], row("2", "1")], 2, "MISC '' is empty"),
    "empty ID": ([row("")], 2, f"ID '' where '1' was expected; {ID_RULE}"),
    "comment after rows": (
        [row(), "# late", row()],
        3,
        "comment '# late' after a row; move it before the first row, or put an empty line before it if it begins the",
    ),
    "comment of ten columns after rows": ([row(), row("# 2")], 3, "ID '# 2' where '2' was expected"),
    "ID gap": ([row(), row("3", "1")], 3, "ID '3' where '2' was expected"),
    "ID twice": ([row(), row("2", "0"), row("2", "0")], 4, f"ID '2' where '3' was expected; {ID_RULE}"),
    "ID order": ([row("2", "0"), row("1")], 2, "ID '2' where '1' was expected"),
    "ID zero": ([row("01")], 2, "ID '01' where '1' was expected"),
    "ID of other digits": ([row("١")], 2, "ID '١' where '1' was expected"),
    "empty node gap": ([row(), row("1.2", "_")], 3, "ID '1.2' where '2' was expected"),
    "empty node early": ([row("1.1", "_"), row()], 2, "ID '1.1' where '1' was expected"),
    "range late": ([row(), row("1-2", "_"), row("2", "1")], 3, "ID '1-2' where '2' was expected"),
    "range backwards": ([row(), row("2-1", "_"), row("2", "1")], 3, "ID '2-1' where '2' was expected"),
    "range twice": ([row("1-2", "_"), row("1-2", "_"), row(), row("2", "1")], 3, "ID '1-2' where '1' was expected"),
    "ranges overlap": ([row("1-2", "_"), row(), row("2-3", "_"), row("2", "1"), row("3", "1")], 4, "ID '2-3' where"),
    "range beyond": ([row(), row("2-9", "_"), row("2", "1")], 3, "ID '2-9' in a sentence of 2 words"),
    "no words": ([row("0.1", "_")], 2, "ID '0.1' in a sentence of 0 words"),
    "no rows": ([], 1, "comments without words; remove them or the blank line after them"),
    "CR inside": (
        [row(), row("2", "1", "a\rb")],
        3,
        "carriage return '\\r' inside a line; remove it, or end all lines",
    ),
    "CR ends rows": (["\r".join([row(), row("2", "1")])], 2, "carriage return"),
    "lone surrogate": ([row(), row("2", "1", "\ud800")], 3, "'\\ud800' has no UTF-8; replace it"),
    "HEAD outside": ([row(), row("2", "19")], 3, "HEAD '19' is outside the sentence of 2 words; give 0 for the root"),
    "HEAD negative": ([row(head="-1")], 2, "HEAD '-1' is outside the sentence of 1 words; give 0"),
    "HEAD text": (
        [row(head="x")],
        2,
        "HEAD 'x' is no word's number; give 0 for the root, another word's number up to 1",
    ),
    "HEAD padded": ([row(head="00")], 2, "HEAD '00' is no word's number"),
    "HEAD itself": ([row(), row("2", "2")], 3, "HEAD '2' points to the word itself; give 0"),
    "HEAD after a range": ([row("1-2", "_"), row(), row("2", "3")], 4, "HEAD '3' is outside the sentence of 2 words"),
    "HEAD itself after a node": ([row("0.1", "_"), row(head="1")], 3, "HEAD '1' points to the word itself"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("end", ["\n\n", "\n", ""])
def test_malformed_sentences_are_refused_with_place_and_remedy(fault, end):
    rows, line, message = FAULTS[fault]
    text = SAMPLE + "\n".join(["# sent_id = x", *rows]) + end
    with pytest.raises(TreebankError) as error:
        parse_conllu(text, name="train.conllu")
    assert str(error.value).startswith(f"train.conllu:{16 + line} (sent_id x): {message}")


def test_each_crlf_is_one_line_break_wherever_a_chunk_ends():
    text = f"{row()}\r\n{row('2', '1')}\r\r\n\r\n"
    for size in (1, 2, 3, len(text)):
        chunks = [text[i : i + size] for i in range(0, len(text), size)]
        with pytest.raises(TreebankError, match="x:2: carriage return"):
            list(reading.parse_chunks(chunks, "x"))


def test_a_sent_id_of_bad_bytes_can_be_printed(tmp_path):
    (tmp_path / "a").write_bytes(b"# sent_id = \xff\n" + row().encode())
    with pytest.raises(TreebankError, match=r"a:1 \(sent_id \\udcff\): byte 0xff"):
        list(read_conllu(tmp_path / "a", name="a"))


def test_comments_may_hold_tabs():
    text = f"# a\t\tb\t\n{row()}\n\n"
    assert text_of(parse_conllu(text)) == text


def test_error_without_sent_id():
    with pytest.raises(TreebankError) as error:
        parse_conllu(row(head="7"), name="a")
    assert str(error.value) == (
        "a:1: HEAD '7' is outside the sentence of 1 words; give 0 for the root, another word's number up to 1, or '_'"
    )


def test_sentences_before_the_fault_are_read():
    read = read_conllu(io.StringIO(SAMPLE + row("7") + "\n\n"))
    assert [next(read), next(read)] == parse_conllu(SAMPLE)
    with pytest.raises(TreebankError, match="<stream>:17: ID '7'"):
        next(read)


def test_heads_of_ranges_and_empty_nodes_are_free():
    text = "\n".join([row("1-1", "x"), row(), row("1.1", "9"), "", ""])
    assert text_of(parse_conllu(text)) == text


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("chunk", [1 << 20, 64])
def test_bad_utf8_names_line_and_byte(tmp_path, monkeypatch, ending, chunk):
    monkeypatch.setattr(files, "CHUNK", chunk)
    bad = SAMPLE.encode() + b"# sent_id = x\n" + row(form="\udcff").encode(errors="surrogateescape") + b"\n\n"
    (tmp_path / "a").write_bytes(bad.replace(b"\n", ending))
    with pytest.raises(TreebankError) as error:
        list(read_conllu(tmp_path / "a", name="a"))
    assert str(error.value) == "a:18 (sent_id x): byte 0xff is not UTF-8; convert the file to UTF-8"


def test_character_cut_at_the_end_is_bad_utf8(tmp_path):
    (tmp_path / "a").write_bytes(row().encode() + b"\n\n# \xc3")
    with pytest.raises(TreebankError, match="a:3: byte 0xc3 is not UTF-8"):
        list(read_conllu(tmp_path / "a", name="a"))


def test_stream_of_another_encoding(tmp_path):
    (tmp_path / "a").write_bytes(b"# \xff")
    with (
        (tmp_path / "a").open(encoding="utf-8") as stream,
        pytest.raises(TreebankError, match=r"a: 'utf-8' codec .* 0xff .*; give the path, or open the stream as UTF-8"),
    ):
        list(read_conllu(stream))


def test_missing_file(tmp_path):
    with pytest.raises(TreebankError, match=r"none\.conllu: cannot be read: No such file or directory; check the path"):
        next(read_conllu(tmp_path / "none.conllu"))
    with pytest.raises(TreebankError, match="cannot be read: Is a directory"):
        next(read_conllu(tmp_path))


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".bz2"])
def test_broken_compression(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text(SAMPLE, encoding="utf-8")
    with pytest.raises(TreebankError, match=r"cannot be read: .*; check the path and that the file is whole"):
        next(read_conllu(path))
    write_conllu(parse_conllu(SAMPLE), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TreebankError, match="cannot be read: Compressed file ended"):
        list(read_conllu(path))


# Writing --------------------------------------------------------------------------------------------------------------


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.conllu.gz"
    write_conllu(parse_conllu(SAMPLE), path)
    old = path.read_bytes()

    def failing():
        yield from parse_conllu(SAMPLE) * 300
        raise KeyError("parser")

    with pytest.raises(KeyError, match="parser"):
        write_conllu(failing(), path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]


def test_file_may_be_read_while_it_is_replaced(tmp_path):
    path = tmp_path / "a.conllu"
    write_conllu(parse_conllu(SAMPLE), path)
    path.chmod(0o640)
    write_conllu((sentence.replace(lemmas=sentence.forms) for sentence in read_conllu(path)), path)
    assert next(read_conllu(path)).lemmas == ("Vamos", "nos", "a", "el", "mar", ".")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == [path.name]


def test_a_link_stays_a_link_and_equal_sentences_give_equal_files(tmp_path):
    link, file, other = tmp_path / "link.gz", tmp_path / "file", tmp_path / "other.gz"
    link.symlink_to(file)
    for path in (link, other):
        write_conllu(parse_conllu(SAMPLE), path)
    assert link.is_symlink()
    assert file.read_bytes() == other.read_bytes()
    assert list(read_conllu(link)) == parse_conllu(SAMPLE)


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_conllu(parse_conllu(SAMPLE), pipe)
    assert os.read(reader, 1 << 16).decode() == SAMPLE
    with pytest.raises(TreebankError):
        write_conllu([Sentence.from_forms(["\t"])], pipe)
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_place_that_cannot_be_written(tmp_path):
    with pytest.raises(TreebankError, match="cannot be written: No such file or directory; check the folder"):
        write_conllu([], tmp_path / "none" / "a.conllu")
    with pytest.raises(TreebankError, match="cannot be written: Is a directory"):
        write_conllu([], tmp_path)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (Sentence.from_forms(["a\tb"]), "out:17: 11 columns in"),
        (Sentence.from_forms(["a\nb"]), "out:17: 2 columns in '1\\ta', expected 10"),
        (Sentence.from_forms([""]), "out:17: FORM '' is empty"),
        (
            Sentence.from_forms(["a", "b"]).with_columns({HEAD: ["0", "5"]}),
            "out:18: HEAD '5' is outside the sentence of 2 words",
        ),
        (Sentence.from_forms([]), "out:18: this sentence would not be read back as it is: it has no words"),
        (Sentence.from_forms(["a"]).replace(miscs=["a\r"]), "out:17: this sentence would not be read back"),
        (Sentence.from_forms(["a"], ["# a\n# b"]), "out:17: this sentence would not be read back"),
        (Sentence.from_forms(["a"], ["a"]), "out:17: 1 column in 'a'"),
        (Sentence.from_forms(["a", "b\udcff"]), "out:18: '\\udcff' has no UTF-8; replace it"),
    ],
)
def test_nothing_is_written_that_would_not_be_read_back(tmp_path, monkeypatch, sentence, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TreebankError) as error:
        write_conllu([*parse_conllu(SAMPLE), sentence], "out")
    assert str(error.value).startswith(message)
    assert os.listdir(tmp_path) == []


# Other files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_files_put_together_may_have_a_mark_inside(size):
    text = "\ufeff" + SAMPLE + "\ufeff" + SAMPLE + "\n\ufeff\n\n"
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    assert list(reading.parse_chunks(chunks, "a")) == parse_conllu(SAMPLE * 2)


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_lines_of_old_macs_are_lines(tmp_path, monkeypatch, size):
    monkeypatch.setattr(files, "CHUNK", size)
    (tmp_path / "a").write_bytes((SAMPLE * 9).replace("\n", "\r").encode())
    read = list(read_conllu(tmp_path / "a", name="a"))
    assert read == parse_conllu(SAMPLE * 9)
    assert [sentence.place for sentence in read[:3]] == ["a:1", "a:14", "a:17"]
    (tmp_path / "a").write_bytes(row().encode() + b"\r")
    assert len(list(read_conllu(tmp_path / "a"))) == 1


# CoNLL-U Plus ---------------------------------------------------------------------------------------------------------

PLUS = """\
# global.columns = ID FORM UPOS MISC PARSEME:MWE SRL
# sent_id = p1
1-2\tdon't\t_\t_\t*\t_
1\tdo\tAUX\t_\t1:LVC|x\t_
2\tn't\tPART\tSpaceAfter=No\t*\ta\\b

1\tGo\tVERB\tA=b\t_\t_

"""


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_columns_of_conllu_plus_come_to_their_places_and_others_to_misc(mark):
    first, second = parse_conllu(mark + PLUS, name="p")
    assert (first.comments, second.comments) == (("# sent_id = p1",), ())
    assert (first.forms, first.upos, first.heads) == (("do", "n't"), ("AUX", "PART"), (-1, -1))
    assert first.columns[-1] == (
        "PARSEME:MWE=*",
        "PARSEME:MWE=1:LVC\\px",
        "SpaceAfter=No|PARSEME:MWE=*|SRL=a\\\\b",
    )
    assert second.columns[-1] == ("A=b",)
    assert (first.place, second.place) == ("p:2", "p:7")
    assert parse_conllu(text_of([first, second])) == [first, second]


def test_conllu_plus_may_have_no_numbers_and_a_file_may_follow_another():
    text = "# global.columns = FORM HEAD\n\na\t2\nb\t0\n\n" + PLUS + "\ufeff" + SAMPLE
    read = parse_conllu(text)
    assert read[0].heads == (2, 0)
    assert read[1:] == parse_conllu(PLUS) + parse_conllu(SAMPLE)


def test_the_header_of_the_ten_columns_is_a_comment():
    text = f"# global.columns = {' '.join(name.upper() for name in COLUMNS)}\n{SAMPLE}"
    assert text_of(parse_conllu(text)) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLUS.replace("\tA=b", ""), r"p:7: 5 columns, expected the 6 that '# global.columns' names: ID FORM UPOS MISC"),
        (PLUS.replace("SRL", "FORM"), "p:1: .* names a column twice"),
        ("# global.columns =\n" + SAMPLE, "p:1: .* names no column; write such as '# global.columns = ID FORM"),
        (PLUS.replace("1\tGo", "2\tGo"), "p:7: ID '2' where '1' was expected"),
    ],
)
def test_conllu_plus_that_is_malformed_is_refused_with_its_place(text, message):
    with pytest.raises(TreebankError, match=message):
        parse_conllu(text, name="p")


# The conllu library ---------------------------------------------------------------------------------------------------

AGREED = SAMPLE.replace("the=sea", "sea")  # conllu drops the text after a second `=`


def test_agrees_with_conllu_on_every_field():
    for sentence, theirs in zip(parse_conllu(AGREED), conllu.parse(AGREED), strict=True):
        ours = to_conllu(sentence)
        assert ours == theirs
        assert [dict(token) for token in ours] == [dict(token) for token in theirs]
        assert dict(ours.metadata) == dict(theirs.metadata)
        assert from_conllu(theirs) == sentence
        words = [token for token in theirs if isinstance(token["id"], int)]
        assert sentence.forms == tuple(token["form"] for token in words)
        assert sentence.lemmas == tuple(token["lemma"] for token in words)
        assert sentence.upos == tuple(token["upos"] for token in words)
        assert sentence.heads == tuple(-1 if token["head"] is None else token["head"] for token in words)
        assert sentence.labels == tuple(token["deprel"] for token in words)


def test_nothing_is_dropped_on_the_way_to_conllu_and_back():
    comments = ("# newpar", "# text = a = b", "# text = again", "# note", "# empty = ", "# a=b")
    sentence = parse_conllu(SAMPLE)[0].replace(comments=comments)
    there = to_conllu(sentence)
    assert there.metadata["text"] == "a = b"
    assert there[7]["misc"] == "SpaceAfter=No|Gloss=the=sea"
    assert there[1]["feats"] == {"Mood": "Imp", "Number": "Plur"}
    assert there.serialize() == str(sentence)
    assert from_conllu(there) == sentence


def test_fields_that_are_missing_are_written_as_underscores():
    tokens = conllu.TokenList(
        [{"id": 1, "form": "Go", "upostag": "VERB", "head": 0, "deps": [], "feats": {}}, {"id": 2, "form": "!"}]
    )
    sentence = from_conllu(tokens)
    assert sentence.forms == ("Go", "!")
    assert sentence.upos == ("VERB", "_")
    assert sentence.heads == (0, -1)
    assert all(len(column) == 2 for column in sentence.columns)
    assert len(sentence.columns) == len(COLUMNS)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([{"id": 1, "form": "a\tb"}], "<TokenList>:2 (sent_id x): 11 columns in"),
        ([{"id": 2, "form": "a"}], "<TokenList>:2 (sent_id x): ID '2' where '1' was expected"),
        ([{"form": "a"}], "<TokenList>:2 (sent_id x): ID '_' where '1' was expected"),
        ([{"id": 1, "form": "a", "head": 4}], "<TokenList>:2 (sent_id x): HEAD '4' is outside"),
        ([], "<TokenList>:1 (sent_id x): comments without words"),
    ],
)
def test_malformed_token_lists_are_refused(tokens, message):
    with pytest.raises(TreebankError) as error:
        from_conllu(conllu.TokenList(tokens, conllu.models.Metadata(sent_id="x")))
    assert str(error.value).startswith(message)


def test_arguments_in_the_wrong_order_leave_no_file(tmp_path):
    sentence = Sentence.from_forms(["Go"])
    for sentences in (str(tmp_path / "x.conllu"), sentence, [str(sentence)], None):
        with pytest.raises(InputError, match=r"sentences(\[0\])? must be "):
            write_conllu(sentences, tmp_path / "x.conllu")
    assert not list(tmp_path.iterdir())
