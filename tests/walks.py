"""Random walks through parser configurations, for tests."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from arcparse.parser.arc_standard import ArcStandard
from arcparse.parser.configuration import Configuration
from arcparse.parser.systems import System
from arcparse.search import Beam, advance

LABELS = ("det", "nsubj", "obj", "root")
SYSTEM = ArcStandard(LABELS, {"root", "obj"}, {"det", "nsubj", "obj"})


def start(length: Tensor, system: System = SYSTEM) -> Beam[Configuration]:
    return Beam.start(system.start(length), len(length))


def random_beams(seed: int, length: Tensor, beam_size: int, system: System = SYSTEM) -> Iterator[Beam[Configuration]]:
    """Yield the beams of a search by random scores, the start included."""
    generator = torch.Generator().manual_seed(seed)
    beam = start(length, system)
    yield beam
    while not (system.is_final(beam.state) | beam.score.isneginf()).all():
        scores = torch.randn(*beam.score.shape, system.num_actions, generator=generator)
        beam = advance(system, beam, scores, beam_size)
        yield beam


def projective_heads(seed: int, size: int, longest: int, shortest: int = 1) -> tuple[Tensor, Tensor]:
    """Return lengths [B] and the heads [B, N] of trees, each built by random transitions."""
    length = torch.randint(shortest, longest + 1, (size,), generator=torch.Generator().manual_seed(seed))
    *_, beam = random_beams(seed, length, 1)
    return length, beam.state.head[:, 0]


def assert_equal(after: Configuration, before: Configuration) -> None:
    """Assert that two states show the same stacks, buffers and arcs."""
    for name in ("length", "depth", "front", "head", "label"):
        assert getattr(after, name).equal(getattr(before, name)), name
    for b, k in torch.cartesian_prod(*map(torch.arange, before.depth.shape)).tolist():
        assert after.tokens(b, k) == before.tokens(b, k)
