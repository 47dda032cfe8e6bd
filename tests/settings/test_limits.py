from __future__ import annotations

import math

import numpy as np
import pytest

from arcparse.errors import ConfigurationError
from arcparse.settings.limits import BEAM, Range


@pytest.mark.parametrize(
    ("limits", "inside", "outside", "text"),
    [
        (Range(1, 32), (1, 32), (0, 33), "from 1 to 32"),
        (Range(0), (0, 1e300), (-1, math.inf, math.nan), "at least 0"),
        (Range(0, 1, without=(0,)), (1e-9, 1), (0, 1.1), "above 0 and at most 1"),
        (Range(0, 1, without=(1,)), (0, 0.9), (1, -0.1), "at least 0 and below 1"),
        (Range(2, 2), (2,), (1, 3), "2"),
        (Range(), (-1, 0), (math.inf, -math.inf), "finite"),
    ],
)
def test_a_range(limits: Range, inside: tuple[float, ...], outside: tuple[float, ...], text: str) -> None:
    assert all(value in limits for value in inside)
    assert not any(value in limits for value in outside)
    assert str(limits) == text


@pytest.mark.parametrize("value", [0, -1, 1025, 10**9, 2.5, 2.0, True, "2", None, [2]])
def test_an_argument_outside_is_told(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^beam must be (a whole number )?from 1 to 1024, not "):
        BEAM.whole("beam", value)


def test_whole_numbers_of_numpy_are_taken() -> None:
    number = BEAM.whole("beam", np.int64(8))
    assert (number, type(number)) == (8, int)
