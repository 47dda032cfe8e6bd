"""What every test shares: one torch thread, and the real treebanks where they are at hand."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import hypothesis
import pytest
import torch

CHECKOUT = Path(__file__).parent.parent

torch.set_num_threads(1)  # small tensors; more threads only wait for each other
hypothesis.settings.register_profile("arcparse", deadline=None)  # time belongs in the benchmark
hypothesis.settings.register_profile("quick", deadline=None, max_examples=30)
hypothesis.settings.load_profile("arcparse")

# Collecting garbage took a twelfth of the tests' time: libraries and tests that stay to the end are looked at no more.
gc.freeze()
gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)  # before the plugin's own option --hypothesis-profile, which wins
def pytest_configure(config: pytest.Config) -> None:
    """Draw fewer examples where the slow tests are left out too."""
    if config.option.markexpr == "not slow":
        hypothesis.settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that read the real treebanks as slow."""
    for item in items:
        if "corpora" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    gc.freeze()


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
