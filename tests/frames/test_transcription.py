"""The prefix search of CTC, against all paths written one by one, and against torch's loss."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from arcparse.errors import ArcparseError
from arcparse.frames.transcription import END, Transcribing
from arcparse.search import advance, search
from arcparse.vocabulary import Vocabulary

SYMBOLS = Vocabulary.plain("abc")
Output = tuple[int, ...]


def outputs(log_probability: Tensor) -> dict[Output, float]:
    """The probability of each output, from the probabilities [T, A]: the sum over the paths that write it."""
    found: defaultdict[Output, float] = defaultdict(float)
    steps, symbols = log_probability.shape
    for path in itertools.product(range(symbols), repeat=steps):
        written = tuple(symbol for symbol, _ in itertools.groupby(path) if symbol)
        found[written] += math.exp(sum(log_probability[step, symbol].item() for step, symbol in enumerate(path)))
    return dict(found)


def drawn(seed: int, *shape: int, sharpness: float = 2.0) -> Tensor:
    return (sharpness * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))).log_softmax(-1)


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_every_output_with_the_probability_of_all_its_paths(seed: int) -> None:
    log_probability, length = drawn(seed, 3, 5, 4), torch.tensor([5, 3, 1])
    system = Transcribing(log_probability, length, SYMBOLS)
    beam = search(system, system.scores, system.start(), 1000)
    for own, steps, hypotheses in zip(log_probability, length.tolist(), beam.nbest(1000), strict=True):
        expected = outputs(own[:steps])
        found = {hypothesis.actions[:-1]: math.exp(hypothesis.score) for hypothesis in hypotheses}
        assert found.keys() == expected.keys()
        assert found == pytest.approx(expected, abs=1e-6)
        assert all(hypothesis.actions[-1] == END for hypothesis in hypotheses)
        assert hypotheses[0].actions[:-1] == max(expected, key=lambda output: expected[output])


@pytest.mark.parametrize("beam_size", [1, 2, 3])
def test_a_narrow_beam_keeps_the_likeliest_prefixes(beam_size: int) -> None:
    """A scalar search over prefixes, whose probabilities are sums over all outputs that begin with them."""
    for seed in range(8):
        log_probability = drawn(seed, 5, 4)
        expected = outputs(log_probability)
        hypotheses: list[tuple[Output, bool, float]] = [((), False, 1.0)]  # prefix, whether it is whole, probability
        while not all(whole for _, whole, _ in hypotheses):
            candidates = [own for own in hypotheses if own[1]]
            for prefix, whole, _ in hypotheses:
                if not whole:
                    candidates.append((prefix, True, expected[prefix]))
                    for symbol in (1, 2, 3):
                        longer = (*prefix, symbol)
                        begun = sum(own for output, own in expected.items() if output[: len(longer)] == longer)
                        candidates.append((longer, False, begun))
            hypotheses = sorted(candidates, key=lambda own: -own[2])[:beam_size]
        system = Transcribing(log_probability[None], torch.tensor([5]), SYMBOLS)
        found = search(system, system.scores, system.start(), beam_size).nbest(beam_size)[0]
        assert [own.actions[:-1] for own in found] == [prefix for prefix, _, _ in hypotheses]
        assert [math.exp(own.score) for own in found] == pytest.approx([p for _, _, p in hypotheses], abs=1e-6)


def test_the_actions_of_a_prefix_share_its_probability() -> None:
    system = Transcribing(drawn(1, 2, 30, 4), torch.tensor([30, 20]), SYMBOLS)
    beam = system.start()
    for _ in range(6):
        assert system.scores(beam.state).logsumexp(2)[~system.is_final(beam.state)].abs().max() < 1e-6
        beam = advance(system, beam, system.scores(beam.state), 4)


def test_long_recordings_have_the_probability_that_torch_finds() -> None:
    """Also where the network is sure: probabilities of single steps far below the smallest float."""
    log_probability, length = drawn(3, 2, 400, 4, sharpness=25.0), torch.tensor([400, 150])
    system = Transcribing(log_probability, length, SYMBOLS)
    [first], [second] = search(system, system.scores, system.start(), 4).nbest(1)
    rows = [torch.tensor(own.actions[:-1]) for own in (first, second)]
    assert all(len(row) > 50 for row in rows)
    loss = functional.ctc_loss(
        log_probability.double().transpose(0, 1), torch.cat(rows), length, torch.tensor(list(map(len, rows))),
        reduction="none",
    )  # fmt: skip
    assert [first.score, second.score] == pytest.approx((-loss).tolist(), rel=1e-6)


def test_a_recording_has_the_same_texts_alone_and_in_a_batch() -> None:
    log_probability, length = drawn(4, 3, 12, 4), torch.tensor([12, 7, 2])
    system = Transcribing(log_probability, length, SYMBOLS)
    together = search(system, system.scores, system.start(), 4).nbest(4)
    for row, steps, expected in zip(log_probability, length.tolist(), together, strict=True):
        own = Transcribing(row[None, :steps], torch.tensor([steps]), SYMBOLS)
        [alone] = search(own, own.scores, own.start(), 4).nbest(4)
        assert [found.actions for found in alone] == [found.actions for found in expected]
        assert [found.score for found in alone] == pytest.approx([found.score for found in expected], abs=1e-9)


def test_an_output_is_never_longer_than_its_steps_allow() -> None:
    system = Transcribing(drawn(5, 1, 3, 2), torch.tensor([3]), Vocabulary.plain("a"))
    found = {own.actions[:-1] for own in search(system, system.scores, system.start(), 100).nbest(100)[0]}
    assert found == {(), (1,), (1, 1)}  # a blank stands between equal symbols


def test_actions_have_names() -> None:
    system = Transcribing(drawn(6, 1, 3, 4), torch.tensor([3]), SYMBOLS)
    assert [system.name(action) for action in range(4)] == ["END", "a", "b", "c"]
    assert [system.action(name) for name in ("END", "a", "c")] == [0, 1, 3]
    with pytest.raises(ArcparseError):
        system.action("d")
