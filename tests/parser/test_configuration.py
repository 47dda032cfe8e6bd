from __future__ import annotations

import torch

from arcparse.parser.configuration import Configuration, at
from arcparse.parser.nodes import NOWHERE
from arcparse.sentence import NONE


def configuration() -> Configuration:
    """One sentence of three words, two hypotheses: the root alone, and the root under words 1 and 2."""
    two = Configuration.start(torch.tensor([3])).select(torch.tensor([[0, 0]]))
    one_word = two.nodes.linked(two.first + 1, two.stack)
    two_words = two.nodes.linked(two.first + 2, one_word)
    stack = torch.where(torch.tensor([[False, True]]), two_words, two.stack)
    return two.after(torch.tensor([[1, 3]]), torch.tensor([[1, 3]]), stack, two.attached)


def test_the_start_has_the_root_on_the_stack_and_all_words_in_the_buffer() -> None:
    start = Configuration.start(torch.tensor([3, 0, 1]))
    assert start.length.tolist() == [[3], [0], [1]]
    assert start.depth.tolist() == start.front.tolist() == [[1], [1], [1]]
    assert start.stack_top(0).tolist() == [[0], [0], [0]]
    assert [start.tokens(b, 0) for b in range(3)] == [([0], [1, 2, 3]), ([0], []), ([0], [1])]
    assert start.head.shape == start.label.shape == (3, 1, 4)
    assert (start.head == NONE).all()
    assert (start.label == NONE).all()


def test_a_batch_of_no_sentences_has_a_start() -> None:
    start = Configuration.start(torch.zeros(0, dtype=torch.long))
    assert start.stack.shape == (0, 1)
    assert start.head.shape == (0, 1, 1)


def test_the_stack_is_seen_from_its_top_and_below_its_bottom_is_the_root() -> None:
    state = configuration()
    assert [state.stack_top(i).tolist() for i in range(4)] == [[[0, 2]], [[0, 1]], [[0, 0]], [[0, 0]]]


def test_the_buffer_is_seen_from_its_front_and_ends_with_the_sentence() -> None:
    state = configuration()
    assert [state.buffer_front(i).tolist() for i in range(4)] == [[[1, 3]], [[2, -1]], [[3, -1]], [[-1, -1]]]


def test_words_that_were_put_back_stand_before_those_to_come() -> None:
    state = Configuration.start(torch.tensor([4]), reorders=True)
    waiting = state.nodes.linked(state.first + 2, state.nodes.linked(state.first + 1, state.waiting))
    three_read = state.after(state.depth, state.front + 1, state.stack, state.attached, waiting)
    assert three_read.tokens(0, 0) == ([0], [2, 1, 4])
    assert three_read.is_open().tolist() == [[[True, True, True, False, True]]]


def test_selecting_chooses_all_of_a_hypothesis() -> None:
    chosen = configuration().select(torch.tensor([[1, 1, 0]]))
    assert [chosen.tokens(0, k) for k in range(3)] == [([0, 1, 2], [3]), ([0, 1, 2], [3]), ([0], [1, 2, 3])]
    assert chosen.length.shape == chosen.first.shape == chosen.waiting.shape == chosen.attached.shape == (1, 3)


def test_the_only_hypothesis_need_not_be_copied() -> None:
    start = Configuration.start(torch.tensor([2, 1]))
    assert start.select(torch.zeros(2, 1, dtype=torch.long)) is start


def test_a_transition_takes_the_same_room_in_a_long_sentence_as_in_a_short_one() -> None:
    for length in (2, 50_000):
        state = Configuration.start(torch.tensor([length]))
        node = state.nodes.linked(state.first + 1, state.stack)
        grown, attached = state.arc(state.depth == 1, state.first + 2, node, state.depth * 7, state.stack)
        assert (grown - node).tolist() == [[2]]  # the node of the child comes between
        arcs = state.after(state.depth, state.front + 1, grown, attached)
        assert (arcs.head[0, 0, 1], arcs.label[0, 0, 1]) == (2, 7)
        assert (arcs.head != NONE).sum() == 1


def test_nothing_leads_from_nowhere() -> None:
    nodes = Configuration.start(torch.tensor([1])).nodes
    assert nodes.rows(torch.tensor([[NOWHERE]])).flatten().tolist() == [NONE, NONE, NONE, *[NOWHERE] * 5]


def test_at_reads_one_place_of_each_hypothesis() -> None:
    values, index = torch.arange(12).view(2, 2, 3), torch.tensor([[0, 2], [1, 1]])
    assert at(values, index).tolist() == [[0, 5], [7, 10]]
    assert at(values[:, :1], index).tolist() == [[0, 2], [7, 7]]
