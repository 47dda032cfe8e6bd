"""Each format: what it holds survives, what it cannot hold is counted, what it is, is guessed."""

from __future__ import annotations

import io
import json
import lzma
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written import in_order, lost, read, reduced, write

from arcparse import trees
from arcparse.errors import CharacterError, ConfigurationError, TreebankError, TreeError
from arcparse.formats import Format, formats, guess, read_sentences, write_sentences
from arcparse.sentence import DEPREL, FORM, HEAD, MISC, XPOS, Sentence
from arcparse.sentence.document import Document
from arcparse.treebank import parse_conllu, read_conllu

pytestmark = pytest.mark.slow  # the whole file

FORMATS = {**formats(), **formats(columns=("form", "upos", "lemma", "Chunk", "NER"))}
WRITTEN = [name for name, format in FORMATS.items() if format.text]
PLAIN = ("text", "lines")  # plain text is divided anew when it is read
EXACT = [name for name in WRITTEN if name not in PLAIN]
TREES = ("bracketed", "bracketed-order")
SPECIAL = {"heads", "labels of roots", "labels without heads", "places of words", "no-break spaces"}

# Sentences ------------------------------------------------------------------------------------------------------------

CHARACTERS = st.one_of(
    st.sampled_from('ab1_#@()[],\\|=:.; \u00a0"{}-n/%'),
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"),  # a mark at the beginning is none
)
FORMS = st.text(CHARACTERS, min_size=1, max_size=4)
FORMS = st.one_of(FORMS, st.sampled_from(["1", "2", "_", "#"]))
TAGS = st.sampled_from(["_", "NN", "PUNCT", "O", "7", "a b", '"', "\\"])
LABELS = st.sampled_from(["root", "nsubj", "nmod:poss", "_", "a, b", "(x)", "@1"])
MISCS = [
    "SpaceAfter=No",
    "Chunk=B-NP",
    "NER=O",
    "PHead=1",
    "PDeprel=a\\pb",
    "FillPred=Y",
    "Pred=eat\\\\.01",
    "APred1=A0",
]
COMMENTS = st.lists(st.sampled_from(["# sent_id = 1", "# newpar", "# newdoc", "#x", "# a\tb"]), unique=True, max_size=3)


@st.composite
def sentences(draw: st.DrawFn, whole: bool = False) -> Sentence:
    size = draw(st.integers(1, 6))
    rows = []
    parents = _heads(draw, size, whole or draw(st.booleans()))
    for number in range(1, size + 1):
        if not whole and draw(st.integers(0, 9)) == 0 and number < size:
            rows.append(_row(draw, f"{number}-{number + 1}", "_"))
            rows = rows if _fits(rows) else rows[:-1]
        rows.append(_row(draw, str(number), parents[number - 1]))
        if not whole and draw(st.integers(0, 9)) == 0:
            rows.append(_row(draw, f"{number}.1", "_"))
    return Sentence(tuple(draw(COMMENTS)), tuple(zip(*rows, strict=True)), "f:1")


def _fits(rows: list[tuple[str, ...]]) -> bool:
    ends = [int(row[0].partition("-")[2]) for row in rows[:-1] if "-" in row[0]]
    return not ends or int(rows[-1][0].partition("-")[0]) > ends[-1]


def _row(draw: st.DrawFn, name: str, head: str) -> tuple[str, ...]:
    misc = "|".join(draw(st.lists(st.sampled_from(MISCS), unique=True, max_size=3))) or "_"
    deps = draw(st.sampled_from(["_", "0:root", "1:x|2.1:y"]))
    feats = draw(st.sampled_from(["_", "Case=Nom|Number=Sing"]))
    return (name, draw(FORMS), draw(FORMS), draw(TAGS), draw(TAGS), feats, head, draw(LABELS), deps, misc)


def _heads(draw: st.DrawFn, size: int, tree: bool) -> list[str]:
    if not tree:
        return [draw(st.sampled_from([str(h) for h in range(size + 1) if h != n] + ["_"])) for n in range(1, size + 1)]
    order = draw(st.permutations(range(1, size + 1)))
    heads = {word: str(draw(st.sampled_from(order[:place]))) if place else "0" for place, word in enumerate(order)}
    return [heads[word] for word in range(1, size + 1)]


def is_tree(sentence: Sentence) -> bool:
    try:
        trees.check_tree(sentence.tree)
    except TreeError:
        return False
    return True


# What must hold -------------------------------------------------------------------------------------------------------


def test_a_word_that_would_be_read_as_a_mark_is_refused() -> None:
    with pytest.raises(TreebankError, match="read as a mark"):
        write([Sentence.from_forms(["-DOCSTART-"])], "conll2003")
    with pytest.raises(TreebankError, match="read as a mark"):
        write([Sentence.from_forms(["-DOCSTART-", "is", "a", "mark"])], "conll2003")
    [sentence] = read(write([Sentence.from_forms(["-DOCSTART-s", "are", "marks"])], "conll2003"), FORMATS["conll2003"])
    assert sentence.forms == ("-DOCSTART-s", "are", "marks")


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=60)
@given(given_sentence=st.one_of(sentences(), sentences(whole=True)), pick=st.booleans())
def test_what_a_format_holds_survives_and_the_rest_is_counted(name: str, given_sentence: Sentence, pick: bool) -> None:
    format = FORMATS[name]
    sentence = reduced(given_sentence, format) if pick else given_sentence
    if name in TREES and not is_tree(sentence):
        with pytest.raises(TreebankError, match="only trees"):
            write([sentence], format)
        return
    [back] = read(write([sentence], format), format)
    missing = lost(sentence, format)
    if not missing:
        assert in_order(back) == in_order(sentence)
    if not missing.keys() & SPECIAL:
        assert in_order(back) == in_order(reduced(sentence, format))
    assert pick <= (missing.keys() <= SPECIAL)
    assert write([back], format) == write([sentence], format)


@pytest.mark.parametrize(("source", "target"), list(product(WRITTEN, WRITTEN)))
def test_every_pair_converts_through_a_sentence(source: str, target: str, sample_treebank: Path) -> None:
    given_sentences = list(islice(read_conllu(sample_treebank), 8))
    found = read(write(given_sentences, FORMATS[source]), FORMATS[source])
    if target in TREES and not all(map(is_tree, found)):
        with pytest.raises(TreebankError, match="only trees"):
            write(found, FORMATS[target])
        return
    back = read(write(found, FORMATS[target]), FORMATS[target])
    assert len(back) == len(found)
    if not {source, target} & {*PLAIN}:
        words = [sorted(sentence.forms) for sentence in given_sentences]
        assert [sorted(sentence.forms) for sentence in back] == words


@pytest.mark.parametrize("name", WRITTEN)
def test_the_sample_treebank_survives_and_is_known_by_its_look(name: str, sample_treebank: Path) -> None:
    format = FORMATS[name]
    given_sentences = [reduced(sentence, format) for sentence in read_conllu(sample_treebank)]
    text = write(given_sentences, format)
    if name != "columns":
        assert guess(text) == {
            "bracketed-order": "bracketed",  # which reads the same
            "conllx": "conllu",  # and so does this
            "lines": "text",
        }.get(name, name)
    back = read(text, format)
    if name not in (*PLAIN, "bracketed"):
        assert back == given_sentences
    assert write(back, format) == text


@pytest.mark.parametrize("name", EXACT)
def test_real_treebanks_survive(name: str, corpora: Path) -> None:
    format = FORMATS[name]
    for path in sorted(corpora.glob("ud-*/*-dev.conllu.xz")):
        some = [reduced(sentence, format) for sentence in islice(read_conllu(path), 60)]
        fine = [s for s in some if not lost(s, format).keys() & SPECIAL and (name not in TREES or is_tree(s))]
        assert write(read(write(fine, format), format), "conllu") == write(fine, "conllu"), path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("conll2000/test.txt.xz", "conll2000"),
        ("nltk-wsj-dependency/wsj_0001-0159.dp.xz", "nltk"),
        ("nltk-wsj-treebank/wsj_0001-0159.pos.tsv.xz", "tagged"),
    ],
)
def test_real_files_of_other_formats_are_known_and_come_back_byte_for_byte(path: str, name: str, corpora: Path) -> None:
    text = unpacked(corpora / path)
    assert guess(text[:10_000]) == name
    head = text[: text.index("\n\n", 100_000)] + "\n\n"
    found = read(head)
    assert write(read(write(found, "jsonl"), "jsonl"), name) == head


def test_penn_brackets_give_the_words_and_tags_of_the_tagged_file(corpora: Path) -> None:
    folder = corpora / "nltk-wsj-treebank"
    brackets = unpacked(folder / "wsj_0001-0159.mrg.xz")
    tagged = read(unpacked(folder / "wsj_0001-0159.pos.tsv.xz"))
    assert guess(brackets[:10_000]) == "penn"
    found = read(brackets)
    assert [s.xpos for s in found] == [s.xpos for s in tagged]
    plain = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}"}
    assert [s.forms for s in found] == [
        tuple(plain.get(form, form.replace("\\/", "/").replace("\\*", "*")) for form in s.forms) for s in tagged
    ]


def unpacked(path: Path) -> str:
    return lzma.decompress(path.read_bytes()).decode("utf-8")


# Single formats -------------------------------------------------------------------------------------------------------

TREE = "1\tR\t_\t_\t_\t_\t0\troot\t_\t_\n2\tA\t_\t_\t_\t_\t1\tr_a\t_\t_\n3\tB\t_\t_\t_\t_\t1\tr_b\t_\t_\n"
TREE += "4\tD\t_\t_\t_\t_\t3\tb_d\t_\t_\n5\tE\t_\t_\t_\t_\t3\tb_e\t_\t_\n6\tC\t_\t_\t_\t_\t1\tr_c\t_\t_\n\n"


def test_the_linearisation_is_the_textbooks() -> None:
    line = "(R, r_a, A, r_b, [B, b_d, D, b_e, E], r_c, C)\n"
    assert write(parse_conllu(TREE), "bracketed") == line
    assert write(read(line), "conllu") == TREE


def test_a_linearisation_with_places_has_the_words_in_order() -> None:
    [sentence] = read("(saw@2, nsubj, I@1, obj, [dog@4, det, the@3])")
    assert sentence.forms == ("I", "saw", "the", "dog")
    assert sentence.heads == (2, 0, 4, 2)
    assert sentence.labels == ("nsubj", "root", "det", "obj")


def test_an_address_is_no_place() -> None:
    assert read("(mail, obl, me@home)", "bracketed")[0].forms == ("mail", "me@home")


@pytest.mark.parametrize(
    "line",
    ["(a, b)", "(a, b, c", "a", "(a, b, [c)", "(a) b", "(a, b, (c))", "()", "(a,, b)", "(a@1, x, b)", "(a@1, x, b@3)",
     "(a\\", "(a, [b, c, d])", "[a, b, c]", "(a@9999999, x, b@1)"],
)  # fmt: skip
def test_other_brackets_are_refused_with_their_place(line: str) -> None:
    with pytest.raises(TreebankError, match=r"^f:2: "):
        read(f"(a)\n{line}\n", "bracketed")


def test_conll_2009_keeps_predicates_and_their_arguments() -> None:
    rows = [
        "1\tI\ti\ti2\tPRP\tPRP\tA|B\tB|A\t2\t3\tSBJ\tOBJ\t_\t_\tA0\t_",
        "2\tsaw\tsee\tsee\tVBD\tVBD\t_\t_\t0\t0\tROOT\tROOT\tY\tsee.01\t_\t_",
        "3\tsleep\tsleep\tsleep\tVB\tVB\t_\t_\t2\t2\tOPRD\tOPRD\tY\tsleep|1\tA1\t_",
    ]
    text = "\n".join([*rows, "", ""])
    assert guess(text) == "conll2009"
    [sentence] = read(text)
    assert sentence.columns[MISC][0] == "PLemma=i2|PPos=PRP|PFeats=B\\pA|PHead=3|PDeprel=OBJ|APred1=A0"
    assert lost(sentence, FORMATS["conll2009"]) == {}
    assert write([sentence], "conll2009") == text
    assert write(parse_conllu(write([sentence], "conllu")), "conll2009") == text


def test_chunks_entities_and_documents_of_conll_2003() -> None:
    text = "-DOCSTART- -X- -X- O\n\nU.N. NNP I-NP I-ORG\nofficial NN I-NP O\n\nRuns VB _ _\n\n"
    first, second = read(text)
    assert first.comments == ("# newdoc",)
    assert first.columns[MISC] == ("Chunk=I-NP|NER=I-ORG", "Chunk=I-NP|NER=O")
    assert second.comments == ()
    assert write([first, second], "conll2003") == text


def test_a_mark_of_a_document_may_stand_on_its_first_sentence() -> None:
    text = "-DOCSTART- -X- O O\nAnn NNP B-NP B-PER\nlives VBZ B-VP O\n\nHere RB B-ADVP O\n\n"
    first, second = read(text)
    assert (first.forms, first.comments, second.comments) == (("Ann", "lives"), ("# newdoc",), ())
    with pytest.raises(TreebankError, match=r":3: 3 columns in 'lives VBZ O', expected 4 as above"):
        read(text.replace("B-VP ", ""))


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ("Ann NNP B-NP B-PER\nlives VBZ B-VP O\n. .\n\n", "conll2003"),
        ("Ann NNP B-NP PER\nlives VBZ B-VP O\n\n", "conll2003"),
        ("-DOCSTART-\n\nAnn NNP B-NP\nlives\nhere RB B-ADVP\n\n", "conll2000"),
        ("He said O\nshe said no\n", "text"),
    ],
)
def test_a_table_of_chunks_with_a_fault_is_no_running_text(broken: str, name: str) -> None:
    assert guess(broken) == name


def test_columns_are_configured() -> None:
    known = formats(columns=("lemma", "form", "NER"))
    [sentence] = read("be is O\nhere here _\n", known["columns"])
    assert (sentence.lemmas, sentence.forms) == (("be", "here"), ("is", "here"))
    assert sentence.columns[MISC] == ("NER=O", "_")
    with pytest.raises(ConfigurationError, match="form is among them"):
        formats(columns=("lemma", "NER"))


def test_the_single_tag_is_the_chosen_column() -> None:
    [sentence] = read("dogs\tNOUN\nbark\tVERB\n", formats(tag="upos")["tagged"])
    assert sentence.upos == ("NOUN", "VERB")
    assert lost(sentence, FORMATS["tagged"]) == {"UPOS": 2}


def test_spaces_inside_words_are_no_break_spaces_where_spaces_divide() -> None:
    sentence = Sentence.from_forms(["10 000", "EUR"])
    assert write([sentence], "horizontal") == "10\u00a0000 EUR\n"
    assert write([sentence], "conll2000") == "10\u00a0000 _ _\nEUR _ _\n\n"
    assert read("10\u00a0000 EUR\n", "horizontal") == [sentence]


def test_plain_text_is_what_was_divided() -> None:
    text = "Dogs bark. They don't stop!\n\nWhy?\n"
    found = read(text, "text")
    assert write(found, "text") == text
    assert write([sentence.replace(comments=[]) for sentence in found], "text") == text
    lines = [Sentence((*s.comments,), (*s.columns[:MISC], ("_",) * len(s.columns[MISC]))) for s in found]
    assert write(lines, "text") == "Dogs bark.\nThey don't stop!\n\nWhy?\n"


def test_displacy_is_what_spacy_draws() -> None:
    sentence = parse_conllu("1\tI\t_\tPRON\t_\t_\t2\tnsubj\t_\t_\n2\tsaw\t_\tVERB\t_\t_\t0\troot\t_\t_\n")[0]
    value = json.loads(write([sentence], "displacy"))
    assert value == {
        "words": [{"text": "I", "tag": "PRON"}, {"text": "saw", "tag": "VERB"}],
        "arcs": [{"start": 0, "end": 1, "label": "nsubj", "dir": "left"}],
    }
    assert read(json.dumps([value, value], indent=1)) == [sentence, sentence]


@pytest.mark.parametrize(
    "value",
    [
        "{}",
        "[1]",
        '{"words": [], "arcs": []}',
        '{"words": [{"text": "a"}], "arcs": [{"start": 0, "end": 3, "label": "x", "dir": "left"}]}',
        '{"words": [{"text": "a"}], "arcs": [{"start": 0, "end": 0, "label": "x", "dir": "up"}]}',
        '{"words": [{"text": "a\\tb"}], "arcs": []}',
        '{"words": [{"text": "a"}], "arcs": 3}',
        '{"words": [{"text": "a"',
        "[" * 100_000 + '{"words": ' + "[" * 100_000,
    ],
)
def test_other_json_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(TreebankError, match=r"^f:1: "):
        read(value, "displacy")


def test_dot_is_a_graph() -> None:
    sentence = Sentence.from_forms(['a"b', "c\\d"], ["# x"]).replace(heads=[2, 0], labels=["dep", "root"])
    text = write([sentence.replace(upos=["X", "_"])], "dot")
    assert text.split("\n")[:6] == [
        "# x",
        "digraph {",
        '  0 [label="ROOT"];',
        '  1 [label="a\\"b\\nX"];',
        '  2 [label="c\\\\d"];',
        '  2 -> 1 [label="dep"];',
    ]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("digraph {\n  1 -> x\n}\n", 2),
        ('digraph {\n  1 [label="a"];\n', 1),
        ('digraph {\n  2 [label="a"];\n}\n', 1),
        ("graph {\n}\n", 1),
        ('digraph {\n  1 [label=""];\n}\n', 1),
        ('digraph {\n  1 [label="a"];\n  0 -> 1 [label="x"];\n  2 -> 1 [label="y"];\n}\n', 4),
    ],
)
def test_other_graphs_are_refused_with_their_place(lines: str, place: int) -> None:
    with pytest.raises(TreebankError, match=rf"^f:{place}: "):
        read(lines, "dot")


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", "{", '{"form": "a"}', '{"form": [1]}', '{"x": ["a"]}', '{"form": ["a"], "head": ["1"]}',
     '{"form": ["a", "b"], "head": ["0"]}', '{"form": ["a\\nb"]}', '{"form": ["\\ud800"]}', '{"form": []}',
     '{"comments": ["x"], "form": ["a"]}', '{"comments": ["# x"]}', "[" * 100_000],
)  # fmt: skip
def test_other_json_lines_are_refused_with_their_place(line: str) -> None:
    with pytest.raises(TreebankError, match=r"^f:2: "):
        read(f'{{"form": ["a"]}}\n{line}\n', "jsonl")


def test_json_lines_may_be_those_of_sentences(sample_treebank: Path) -> None:
    found = list(read_conllu(sample_treebank))
    text = "".join(f"{sentence.to_json()}\n" for sentence in found)
    assert guess(text) == "jsonl"
    assert read(text, "jsonl") == found
    for line, message in {
        '{"tokens": [{"form": "a", "id": 3}]}': r":1: tokens\[0\]: ID '3' where '1' was expected",
        '{"tokens": []}': ":1: a sentence without tokens; leave it out",
        '{"tokens": 3}': ":1: a sentence must be a dict with a list of 'tokens'",
    }.items():
        with pytest.raises(TreebankError, match=message):
            read(line, "jsonl")


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_json_lines_may_be_a_document_on_one_line_or_indented(indent: int | None, sample_treebank: Path) -> None:
    found = Document(read_conllu(sample_treebank))
    parts = [found[:2].to_json(indent), found[2].to_json(indent), "", found[3:].to_json(indent)]
    for text in ("\n".join(parts), "\n".join(parts) + "\n"):
        assert guess(text) == "jsonl"
        assert read(text, "jsonl") == found
    assert [sentence.place for sentence in read(parts[0] + "\n" + parts[1], "jsonl")][::2] == [
        "f:1",
        f"f:{2 + parts[0].count(chr(10))}",
    ]


def test_of_a_document_a_malformed_sentence_alone_is_passed_over() -> None:
    good, errors = Sentence.from_forms(["a"]).to_dict(), list[TreebankError]()
    text = json.dumps({"text": "a", "sentences": [good, {"tokens": [{"form": ""}]}, 3, good]}, indent=2)
    assert len(list(read_sentences(io.StringIO(text), "jsonl", name="f", on_error=errors.append))) == 2
    assert [str(error)[:4] for error in errors] == ["f:1:", "f:1:"]
    with pytest.raises(TreebankError, match=r"^f:2: not JSON"):
        read(f"\n{text[:-1]}", "jsonl")


def test_words_are_written_with_their_tags() -> None:
    forms, tags = ["The", "_", "a_", "10 000", "x"], ["DET", "_", "X", "NUM", "_"]
    sentence = Sentence.from_forms(forms).replace(upos=tags)
    text = write([sentence], formats("upos")["word_tag"])
    assert text == "The_DET ___ a__X 10\u00a0000_NUM x__\n"
    assert read(text, formats("upos")["word_tag"]) == [sentence]
    with pytest.raises(TreebankError, match="the tag 'N_1' has an underscore inside"):
        write([sentence.replace(xpos=["N_1", *tags[1:]])], "word_tag")


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("conllx", "1\ta\t_\t_\t_\t_\t5\tx\t_\t_\n", 1),
        ("conllx", "1\ta\t_\t_\t_\t_\t0\tx\t_\t_\n2\tb\n", 2),
        ("conllx", "1\ta\t_\t_\t_\t_\t0\n", 1),
        ("conllx", "# c\n2\ta\t_\t_\t_\t_\t0\tx\n", 2),
        ("conll2000", "a b c\n\nd e\n", 3),
        ("nltk", "a\tb\t2\nc\td\t0\n\n\ne\tf\tx\n", 5),
        ("tagged", "a\t\n", 1),
        ("vertical", "a\rb\n", 1),
        ("horizontal", "a\rb\n", 1),
        ("word_tag", "a_X\n\nb_X c\n", 3),
        ("word_tag", "_X\n", 1),
        ("word_tag", "a_\n", 1),
        ("word_tag", "__\n", 1),
        ("penn", "(S (NN a)\n", 1),
        ("penn", "(S (NN a))\n(S (NN a b))\n", 2),
        ("penn", "a (S (NN a))\n", 1),
        ("penn", "(S a b (NN a))\n", 1),
        ("penn", "(S)\n", 1),
    ],
)
def test_malformed_sentences_are_refused_with_their_place(name: str, text: str, place: int) -> None:
    with pytest.raises(TreebankError, match=rf"^f:{place}: "):
        read(text, name)


def test_behind_a_malformed_tree_penn_brackets_go_on() -> None:
    errors: list[TreebankError] = []
    text = "(S (NN a b))\n  (x\n( (S (DT the) (-NONE- *) (NN cat)))\n( (X (-NONE- 0)))\n"
    found = list(read_sentences(io.StringIO(text), "penn", on_error=errors.append))
    assert [sentence.forms for sentence in found] == [("the", "cat")]
    assert len(errors) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "conllu"),
        ("# sent_id = 1\n1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n", "conllu"),
        ("1-2\tau\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\t_\t_\t_\t_\t0\tr\t_\t_\n2\tb\t_\t_\t_\t_\t1\tr\t_\t_\n", "conllu"),
        ("1\ta\t_\t_\t_\t_\t0\troot\t0\troot\n", "conllx"),
        ("1\ta\t_\t_\t_\t_\t0\troot\n", "conllx"),
        ("Dogs bark. Cats don't.\n", "text"),
        ("One word a line and a line\nof many\n", "text"),
        ("Dogs bark .\nCats do n't .\n", "horizontal"),
        ("Dogs_NNS bark_VBP\n___ ._.\n", "word_tag"),
        ("_Dogs_ bark_VBP __\n", "text"),
        ("Dogs\nbark\n.\n\nCats\n", "vertical"),
        ("# O\nx O\n", "text"),
        ("(S (NP (DT the) (NN cat)))", "penn"),
        ("( (S\n (NN a)))", "penn"),
        ("(NN cat)", "bracketed"),
        ("digraph g {", "dot"),
        ("# global.columns = ID FORM\n1\ta\n", "conllu"),
        ("1\ta\t_\t_\t_\t_\t0\troot\t_\t_\r2\tb\t_\t_\t_\t_\t1\tx\t_\t_\r", "conllu"),
        ("1\ta\t_\t_\t_\t_\t0\troot\t_\t_\tx\n", "conllu"),
    ],
)
def test_formats_are_guessed(text: str, name: str) -> None:
    assert guess(text) == name


def test_what_is_lost_is_counted_or_refused(sample_treebank: Path) -> None:
    found = list(read_conllu(sample_treebank))
    counted = write_sentences(found, io.StringIO(), "nltk")
    assert counted["DEPREL"] == sum(map(len, found))
    assert counted["comments"] == sum(len(sentence.comments) for sentence in found)
    with pytest.raises(TreebankError, match=r"sample.conllu:1: nltk cannot hold comments \(3 here\)"):
        write_sentences(found, io.StringIO(), "nltk", strict=True)
    assert write_sentences(found, io.StringIO(), "jsonl", strict=True) == {}


def test_a_read_only_or_unknown_format_is_not_written() -> None:
    with pytest.raises(ConfigurationError, match="only be read"):
        write([], "penn")
    with pytest.raises(ConfigurationError, match="not known"):
        write([], "tiger")


def test_a_cell_that_would_break_a_table_is_refused() -> None:
    for name in ("tagged", "vertical", "conll2000"):
        with pytest.raises(TreebankError, match="tab or line break"):
            write([Sentence.from_forms(["a\tb"])], name)


@pytest.mark.parametrize("name", ["horizontal", "word_tag", "bracketed", "bracketed-order", "dot"])
def test_a_line_break_inside_a_word_is_refused(name: str) -> None:
    sentence = Sentence.from_forms(["a\nb", "c"]).replace(heads=[0, 1], labels=["root", "x"])
    with pytest.raises(TreebankError, match="line break inside"):
        write([sentence], name)


def test_behind_a_graph_that_is_none_reading_goes_on() -> None:
    graph = 'digraph {\n  0 [label="ROOT"];\n  1 [label="a"];\n}\n'
    errors: list[TreebankError] = []
    text = f"graph g {{\n  x\n}}\n# one\n{graph}digraph {{\n# two\n{graph}digraph {{\n  1;\n}}\n{graph}"
    found = list(read_sentences(io.StringIO(text), "dot", name="f", on_error=errors.append))
    assert [(sentence.forms, sentence.comments, sentence.place) for sentence in found] == [
        (("a",), ("# one",), "f:4"),
        (("a",), (), "f:11"),
        (("a",), (), "f:18"),
    ]
    assert [str(error).partition(": ")[0] for error in errors] == ["f:1", "f:9", "f:16"]


def test_columns_are_where_formats_say(sample_treebank: Path) -> None:
    [first, *_] = read_conllu(sample_treebank)
    rows = [line.split("\t") for line in write([first], "nltk4").rstrip().split("\n")]
    assert list(zip(*rows, strict=True)) == [first.columns[c] for c in (FORM, XPOS, HEAD, DEPREL)]


def test_every_format_says_what_it_is() -> None:
    for format in FORMATS.values():
        assert isinstance(format, Format)
        assert format.summary
    suffixes = [suffix for format in formats().values() for suffix in format.suffixes]
    assert len(set(suffixes)) == len(suffixes)


# What is no UTF-8 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["horizontal", "vertical", "jsonl", "text", "lines", "bracketed", "dot"])
def test_a_lone_surrogate_is_told_and_what_precedes_is_written(name: str) -> None:
    good, bad = (parse_conllu(f"1\t{form}\t_\t_\t_\t_\t0\troot\t_\t_\n")[0] for form in "ab")
    bad = Sentence((), (*bad.columns[:FORM], ("b\ud800",), *bad.columns[2:]), "f:7")
    stream = io.StringIO(newline="")
    with pytest.raises(TreebankError, match=r"f:7: '\\ud800' has no UTF-8; replace it"):
        write_sentences([good, bad], stream, name)
    assert stream.getvalue() == write([good], name)


@pytest.mark.parametrize("name", ["horizontal", "vertical", "jsonl", "word_tag", "bracketed"])
def test_what_precedes_a_bad_byte_is_read(name: str, tmp_path: Path) -> None:
    good = parse_conllu("1\ta\t_\t_\t_\t_\t0\troot\t_\t_\n")
    (tmp_path / "f").write_bytes(write(good * 3, name).encode() + b"\xff\n")
    found = []
    with pytest.raises(CharacterError, match=r"f:\d+: byte 0xff at offset \d+ is not UTF-8"):
        found.extend(read_sentences(tmp_path / "f", name))
    assert len(found) == 3


@pytest.mark.parametrize(("text", "name"), [("a b\rc\r", "horizontal"), ("a\rb\r\rc\r", "vertical")])
def test_lines_of_old_macs_are_lines(text: str, name: str) -> None:
    assert read(text, name) == read(text.replace("\r", "\n"), name)
