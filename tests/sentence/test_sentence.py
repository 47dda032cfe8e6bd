"""Sentences: rows against words, heads, text and exchange of columns."""

import dataclasses

import numpy as np
import pytest

from arcparse.errors import InputError, TreebankError, TreeError
from arcparse.sentence import DEPREL, HEAD, NONE, UPOS, Sentence, Token, Tree
from arcparse.sentence.numbering import head_texts

# "vámonos al mar" as UD writes it: two ranges, and an empty node in between.
ROWS = """\
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\tV\tMood=Imp\t0\troot\t0:root\t_
2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t1:obj\t_
2.1\tya\tya\tADV\tR\t_\t_\t_\t1:advmod\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\tS\t_\t5\tcase\t5:case\t_
4\tel\tel\tDET\tD\t_\t5\tdet\t5:det\t_
5\tmar\tmar\tNOUN\tN\tGender=Masc\t1\tobl\t1:obl\tSpaceAfter=No|Gloss=sea
6\t!\t!\tPUNCT\tF\t_\t_\t_\t_\t_
"""


def made(rows=ROWS, comments=("# sent_id = es-1",)):
    return Sentence(tuple(comments), tuple(zip(*[row.split("\t") for row in rows.splitlines()], strict=True)), "es:7")


def test_columns_concern_the_words_alone():
    sentence = made()
    assert len(sentence) == 6
    assert sentence.forms == ("vamos", "nos", "a", "el", "mar", "!")
    assert sentence.lemmas == ("ir", "nosotros", "a", "el", "mar", "!")
    assert sentence.upos == ("VERB", "PRON", "ADP", "DET", "NOUN", "PUNCT")
    assert sentence.xpos == ("V", "P", "S", "D", "N", "F")
    assert sentence.feats == ("Mood=Imp", "_", "_", "_", "Gender=Masc", "_")
    assert sentence.labels == ("root", "obj", "case", "det", "obl", "_")
    assert sentence.heads == (0, 1, 5, 5, 1, NONE)
    assert not sentence.is_parsed


def test_a_plain_sentence_gives_its_columns_without_copying():
    sentence = Sentence.from_forms(["Dogs", "bark"])
    assert sentence.forms is sentence.columns[1]
    assert sentence.word_rows == range(2)


def test_tokens_agree_with_columns():
    sentence = made()
    assert sentence.tokens[4] == Token(
        5, "mar", "mar", "NOUN", "N", "Gender=Masc", 1, "obl", "1:obl", "SpaceAfter=No|Gloss=sea"
    )
    assert [token.id for token in sentence] == [1, 2, 3, 4, 5, 6]
    assert [token.head for token in sentence] == list(sentence.heads)


def test_tokens_make_the_sentence_again():
    tokens = [Token(1, "Dogs", upos="NOUN", head=2, deprel="nsubj"), Token(2, "bark", head=0), Token(3, ".")]
    sentence = Sentence.from_tokens(tokens, ["# text = Dogs bark."])
    assert sentence.tokens == tuple(tokens)
    assert sentence.columns[HEAD] == ("2", "0", "_")
    assert sentence.heads == (2, 0, NONE)
    assert sentence.comments == ("# text = Dogs bark.",)


def test_a_phrase_makes_a_sentence_of_its_own():
    tokens = [
        Token(1, "Old", head=2, deprel="amod", deps="2:amod"),
        Token(2, "dogs", head=3, deprel="nsubj", deps="3:nsubj"),
        Token(3, "bark", head=0, deprel="root"),
        Token(4, ".", head=NONE),
    ]
    sentence = Sentence.from_tokens(tokens)
    phrase = Sentence.from_tokens(sentence[1:])
    assert [(token.id, token.form, token.head, token.deps) for token in phrase] == [
        (1, "dogs", 2, "_"),
        (2, "bark", 0, "_"),
        (3, ".", NONE, "_"),
    ]
    subtree = Sentence.from_tokens(sentence[1].subtree)
    assert (subtree.heads, subtree.labels, subtree.root.text) == ((2, 0), ("amod", "nsubj"), "dogs")
    assert Sentence.from_tokens(sentence[:2]).heads == (2, 0)
    assert Sentence.from_tokens(tokens[:2]).heads == (2, 3)  # tokens of no sentence are kept
    with pytest.raises(InputError, match="two of the tokens have the same id"):
        Sentence.from_tokens([*sentence, *sentence])


def test_repr_is_one_short_line() -> None:
    assert repr(Sentence.from_forms(["Go", "!"])) == "<Sentence of 2 words: 'Go !'>"
    assert repr(Sentence.from_forms(["x" * 41])) == f"<Sentence of 1 word: '{'x' * 39}…'>"
    assert repr(Sentence.from_forms([])) == "<Sentence of 0 words: ''>"


def test_tree_has_the_root_at_position_0():
    sentence = Sentence.from_tokens([Token(1, "Go", head=0, deprel="root"), Token(2, "!", head=1, deprel="punct")])
    assert sentence.is_parsed
    assert sentence.tree == Tree((NONE, 0, 1), ("", "root", "punct"))
    assert len(sentence.tree) == 2


@pytest.mark.parametrize(("heads", "labels"), [((NONE, 0), ("",)), ((), ()), ((0, 0), ("", "root"))])
def test_tree_without_its_root_or_a_label_is_refused(heads, labels):
    with pytest.raises(TreeError, match="as many labels as heads and head -1 at position 0"):
        Tree(heads, labels)


def test_head_that_is_no_number_names_the_place():
    with pytest.raises(TreebankError, match=r"es:7: HEAD must be a word's number or '_'.*'x'"):
        _ = made(ROWS.replace("\t0\troot", "\tx\troot")).heads


def test_place_takes_no_part_in_comparison():
    assert made() == dataclasses.replace(made(), place="elsewhere:1")
    assert hash(made()) == hash(dataclasses.replace(made(), place="elsewhere:1"))


@pytest.mark.parametrize(
    ("comment", "key", "value"),
    [
        ("# text = a = b", "text", "a = b"),
        ("#text=x", "text", "x"),
        ("# newpar", "newpar", None),
        ("# text_en = x", "text", None),
    ],
)
def test_comment(comment, key, value):
    assert made(comments=[comment]).comment(key) == value


def test_text_is_the_comment_or_else_made_of_surface_forms():
    assert made(comments=["# text = ¡vámonos!"]).text == "¡vámonos!"
    assert made().text == "vámonos al mar!"
    assert Sentence.from_forms([]).text == ""


def test_replace_leaves_ranges_and_empty_nodes():
    new = made().replace(
        upos=list("ABCDEF"), heads=[np.int64(2), 0, 2, 2, 2, NONE], labels=["x"] * 6, comments=["# new"]
    )
    assert new.upos == tuple("ABCDEF")
    assert new.heads == (2, 0, 2, 2, 2, NONE)
    assert new.columns[HEAD] == ("_", "2", "0", "_", "_", "2", "2", "2", "_")
    assert new.columns[3][0] == "_"
    assert new.columns[3][3] == "ADV"
    assert new.comments == ("# new",)
    assert new.place == "es:7"
    assert new.lemmas == made().lemmas


def test_replace_of_nothing_is_the_same():
    assert made().replace() == made()


def test_replace_in_a_plain_sentence():
    sentence = Sentence.from_forms(["Go", "!"]).replace(
        xpos=["VB", "."], feats=["A=B", "_"], lemmas=["go", "!"], miscs=["_", "x"]
    )
    assert [(t.xpos, t.feats, t.lemma, t.misc) for t in sentence] == [("VB", "A=B", "go", "_"), (".", "_", "!", "x")]


def test_results_put_into_columns_are_those_of_replace():
    for sentence in (made(), Sentence.from_forms(["vamos", "al", "mar", "de", "nuevo", "!"], ["# sent_id = 1"])):
        tags, heads, labels = list("abcdef"), [0, 1, 5, 5, 1, 1], ["root", "obj", "case", "det", "obl", "punct"]
        new = {UPOS: tags, HEAD: head_texts(heads), DEPREL: labels}
        found = sentence.with_columns(new)
        assert found == sentence.replace(upos=tags, heads=heads, labels=labels)
        assert (found.place, found.heads) == (sentence.place, tuple(heads))
        assert sentence.with_columns({}, ("# a",)) == sentence.replace(comments=["# a"])


def test_replace_needs_a_value_for_each_word():
    with pytest.raises(ValueError, match="upos has 2 values for a sentence of 6 words"):
        made().replace(upos=["X", "Y"])


def test_str_is_the_conllu_block():
    assert str(made()) == "# sent_id = es-1\n" + ROWS + "\n"


def test_sentence_of_no_words():
    empty = Sentence.from_forms([])
    assert len(empty) == 0
    assert empty.forms == empty.heads == empty.tokens == ()


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (Sentence.from_forms(["a", "b\tc"]), r"FORM 'b\\tc' of row 2 has a tab or line break; .* replace it"),
        (Sentence.from_forms(["b\nc"]), "FORM .* of row 1 has a tab or line break"),
        (Sentence.from_forms(["b\r"]), "FORM .* of row 1 has a tab or line break"),
        (Sentence.from_forms(["a", ""]), "FORM of row 2 is empty; write '_'"),
        (Sentence.from_forms(["a"]).replace(miscs=["A\tB"]), "MISC .* of row 1 has a tab"),
        (Sentence.from_forms(["a"], ["# a\n# b"]), "comment .* line break"),
        (Sentence.from_forms(["a"], ["a"]), "comment 'a' must begin with '#'"),
        (Sentence.from_forms(["a", "é\ud800"]), r"FORM 'é\\ud800' of row 2 has no UTF-8; replace it"),
        (Sentence.from_forms(["a"], ["# \udce9"]), r"comment '# \\udce9' must .* no lone surrogate"),
        (Sentence((), (("1",), ("a",))), "2 columns; a sentence has 10"),
    ],
)
def test_what_could_not_be_read_again_is_no_text(sentence, message):
    with pytest.raises(TreebankError, match=message):
        str(sentence)


def test_the_tokens_of_the_text_are_ranges_and_the_words_outside():
    assert [form for form, _ in made().surface_tokens()] == ["vámonos", "al", "mar", "!"]
    assert dict(made().surface_tokens())["mar"] == "SpaceAfter=No|Gloss=sea"


def test_comments_may_hold_tabs_in_text():
    sentence = Sentence.from_forms(["a"], ["# a\tb"])
    assert str(sentence).startswith("# a\tb\n1\ta\t_")


def test_the_letters_of_a_string_are_no_words():
    with pytest.raises(
        InputError, match="forms must be a list of strings, one for each word, not one string, 'Dogs ran'"
    ):
        Sentence.from_forms("Dogs ran")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sentence.from_forms(None), "forms must be a list of strings, one for each word, not None"),
        (lambda: Sentence.from_tokens(3), "tokens must be a list of Token objects, not 3"),
        (lambda: Sentence.from_forms(["a", 1]), "forms must be strings, not 1; write '_' for no value"),
        (lambda: Sentence.from_tokens(["a"]), r"tokens\[0\] must be a Token, not 'a'; for word forms call from_forms"),
        (lambda: made().replace(upos="ABCDEF"), "upos must be a list of strings, .* not one string, 'ABCDEF'"),
        (lambda: made().replace(lemmas=[None] * 6), "lemma must be strings, not None"),
        (
            lambda: made().replace(heads=["a"] * 6),
            r"heads must be whole numbers from -1 to 6, one for each word, not \['a'",
        ),
        (lambda: made().replace(heads=3), "heads must be whole numbers from -1 to 6, one for each word, not 3"),
        (lambda: made().replace(heads=[-5, 0, 1, 1, 1, 1]), "heads must be whole numbers from -1 to 6"),
        (lambda: made().replace(heads=[0, 7, 1, 1, 1, 1]), "heads must be whole numbers from -1 to 6"),
        (lambda: made().replace(heads=[0, 1.5, 1, 1, 1, 1]), "heads must be whole numbers from -1 to 6"),
        (lambda: Sentence.from_tokens([Token(1, "a", head=-2)]), "heads must be whole numbers from -1, one for each"),
        (lambda: made().phrase(3), r"a phrase needs a word of the sentence, such as sentence\[0\], not 3"),
        (lambda: made().phrase(Token(1, "x")), r"a phrase needs a word of the sentence"),
        (lambda: made().phrase(Token(99, "x")), r"a phrase needs a word of the sentence"),
    ],
)
def test_what_is_no_column_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
