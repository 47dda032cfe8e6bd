"""Multiword tokens are divided as the treebank divides them, and unseen ones by their ends."""

from __future__ import annotations

from arcparse import Sentence
from arcparse.segmenter.multiwords import Multiwords, surface_tokens

KNOWN = Multiwords({"don't": ("do", "n't"), "it's": ("it", "'s"), "du": ("de", "le")})


def sentence(*tokens: str) -> Sentence:
    """A sentence of tokens, those of several words written as do|n't."""
    ids, forms, number = [], [], 0
    for token in tokens:
        words = token.split("|")
        if len(words) > 1:
            ids.append(f"{number + 1}-{number + len(words)}")
            forms.append("".join(words))
        for word in words:
            number += 1
            ids.append(str(number))
            forms.append(word)
    columns = [("_",) * len(ids)] * 10
    columns[:2] = [tuple(ids), tuple(forms)]
    return Sentence((), tuple(columns))


def test_surface_tokens_with_their_words() -> None:
    found = list(surface_tokens(sentence("I", "do|n't", "know")))
    assert found == [("I", ("I",)), ("don't", ("do", "n't")), ("know", ("know",))]


def test_words_that_spell_the_token_keep_its_letters() -> None:
    assert KNOWN.divided("Don't", several=True) == ("Do", "n't")
    assert KNOWN.divided("DON'T", several=True) == ("DO", "N'T")
    assert KNOWN.divided("Don’t", several=True) == ("Do", "n’t")
    assert KNOWN.divided("Du", several=True) == ("De", "le")


def test_what_the_treebank_lacks_is_divided_by_its_end() -> None:
    assert KNOWN.divided("hasn't", several=True) == ("has", "n't")
    assert KNOWN.divided("hasn’t", several=True) == ("has", "n’t")
    assert KNOWN.divided("Who's", several=True) == ("Who", "'s")
    assert KNOWN.divided("cannot", several=True) == ("cannot",)
    assert KNOWN.divided("'s", several=True) == ("'s",)


def test_a_last_part_that_most_forms_with_this_end_do_not_have_is_no_guide() -> None:
    known = Multiwords(
        {
            **{form + "ki": (form, "ki") for form in ("evde", "odada", "parkta", "burada")},
            "yedideeki": ("yedide", "eki"),
            "dışardaaki": ("dışarda", "aki"),
            **{form + "yım": (form, "yım") for form in ("iyi", "hasta")},
            "doktorım": ("doktor", "ım"),
        }
    )
    assert known.divided("havuzdaki", several=True) == ("havuzda", "ki")
    assert known.divided("düzeydeki", several=True) == ("düzeyde", "ki")
    assert known.divided("kötüyım", several=True) == ("kötü", "yım")
    assert known.divided("Köleım", several=True) == ("Köle", "ım")


def test_one_word_stays_one_unless_it_never_was() -> None:
    sentences = [sentence("Do|n’t", "its", "i|ts"), sentence("do|n't", "ca|nt", "its")]
    made = Multiwords.build(sentences)
    assert made.words == {"don't": ("do", "n't"), "its": ("i", "ts"), "cant": ("ca", "nt")}
    assert made.always == {"don't"}  # one `cant` is too few to be sure, and `its` mostly is one word
    assert made.divided("DON’T", several=False) == ("DO", "N’T")
    assert made.divided("cant", several=False) == ("cant",)
    assert made.divided("its", several=False) == ("its",)
    assert made.divided("its", several=True) == ("i", "ts")
