from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arcparse.vectors import VectorStore

WORDS = ["the", "paris", "London", "00", "New_York", "naïve", "日本"]


@pytest.fixture
def keyed() -> Any:
    """Seven words with vectors of dimension 5, values between -2 and 2."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(5)
    vectors.add_vectors(WORDS, np.random.default_rng(0).uniform(-2, 2, (len(WORDS), 5)).astype(np.float32))
    return vectors


@pytest.fixture
def large() -> Any:
    """Three thousand words with vectors of dimension 50: several tables' worth of blocks."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(50)
    vectors.add_vectors(
        [f"word{i}" for i in range(3000)], np.random.default_rng(1).normal(size=(3000, 50)).astype(np.float32)
    )
    return vectors


@pytest.fixture
def store_path(tmp_path: Path, keyed: Any) -> Path:
    VectorStore.create(tmp_path / "small.vectors", keyed).close()
    return tmp_path / "small.vectors"
