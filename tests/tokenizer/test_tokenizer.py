from functools import partial
from itertools import pairwise

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from steps import steps_of

from arcparse.sentence import FORM, ID, MISC, Sentence
from arcparse.tokenizer import split_contraction, split_words, tokenize

WORDS = [
    (
        "The woman, after grabbing her umbrella, went to the bank to deposit her cash.",
        "The woman , after grabbing her umbrella , went to the bank to deposit her cash .",
    ),
    ("I can't, won't, don't... it's John's.", "I ca n't , wo n't , do n't ... it 's John 's ."),
    ("She’d say they’re O’Brien’s", "She ’d say they ’re O’Brien ’s"),
    ("I’m gonna, dunno, cannot. Dont im", "I ’m gon na , du n no , can not . Do nt i m"),
    ("the parents' house, 'quoted' words", "the parents ' house , ' quoted ' words"),
    ("back in the 60's, or '72", "back in the 60's , or '72"),
    ("see http://example.org/a-b/c?d=1#e, ok", "see http://example.org/a-b/c?d=1#e , ok"),
    ("(www.example.com). example.co.uk", "( www.example.com ) . example.co.uk"),
    ("mail first.last@example.org.", "mail first.last@example.org ."),
    ("read rec.pets.cats and notes_1-2.doc", "read rec.pets.cats and notes_1-2.doc"),
    ("nice :) ;-) :( :D <3 =)", "nice :) ;-) :( :D <3 =)"),
    ("U.S. dollars, e.g. 1,000.50 a.k.a. x", "U.S. dollars , e.g. 1,000.50 a.k.a. x"),
    ("Mr. J. Smith, No. 5, etc. and so on etc.", "Mr. J. Smith , No. 5 , etc. and so on etc ."),
    ("at 10:30am for $5.99, 5% of US$ 10k", "at 10:30 am for $ 5.99 , 5 % of US$ 10 k"),
    ("11/28/2000 1/2 3-4 713-853-3989 1990s 20th", "11/28/2000 1 / 2 3 - 4 713-853-3989 1990s 20th"),
    ("and/or C++ well-known e-mail anti-war mid-1980s", "and / or C ++ well - known e-mail anti-war mid-1980s"),
    ("AT&T b/c #tag w/o f*ck", "AT&T b/c #tag w/o f*ck"),
    ("“Hi,” she said -- “what?!”", "“ Hi , ” she said -- “ what ?! ”"),
    ("no.....way!!! $$$ ----- … `x`", "no ..... way !!! $$$ ----- … ` x `"),
    ("naïve Zürich 東京 κόσμος", "naïve Zürich 東京 κόσμος"),
    ("cafe\u0301s in Bogota\u0301, don\u0301't", "cafe\u0301s in Bogota\u0301 , do n\u0301't"),
    ("नमस्ते दुनिया। வணக்கம், שָׁלוֹם עוֹלָם", "नमस्ते दुनिया । வணக்கம் , שָׁלוֹם עוֹלָם"),
    ("co\u00adop’s می\u200cخواهم \u200fשלום\u200f.", "co\u00adop ’s می\u200cخواهم \u200fשלום\u200f ."),
    (
        "👨\u200d👩\u200d👧👍🏽👍 🇩🇪🇫🇷! 1\ufe0f\u20e32\ufe0f\u20e3 ☺\ufe0f",
        "👨\u200d👩\u200d👧 👍🏽 👍 🇩🇪 🇫🇷 ! 1\ufe0f\u20e3 2\ufe0f\u20e3 ☺\ufe0f",
    ),
    ("a Ph.D. of Yahoo! in fig. 3, p. 12, 5 ft. tall", "a Ph.D. of Yahoo! in fig. 3 , p. 12 , 5 ft. tall"),
    ("", ""),
    (" \t\n\u00a0", ""),
]

SENTENCES = [
    ("It rained. We left! Why? Nobody knows…", ["It rained.", "We left!", "Why?", "Nobody knows…"]),
    ("Mr. Smith met Dr. J. R. Jones. He left.", ["Mr. Smith met Dr. J. R. Jones.", "He left."]),
    ("In the U.S. Army at 5 p.m. on Sept. 20 it ended.", ["In the U.S. Army at 5 p.m. on Sept. 20 it ended."]),
    ("We left the U.S. The end.", ["We left the U.S.", "The end."]),
    ("Cats, dogs, etc. We like them.", ["Cats, dogs, etc.", "We like them."]),
    ('"Go." (He went.) "Stop!" he said.', ['"Go."', "(He went.)", '"Stop!" he said.']),
    ("Well... maybe. Well... Maybe.", ["Well... maybe.", "Well...", "Maybe."]),
    ("it works. no capitals here? none", ["it works.", "no capitals here?", "none"]),
    ("It was fun! :) Thanks, Sara See you.", ["It was fun! :)", "Thanks,", "Sara See you."]),
    ("1. Wash it. 2. Dry it.", ["1. Wash it.", "2. Dry it."]),
    ("Mark 07/17/2000 06:15 PM Hello there", ["Mark 07/17/2000 06:15 PM", "Hello there"]),
    ("above ------ Below", ["above", "------", "Below"]),
    ("one\n  line", ["one line"]),
    ("Heading\n\nText one. \r\n\r\n text two", ["Heading", "Text one.", "text two"]),
    ("No.space here", ["No.space here"]),
    ("J. K. Rowling wrote. É. Zola read.", ["J. K. Rowling wrote.", "É. Zola read."]),
    (
        "Use plan B. The rest follows, say she and I. Don't.",
        ["Use plan B.", "The rest follows, say she and I.", "Don't."],
    ),
    ("He has a Ph.D. in physics. She got a Ph.D.", ["He has a Ph.D. in physics.", "She got a Ph.D."]),
    ("At Yahoo! in Tokyo. I left Yahoo! It was fun.", ["At Yahoo! in Tokyo.", "I left Yahoo!", "It was fun."]),
    ("See figs. 3 and 4, vol. 2. He is 5 ft. tall.", ["See figs. 3 and 4, vol. 2.", "He is 5 ft. tall."]),
    ("Smith et al. 2003, ca. 1850, viz. Rome vs. Troy.", ["Smith et al. 2003, ca. 1850, viz. Rome vs. Troy."]),
    ("Call at 5 p.m. EST or 9 a.m. Monday. Or at 8 p.m.", ["Call at 5 p.m. EST or 9 a.m. Monday.", "Or at 8 p.m."]),
    ("Gens. Lee and Adm. Nelson at Foo Inc. It sank.", ["Gens. Lee and Adm. Nelson at Foo Inc.", "It sank."]),
    ("They're in the U.S. They're late.", ["They're in the U.S.", "They're late."]),
    (
        "« Il part. » Puis rien. «Oui.» Bon. »Geh.« Gut.",
        ["« Il part. »", "Puis rien.", "«Oui.»", "Bon.", "»Geh.«", "Gut."],
    ),
    ("他走了。我来了！「好。」“是。”他说", ["他走了。", "我来了！", "「好。」", "“是。”", "他说"]),
    ("كيف حالك؟ جيد. یہ ہے۔ یہ", ["كيف حالك؟", "جيد.", "یہ ہے۔", "یہ"]),
    ("यह है। वह है॥ तीन", ["यह है।", "वह है॥", "तीन"]),
]


def surface(sentence: Sentence) -> list[tuple[str, int, int]]:
    """The form and the TokenRange of each surface token."""
    rows = [
        (form, misc) for form, misc in zip(sentence.columns[FORM], sentence.columns[MISC], strict=True) if misc != "_"
    ]
    ranges = [misc.rpartition("TokenRange=")[2].split(":") for _, misc in rows]
    return [(form, int(start), int(end)) for (form, _), (start, end) in zip(rows, ranges, strict=True)]


def visible(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_words_are_divided_as_in_the_treebank(text: str, words: str) -> None:
    assert split_words(text) == words.split()
    assert [form for sentence in tokenize(text) for form in sentence.forms] == words.split()


@pytest.mark.parametrize(("text", "lines"), SENTENCES)
def test_sentences_end_where_a_reader_would_end_them(text: str, lines: list[str]) -> None:
    assert [sentence.comment("text") for sentence in tokenize(text)] == lines


@pytest.mark.parametrize("form", ["'s", "http://x.org/it's", "1990's", "ma'am", "IM", "O'Brien", "lot"])
def test_what_only_looks_like_a_contraction_stays_whole(form: str) -> None:
    assert split_contraction(form) == (form,)


def test_a_contraction_is_a_range_row() -> None:
    (sentence,) = tokenize(" I don't.")
    assert sentence.columns[ID] == ("1", "2-3", "2", "3", "4")
    assert sentence.columns[FORM] == ("I", "don't", "do", "n't", ".")
    miscs = (
        "SpacesBefore=\\s|TokenRange=1:2",
        "SpaceAfter=No|TokenRange=3:8",
        "_",
        "_",
        "SpaceAfter=No|TokenRange=8:9",
    )
    assert sentence.columns[MISC] == miscs
    assert sentence.comments == ("# newdoc", "# newpar", "# sent_id = 1", "# text = I don't.")
    assert not sentence.is_parsed


def test_a_blank_line_begins_a_paragraph() -> None:
    comments = [sentence.comments[:-1] for sentence in tokenize("\n\nA b. C\nd\n \n\nE")]
    assert comments == [("# newdoc", "# newpar", "# sent_id = 1"), ("# sent_id = 2",), ("# newpar", "# sent_id = 3")]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028\n\t\n"])
def test_no_words_no_sentences(text: str) -> None:
    assert tokenize(text) == []


def test_two_rulers_are_two_sentences() -> None:
    assert [sentence.forms for sentence in tokenize("===== -----")] == [("=====",), ("-----",)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["a", "1", "'", "a.", "1.", "a*", "a@", "http://", "www.", "a&b", "Dr.", "alt.", "\\", "a.com", "-1"]
)
def test_a_long_line_without_spaces_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert "".join(split_words(text)) == text
    assert "".join(form for form, _, _ in surface(tokenize(text)[0])) == text.replace(" ", "")


@pytest.mark.parametrize(
    "unit", ["🇩", "\u0301", "\u00ad", "e\u0301", "👩\u200d", "\u0600", "क्", '."', ".»", "。」", "J. ", "5 ft. "]
)
def test_work_grows_with_the_length_of_the_text(unit: str) -> None:
    """The number of Python lines that run; a pattern with fixed bounds takes bounded time for each."""
    steps = [steps_of(partial(tokenize, unit * size)) for size in (200, 2000)]
    assert steps[1] < 11 * steps[0]


MARKS = st.text(
    st.sampled_from("e\u0301\u00ad\u200d\u200c\ufe0f🏽👩🇩🇫1\u20e3क्ष\u0600가ᅡᄀ.。» \nא\u05b8\u200fจำ"), max_size=30
)


@given(st.one_of(st.text(), MARKS))
@example("\u0600 \u1071")
def test_no_token_ends_inside_a_grapheme_cluster(text: str) -> None:
    tokens = [token for sentence in tokenize(text) for token in surface(sentence)]
    places = {place for _, start, end in tokens for place in (start, end)}
    for cluster in regex.finditer(r"\X", text):
        for part in regex.finditer(r"\S+", cluster[0]):  # a space is in no token, not even if marks stand on it
            assert not places & set(range(cluster.start() + part.start() + 1, cluster.start() + part.end()))
    assert "".join(split_words(text)) == visible(text)
    gaps = [text[end:start] for (_, _, end), (_, start, _) in pairwise(tokens)]
    assert all(not gap.strip() for gap in gaps)


ENGLISH = st.lists(
    st.sampled_from(["don't", "cannot", "U.S.", "Mr.", "etc.", "word", "Word", "5pm", "1.5", "http://x.org", "a@b.c",
                     ":)", ".", "!", '"', "'", "’s", ")", "(", "-----", "2", " ", " ", "\n", "\n\n", "…", "Thanks,"])
).map("".join)  # fmt: skip


@settings(max_examples=60)
@given(st.one_of(st.text(), ENGLISH))
def test_no_character_is_lost(text: str) -> None:
    sentences = tokenize(text)
    tokens = [token for sentence in sentences for token in surface(sentence)]
    assert "".join(form for form, _, _ in tokens) == visible(text)
    assert all(text[start:end] == form for form, start, end in tokens)
    assert visible("".join(split_words(text))) == visible(text)


@settings(max_examples=60)
@given(st.one_of(st.text(), ENGLISH))
def test_text_and_spaces_agree_with_the_rows(text: str) -> None:
    for sentence in tokenize(text):
        bare = Sentence((), sentence.columns)
        assert bare.text == sentence.comment("text")
        for row, form in zip(sentence.columns[ID], sentence.columns[FORM], strict=True):
            if "-" in row:
                first, last = map(int, row.split("-"))
                assert "".join(sentence.forms[first - 1 : last]) == form


@settings(max_examples=60)
@given(ENGLISH)
def test_plain_splitting_finds_the_words_of_a_paragraph(text: str) -> None:
    paragraph = " ".join(text.split())
    assert split_words(paragraph) == [form for sentence in tokenize(paragraph) for form in sentence.forms]
