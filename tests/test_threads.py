"""One thread of torch for our work, the host's own setting left alone, turns, and several threads where asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
import torch
from tiny_model import save_tiny_model
from toy_task import ToyTask

from arcparse import cli, pipeline, threads
from arcparse.errors import ConfigurationError
from arcparse.kernels.kernel import Kernel
from arcparse.kernels.library import available
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.threads import aside, asked, spread, torch_threads, turn
from arcparse.training.loop import train
from arcparse.training.optimisation import TrainingConfig
from arcparse.treebank import read_conllu
from arcparse.vectors.word2vec import Word2VecConfig

T = TypeVar("T")
HOST, LATER = 3, 2  # what a host program has set for its own thread, and for threads to come


@pytest.fixture
def host() -> Iterator[None]:
    """A host program that has set torch's threads in two ways."""
    before = torch.get_num_threads()
    torch.set_num_threads(HOST)
    elsewhere(lambda: torch.set_num_threads(LATER))
    yield
    torch.set_num_threads(before)


@pytest.fixture
def _in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No kernels: networks of torch do the work, and can be watched."""
    monkeypatch.setenv("ARCPARSE_KERNELS", "none")


@pytest.fixture(scope="module", params=[True, False], ids=["tags on its own", "with a tagger"])
def place(request: pytest.FixtureRequest, sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("tiny"), predicts_tags=request.param)


@pytest.fixture(scope="module")
def gold(sample_treebank: Path) -> list[Sentence]:
    return list(read_conllu(sample_treebank))


def elsewhere(function: Callable[[], T]) -> T:
    """Return what a function gives in a thread that torch has not seen before."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(60)
    return found[0]


def settings() -> tuple[int, int]:
    """Torch's number of threads here, and in threads to come."""
    return torch.get_num_threads(), elsewhere(torch.get_num_threads)


def watched(model: torch.nn.Module, act: Callable[[], object]) -> set[tuple[int, int]]:
    """Return torch's settings as they are seen when parts of a model are called."""
    seen: set[tuple[int, int]] = set()
    hooks = [part.register_forward_pre_hook(lambda *_: seen.add(settings())) for part in model.modules()]
    act()
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.slow
@pytest.mark.usefixtures("host", "_in_torch")
def test_one_thread_works_and_the_host_s_setting_stays(place: Path, gold: list[Sentence]) -> None:
    nlp = Pipeline.load(place)
    assert settings() == (HOST, LATER)
    for act in (
        lambda: nlp.parse(list(gold[0].forms)),
        lambda: nlp.nbest(gold[0], 2),
        lambda: list(nlp.parse_many(gold[:4], batch_size=2)),
    ):
        assert watched(nlp.parser, act) == {(1, LATER)}
        assert settings() == (HOST, LATER)
    assert watched(nlp.tagger or nlp.parser, lambda: nlp.tag(gold[0], given_tags=False)) == {(1, LATER)}
    many = nlp.parse_many(gold[:4], batch_size=2)
    next(many)
    assert settings() == (HOST, LATER)  # between two of a generator's results, too


def test_trainings_use_one_thread_unless_told() -> None:
    assert (TrainingConfig().threads, Word2VecConfig().workers) == (1, 1)


@pytest.mark.usefixtures("host")
def test_the_setting_is_put_back_after_errors_and_nested_use() -> None:
    def fail() -> None:
        assert settings() == (1, LATER)
        raise ValueError("wrong")

    with turn():
        with pytest.raises(ValueError, match="wrong"), turn():
            fail()
        assert settings() == (1, LATER)
        with torch_threads(2):
            assert settings() == (2, LATER)
        assert settings() == (1, LATER)
    assert settings() == (HOST, LATER)
    with pytest.raises(ValueError, match="wrong"), turn(), aside():
        fail()
    assert settings() == (HOST, LATER)


def test_who_steps_aside_lets_another_work_and_waits_for_its_turn() -> None:
    events: list[str] = []
    inside, begun = threading.Event(), threading.Event()

    def other() -> None:
        begun.set()
        with turn():
            events.append("other")
            inside.set()

    thread = threading.Thread(target=other)
    with turn():
        thread.start()
        assert begun.wait(60)
        events.append("first")
        with aside():
            assert inside.wait(60)
        events.append("first again")
    thread.join(60)
    assert events == ["first", "other", "first again"]


@pytest.mark.skipif(not available(), reason="no kernels are compiled")
def test_a_kernel_steps_aside_while_it_works() -> None:
    other, inside = threading.Thread(target=lambda: watched_turn() and inside.set()), threading.Event()
    kernel = Kernel("lstm")
    kernel._library = SimpleNamespace(arcparse_lstm_run=lambda _: 0 if inside.wait(60) else 1)  # type: ignore[assignment]
    with turn():
        other.start()
        kernel.call("run")
    other.join(60)
    assert inside.is_set()


def test_an_interrupt_while_one_waits_leaves_the_turn_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def wait_for_turn() -> None:
        with turn(), monkeypatch.context() as patch, aside():
            patch.setattr(threads, "_acquire", interrupted)

    with pytest.raises(KeyboardInterrupt):
        wait_for_turn()
    assert elsewhere(watched_turn) == 1


def watched_turn() -> int:
    with turn():
        return torch.get_num_threads()


def test_threads_of_python_get_equal_results_from_one_model(place: Path, gold: list[Sentence]) -> None:
    nlp, four = Pipeline.load(place), 4
    expected = nlp.parse_sentences(gold)
    found: dict[int, list[Sentence]] = {}
    gate = threading.Barrier(four, timeout=60)

    def work(number: int) -> None:
        gate.wait()
        found[number] = [nlp.parse_sentences([sentence])[0] for sentence in gold[number::four]]

    workers = [threading.Thread(target=work, args=(number,)) for number in range(four)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    for number in range(four):
        assert found[number] == expected[number::four]


@pytest.mark.slow
@pytest.mark.usefixtures("host", "_in_torch")
def test_several_threads_give_what_one_gives(place: Path, gold: list[Sentence]) -> None:
    workers: set[int] = set()
    nlp, three = Pipeline.load(place), Pipeline.load(place, threads=3)
    expected = nlp.parse_sentences(gold), nlp.tag_sentences(gold), nlp.nbest_sentences(gold, 2)
    scorer = three.parser.network.scorer
    scorer.register_forward_pre_hook(lambda *_: workers.add(threading.get_ident()))
    many = gold * (2500 // sum(map(len, gold)) + 2)  # more than one batch
    parsed = three.parse_sentences(many)
    assert len(workers) > 1
    assert threading.get_ident() not in workers
    assert watched(scorer, lambda: three.parse_sentences(many)) == {(1, LATER)}
    assert parsed[: len(gold)] == expected[0]
    assert three.tag_sentences(many)[-len(gold) :] == expected[1]
    assert [[p.sentence for p in trees] for trees in three.nbest_sentences(gold, 2)] == [
        [p.sentence for p in trees] for trees in expected[2]
    ]
    assert settings() == (HOST, LATER)


def test_several_threads_give_what_one_gives_whatever_does_the_work(place: Path, gold: list[Sentence]) -> None:
    many = gold * (2500 // sum(map(len, gold)) + 2)  # more than one batch
    assert Pipeline.load(place, threads=3).parse_sentences(many) == Pipeline.load(place).parse_sentences(many)


def test_spreading_keeps_the_order_and_tells_the_first_error() -> None:
    def half(number: int) -> float:
        if number > 6:
            raise ValueError(f"{number} is too much")
        assert torch.is_inference_mode_enabled()
        return number / 2

    with asked(3), turn(), torch.inference_mode():
        assert spread(half, range(7)) == [0, 0.5, 1, 1.5, 2, 2.5, 3]
        with pytest.raises(ValueError, match="7 is too much"):
            spread(half, range(5, 20))
    assert elsewhere(watched_turn) == 1  # nobody keeps the turn


@pytest.mark.parametrize("number", [0, -1, 10**9, 2.5, True, None, "2"])
def test_a_number_of_threads_is_whole_and_in_range(number: Any, place: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"threads must be .*from 1 to 1024, not {number!r}"):
        pipeline.load(place, threads=number)


@pytest.mark.parametrize("number", [0, -2])
def test_less_than_one_thread_is_refused(number: int) -> None:
    with pytest.raises(ConfigurationError, match=f"threads must be at least 1, not {number}"), asked(number):
        pass


@pytest.mark.slow
def test_the_command_line_s_number_ends_with_the_command(
    place: Path, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[int] = []
    monkeypatch.setattr(threads, "use", given.append)
    options = [str(sample_treebank), "--model", str(place), "--beams", "1"]
    assert cli.main(["analyse", *options]) == 0
    assert cli.main(["analyse", *options, "--threads", "2"]) == 0
    assert given == [1, 2]
    monkeypatch.undo()
    assert cli.main(["analyse", *options, "--threads", "2"]) == 0
    assert threads._asked.get() == 1


@pytest.mark.usefixtures("host")
def test_training_puts_the_host_s_setting_back(tmp_path: Path) -> None:
    seen: set[tuple[int, int]] = set()
    train(
        ToyTask(), TrainingConfig(epochs=1, threads=2, tensorboard=False), tmp_path,
        progress=lambda _: seen.add(settings()),
    )  # fmt: skip
    assert seen == {(2, LATER)}
    assert settings() == (HOST, LATER)
