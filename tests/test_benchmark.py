from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse import benchmark as bench
from arcparse.benchmark import own, processes
from arcparse.benchmark.own import loaded, variants
from arcparse.benchmark.peers import spacy_stages, udpipe_stages
from arcparse.benchmark.plan import Corpus, Plan
from arcparse.benchmark.processes import CPU, MEMORY, WALL, WHOLE, Usage
from arcparse.benchmark.report import measures
from arcparse.benchmark.turns import (
    BEAM,
    BOTH,
    COLD,
    EVERYTHING,
    LENGTH,
    ONE,
    PARSING,
    READING,
    TAGGING,
    WARM,
    WRITING,
    Calls,
    Case,
    Stage,
    take_turns,
)
from arcparse.cli import benchmark as benchmark_command
from arcparse.cli import main
from arcparse.cli.benchmark import THREAD_VARIABLES
from arcparse.cli.speed_tables import shown
from arcparse.errors import ArcparseError, ConfigurationError, ModelError, TreebankError
from arcparse.kernels.library import SETTING, available
from arcparse.pipeline import Pipeline
from arcparse.treebank import read_conllu

SHORT = "one sentence of about 11 tokens"
NEEDS_KERNELS = pytest.mark.skipif("baseline" not in available(), reason="no kernels are compiled")


@pytest.fixture(scope="module")
def model(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_model(sample_treebank, tmp_path_factory.mktemp("model"), predicts_tags=False))


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Start no process: each takes 2 s and 100 MiB. Return what would have been run."""
    asked: list[Sequence[str]] = []
    used = Usage(2.0, 1.5, 100)
    monkeypatch.setattr(processes, "run", lambda arguments, variables: asked.append(arguments) or used)
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
    plan = Plan(sample_treebank, model, runs=1, batch_size=7, beams=(2,), paths=("torch",))
    report = bench.benchmark(plan)
    gold = list(read_conllu(sample_treebank))
    assert (report.sentences, report.tokens) == (len(gold), sum(map(len, gold)))
    assert {(one.name, one.unit, one.beam) for one in report.measures} == {
        (READING, "tokens/s", None),
        (TAGGING, "tokens/s", None),
        (PARSING, "tokens/s", 2),
        (BOTH, "tokens/s", 2),
        (WRITING, "tokens/s", None),
        (EVERYTHING, "tokens/s", 2),
        (f"{SHORT}, median", "ms", 2),
        (f"{SHORT}, 99th percentile", "ms", 2),
        (WALL, "s", None),
        (CPU, "s", None),
        (MEMORY, "MiB", None),
        (WHOLE, "MiB", None),
    }
    assert {one.system for one in report.measures} == {"arcparse torch"}
    assert all(value > 0 for one in report.measures for value in one.values)
    assert [one.values for one in report.measures[-4:]] == [(2.0,), (1.5,), (100.0,), (100.0,)]
    options = ["--model", model, "--precision", "float32", "--threads", "1"]
    assert [list(arguments[4:]) for arguments in no_process[:1]] == [options]
    assert no_process[1][3:5] == ["--input", str(sample_treebank)]


@pytest.mark.slow
@NEEDS_KERNELS
def test_each_path_is_measured_beside_the_first(
    model: str, sample_treebank: Path, no_process: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "none")  # a path that is asked for comes first
    plan = Plan(sample_treebank, model, paths=("baseline", "torch"), precision=("float32", "auto"), beams=(1,), runs=1)
    report = bench.benchmark(plan)
    found: dict[str, list[tuple[str, str]]] = {}
    for one in report.measures:
        found.setdefault(one.system, []).append((one.name, one.caches))
    first, other, torch = (found[f"arcparse {name}"] for name in ("baseline float32", "baseline", "torch"))
    assert {(BOTH, COLD), (BOTH, WARM), (TAGGING, WARM), (EVERYTHING, COLD), (WALL, "")} <= {*first}
    latencies = (f"{SHORT}, median", f"{SHORT}, 99th percentile")
    assert other == [(name, caches) for name in (BOTH, *latencies) for caches in (COLD, WARM)]
    assert (BOTH, "") in torch
    assert (WALL, "") in torch
    assert (TAGGING, "") not in torch
    assert os.environ[SETTING] == "none"


@NEEDS_KERNELS
def test_a_loaded_model_keeps_to_its_path_and_forgets(model: str, sample_treebank: Path) -> None:
    corpus = Corpus.read(sample_treebank)
    plan = Plan(sample_treebank, model, paths=("baseline", "torch"), precision=("float32",))
    compiled, torch = (loaded(plan, variant) for variant in variants(plan))
    assert (compiled.is_compiled, torch.is_compiled) == (True, False)
    expected = torch.both(corpus.sentences, beam=1)
    assert compiled.both(corpus.sentences, beam=1) == expected
    compiled.forget()
    torch.forget()
    assert compiled.both(corpus.sentences, beam=1) == expected


def test_precisions_that_are_equal_are_measured_once() -> None:
    plan = Plan(Path(), paths=("torch", "avx2"), precision=("auto", "float32", "bfloat16"))
    assert [(one.path, one.precision, one.is_main) for one in variants(plan)] == [
        ("torch", "float32", True),
        ("torch", "bfloat16", False),
        ("avx2", "auto", True),
        ("avx2", "float32", False),
    ]


def test_growth_has_its_lengths_and_widths(model: str, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "LONG_WORDS", (30, 60))
    monkeypatch.setattr(own, "WIDTHS", (1, 3))
    plan = Plan(sample_treebank, model, beams=(1, 2), growth=True)
    one = loaded(plan, variants(plan)[0])
    first, other = (own.own_stages(plan, one, Corpus.read(sample_treebank), is_first=is_first) for is_first in (1, 0))
    assert [(case.tokens, case.beam) for case in first if case.name == LENGTH] == [(30, 1), (60, 1), (30, 2), (60, 2)]
    assert [case.beam for case in first if case.name == BEAM] == [1, 3]
    assert not [case for case in other if case.name in (LENGTH, BEAM)]
    [call] = first[Case(LENGTH, 60, 1)]()
    assert [len(sentence) for sentence in call()] == [60]  # type: ignore[call-overload, attr-defined]


def test_sentences_are_chosen_by_their_length(sample_treebank: Path) -> None:
    corpus = Corpus.read(sample_treebank)
    assert abs(len(corpus.short[0]) - 20) == min(abs(len(sentence) - 20) for sentence in corpus.sentences)
    assert len(corpus.long(1000)) == 1000
    assert sum(map(len, corpus.part())) == corpus.tokens  # it has fewer than there could be


@pytest.mark.parametrize(("keeps_tagger", "stages"), [(True, {TAGGING, BOTH}), (False, set())])
def test_a_stage_that_the_model_has_not_is_left_out(
    keeps_tagger: bool, stages: set[str], model: str, sample_treebank: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not keeps_tagger:
        alone = Pipeline(Pipeline.load(model)._analysis.parser)
        monkeypatch.setattr(Pipeline, "load", lambda *_, **options: alone)
    plan, corpus = Plan(sample_treebank, model), Corpus.read(sample_treebank)
    found = own.own_stages(plan, loaded(plan, variants(plan)[0]), corpus, is_first=True)
    assert {case.name for case in found} == {READING, PARSING, WRITING, EVERYTHING, ONE} | stages


def test_a_parser_that_tags_needs_no_tagger(sample_treebank: Path, tmp_path: Path) -> None:
    plan = Plan(sample_treebank, str(save_tiny_model(sample_treebank, tmp_path)))
    found = own.own_stages(plan, loaded(plan, variants(plan)[0]), Corpus.read(sample_treebank), is_first=True)
    assert {case.name for case in found} == {READING, TAGGING, PARSING, BOTH, WRITING, EVERYTHING, ONE}


@pytest.mark.slow
def test_systems_take_turns_at_each_stage() -> None:
    order: list[str] = []

    def stage(name: str, calls: int = 1) -> Stage:
        def prepare() -> Calls:
            order.append(f"prepare {name}")
            return [lambda: order.append(f"run {name}")] * calls

        return prepare

    both, one = Case(BOTH, 9), Case(ONE, 3)
    seconds = take_turns({"a": {one: stage("a1", 2), both: stage("a")}, "b": {both: stage("b")}}, runs=2)
    once = ["prepare a", "run a", "prepare b", "run b", "prepare a1", "run a1", "run a1"]
    assert order == once * 2
    assert {key: list(map(len, runs)) for key, runs in seconds.items()} == {
        (both, "a"): [1, 1],
        (both, "b"): [1, 1],
        (one, "a"): [2, 2],
    }


def test_a_ratio_says_how_many_times_faster_arcparse_is() -> None:
    cold, plain = Case(BOTH, 100, 1, COLD), Case(BOTH, 100)
    whole, tagging = Case(EVERYTHING, 100, 1, COLD), Case(TAGGING, 100)
    seconds = {
        (cold, "arcparse amx"): [[1.0], [2.0], [2.0]],
        (plain, "spacy"): [[2.0], [8.0], [6.0]],
        (tagging, "udpipe"): [[1.0], [1.0], [1.0]],
        (whole, "arcparse amx"): [[4.0], [4.0], [4.0]],
    }
    alone, ours, slow, everything = (measure.as_dict() for measure in measures(seconds))
    assert ours == {
        "name": BOTH, "system": "arcparse amx", "unit": "tokens/s", "beam": 1, "caches": COLD, "words": None,
        "values": (100.0, 50.0, 50.0), "median": 50.0, "min": 50.0, "max": 100.0, "ratios": {"spacy": 3.0},
    }  # fmt: skip
    assert (slow["ratios"], slow["max"]) == ({}, 50.0)
    assert alone["ratios"] == {}
    assert everything["ratios"] == {"spacy": 1.5}  # to the tagging and parsing alone


def test_latency_is_of_single_calls() -> None:
    calls = [[0.001 * (1 + i) for i in range(100)], [0.002] * 100]
    median, last = measures({(Case(ONE, 11, 1), "arcparse amx"): calls})
    assert (median.name, last.name) == (f"{SHORT}, median", f"{SHORT}, 99th percentile")
    assert (median.unit, last.unit) == ("ms", "ms")
    assert median.values == pytest.approx((50.5, 2.0))
    assert last.values == pytest.approx((99.0, 2.0))


@pytest.mark.slow
def test_peers_work_on_the_same_sentences(
    model: str, sample_treebank: Path, no_process: list[Sequence[str]], udpipe: FakeUDPipe, spacy: FakeSpacy
) -> None:
    peers = {"udpipe": "good.udpipe", "udpipe_beam": 3, "spacy": "good"}
    report = bench.benchmark(Plan(sample_treebank, model, runs=1, batch_size=9, beams=(1,), **peers))  # type: ignore[arg-type]
    gold, corpus = list(read_conllu(sample_treebank)), Corpus.read(sample_treebank)
    both = {f"{SHORT}, median", f"{SHORT}, 99th percentile", BOTH, WALL, CPU, MEMORY}
    names = {peer: {one.name for one in report.measures if one.system == peer} for peer in ("udpipe", "spacy")}
    assert names == {"udpipe": both | {TAGGING, PARSING}, "spacy": both}
    compared = {(one.name, peer) for one in report.measures for peer in one.ratios}
    assert compared == {
        *((name, peer) for name in both | {EVERYTHING} for peer in ("udpipe", "spacy")),
        (TAGGING, "udpipe"),
        (PARSING, "udpipe"),
    }
    size, short = len(gold), len(corpus.short)
    assert udpipe.tagged[:size] == udpipe.tagged[size : 2 * size] == [list(sentence.forms) for sentence in gold]
    assert len(udpipe.tagged) == len(udpipe.parsed) == 2 * size + short
    assert udpipe.parsed[:size] == [([*sentence.upos], "beam_search=3") for sentence in gold]
    assert not any(tag for tags, _ in udpipe.parsed[size:] for tag in tags)
    assert spacy.piped == [(size, {"batch_size": 256}), *([(1, {})] * short)]
    assert spacy.last["words"] == list(corpus.short[-1].forms)
    assert spacy.last["sent_starts"] == [True] + [False] * (len(corpus.short[-1]) - 1)


def test_what_cannot_be_measured_is_told(
    model: str,
    sample_treebank: Path,
    tmp_path: Path,
    udpipe: FakeUDPipe,
    spacy: FakeSpacy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, corpus = Plan(sample_treebank, model, udpipe="bad", spacy="bad"), Corpus.read(sample_treebank)
    with pytest.raises(ModelError, match="bad: UDPipe cannot load this"):
        udpipe_stages(plan, corpus)
    with pytest.raises(ModelError, match="bad: spaCy cannot load this"):
        spacy_stages(plan, corpus)
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(
        ConfigurationError, match="spacy is not installed; run `pip install spacy`, or leave its model out"
    ):
        spacy_stages(plan, corpus)
    (tmp_path / "empty.conllu").write_text("")
    with pytest.raises(TreebankError, match=r"empty\.conllu: holds no sentence"):
        bench.benchmark(Plan(tmp_path / "empty.conllu"))


def test_a_process_gives_its_times_and_its_memory() -> None:
    used = processes.run(["-c", "import os; print(os.environ['GIVEN'])"], {"GIVEN": "here"})
    assert used.seconds > 0
    assert used.cpu_seconds > 0
    assert 1 < used.peak < 1 << 14


def test_a_process_that_fails_is_an_error() -> None:
    with pytest.raises(ArcparseError, match="`python -c import nothing_of_this_name` ended with status 1"):
        processes.run(["-c", "import nothing_of_this_name"], {})


def measure(name: str, system: str, unit: str, median: float, **others: Any) -> dict[str, Any]:
    plain = {"beam": None, "caches": "", "words": None, "ratios": {}, "min": median, "max": median}
    return {"name": name, "system": system, "unit": unit, "median": median, **plain, **others}


REPORT = {
    "file": "a.conllu", "model": "en", "threads": 1, "runs": 1, "batch_size": 256, "sentences": 30, "tokens": 327,
    "growth": False,
    "measures": [
        measure(BOTH, "arcparse amx", "tokens/s", 12345.6, beam=1, caches=COLD, ratios={"spacy": 2.469}, max=2e4),
        measure(BOTH, "arcparse amx", "tokens/s", 20000.1, beam=1, caches=WARM, ratios={"spacy": 4}),
        measure(BOTH, "spacy", "tokens/s", 5000.0),
        measure(f"{SHORT}, median", "arcparse amx", "ms", 3.14159, beam=1),
    ],
}  # fmt: skip
GROWTH = [
    measure(LENGTH, "arcparse amx", "s", 0.1, beam=1, words=1000),
    measure(LENGTH, "arcparse amx", "s", 0.2, beam=1, words=2000),
    measure(LENGTH, "arcparse amx", "s", 0.4, beam=1, words=3000),
    measure(BEAM, "arcparse amx", "tokens/s", 5000.0, beam=1),
    measure(BEAM, "arcparse amx", "tokens/s", 4000.0, beam=4),
]


def test_the_table_has_a_line_for_each_measure() -> None:
    assert shown(REPORT).splitlines() == [
        "a.conllu: 30 sentences, 327 tokens; model en, 1 thread, batches of 256 sentences, 1 run",
        "measure                                      system        beam  caches  median     min     max  spacy x",
        "tagging and parsing, tokens/s                arcparse amx     1  cold    12,346  12,346  20,000     2.47",
        "                                                              1  warm    20,000  20,000  20,000     4.00",
        "                                             spacy                        5,000   5,000   5,000",
        "one sentence of about 11 tokens, median, ms  arcparse amx     1            3.14    3.14    3.14",
    ]


def test_growth_has_tables_of_its_own() -> None:
    first, length, beam = shown({**REPORT, "growth": True, "measures": [*REPORT["measures"], *GROWTH]}).split("\n\n")
    assert first == shown(REPORT)
    assert length.splitlines()[1:] == [
        "system        beam  1,000         2,000         3,000",
        "arcparse amx     1  0.100  0.200 (2.00)  0.400 (3.27)",
    ]
    assert beam.splitlines()[1:] == ["system            1      4", "arcparse amx  5,000  4,000"]


@pytest.mark.slow
def test_growth_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(benchmark_command, "_report", lambda *_: {**REPORT, "growth": True, "measures": GROWTH})
    file = tmp_path / "growth.svg"
    assert main(["benchmark", "a.conllu", "--growth", "--threads", "1", "--plot", str(file)]) == 0
    drawn = file.read_text(encoding="utf-8")
    assert all(text in drawn for text in ("arcparse amx, beam 1", "3,000", "words", "beam"))


def test_a_plot_needs_growth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "a.conllu", "--plot", "a.svg"]) == 2
    assert "--plot a.svg draws the growth of time; add --growth" in capsys.readouterr().err


def test_an_unknown_path_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["benchmark", "a.conllu", "--paths", "amx,avx1"])
    assert "must be of amx, avx512, avxvnni, avx2, baseline, torch, all, not 'avx1'" in capsys.readouterr().err


@pytest.mark.slow
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
    assert report["beams"] == [1, 8]
    assert {BOTH, WALL} <= {one["name"] for one in report["measures"]}


def test_each_number_of_threads_has_a_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def play(command: list[str], *, env: dict[str, str], **_: Any) -> Any:
        started.append((command[3:], {name: env[name] for name in THREAD_VARIABLES}))
        threads = int(env["OMP_NUM_THREADS"])
        return subprocess.CompletedProcess(command, 0, json.dumps([{**REPORT, "threads": threads}]))

    monkeypatch.setattr(subprocess, "run", play)
    assert main(["benchmark", "a.conllu", "--runs", "3", "--beams", "2", "--udpipe", "u", "--spacy", "s"]) == 0
    printed = capsys.readouterr().out.split("\n\n")
    assert [", 1 thread," in printed[0], ", 2 threads," in printed[1]] == [True, True]
    assert [environment for _, environment in started] == [dict.fromkeys(THREAD_VARIABLES, n) for n in "12"]
    plain = ["--model", "en", "--runs", "3", "--batch-size", "1024", "--precision", "auto", "--beams", "2"]
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
