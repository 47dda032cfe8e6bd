"""Pairs of gold and system tags are counted, with their word forms."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from texts import perturbed, random_text, read, rows, seeded

from arcparse.evaluation import compare, confused, evaluate, tag_confusion

GOLD = rows("1 a _ X 0 root", "2 b _ Y 1 obj", "3 b _ Y 1 obj", "4 c _ Y 1 obj", "5 d _ X 1 obj")
SYSTEM = rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 b _ X 1 obj", "4 c _ X 1 obj", "5 d _ Y 1 obj")


def test_the_most_frequent_confusions_come_first() -> None:
    found = tag_confusion(compare(read(GOLD), read(SYSTEM)))
    assert list(found) == [("Y", "X"), ("X", "X"), ("X", "Y")]
    assert confused(found) == {("Y", "X"): Counter({"b": 2, "c": 1}), ("X", "Y"): Counter("d")}
    assert list(tag_confusion(compare(read(GOLD), read(SYSTEM)), "feats")) == [("_", "_")]


@given(st.text("abA", min_size=1, max_size=12), st.integers(0, 2**32))
@settings(max_examples=60)
def test_what_is_confused_is_what_is_wrong(characters: str, seed: int) -> None:
    rng = seeded(seed)
    gold = random_text(rng, characters)
    system = [perturbed(rng, sentence) for sentence in gold]
    compared, scores = compare(gold, system), evaluate(gold, system)
    for column, metric in (("upos", "UPOS"), ("xpos", "XPOS"), ("feats", "UFeats")):
        confusion = tag_confusion(compared, column)  # type: ignore[arg-type]
        totals = [forms.total() for forms in confusion.values()]
        assert totals == sorted(totals, reverse=True)
        assert sum(totals) == scores[metric].aligned
        wrong = sum(forms.total() for forms in confused(confusion).values())
        assert sum(totals) - wrong == scores[metric].correct


def test_tags_are_compared_without_trees() -> None:
    bare = [sentence.replace(heads=[-1] * len(sentence)) for sentence in read(SYSTEM)]
    scores = evaluate(read(GOLD), bare, trees=False)
    assert (scores["UPOS"].correct, scores["Words"].correct) == (1, 5)
    assert [scores[metric].correct for metric in ("UAS", "LAS", "CLAS", "MLAS", "Root", "UEM", "LEM")] == [0] * 7
    assert tag_confusion(compare(read(GOLD), bare, trees=False)) == tag_confusion(compare(read(GOLD), read(SYSTEM)))
    one = read(rows("1 a _ X 0 root"))
    assert evaluate(one, one, trees=False)["UAS"].correct == 0
