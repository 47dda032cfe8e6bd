"""Worker processes: the results of one process, in order; errors in the parent; no process and no file is left over."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tiny_model import save_tiny_model

from arcparse.errors import ConfigurationError, TreebankError, WorkerError
from arcparse.pipeline import Pipeline, workers
from arcparse.pipeline.crossing import Input
from arcparse.pipeline.crossing import results_in_order as in_order
from arcparse.pipeline.options import OnError
from arcparse.pipeline.workers import AHEAD
from arcparse.sentence import Sentence
from arcparse.tokenizer import tokenize
from arcparse.treebank import parse_conllu

SECONDS = 30  # after which a process that does not end fails its test
FORK = "fork" in multiprocessing.get_all_start_methods()
METHODS = [*(["fork"] if FORK else []), pytest.param("spawn", marks=pytest.mark.slow if FORK else ())]
ROWS = """\
# sent_id = es-1
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tvamos\tir\tVERB\tV\t_\t0\troot\t0:root\t_
2\tnos\t_\t_\t_\t_\t_\t_\t1:obj\tGloss=us
2.1\tya\tya\tADV\tR\t_\t_\t_\t1:advmod\t_

"""


def upper(inputs: list[Input], *, on_error: OnError | None) -> list[list[Sentence] | Sentence]:
    """Write lemmas in capitals; a sentence that begins with `bad` fails."""
    return [
        one(given, on_error) if isinstance(given, Sentence) else [one(own, on_error) for own in tokenize(given)]
        for given in inputs
    ]


def one(sentence: Sentence, on_error: OnError | None) -> Sentence:
    first = sentence.forms[0]
    if first == "fatal":
        os.kill(os.getpid(), signal.SIGKILL)
    if first == "bad":
        error = TreebankError(f"{sentence.forms[1]} is bad")
        if on_error is None:
            raise error
        on_error(sentence, error)
        return sentence
    return sentence.replace(lemmas=[form.upper() for form in sentence.forms])


def numbered(*forms: str) -> list[list[Sentence]]:
    """Return batches of one sentence, each of a form and the number of the batch."""
    return [[Sentence.from_forms([form, str(i)], [f"# sent_id = {i}"])] for i, form in enumerate(forms)]


def assert_no_worker_is_left() -> None:
    gc.collect()  # ends the workers of results that an earlier test has not read to the end
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("method", METHODS)
def test_the_results_are_those_of_one_process_in_order(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "start_method", lambda: method)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    sentences = parse_conllu(ROWS * 3, name="es")
    batches = [[*sentences], ["One. Two.", ""], [sentences[0], "Three."], [], *numbered("a", "b")]
    expected = list(in_order(upper, batches, 1))
    assert list(in_order(upper, batches, 2)) == expected
    assert [sentence.place for sentence in expected[0]] == ["es:1", "es:7", "es:13"]
    assert_no_worker_is_left()


@pytest.fixture(scope="module")
def place(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("tiny"))


@pytest.mark.parametrize("method", METHODS)
def test_a_pipeline_gives_the_results_of_one_process(method: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "start_method", lambda: method)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    nlp = Pipeline.load(place)
    inputs = ["The old man the boats. They do.", ["They", "do"], *parse_conllu(ROWS), "", "Who?"]
    parsed, tagged = list(nlp.parse_many(inputs, batch_size=2)), list(nlp.tag_many(inputs, batch_size=2))
    assert list(nlp.parse_many(inputs, batch_size=2, workers=2)) == parsed
    if method == "fork":  # tagging differs in nothing
        assert list(nlp.tag_many(inputs, batch_size=2, workers=2)) == tagged
    assert parsed != tagged


def test_a_pipeline_refuses_what_is_no_number_of_workers(place: Path) -> None:
    for number in (0, 1.5, True):
        with pytest.raises(ConfigurationError, match=r"^workers must be "):
            Pipeline.load(place).parse_many(["One."], workers=number)  # type: ignore[call-overload]


def test_a_pickle_of_a_loaded_pipeline_is_small_and_loads_it_once(place: Path) -> None:
    nlp = Pipeline.load(place)
    pickled = pickle.dumps(nlp)
    assert len(pickled) < 1000
    first, second = pickle.loads(pickled), pickle.loads(pickled)  # noqa: S301 (our own)
    assert first.parser is second.parser
    assert first.parse(["They", "do"]) == nlp.parse(["They", "do"])
    made = Pipeline(nlp.parser)
    assert pickle.loads(pickle.dumps(made)).parse(["They", "do"]) == nlp.parse(["They", "do"])  # noqa: S301


@pytest.mark.slow
def test_more_workers_than_batches_and_no_batch_are_no_matter() -> None:
    assert list(in_order(upper, numbered("a"), 3)) == list(in_order(upper, numbered("a"), 1))
    assert list(in_order(upper, [], 2)) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_sentences_that_fail_are_reported_in_order_and_stay_as_they_are(number: int) -> None:
    batches = [[*batch, "Well. bad text."] for batch in numbered("a", "bad", "b", "bad")]
    failed: list[tuple[Sentence, Exception]] = []
    found = list(in_order(upper, batches, number, lambda *failure: failed.append(failure)))
    texts = tokenize("Well. bad text.")[1]
    assert [sentence for sentence, _ in failed] == [texts, batches[1][0], texts, texts, batches[3][0], texts]
    assert [str(error) for _, error in failed][:2] == ["text is bad", "1 is bad"]
    assert {type(error) for _, error in failed} == {TreebankError}
    assert found[1][0] == batches[1][0]
    assert found[1][1][1] == texts
    assert found[2][0].lemmas == ("B", "2")


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_an_error_comes_after_the_results_before_it(number: int) -> None:
    found = in_order(upper, numbered("a", "b", "c", "bad", "d"), number)
    assert [next(found)[0].forms[0] for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(TreebankError, match=r"^3 is bad$") as raised:
        next(found)
    assert number == 1 or "in one\n" in str(raised.value.__cause__)
    assert_no_worker_is_left()


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_an_error_of_reading_comes_after_the_results_before_it(number: int) -> None:
    def broken() -> Iterator[list[Sentence]]:
        yield from numbered("a", "b")
        raise TreebankError("a.conllu:7: malformed")

    found = in_order(upper, broken(), number)
    assert [next(found)[0].forms[0] for _ in range(2)] == ["a", "b"]
    with pytest.raises(TreebankError, match=r"^a\.conllu:7: malformed$"):
        next(found)


@pytest.mark.slow
def test_few_batches_are_read_ahead() -> None:
    read = itertools.count()
    endless = ([Sentence.from_forms([str(next(read))])] for _ in itertools.count())
    found = in_order(upper, endless, 2)
    for _ in range(20):
        next(found)
    assert next(read) <= 20 + 2 * AHEAD + 1
    found.close()  # type: ignore[attr-defined]  # a generator
    assert_no_worker_is_left()


@pytest.mark.slow
@pytest.mark.skipif(not FORK, reason="the system has no signals of that kind")
def test_a_worker_that_is_killed_is_named() -> None:
    found = in_order(upper, numbered(*"abcd", "fatal", *"efgh"), 2, lambda *failure: None)
    with pytest.raises(WorkerError, match=r"^worker [12] of 2 \(process \d+\) was ended by SIGKILL, perhaps for lack"):
        list(found)
    assert_no_worker_is_left()


def fail_locally(inputs: list[Input], *, on_error: OnError | None) -> list[Sentence]:
    class LocalError(ValueError):
        pass

    raise LocalError("of its own")


@pytest.mark.slow
def test_an_error_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(RuntimeError, match=r"^LocalError: of its own$"):
        list(in_order(fail_locally, numbered("a"), 2))


def test_a_worker_of_others_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError, match="use workers=1"):
        list(in_order(upper, numbered("a"), 2))


SLEEPING = """
import os, signal, sys, time
from arcparse.pipeline import Pipeline, workers

signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it

def sleep(request):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(float(sys.argv[2]))


if __name__ == "__main__":
    workers.start_method = lambda: sys.argv[1]
    list(workers.in_order(sleep, range(5), 2))
"""


@pytest.mark.slow
@pytest.mark.skipif(not FORK, reason="the system has no process groups")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("ending", "batch"), [("Ctrl-C", "60"), ("kill", "0.3")])  # a batch in seconds
def test_no_worker_outlives_its_parent(method: str, ending: str, batch: str, tmp_path: Path) -> None:
    script = tmp_path / "sleeping.py"
    script.write_text(SLEEPING)
    parent = subprocess.Popen(
        [sys.executable, str(script), method, batch],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    with parent:
        try:
            assert parent.stdout is not None
            pids = [int(parent.stdout.readline()) for _ in range(2)]
            if ending == "Ctrl-C":
                os.killpg(parent.pid, signal.SIGINT)  # as a terminal does
            else:
                parent.kill()
            told = parent.communicate(timeout=SECONDS)[1]  # until the last process that could write has ended
            wait_for_end(pids)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
    assert told.count("Traceback") == (ending == "Ctrl-C")  # the parent's own


def wait_for_end(pids: list[int]) -> None:
    deadline = time.monotonic() + SECONDS
    while alive := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, f"{alive} go on"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
