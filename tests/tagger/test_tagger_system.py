from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from arcparse.search import WAIT
from arcparse.tagger.system import NONE, LeftToRight, Tagging, tags_before

TAGS = ("DET", "NOUN", "VERB")


def followed(words: list[str], length: int, previous: int) -> Tagging:
    """The state of one sentence after a derivation written as words."""
    system = LeftToRight(TAGS)
    state = Tagging.start(torch.tensor([length]), previous)
    for word in words:
        assert not system.is_final(state).any()
        assert system.legal(state)[0, 0].all()
        state = system.apply(state, torch.tensor([[system.action(word)]]))
    return state


@pytest.mark.parametrize(
    ("words", "length", "last"),
    [
        ([], 2, [NONE, NONE]),
        (["NOUN"], 3, [1, NONE]),
        (["DET", "NOUN", "VERB"], 4, [2, 1]),
        (["DET", "NOUN"], 2, [1, 0]),
    ],
)
def test_a_state_knows_its_place_and_the_last_tags(words: list[str], length: int, last: list[int]) -> None:
    state = followed(words, length, 2)
    assert state.position.item() == len(words) + 1
    assert state.last.tolist() == [[last]]
    assert LeftToRight(TAGS).is_final(state).item() == (len(words) == length)


def test_waiting_changes_nothing() -> None:
    system, state = LeftToRight(TAGS), followed(["DET", "NOUN"], 2, 2)
    after = system.apply(state, torch.tensor([[WAIT]]))
    assert (after.position.equal(state.position), after.last.equal(state.last)) == (True, True)


def test_actions_have_the_names_of_tags() -> None:
    system = LeftToRight(TAGS)
    assert [system.name(system.action(tag)) for tag in TAGS] == list(TAGS)
    with pytest.raises(ValueError, match="not in tuple"):
        system.action("VERS")


def test_sentences_without_words_are_done_at_the_start() -> None:
    assert LeftToRight(TAGS).is_final(Tagging.start(torch.tensor([0, 1]), 1)).tolist() == [[True], [False]]


def test_hypotheses_are_selected_and_exchanged_with_their_tags() -> None:
    system, start = LeftToRight(TAGS), Tagging.start(torch.tensor([3, 3]), 2)
    wide = system.apply(start.select(torch.zeros(2, 3, dtype=torch.long)), torch.tensor([[0, 1, 2], [2, 1, 0]]))
    turned = wide.select(torch.tensor([[2, 0], [0, 0]]))
    assert turned.last[..., 0].tolist() == [[2, 0], [2, 2]]
    mixed = wide.where(torch.tensor([True, False]), start.select(torch.zeros(2, 3, dtype=torch.long)))
    assert mixed.last[..., 0].tolist() == [[0, 1, 2], [NONE] * 3]
    assert mixed.position.tolist() == [[2] * 3, [1] * 3]


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=3), st.integers(0, 6))
def test_the_tags_before_a_word_are_those_that_a_derivation_would_have_left(rows: list[list[int]], size: int) -> None:
    tag = torch.tensor([[NONE, *row] for row in rows])
    seen = tags_before(tag, size)
    assert seen.shape == (len(rows), 5, size)
    system = LeftToRight([str(i) for i in range(6)])
    state = Tagging.start(torch.full((len(rows),), 4), size)
    for token in range(1, 5):
        assert seen[:, token].equal(state.last[:, 0])
        state = system.apply(state, tag[:, token : token + 1])
