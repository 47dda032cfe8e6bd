from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse import benchmark as bench
from arcparse.benchmark import BOTH, EVERYTHING, ONE, OWN, PARSING, READING, TAGGING, WRITING, Measure, Plan, take_turns
from arcparse.cli import main
from arcparse.cli.benchmark import THREAD_VARIABLES, table
from arcparse.errors import ArcparseError, ConfigurationError, ModelError, TreebankError
from arcparse.treebank import read_conllu

NEAREST = "one sentence of 18 tokens"  # to 20


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_model(sample_treebank, tmp_path_factory.mktemp("model"), predicts_tags=False))


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Start no process: each takes 2 s and 100 MiB. Return what would have been run."""
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(bench, "_process", lambda arguments: asked.append(arguments) or (2.0, 100 << 20))
    return asked


class FakeUDPipe(types.ModuleType):
    """What arcparse uses of ufal.udpipe, keeping count of what it is asked for."""

    def __init__(self) -> None:
        super().__init__("ufal.udpipe")
        self.tagged: list[list[str]] = []
        self.parsed: list[tuple[list[str], str]] = []
        library = self

        class Sentence:
            def __init__(self) -> None:
                self.words: list[Any] = []

            def addWord(self, form: str) -> Any:  # noqa: N802 (its name there)
                self.words.append(types.SimpleNamespace(form=form, upostag="", feats=""))
                return self.words[-1]

        class Model:
            @staticmethod
            def load(place: str) -> Any:
                return Model() if place == "good.udpipe" else None

            def tag(self, sentence: Any, options: str) -> None:
                library.tagged.append([word.form for word in sentence.words])

            def parse(self, sentence: Any, options: str) -> None:
                library.parsed.append(([word.upostag for word in sentence.words], options))

        self.Sentence, self.Model = Sentence, Model


class FakeSpacy(types.ModuleType):
    """What arcparse uses of spacy and spacy.tokens."""

    def __init__(self) -> None:
        super().__init__("spacy")
        self.piped: list[tuple[int, dict[str, Any]]] = []

    def Doc(self, vocab: Any, **given: Any) -> dict[str, Any]:  # noqa: N802 (its name there)
        return given

    def load(self, place: str) -> Any:
        if place != "good":
            raise OSError("[E050] Can't find model")
        return types.SimpleNamespace(vocab=None, pipe=self.pipe)

    def pipe(self, docs: list[Any], **options: Any) -> Iterator[Any]:
        self.piped.append((len(docs), options))
        self.last = docs[-1]
        return iter(docs)


@pytest.fixture
def udpipe(monkeypatch: pytest.MonkeyPatch) -> FakeUDPipe:
    library = FakeUDPipe()
    monkeypatch.setitem(sys.modules, "ufal", types.ModuleType("ufal"))
    monkeypatch.setitem(sys.modules, "ufal.udpipe", library)
    return library


@pytest.fixture
def spacy(monkeypatch: pytest.MonkeyPatch) -> FakeSpacy:
    library = FakeSpacy()
    monkeypatch.setitem(sys.modules, "spacy", library)
    monkeypatch.setitem(sys.modules, "spacy.tokens", library)
    return library


@pytest.mark.slow
def test_every_stage_is_measured(model: str, sample_treebank: Path, no_process: list[Sequence[str]]) -> None:
    report = bench.benchmark(Plan(sample_treebank, model, runs=2, batch_size=7, beam=2))
    gold = list(read_conllu(sample_treebank))
    assert (report.sentences, report.tokens) == (len(gold), sum(map(len, gold)))
    assert {(measure.name, measure.unit): len(measure.values) for measure in report.measures} == {
        (READING, "tokens/s"): 2,
        (TAGGING, "tokens/s"): 2,
        (PARSING, "tokens/s"): 2,
        (BOTH, "tokens/s"): 2,
        (WRITING, "tokens/s"): 2,
        (EVERYTHING, "tokens/s"): 2,
        (NEAREST, "ms"): 2,
        ("start to first tree", "s"): 2,
        ("peak memory", "MiB"): 1,
    }
    assert {measure.system for measure in report.measures} == {OWN}
    assert all(value > 0 for measure in report.measures for value in measure.values)
    assert report.measures[-2].values == (2.0, 2.0)
    assert report.measures[-1].values == (100.0,)
    options = ["--model", model, "--beam", "2", "--precision", "float32", "--threads", "1"]
    assert [arguments[0] for arguments in no_process] == ["parse"] * 3
    assert all(list(arguments[2:]) == options for arguments in no_process[:2])
    assert [str(sample_treebank), *options] == [no_process[2][2], *no_process[2][7:15]]


@pytest.mark.parametrize(("keeps_tagger", "stages"), [(True, {TAGGING, BOTH}), (False, set())])
def test_a_stage_that_the_model_has_not_is_left_out(
    keeps_tagger: bool, stages: set[str], model: str, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = bench.Pipeline.load(model)
    if not keeps_tagger:
        pipeline = bench.Pipeline(pipeline.parser)
    monkeypatch.setattr(bench.Pipeline, "load", lambda _, precision, threads: pipeline)
    sentences = list(read_conllu(sample_treebank))
    found = bench.arcparse_stages(Plan(sample_treebank), sentences, sentences[0])
    assert set(found) == {READING, PARSING, WRITING, EVERYTHING, ONE} | stages


def test_a_parser_that_tags_needs_no_tagger(sample_treebank: Path, tmp_path: Path) -> None:
    plan = Plan(sample_treebank, str(save_tiny_model(sample_treebank, tmp_path)))
    sentences = list(read_conllu(sample_treebank))
    assert set(bench.arcparse_stages(plan, sentences, sentences[0])) == {
        READING, PARSING, BOTH, WRITING, EVERYTHING, ONE,
    }  # fmt: skip


def test_systems_take_turns_at_each_stage() -> None:
    order: list[str] = []

    def stage(name: str) -> bench.Stage:
        def prepare() -> Callable[[], object]:
            order.append(f"prepare {name}")
            return lambda: order.append(f"run {name}")

        return prepare

    seconds = take_turns({"a": {BOTH: stage("a"), ONE: stage("a1")}, "b": {BOTH: stage("b")}}, runs=2)
    once = ["prepare a", "run a", "prepare b", "run b", "prepare a1", "run a1"]
    assert order == once * 2
    assert {key: len(values) for key, values in seconds.items()} == {(BOTH, "a"): 2, (BOTH, "b"): 2, (ONE, "a"): 2}


def test_a_ratio_says_how_many_times_faster_arcparse_is() -> None:
    seconds = {(BOTH, OWN): [1.0, 2.0, 2.0], (BOTH, "slow"): [2.0, 8.0, 6.0], (TAGGING, "slow"): [1.0, 1.0, 1.0]}
    own, slow, alone = (measure.as_dict() for measure in bench._measures(seconds, 100, 20))
    assert own == {
        "name": BOTH, "system": OWN, "unit": "tokens/s", "median": 50.0, "min": 50.0, "max": 100.0, "ratio": None,
    }  # fmt: skip
    assert slow["ratio"] == 3.0
    assert slow["max"] == 50.0
    assert alone["ratio"] is None
    assert bench._measures({(ONE, OWN): [0.2]}, 100, 19) == [Measure("one sentence of 19 tokens", OWN, "ms", (20.0,))]


def test_peers_work_on_the_same_sentences(
    model: str, sample_treebank: Path, no_process: list[Sequence[str]], udpipe: FakeUDPipe, spacy: FakeSpacy
) -> None:
    plan = Plan(sample_treebank, model, runs=1, batch_size=9, udpipe="good.udpipe", udpipe_beam=3, spacy="good")
    report = bench.benchmark(plan)
    gold = list(read_conllu(sample_treebank))
    found = {(measure.name, measure.system): len(measure.ratios) for measure in report.measures}
    assert {key: count for key, count in found.items() if key[1] != OWN} == {
        (TAGGING, "udpipe"): 1,
        (PARSING, "udpipe"): 1,
        (BOTH, "udpipe"): 1,
        (NEAREST, "udpipe"): 1,
        (BOTH, "spacy"): 1,
        (NEAREST, "spacy"): 1,
    }
    repeats = bench.LATENCY_REPEATS
    size = len(gold)
    assert udpipe.tagged[:size] == udpipe.tagged[size : 2 * size] == [list(sentence.forms) for sentence in gold]
    assert len(udpipe.tagged) == len(udpipe.parsed) == 2 * size + repeats
    assert udpipe.parsed[:size] == [([*sentence.upos], "beam_search=3") for sentence in gold]
    assert not any(tag for tags, _ in udpipe.parsed[size:] for tag in tags)
    assert spacy.piped == [(size, {"batch_size": 256}), *([(1, {})] * repeats)]
    assert spacy.last["words"] == next(list(sentence.forms) for sentence in gold if len(sentence) == 18)
    assert spacy.last["sent_starts"] == [True] + [False] * 17
    assert spacy.last["spaces"][-2:] == [False, True]


def test_what_cannot_be_measured_is_told(
    model: str,
    sample_treebank: Path,
    tmp_path: Path,
    udpipe: FakeUDPipe,
    spacy: FakeSpacy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, sentences = Plan(sample_treebank, model, udpipe="bad", spacy="bad"), list(read_conllu(sample_treebank))
    with pytest.raises(ModelError, match="bad: UDPipe cannot load this"):
        bench.udpipe_stages(plan, sentences, sentences[0])
    with pytest.raises(ModelError, match="bad: spaCy cannot load this"):
        bench.spacy_stages(plan, sentences, sentences[0])
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(
        ConfigurationError, match="spacy is not installed; run `pip install spacy`, or leave its model out"
    ):
        bench.spacy_stages(plan, sentences, sentences[0])
    (tmp_path / "empty.conllu").write_text("")
    with pytest.raises(TreebankError, match=r"empty\.conllu: holds no sentence"):
        bench.benchmark(Plan(tmp_path / "empty.conllu"))


def test_a_process_gives_the_time_to_its_first_line_and_its_memory() -> None:
    seconds, peak = bench._process(["--version"])
    assert seconds > 0
    assert 1 << 20 < peak < 1 << 34


def test_a_process_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArcparseError, match=r"`arcparse parse x --model .*none` ended with status 2"):
        bench._process(["parse", "x", "--model", str(tmp_path / "none")])


REPORT = {
    "file": "a.conllu", "model": "en", "threads": 1, "runs": 1, "batch_size": 256, "beam": 1, "sentences": 30,
    "precision": "float32",
    "tokens": 327,
    "measures": [
        {"name": BOTH, "system": OWN, "unit": "tokens/s", "median": 12345.6, "min": 9999.0, "max": 2e4, "ratio": None},
        {"name": BOTH, "system": "spacy", "unit": "tokens/s", "median": 5e3, "min": 5e3, "max": 5e3, "ratio": 2.469},
        {"name": NEAREST, "system": OWN, "unit": "ms", "median": 3.14159, "min": 3.0, "max": 4.0, "ratio": None},
    ],
}  # fmt: skip


def test_the_table_has_a_line_for_each_measure() -> None:
    assert table(REPORT).splitlines() == [
        "a.conllu: 30 sentences, 327 tokens; model en, float32, beam 1, 1 thread, batches of 256 sentences, 1 run",
        "measure                    system    median    min     max  unit      arcparse is",
        "tagging and parsing        arcparse  12,346  9,999  20,000  tokens/s",
        "tagging and parsing        spacy      5,000  5,000   5,000  tokens/s  2.47 times as fast",
        "one sentence of 18 tokens  arcparse    3.14   3.00    4.00  ms",
    ]


def test_a_process_started_for_its_threads_measures_itself(
    model: str,
    sample_treebank: Path,
    no_process: list[Sequence[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")
    assert main(["benchmark", str(sample_treebank), "--model", model, "--threads", "1", "--runs", "1", "--json"]) == 0
    [report] = json.loads(capsys.readouterr().out)
    words = sum(map(len, read_conllu(sample_treebank)))
    assert (report["threads"], report["tokens"], report["model"], report["runs"]) == (1, words, model, 1)
    assert len(report["measures"]) == 9
    assert main(["benchmark", str(sample_treebank), "--model", model, "--threads", "1", "--runs", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 11


def test_each_number_of_threads_has_a_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def play(command: list[str], *, env: dict[str, str], **_: Any) -> Any:
        started.append((command[3:], {name: env[name] for name in THREAD_VARIABLES}))
        threads = int(env["OMP_NUM_THREADS"])
        return subprocess.CompletedProcess(command, 0, json.dumps([{**REPORT, "threads": threads}]))

    monkeypatch.setattr(subprocess, "run", play)
    assert main(["benchmark", "a.conllu", "--runs", "3", "--beam", "2", "--udpipe", "u", "--spacy", "s"]) == 0
    printed = capsys.readouterr().out.split("\n\n")
    assert [", 1 thread," in printed[0], ", 2 threads," in printed[1]] == [True, True]
    assert [environment for _, environment in started] == [dict.fromkeys(THREAD_VARIABLES, n) for n in "12"]
    plain = ["--model", "en", "--runs", "3", "--batch-size", "1024", "--beam", "2", "--precision", "float32"]
    peers = ["--udpipe", "u", "--udpipe-beam", "5", "--spacy", "s"]
    assert started[0][0] == ["benchmark", "a.conllu", "--json", "--threads", "1", *plain, *peers]
    assert started[1][0] == ["benchmark", "a.conllu", "--json", "--threads", "2", *plain]


def test_a_measurement_that_fails_is_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 2, ""))
    assert main(["benchmark", "a.conllu"]) == 2
    assert (
        capsys.readouterr().err == "arcparse: measuring with --threads 1 ended with status 2; the reason stands above\n"
    )


def test_peers_are_measured_at_one_thread_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "a.conllu", "--threads", "2,4", "--spacy", "s"]) == 2
    assert "UDPipe and spaCy are measured at one thread, not at 2, 4; add 1 to --threads" in capsys.readouterr().err


def test_the_tool_is_the_subcommand(sample_treebank: Path) -> None:
    tool = Path(__file__).parent.parent / "tools" / "benchmark.py"
    done = subprocess.run([sys.executable, str(tool), "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: arcparse benchmark")
