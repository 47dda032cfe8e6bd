"""A server with a small untrained model, asked without a network; skipped where the extra is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tiny_model import save_tiny_model

from arcparse.cli.serve import EXTRA
from arcparse.pipeline import Pipeline

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from arcparse.serve.gate import Stop
    from arcparse.serve.settings import Limits


@pytest.fixture(scope="session")
def nlp(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline.load(save_tiny_model(sample_treebank, tmp_path_factory.mktemp("tiny")))


class Serve(Protocol):
    """Makes a server, whose client is in a `with` block."""

    def __call__(
        self, nlp: Any, limits: Limits | None = None, origins: Sequence[str] = (), stop: Stop | None = None
    ) -> AbstractContextManager[TestClient]: ...


@pytest.fixture(scope="session")
def serve() -> Serve:
    for module in (*EXTRA, "httpx2"):
        pytest.importorskip(module, reason=f"the server needs {module}: install the extra `serve`, and httpx2")
    from starlette.testclient import TestClient

    from arcparse.serve.application import application
    from arcparse.serve.models import Models

    def made(
        nlp: Any, limits: Limits | None = None, origins: Sequence[str] = (), stop: Stop | None = None
    ) -> TestClient:
        models = Models([(["tiny", "english-ewt-ud-2.16"], nlp)])
        return TestClient(application(models, limits, origins, stop), raise_server_exceptions=False)

    return made


@pytest.fixture(scope="session")
def client(nlp: Pipeline, serve: Serve) -> Iterator[TestClient]:
    """A client of a server with this model, under two names."""
    with serve(nlp) as made:
        yield made
