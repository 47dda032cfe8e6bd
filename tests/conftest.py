"""What every test shares: one torch thread, and the real treebanks where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest
import torch

CHECKOUT = Path(__file__).parent.parent

torch.set_num_threads(1)  # small tensors; more threads only wait for each other
hypothesis.settings.register_profile("arcparse", deadline=None)  # time belongs in the benchmark
hypothesis.settings.load_profile("arcparse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that read the real treebanks as slow."""
    for item in items:
        if "corpora" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora, from ARCPARSE_CORPORA; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("ARCPARSE_CORPORA", CHECKOUT.parent / "shared" / "corpora"))
    if not folder.is_dir():
        pytest.skip(f"no corpora in {folder}; set ARCPARSE_CORPORA to a folder that holds them")
    return folder


@pytest.fixture(scope="session")
def sample_treebank() -> Path:
    """The hand-written treebank that ships with the checkout."""
    return CHECKOUT / "corpora" / "sample.conllu"
