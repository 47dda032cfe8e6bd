from __future__ import annotations

from dataclasses import fields, replace

import torch

from arcparse.parser.configuration import STACK, Configuration, at
from arcparse.sentence import NONE


def configuration() -> Configuration:
    """One sentence of three words, two hypotheses: the root alone, and the root under words 1 and 2."""
    start = Configuration.start(torch.tensor([3]))
    two = start.select(torch.tensor([[0, 0]]))
    table = two.table.clone()
    table[:, :, STACK] = torch.tensor([[[0, 0, 0, 0], [0, 1, 2, 0]]])
    return replace(two, depth=torch.tensor([[1, 3]]), front=torch.tensor([[1, 3]]), table=table)


def test_the_start_has_the_root_on_the_stack_and_all_words_in_the_buffer() -> None:
    start = Configuration.start(torch.tensor([3, 0, 1]))
    assert start.length.tolist() == [[3], [0], [1]]
    assert start.depth.tolist() == start.front.tolist() == [[1], [1], [1]]
    assert start.stack_top(0).tolist() == [[0], [0], [0]]
    assert start.table.shape == (3, 1, 7, 4)
    assert (start.table[:, :, STACK + 1 :] == NONE).all()
    assert start.head.shape == start.label.shape == (3, 1, 4)


def test_a_batch_of_no_sentences_has_a_start() -> None:
    assert Configuration.start(torch.zeros(0, dtype=torch.long)).stack.shape == (0, 1, 1)


def test_the_stack_is_seen_from_its_top_and_below_its_bottom_is_the_root() -> None:
    state = configuration()
    assert [state.stack_top(i).tolist() for i in range(4)] == [[[0, 2]], [[0, 1]], [[0, 0]], [[0, 0]]]


def test_the_buffer_is_seen_from_its_front_and_ends_with_the_sentence() -> None:
    state = configuration()
    assert [state.buffer_front(i).tolist() for i in range(4)] == [[[1, 3]], [[2, -1]], [[3, -1]], [[-1, -1]]]


def test_selecting_copies_every_array_of_a_hypothesis() -> None:
    state = configuration()
    chosen = state.select(torch.tensor([[1, 1, 0]]))
    for field in fields(state):
        before, after = getattr(state, field.name), getattr(chosen, field.name)
        assert after.shape[:2] == (1, 3)
        assert all(after[0, new].equal(before[0, old]) for new, old in enumerate((1, 1, 0)))


def test_the_only_hypothesis_need_not_be_copied() -> None:
    start = Configuration.start(torch.tensor([2, 1]))
    assert start.select(torch.zeros(2, 1, dtype=torch.long)) is start


def test_at_reads_one_place_of_each_hypothesis() -> None:
    values, index = torch.arange(12).view(2, 2, 3), torch.tensor([[0, 2], [1, 1]])
    assert at(values, index).tolist() == [[0, 5], [7, 10]]
