from __future__ import annotations

import pytest
import reference
import torch
from torch import Tensor
from walks import LABELS, SYSTEM, assert_equal, random_beams, start

from arcparse.errors import ConfigurationError
from arcparse.parser.arc_standard import SHIFT, ArcStandard
from arcparse.parser.configuration import Configuration
from arcparse.parser.nodes import LEFT, LEFT2, RIGHT, RIGHT2, TOKEN
from arcparse.search import WAIT, advance, search
from arcparse.sentence import NONE, Tree
from arcparse.trees import check_tree, is_projective


def derive(system: ArcStandard, length: int, names: list[str]) -> Configuration:
    """Take transitions by name, each of which must be legal, to a final configuration."""
    state = Configuration.start(torch.tensor([length]))
    for name in names:
        action = system.action(name)
        assert not system.is_final(state)
        assert system.legal(state)[0, 0, action], name
        state = system.apply(state, torch.tensor([[action]]))
    assert system.is_final(state)
    return state


def test_the_textbook_sentence() -> None:
    # Economic news had little effect on financial markets . (Nivre 2008, figure 1)
    labels = ["amod", "nmod", "nsubj", "obj", "case", "punct", "root"]
    system = ArcStandard(labels, {"root"}, set(labels) - {"root"})
    state = derive(
        system,
        9,
        [
            "SHIFT",
            "SHIFT",
            "LEFT-ARC(amod)",
            "SHIFT",
            "LEFT-ARC(nsubj)",
            "SHIFT",
            "SHIFT",
            "LEFT-ARC(amod)",
            "SHIFT",
            "SHIFT",
            "SHIFT",
            "LEFT-ARC(amod)",
            "LEFT-ARC(case)",
            "RIGHT-ARC(nmod)",
            "RIGHT-ARC(obj)",
            "SHIFT",
            "RIGHT-ARC(punct)",
            "RIGHT-ARC(root)",
        ],
    )
    assert state.head[0, 0].tolist() == [NONE, 2, 3, 0, 5, 3, 8, 8, 5, 3]
    named = [labels[label] for label in state.label[0, 0, 1:].tolist()]
    assert named == ["amod", "nsubj", "root", "amod", "obj", "case", "amod", "nmod", "punct"]


def test_a_sentence_of_one_word_has_one_derivation() -> None:
    state = derive(SYSTEM, 1, ["SHIFT", "RIGHT-ARC(root)"])
    assert state.head.tolist() == [[[NONE, 0]]]
    assert list(reference.derivations(SYSTEM, reference.State(1))) == [
        (SHIFT, SYSTEM.action("RIGHT-ARC(obj)")),
        (SHIFT, SYSTEM.action("RIGHT-ARC(root)")),
    ]


def test_a_sentence_without_words_is_final_at_once() -> None:
    state = Configuration.start(torch.tensor([0]))
    assert SYSTEM.is_final(state).all()
    assert not SYSTEM.legal(state).any()


def allowed(names: list[str]) -> set[str]:
    """Return the names of the actions that are legal after the given ones, in a sentence of two words."""
    state = Configuration.start(torch.tensor([2]))
    for name in names:
        state = SYSTEM.apply(state, torch.tensor([[SYSTEM.action(name)]]))
    return {SYSTEM.name(int(action)) for action in SYSTEM.legal(state)[0, 0].nonzero()}


def test_legality_by_hand() -> None:
    arcs = {f"{side}-ARC({label})" for side in ("LEFT", "RIGHT") for label in ("det", "nsubj", "obj")}
    assert allowed([]) == {"SHIFT"}
    assert allowed(["SHIFT"]) == {"SHIFT"}  # the root takes its child last
    assert allowed(["SHIFT", "SHIFT"]) == arcs
    assert allowed(["SHIFT", "SHIFT", "LEFT-ARC(det)"]) == {"RIGHT-ARC(root)", "RIGHT-ARC(obj)"}
    assert allowed(["SHIFT", "SHIFT", "LEFT-ARC(det)", "RIGHT-ARC(root)"]) == set()


@pytest.mark.parametrize(("beam_size", "seed"), [(1, 0), (1, 1), (4, 2), (7, 3)])
def test_states_equal_those_of_the_scalar_twin(beam_size: int, seed: int) -> None:
    length = torch.tensor([1, 2, 3, 5, 8])
    for beam in random_beams(seed, length, beam_size):
        legal, final, history = SYSTEM.legal(beam.state), SYSTEM.is_final(beam.state), beam.history()
        for b, k in (beam.score > -torch.inf).nonzero().tolist():
            twin = reference.replay(int(length[b]), [a for a in history[b, k].tolist() if a != WAIT])
            assert set(legal[b, k].nonzero().flatten().tolist()) == reference.legal(SYSTEM, twin)
            assert bool(final[b, k]) == reference.is_final(twin)
            assert_same(beam.state, b, k, twin)


def assert_same(state: Configuration, b: int, k: int, twin: reference.State) -> None:
    depth, words = int(state.depth[b, k]), range(1, twin.length + 1)
    assert tuple(state.tokens(b, k)[0]) == twin.stack
    assert (int(state.front[b, k]), int(state.length[b, k])) == (twin.front, twin.length)
    heads = {dependent: (head, label) for head, label, dependent in twin.arcs}
    assert [(int(state.head[b, k, i]), int(state.label[b, k, i])) for i in words] == [
        heads.get(i, (NONE, NONE)) for i in words
    ]
    nodes = state.stack_nodes(depth)[::-1]
    for side, rows in (("leftmost", (LEFT, LEFT2)), ("rightmost", (RIGHT, RIGHT2))):
        for word, node in zip(twin.stack, nodes, strict=True):
            family = [*reference.children(twin, word, side), NONE, NONE][:2]
            assert [int(state.nodes.read(state.nodes.read(node[b, k], row), TOKEN)) for row in rows] == family


def test_waiting_changes_nothing_that_is_read() -> None:
    *_, beam = random_beams(0, torch.tensor([4, 2, 6]), 3)
    after = SYSTEM.apply(beam.state, torch.full_like(beam.action, WAIT))
    assert_equal(after, beam.state)
    assert SYSTEM.is_final(after).all()


@pytest.mark.slow
def test_a_hundred_thousand_random_derivations_end_in_a_tree() -> None:
    seen = set()
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        length = torch.randint(1, 16, (20_000,), generator=generator)
        eager = torch.eye(SYSTEM.num_actions)[SHIFT] * (torch.arange(20_000) % 3)[:, None, None]

        def scores(state: Configuration, generator: torch.Generator = generator, eager: Tensor = eager) -> Tensor:
            return torch.randn(*state.depth.shape, SYSTEM.num_actions, generator=generator) + eager  # to shift

        beam = search(SYSTEM, scores, start(length), 1)
        assert ((beam.history()[:, 0] != WAIT).sum(1) == 2 * length).all()
        heads, labels = beam.state.head[:, 0].tolist(), beam.state.label[:, 0]
        root_child = beam.state.head[:, 0] == 0
        assert set(labels[root_child].tolist()) == {LABELS.index(label) for label in SYSTEM.root_labels}
        is_word = beam.state.head[:, 0] > 0
        assert set(labels[is_word].tolist()) == {LABELS.index(label) for label in SYSTEM.word_labels}
        seen |= {tuple(row[: size + 1]) for row, size in zip(heads, length.tolist(), strict=True)}
    assert len(seen) > 30_000
    for tree in seen:
        check_tree(Tree(tree, ("",) * len(tree)))
        assert is_projective(tree)


def lookup(scores: Tensor, state: Configuration) -> Tensor:
    """Score [A] by the four numbers that tell most configurations apart."""
    sentence = torch.arange(len(scores))[:, None]
    return scores[sentence, state.depth, state.front, state.stack_top(0), state.stack_top(1)]


def total(scores: Tensor, length: int, actions: tuple[int, ...]) -> float:
    state, score = reference.State(length), 0.0
    for action in actions:
        top, below = (state.stack[-1], state.stack[-2] if len(state.stack) > 1 else 0)
        score += float(scores[len(state.stack), state.front, top, below, action])
        state = reference.apply(state, action)
    return score


@pytest.mark.parametrize("labels", [("a",), ("a", "b")])
def test_a_wide_beam_equals_enumeration(labels: tuple[str, ...]) -> None:
    system, length = ArcStandard(labels, labels[:1], labels), torch.tensor([1, 2, 3, 4])
    scores = torch.randn(4, 6, 6, 5, 5, system.num_actions, generator=torch.Generator().manual_seed(len(labels)))
    beam = search(system, lambda state: lookup(scores, state), start(length), 5 * 4**3 * 2)
    for b, words in enumerate(length.tolist()):
        every = [(total(scores[b], words, d), d) for d in reference.derivations(system, reference.State(words))]
        every.sort(reverse=True)
        size = int((beam.score[b] > -torch.inf).sum())
        found = [tuple(history[: 2 * words]) for history in beam.history()[b, :size].tolist()]
        assert found == [derivation for _, derivation in every]
        assert beam.score[b, :size].tolist() == pytest.approx([score for score, _ in every], abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_of_one_is_greedy(seed: int) -> None:
    length = torch.tensor([4, 1, 6])
    scores = torch.randn(3, 8, 8, 7, 7, SYSTEM.num_actions, generator=torch.Generator().manual_seed(seed))
    history = search(SYSTEM, lambda state: lookup(scores, state), start(length), 1).history()[:, 0]
    for b, words in enumerate(length.tolist()):
        twin, actions = reference.State(words), []
        while not reference.is_final(twin):
            top, below = (twin.stack[-1], twin.stack[-2] if len(twin.stack) > 1 else 0)
            own = scores[b, len(twin.stack), twin.front, top, below]
            actions.append(max(reference.legal(SYSTEM, twin), key=lambda action, own=own: float(own[action])))
            twin = reference.apply(twin, actions[-1])
        assert history[b, : 2 * words].tolist() == actions
        assert (history[b, 2 * words :] == WAIT).all()


def test_where_a_kind_of_arc_has_no_label_of_its_own_every_label_serves() -> None:
    system = ArcStandard(["root"], {"root"}, set())  # learnt from sentences of one word
    beam = start(torch.tensor([3]))
    beam = search(system, lambda state: torch.zeros(1, 1, system.num_actions), beam)
    assert (beam.state.label[0, 0, 1:] == 0).all()
    assert beam.score.tolist() == [[0]]
    assert ArcStandard(["x"], [], ["x"]).root_labels == {"x"}


def test_names_and_actions_are_inverse() -> None:
    assert [SYSTEM.action(SYSTEM.name(action)) for action in range(SYSTEM.num_actions)] == list(range(9))
    assert [SYSTEM.name(action) for action in range(3)] == ["SHIFT", "LEFT-ARC(det)", "RIGHT-ARC(det)"]


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"'LEFT-ARC\(nsub\)'; the nearest is 'LEFT-ARC\(nsubj\)'"):
        SYSTEM.action("LEFT-ARC(nsub)")
    with pytest.raises(ConfigurationError, match="the nearest is 'SHIFT'"):
        SYSTEM.action("")


def test_an_illegal_hypothesis_is_dropped_and_not_repaired() -> None:
    beam = advance(SYSTEM, start(torch.tensor([1])), torch.zeros(1, 1, SYSTEM.num_actions), 3)
    assert beam.action[0].tolist() == [SHIFT, SHIFT, SHIFT]  # the last two repeat the first
    assert beam.score[0].tolist() == [0, -torch.inf, -torch.inf]
