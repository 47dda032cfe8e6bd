"""Transformations: what changes, what stays, and that trees stay trees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arcparse import transform, trees
from arcparse.errors import ConfigurationError, TreebankError, TreeError
from arcparse.sentence import DEPS, FORM, ID, MISC, Sentence
from arcparse.treebank import parse_conllu, read_conllu


def sentence(*rows: str, comments: tuple[str, ...] = ()) -> Sentence:
    """A sentence from rows such as "1 dogs dog NOUN NNS _ 2 nsubj _ SpaceAfter=No", `_` for what is left out."""
    cells = [(row.split(" ") + ["_"] * 10)[:10] for row in rows]
    text = "\n".join([*comments, *map("\t".join, cells)]) + "\n\n"
    return parse_conllu(text)[0]


CROSSING = sentence("1 a _ _ _ _ 3 x", "2 b _ _ _ _ 0 root", "3 c _ _ _ _ 2 y", "4 d _ _ _ _ 1 z")
HOWL = sentence(
    "1 Wolves wolf NOUN NNS _ 2 nsubj:pass", "2 howl howl VERB VB _ 0 root _ SpaceAfter=No", "3 ! ! PUNCT . _ 2 punct",
    comments=("# sent_id = howl-1", "# text = Wolves howl!"),
)  # fmt: skip


def test_projectivise_and_back() -> None:
    [lifted] = transform.projectivise([CROSSING], "head")
    assert trees.is_projective(lifted.tree.heads)
    assert lifted.labels[3] == "z^x"
    assert list(transform.deprojectivise([lifted], "head")) == [CROSSING]
    with pytest.raises(TreeError, match="a tree has one root"):
        list(transform.projectivise([sentence("1 a _ _ _ _ 0", "2 b _ _ _ _ 0")]))


def test_upos_from_xpos_and_labels_by_table(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("# tags\nNNS NOUNS\n#\tHASH\n\nVB\tVERBS\n")
    table = transform.read_table(path)
    assert table == {"NNS": "NOUNS", "#": "HASH", "VB": "VERBS"}
    [changed] = transform.upos_from_xpos([HOWL], table)
    assert changed.upos == ("NOUNS", "VERBS", "PUNCT")
    [changed] = transform.upos_from_xpos([HOWL], {"NNS": "N", "*": "X"})
    assert changed.upos == ("N", "X", "X")
    [changed] = transform.relabel([HOWL], {"punct": "p"})
    assert changed.labels == ("nsubj:pass", "root", "p")


@pytest.mark.parametrize(
    ("text", "reason"), [("a b c", "3 columns"), ("a b\na c", ":2: 'a' is repeated"), ("a", "1 col")]
)
def test_a_malformed_table_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=reason):
        transform.read_table(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        transform.read_table(tmp_path / "none")


def test_subtypes_are_stripped() -> None:
    assert next(transform.strip_subtypes([HOWL])).labels == ("nsubj", "root", "punct")


def test_lower_case_changes_forms_and_text() -> None:
    [low] = transform.lower_case([HOWL])
    assert low.forms == ("wolves", "howl", "!")
    assert low.comments == ("# sent_id = howl-1", "# text = wolves howl!")
    assert low.lemmas == HOWL.lemmas


def test_anonymous_sentences_tell_no_names() -> None:
    told = sentence(
        "1-2 Ann's",
        "1 Ann Ann PROPN NNP _ 3 nmod", "2 's 's PART POS _ 1 case", "3 mail mail NOUN NN _ 0 root _ Gloss=post",
        "4 a@b.org a@b.org X FW _ 3 appos _ SpaceAfter=No", "5 77 77 NUM CD _ 3 nummod",
        comments=("# newdoc id = ann", "# sent_id = ann-1", "# text = Ann's mail a@b.org77", "# translator = Ann"),
    )  # fmt: skip
    [masked] = transform.anonymise([told])
    assert masked.columns[FORM] == ("Xxx'x", "Xxx", "'s", "mail", "x@x.xxx", "00")
    assert masked.lemmas == ("Xxx", "'s", "mail", "x@x.xxx", "00")
    assert masked.comments == ("# newdoc", "# sent_id = 1", "# text = Xxx'x mail x@x.xxx00")
    assert set(masked.columns[MISC]) == {"_", "SpaceAfter=No"}
    assert masked.heads == told.heads


# Words that leave -----------------------------------------------------------------------------------------------------


def test_punctuation_leaves_and_the_text_follows() -> None:
    [bare] = transform.drop_punctuation([HOWL])
    assert bare.forms == ("Wolves", "howl")
    assert bare.comment("text") == "Wolves howl"
    assert bare.heads == (2, 0)


def test_what_hangs_from_punctuation_hangs_from_its_head() -> None:
    [bare] = transform.drop_punctuation(
        [
            sentence(
                "1 a _ X _ _ 2 x", "2 - _ PUNCT _ _ 4 y", "3 , _ PUNCT _ _ 2 z", "4 b _ X _ _ 0 root", "5 c _ X _ _ 3 w"
            )
        ]
    )
    assert (bare.forms, bare.heads, bare.labels) == (("a", "b", "c"), (2, 0, 2), ("x", "root", "w"))


def test_where_the_root_leaves_its_first_child_takes_its_place() -> None:
    [bare] = transform.drop_punctuation(
        [sentence("1 a _ X _ _ 2 x 2:x", "2 ! _ PUNCT _ _ 0 root 0:root", "3 b _ X _ _ 2 y 2:y|1:z", "4 c _ X _ _ 3 w")]
    )
    assert (bare.heads, bare.labels) == ((0, 1, 2), ("root", "y", "w"))
    assert bare.columns[DEPS] == ("0:root", "1:y|1:z", "_")


def test_spaces_ranges_and_empty_nodes_follow() -> None:
    [bare] = transform.drop_punctuation(
        [
            sentence(
                "0.1 e _ _ _ _ _ _ 3:x",
                "1 ( _ PUNCT _ _ 3 punct _ SpaceAfter=No",
                "1.1 e _ _ _ _ _ _ 4:x",
                "2-3 dont _ _ _ _ _ _ _ SpaceAfter=No",
                "2 do _ AUX _ _ 3 aux 1.1:y",
                "3 nt _ PART _ _ 0 root 0:root",
                "4 , _ PUNCT _ _ 3 punct",
                "5 x _ X _ _ 4 dep 4:dep",
                comments=("# text = (dont, x",),
            )
        ]
    )
    assert bare.columns[ID] == ("0.1", "0.2", "1-2", "1", "2", "3")
    assert bare.columns[DEPS] == ("2:x", "2:x", "_", "0.2:y", "0:root", "2:dep")
    assert bare.comments == ("# text = dont x",)
    assert parse_conllu(str(bare)) == [bare]


def test_the_space_behind_a_word_that_leaves_is_that_behind_the_word_before() -> None:
    rows = (
        "1 It _ PRON _ _ 2 nsubj",
        "2 rained _ VERB _ _ 0 root _ SpaceAfter=No",
        "3 ! _ PUNCT _ _ 2 punct _ SpacesAfter=\\n",
    )
    [bare] = transform.drop_punctuation([sentence(*rows)])
    assert bare.columns[MISC] == ("_", "SpacesAfter=\\n")
    [masked] = transform.anonymise([sentence(*rows)])
    assert masked.columns[MISC] == ("_", "SpaceAfter=No", "SpacesAfter=\\n")


def test_words_without_tags_are_punctuation_by_their_characters_and_sentences_of_nothing_else_leave() -> None:
    bare = sentence("1 ... _ _ _ _ 2 x", "2 a _ _ _ _ 0 root", "3 $ _ _ _ _ 2 y")
    assert [s.forms for s in transform.drop_punctuation([bare, sentence("1 ! _ PUNCT _ _ 0 root")])] == [("a", "$")]


def test_words_in_a_circle_cannot_leave() -> None:
    circle = sentence("1 a _ PUNCT _ _ 2 x", "2 b _ X _ _ 1 y", "3 c _ X _ _ 0 root")
    with pytest.raises(TreebankError, match="cycle at word 1"):
        list(transform.drop_punctuation([circle]))


@st.composite
def reductions(draw: st.DrawFn) -> tuple[Sentence, set[int]]:
    size = draw(st.integers(2, 9))
    order = draw(st.permutations(range(1, size + 1)))
    heads = {word: draw(st.sampled_from(order[:place])) if place else 0 for place, word in enumerate(order)}
    rows = [f"{word} w{word} _ _ _ _ {heads[word]} l{word} {heads[word]}:l{word}" for word in range(1, size + 1)]
    leaving = draw(st.sets(st.integers(1, size), max_size=size - 1))
    return sentence(*rows), leaving


@settings(max_examples=200)
@given(reductions())
def test_a_tree_without_some_words_is_a_tree_in_which_ancestors_stay_ancestors(
    given_case: tuple[Sentence, set[int]],
) -> None:
    before, leaving = given_case
    after = transform.without(before, leaving)
    trees.check_tree(after.tree)
    assert parse_conllu(str(after)) == [after]
    kept = [word for word in range(1, len(before) + 1) if word not in leaving]
    assert after.forms == tuple(f"w{word}" for word in kept)
    for new, word in enumerate(kept, 1):
        ancestors = chain(before.heads, word)
        closest = next((ancestor for ancestor in ancestors if ancestor in kept), None)
        if closest:
            assert kept[after.heads[new - 1] - 1] == closest
            assert after.labels[new - 1] == f"l{word}"
        assert after.columns[DEPS][new - 1] == f"{after.heads[new - 1]}:{after.labels[new - 1]}"


def chain(heads: tuple[int, ...], word: int) -> list[int]:
    found = []
    while heads[word - 1] > 0:
        word = heads[word - 1]
        found.append(word)
    return found


# Which sentences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("length == 3", True),
        ("1 < length < 3", False),
        ("length * 2 - 1 >= 5 and not (length // 2 == 0 or length % 2 != 1) and length + -3 == 0", True),
        ("'punct' in label and 'obj' not in label", True),
        ('sent_id in ["howl-1", "x"]', True),
        ('"howl" in sent_id and text == "Wolves howl!"', True),
        ("projective and tree", True),
        ('"VB" in xpos and "VERB" in upos and "howl" in lemma and "Wolves" in form and "_" in feats', True),
        ("False", False),
    ],
)
def test_sentences_are_kept_by_an_expression(expression: str, holds: bool) -> None:
    assert list(transform.keep([HOWL], expression)) == ([HOWL] if holds else [])


def test_crossing_arcs_and_no_tree_are_told() -> None:
    alone = sentence("1 a")
    assert list(transform.keep([HOWL, CROSSING, alone], "not projective")) == [CROSSING, alone]
    assert list(transform.keep([HOWL, CROSSING, alone], "not tree")) == [alone]


@pytest.mark.parametrize(
    "expression",
    ["__import__('os')", "length.real", "open", "lambda: 1", "length ** 9", "[x for x in label]",
     "length if tree else 1", "", "1 +",
     "(" * 300, "not " * 400 + "1", "x" * 2000, "label[0]", "length is 3", "b'a' == 1",
     "None", "length\n\x00",
     "9" * 900, "1e999 > 1", "-" * 900 + "1", "-" * 60 + "1", "[" * 60 + "]" * 60, "'\\d' in form and",
     "f'{length}'", "~1", "length := 3", "'a' in {1: 2}"],
)  # fmt: skip
def test_other_expressions_are_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="write for example"):
        transform.Expression(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "length < 'a'",
        "1 // 0 == 1",
        "'a' * 99999999 == 'b'",
        "1 in length",
        "-text == 1",
        " * ".join(["999"] * 20),
        "1 // 1e-320",
        "1e15 * 1e15",
    ],
)
def test_values_that_do_not_go_together_are_told_with_the_place(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="at <string>:1"):
        transform.Expression(expression)(HOWL)


def test_samples_are_drawn_in_order_and_repeatably() -> None:
    many = [sentence("1 a", comments=(f"# sent_id = {n}",)) for n in range(100)]
    drawn = list(transform.sample(many, 10, seed=3))
    numbers = [int(s.comment("sent_id") or "") for s in drawn]
    assert len(numbers) == 10
    assert numbers == sorted(numbers)
    assert drawn == list(transform.sample(many, 10, seed=3)) != list(transform.sample(many, 10, seed=4))
    assert list(transform.sample(many[:5], 10)) == many[:5]
    assert 20 < len(list(transform.sample_share(many, 0.4, seed=1))) < 60


def test_sentences_are_sorted() -> None:
    some = [sentence(*("1 a", "2 b")[:size], comments=(f"# sent_id = s{n}",)) for n, size in ((10, 1), (9, 2), (8, 1))]
    assert [s.comment("sent_id") for s in transform.sort(some, "sent_id")] == ["s8", "s9", "s10"]
    assert [len(s) for s in transform.sort(some, "length", descending=True)] == [2, 1, 1]
    assert [s.text for s in transform.sort(some, "text")] == ["a", "a", "a b"]


def test_columns_are_merged() -> None:
    other = HOWL.replace(heads=[0, 1, 1], labels=["root", "x", "y"], upos=["X", "X", "X"], comments=[])
    [merged] = transform.merge([HOWL], [other], ["head", "deprel"])
    assert (merged.heads, merged.labels, merged.upos) == (other.heads, other.labels, HOWL.upos)
    assert merged.comments == HOWL.comments


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ([], "no such sentence"),
        ([HOWL, HOWL], "no such sentence"),
        ([CROSSING], "word 1 is 'Wolves' here, 'a' there"),
        ([sentence("1 Wolves", "2 howl")], "word 3 is '!' here, None there"),
    ],
)
def test_other_sentences_are_not_merged(other: list[Sentence], reason: str) -> None:
    with pytest.raises(TreebankError, match=re.escape(reason)):
        list(transform.merge([HOWL], other, ["head"]))


def test_only_annotation_is_merged() -> None:
    with pytest.raises(ConfigurationError, match="'form' cannot be merged"):
        list(transform.merge([HOWL], [HOWL], ["form"]))


def test_documents_are_divided_whole() -> None:
    docs = [sentence("1 a", comments=("# newdoc id = x",) if n % 3 == 0 else ()) for n in range(90)]
    parts = list(transform.parts(docs, {"train": 8, "dev": 1, "test": 1}))
    assert [s for _, s in parts] == docs
    sizes = {name: sum(part == name for part, _ in parts) for name in ("train", "dev", "test")}
    assert sizes == {"train": 72, "dev": 9, "test": 9}
    assert all(len({part for part, _ in parts[n : n + 3]}) == 1 for n in range(0, 90, 3))


def test_without_documents_sentences_are_divided() -> None:
    divided = transform.parts([sentence("1 a")] * 10, dict.fromkeys("12345", 1))
    assert [part for part, _ in divided] == ["1", "2", "3", "4", "5"] * 2
    with pytest.raises(ConfigurationError, match="above 0"):
        list(transform.parts([HOWL], {"a": 0}))


def test_transformations_chain_over_the_sample_treebank(sample_treebank: Path) -> None:
    found = transform.drop_punctuation(read_conllu(sample_treebank))
    for changed in transform.strip_subtypes(transform.lower_case(transform.projectivise(found))):
        assert parse_conllu(str(changed)) == [changed]
        trees.check_tree(changed.tree)
