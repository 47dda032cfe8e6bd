"""The examples of docs/serving.md run against a server, and print what stands below them."""

from __future__ import annotations

import doctest
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_docs import Checker, alike, blocks, commands

PAGE = Path(__file__).parent.parent.parent / "docs" / "serving.md"
ADDRESS = "localhost:8001"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(serve: object) -> Iterator[str]:
    """The address of a server; `serve` skips the tests if the extra is missing."""
    command = [sys.executable, "-m", "arcparse", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://([^/\s]+)/", process.stderr.readline())
        assert found
        yield found[1]
        process.kill()


def test_the_commands_of_the_page(address: str) -> None:
    if not shutil.which("curl"):
        pytest.skip("the examples call curl")
    examples = [example for block in blocks(PAGE, "console") for example in commands(block)]
    assert len(examples) == 3
    for command, expected in examples:
        done = subprocess.run(
            ["sh", "-c", command.replace(ADDRESS, address)], capture_output=True, text=True, check=True, timeout=120
        )
        assert alike(expected.strip(), done.stdout.strip()), done.stdout


def test_the_python_examples_of_the_page(address: str) -> None:
    examples = "\n".join(blocks(PAGE, "pycon")).replace(ADDRESS, address)
    runner = doctest.DocTestRunner(Checker(), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0))
    assert runner.tries > 5
    assert runner.failures == 0
