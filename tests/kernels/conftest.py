"""What tests of the kernels share: each instruction set that this processor has."""

from __future__ import annotations

import pytest

from arcparse.kernels.library import SETTING, available

FASTEST, *OTHERS = available() or [pytest.param("none", marks=pytest.mark.skip("no kernels are compiled"))]


@pytest.fixture(params=[FASTEST, *(pytest.param(own, marks=pytest.mark.slow) for own in OTHERS)])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an instruction set, whose library is the one in use."""
    monkeypatch.setenv(SETTING, request.param)
    return str(request.param)
