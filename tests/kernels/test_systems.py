from __future__ import annotations

import numpy as np
import pytest
import torch
from walks import LABELS, random_beams

from arcparse.kernels.systems import BUFFER, IN_ORDER, ROOT_ALONE, WORDS, actions
from arcparse.parser.systems import system_called

ROOT_LABELS, WORD_LABELS = {"root", "obj"}, {"det", "nsubj", "obj"}
NAMES = ("SHIFT", "SWAP", "LEFT-ARC", "RIGHT-ARC")


@pytest.mark.parametrize("name", ["arc-standard", "swap"])
@pytest.mark.parametrize("kinds", [(ROOT_LABELS, WORD_LABELS), (set(), WORD_LABELS), (ROOT_LABELS, set())])
def test_a_table_allows_the_actions_that_the_system_allows(name: str, kinds: tuple[set[str], set[str]]) -> None:
    system, table = system_called(name)(LABELS, *kinds), actions(name, LABELS, *kinds)
    assert table is not None
    seen = set()
    for beam in random_beams(1, torch.tensor([1, 2, 5, 9]), 3, system):
        state = beam.state
        shift, words = state.front <= state.length, state.depth > 2
        case = shift * BUFFER + words * WORDS + ((state.depth == 2) & ~shift) * ROOT_ALONE
        case = case + (words & (state.stack_top(1) < state.stack_top(0))) * IN_ORDER
        seen |= set(case.flatten().tolist())
        assert np.array_equal(table.legal[case.numpy()], system.legal(state).numpy())
    assert seen >= {0, BUFFER, WORDS | IN_ORDER, WORDS | IN_ORDER | BUFFER, ROOT_ALONE}


@pytest.mark.parametrize("name", ["arc-standard", "swap"])
def test_actions_are_numbered_as_the_system_does(name: str) -> None:
    system, table = system_called(name)(LABELS, LABELS, LABELS), actions(name, LABELS, LABELS, LABELS)
    assert table is not None
    names = [
        NAMES[kind] + (f"({LABELS[label]})" if label >= 0 else "")
        for kind, label in zip(table.transition, table.label, strict=True)
    ]
    assert names == [system.name(action) for action in range(system.num_actions)]


def test_a_system_without_kernel_has_no_table() -> None:
    assert actions("mine", LABELS, LABELS, LABELS) is None
