"""A process that has loaded a model and parsed with it may fork: the children parse, too, and get the same trees."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_model import save_tiny_model
from toy_task import ToyTask

from arcparse import threads
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.training.loop import train
from arcparse.training.optimisation import TrainingConfig

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system knows no forks"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning"),  # it is what is tested
]

SECONDS = 60  # after which a child that hangs is ended, and its test fails
FORMS = ["The", "old", "man", "the", "boats", "."]
TEXTS = ["The old man the boats. They do."] * 150  # more than one batch


@pytest.fixture(scope="module")
def place(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("tiny"))


def in_child(function: Callable[[], Any]) -> Any:
    """Return what a function gives in a forked process."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            found = function()
        except Exception as error:
            found = error
        os.write(target, pickle.dumps(found))
        os._exit(0)
    os.close(target)
    with open(source, "rb") as pipe:
        written = pipe.read()
    os.waitpid(child, 0)
    assert written, "the child process did not come to an end"
    return pickle.loads(written)  # noqa: S301 (of our own child)


def parsed(nlp: Pipeline) -> Sentence:
    return nlp.parse(FORMS)


def in_fresh_process(code: str, *arguments: str) -> str:
    """Run code in a process of its own and return what it prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=2 * SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


PRELOADED = """
import faulthandler, os, sys, torch, arcparse
torch.set_num_threads(2)
nlp = arcparse.load(sys.argv[1], threads=int(sys.argv[2]))
texts = ["The old man the boats. They do."] * 300
expected = list(nlp.parse_many(texts))
if sys.argv[3] == "works before":
    torch.randn(10**6).exp(), torch.randn(500, 500) @ torch.randn(500, 500)
children = []
for _ in range(3):
    children.append(os.fork())
    if children[-1] == 0:
        faulthandler.dump_traceback_later(60, exit=True)
        same = list(nlp.parse_many(texts)) == expected
        if sys.argv[3] == "works after":
            torch.randn(10**6).exp(), torch.randn(500, 500) @ torch.randn(500, 500)
        os._exit(0 if same else 1)
again = list(nlp.parse_many(texts)) == expected
print(again, torch.get_num_threads(), *[os.waitpid(child, 0)[1] for child in children])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "host"), [("1", "works before"), ("3", "works before"), ("3", "works after")])
def test_a_server_may_load_and_parse_before_it_forks_its_workers(place: Path, number: str, host: str) -> None:
    assert in_fresh_process(PRELOADED, str(place), number, host) == "True 2 0 0 0\n"


def test_a_child_parses_where_another_thread_had_the_turn_at_the_fork(place: Path) -> None:
    nlp = Pipeline.load(place)
    expected = parsed(nlp)
    begun, done = threading.Event(), threading.Event()

    def keep() -> None:
        with threads.turn():
            begun.set()
            done.wait(SECONDS)

    keeper = threading.Thread(target=keep)
    keeper.start()
    assert begun.wait(SECONDS)
    try:
        assert in_child(lambda: parsed(nlp)) == expected
    finally:
        done.set()
        keeper.join()
    assert parsed(nlp) == expected


def test_a_fork_inside_of_a_turn_keeps_it(place: Path) -> None:
    nlp = Pipeline.load(place)
    expected = parsed(nlp)

    def nested() -> tuple[Sentence, bool]:
        return parsed(nlp), threads._lock.locked()

    with threads.turn():
        assert in_child(nested) == (expected, True)
    assert in_child(nested) == (expected, False)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_parse(place: Path, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = Pipeline.load(place)
    expected = parsed(nlp)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    with multiprocessing.get_context(method).Pool(2) as pool:
        if method == "fork":
            found = pool.map_async(parsed, [nlp] * 2).get(SECONDS)
        else:
            found = pool.map_async(load_and_parse, [place] * 2).get(SECONDS)
    assert found == [expected] * 2


def load_and_parse(place: Path) -> Sentence:
    return parsed(Pipeline.load(place))


def test_training_with_several_threads_is_refused_in_a_fork(tmp_path: Path) -> None:
    def trained(number: int) -> float:
        return train(ToyTask(), TrainingConfig(epochs=1, threads=number, tensorboard=False), tmp_path).metric

    assert 0 <= in_child(lambda: trained(1)) <= 1
    error = in_child(lambda: trained(2))
    assert str(error) == (
        "this process was forked from a process that had loaded torch, and cannot train with 2 threads; train with "
        "one thread, or start the process by spawn"
    )
    assert torch.get_num_threads() == 1
