from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import TreebankError
from arcparse.evaluation.confidence import HEAD, LABEL, read_confidence, with_confidence
from arcparse.sentence import MISC, Sentence, Token
from arcparse.treebank import parse_conllu

SHARES = st.floats(0, 1)


def miscs(*values: str) -> Sentence:
    return Sentence.from_tokens([Token(i, "a", misc=value) for i, value in enumerate(values, 1)])


@given(st.lists(st.tuples(SHARES, SHARES, st.sampled_from(["_", "SpaceAfter=No", "A=1|B", "Gloss=x=y"]))))
def test_confidences_come_back_and_other_attributes_stay(words: list[tuple[float, float, str]]) -> None:
    head, label, before = ([word[i] for word in words] for i in range(3))
    sentence = miscs(*before)  # type: ignore[arg-type]
    written = with_confidence(sentence, head, label)  # type: ignore[arg-type]
    [again] = parse_conllu(str(written)) if words else [written]
    assert read_confidence([again], HEAD) == pytest.approx(head, abs=5.1e-5)
    assert read_confidence([again], LABEL) == pytest.approx(label, abs=5.1e-5)
    for old, new in zip(before, again.words(MISC), strict=True):
        assert new.startswith("HeadConfidence" if old == "_" else f"{old}|HeadConfidence")
    twice = with_confidence(again, label, head)  # type: ignore[arg-type]
    assert read_confidence([twice], HEAD) == read_confidence([again], LABEL)
    assert [misc.count(HEAD) for misc in twice.words(MISC)] == [1] * len(words)


def test_ranges_and_empty_nodes_get_none() -> None:
    names = ("1-2", "1", "2", "2.1")
    [sentence] = parse_conllu("".join(f"{name}\ta" + "\t_" * 7 + "\tX=1\n" for name in names) + "\n")
    written = with_confidence(sentence, [1, 0.5], [0.25, 0])
    assert written.columns[MISC] == (
        "X=1",
        "X=1|HeadConfidence=1.0000|LabelConfidence=0.2500",
        "X=1|HeadConfidence=0.5000|LabelConfidence=0.0000",
        "X=1",
    )


@pytest.mark.parametrize(
    "misc", ["_", "HeadConfidence", "HeadConfidence=x", "HeadConfidence=1.5", "HeadConfidence=nan"]
)
def test_what_is_no_confidence_is_refused_with_its_place(misc: str) -> None:
    row = "\t".join(["2", "b", *["_"] * 7, misc])
    text = "1\ta" + "\t_" * 7 + "\tHeadConfidence=1\n" + row + "\n\n"
    with pytest.raises(TreebankError, match=r"HeadConfidence of word 2 is .*parse --scores"):
        read_confidence(parse_conllu(text), HEAD)
