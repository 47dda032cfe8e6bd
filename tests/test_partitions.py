from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import arcparse
from arcparse import partitions
from arcparse.errors import ArcparseError, ConfigurationError, ModelError, TreebankError, WorkerError
from arcparse.partitions import Run, Summary, parse_files

LINES = ["Two cats slept. Dogs barked!", "", "It works.", "   ", "Who said that?"] * 3
SMALL = {"model": "en-small", "lines": 4}


@pytest.fixture
def texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("texts.txt").write_text("\n".join(LINES), encoding="utf-8")
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    """The files of a folder; hidden ones, which killed processes leave, go when the next run begins there."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name[0] != "."}


def documents(folder: Path) -> dict[str, arcparse.Document]:
    """The documents of all parts by their ids."""
    found: dict[str, arcparse.Document] = {}
    for part in sorted(folder.glob("part-*.conllu")):
        for sentence in arcparse.read_conllu(part):
            name = sentence.comment("newdoc id")
            if name:
                assert name not in found, "twice"
                found[name] = arcparse.Document()
            found[list(found)[-1]].append(sentence)
    return found


def test_each_text_is_there_once_with_its_place_and_its_tree(texts: Path) -> None:
    summary = parse_files("texts.txt", "out", **SMALL)
    found = documents(texts / "out")
    expected = {f"texts.txt:{number}": line for number, line in enumerate(LINES, 1) if line.strip()}
    assert {name: document.text for name, document in found.items()} == expected
    assert summary == Summary(4, len(expected), 12, sum(len(sentence) for own in found.values() for sentence in own))
    nlp = arcparse.load("en-small")
    assert [[s.tree for s in own] for own in found.values()] == [
        [s.tree for s in nlp(line)] for line in expected.values()
    ]
    assert found["texts.txt:6"][1].comment("sent_id") == "texts.txt:6-2"
    assert sorted(file.name for file in (texts / "out").iterdir())[:2] == ["_part-00000.json", "_part-00001.json"]


def test_files_may_be_compressed_and_several(texts: Path) -> None:
    with lzma.open("more.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\ufeffFirst of all.\r\n" + "It works.\r\n" * 6)
    summary = parse_files(["more.txt.xz", Path("texts.txt")], "out", **SMALL)
    found = documents(texts / "out")
    assert (summary.partitions, summary.texts) == (2 + 4, 7 + 9)
    assert found["more.txt.xz:1"].forms[0] == "First"
    assert found["more.txt.xz:7"].text == "It works."
    assert len(found) == 16


def test_a_stopped_run_goes_on_and_ends_with_the_same_files(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parse_files("texts.txt", "whole", **SMALL)
    real, done = partitions._write_conllu, []

    def stops(parsed: Any, file: Any) -> None:
        real(parsed, file)
        done.append(parsed)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setitem(partitions._WRITERS, "conllu", stops)
    with pytest.raises(KeyboardInterrupt):
        parse_files("texts.txt", "out", **SMALL)
    assert sorted(content(texts / "out")) == ["_part-00000.json", "_plan.json", "part-00000.conllu"]
    assert parse_files("texts.txt", "out", **SMALL) == whole
    assert len(done) == 2 + 3
    assert content(texts / "out") == content(texts / "whole")
    assert parse_files("texts.txt", "out", **SMALL) == whole
    assert len(done) == 5


def test_a_part_without_its_report_is_done_again(texts: Path) -> None:
    parse_files("texts.txt", "out", **SMALL)
    before = content(texts / "out")
    Path("out/_part-00001.json").unlink()
    Path("out/part-00001.conllu").write_bytes(b"half")
    run = Run.begin("texts.txt", "out", SMALL)
    assert [partition.number for partition in run.waiting()] == [1]
    run.parse(run.partitions[1])
    assert content(texts / "out") == before
    Path("out/part-00001.conllu").write_bytes(b"mine")
    run.parse(run.partitions[1])
    assert Path("out/part-00001.conllu").read_bytes() == b"mine"  # a complete part is not done again


def test_a_part_that_is_missing_or_has_a_broken_report_is_done_again(texts: Path) -> None:
    parse_files("texts.txt", "out", **SMALL)
    before = content(texts / "out")
    Path("out/part-00000.conllu").unlink()
    Path("out/_part-00001.json").write_text("", encoding="utf-8")
    Path("out/_part-00002.json").write_text('{"texts": 1, "lines": 2}', encoding="utf-8")
    parse_files("texts.txt", "out", **SMALL)
    assert content(texts / "out") == before


@pytest.mark.parametrize("change", [{"lines": 5}, {"beam": 2}, {"model": "en"}, {"format": "parquet"}])
def test_another_run_in_the_same_folder_is_refused(texts: Path, change: dict[str, Any]) -> None:
    if "format" in change:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed; `pip install pyarrow`")
    parse_files("texts.txt", "out", **SMALL)
    with pytest.raises(ConfigurationError, match=r"_plan\.json: a run with other files or settings was begun"):
        parse_files("texts.txt", "out", **SMALL | change)


def test_other_files_in_the_same_folder_are_refused(texts: Path) -> None:
    parse_files("texts.txt", "out", **SMALL)
    with open("texts.txt", "a", encoding="utf-8") as file:
        file.write("\nOne more.")
    with pytest.raises(ConfigurationError, match="other files or settings"):
        parse_files("texts.txt", "out", **SMALL)


def test_bad_texts_are_reported_and_left_out(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bad.txt").write_bytes(b"It works.\n\xff\xfe no\nGo!\nIt works.\n")
    parser = arcparse.load("en-small")._analysis.parser
    real = type(parser).parse

    def fails(self: Any, sentences: Any, **options: Any) -> Any:
        if any("Go" in sentence.forms for sentence in sentences):
            raise MemoryError("too\nlarge")
        return real(self, sentences, **options)

    monkeypatch.setattr(type(parser), "parse", fails)
    summary = parse_files("bad.txt", "out", **SMALL)
    assert summary.texts == 4
    assert [name for name, _ in summary.failures] == ["bad.txt:2", "bad.txt:3"]
    assert summary.failures[0][1] == "byte 1 of the line, 0xff, is not UTF-8; convert the file to UTF-8"
    assert summary.failures[1][1] == "too large"
    assert list(documents(texts / "out")) == ["bad.txt:1", "bad.txt:4"]
    assert parse_files("bad.txt", "out", **SMALL) == summary


def test_parquet_has_a_row_for_each_text(texts: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; `pip install pyarrow`")
    Path("blank.txt").write_text("\n" * 5, encoding="utf-8")
    columns = ["word_count", "lemmas", "heads", "conllu"]
    summary = parse_files(["blank.txt", "texts.txt"], "out", format="parquet", columns=columns, **SMALL)
    table = parquet.read_table("out")
    assert table.column_names == ["id", "text", *columns]
    assert table.num_rows == summary.texts == 9
    row = {name: cells[0] for name, cells in table.to_pydict().items()}
    document = arcparse.parse(LINES[0], model="en-small")
    assert (row["id"], row["text"], row["word_count"]) == ("texts.txt:1", LINES[0], len(document.tokens))
    assert (row["lemmas"], row["conllu"]) == (list(document.lemmas), str(document))
    assert sum(cells["words"] for cells in _reports(texts / "out")) == sum(table["word_count"].to_pylist())


def _reports(folder: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(file.read_bytes()) for file in folder.glob("_part-*.json"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "xml"}, "format must be 'conllu' or 'parquet', not 'xml'"),
        ({"lines": 0}, "lines must be from 1 to 10000000, not 0"),
        ({"beam": 0}, "beam must be from 1 to 1024, not 0"),
        ({"columns": ["lemma"]}, "no column is called 'lemma'; did you mean 'lemmas'"),
        ({"model": None}, "model must be a name or path, which each worker loads, not None"),
    ],
)
def test_wrong_settings_are_named_before_anything_is_written(texts: Path, options: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_files("texts.txt", "out", **options)
    assert str(caught.value).startswith(message)
    assert not Path("out").exists()


def test_a_missing_model_and_a_file_that_is_given_twice_are_named(texts: Path) -> None:
    with pytest.raises(ModelError, match="nothing-here: there is no model"):
        parse_files("texts.txt", "out", model="nothing-here")
    for again in ("texts.txt", "./texts.txt"):
        with pytest.raises(ConfigurationError, match=r"texts\.txt: is given twice"):
            parse_files(["texts.txt", again], "out", **SMALL)
    with pytest.raises(ConfigurationError, match="no file is given"):
        parse_files(texts.glob("*.xml"), "out", **SMALL)
    assert not Path("out").exists()


def test_a_missing_file_is_named_before_anything_is_written(texts: Path) -> None:
    with pytest.raises(TreebankError, match=r"missing\.txt: cannot be read: No such file"):
        parse_files(["texts.txt", "missing.txt"], "out", **SMALL)
    assert not Path("out").exists()


# Engines


def test_the_address_of_a_cluster_is_no_client(texts: Path) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed; `pip install dask[distributed]`")
    from arcparse import dask

    with pytest.raises(ConfigurationError, match=r"such as distributed\.Client\('tcp://host:8786'\), not its address"):
        dask.parse_files("texts.txt", "out", client="tcp://host:8786", **SMALL)


def with_dask(*arguments: Any, **options: Any) -> Summary:
    pytest.importorskip("distributed", reason="dask is not installed; `pip install dask[distributed]`")
    found: Summary = import_module("arcparse.dask").parse_files(*arguments, **options)
    return found


def with_ray(*arguments: Any, **options: Any) -> Summary:
    ray = pytest.importorskip("ray", reason="ray is not installed; `pip install ray[data]`")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        found: Summary = import_module("arcparse.ray").parse_files(*arguments, **options)
        return found
    finally:
        ray.shutdown()


ENGINES = [
    pytest.param(with_dask, "multiprocessing.spawn", id="dask"),
    pytest.param(with_ray, "ray::MapWorker", id="ray"),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the engines' own libraries
@pytest.mark.parametrize(("parse", "worker"), ENGINES)
def test_two_workers_write_what_one_process_writes(texts: Path, parse: Callable[..., Summary], worker: str) -> None:
    Path("bad.txt").write_bytes(b"It works.\n\xff\xfe no\n")
    whole = parse_files(["texts.txt", "bad.txt"], "whole", **SMALL)
    assert parse(["texts.txt", "bad.txt"], "out", **SMALL) == whole
    assert content(texts / "out") == content(texts / "whole")
    assert parse(["texts.txt", "bad.txt"], "out", **SMALL) == whole


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("parse", "worker"), ENGINES)
def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    texts: Path, parse: Callable[..., Summary], worker: str
) -> None:
    psutil = pytest.importorskip("psutil", reason="psutil is not installed; it comes with dask and ray")
    Path("many.txt").write_text("\n".join(LINES * 100), encoding="utf-8")
    settings = SMALL | {"lines": 50}
    killed: list[int] = []

    def kill() -> None:
        while not list((texts / "out").glob("_part-*.json")):
            if ended.wait(0.01):
                return
        for process in psutil.Process().children(recursive=True):
            if not killed and worker in " ".join(process.cmdline()):
                killed.append(process.pid)
                process.kill()

    ended, killer = Event(), Thread(target=kill)
    killer.start()
    try:
        summary = parse("many.txt", "out", **settings)
    finally:
        ended.set()
        killer.join()
    assert killed
    assert summary == parse_files("many.txt", "whole", **settings)
    assert content(texts / "out") == content(texts / "whole")
    assert len(documents(texts / "out")) == 900


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("parse", "worker"), ENGINES)
def test_a_partition_that_cannot_be_written_does_not_keep_the_others_from_their_end(
    texts: Path, parse: Callable[..., Summary], worker: str
) -> None:
    place = texts / "out" / "part-00001.conllu"
    place.mkdir(parents=True)
    with pytest.raises(ArcparseError, match=r"part-00001|1 of 4 partitions failed, the first begins at texts\.txt:5;"):
        parse("texts.txt", "out", retries=1, **SMALL)
    assert [file.name for file in sorted((texts / "out").glob("_part*"))] == [
        f"_part-{number:05}.json" for number in (0, 2, 3)
    ]
    place.rmdir()
    assert parse("texts.txt", "out", **SMALL) == parse_files("texts.txt", "whole", **SMALL)
    assert content(texts / "out") == content(texts / "whole")


def test_partitions_that_an_engine_gave_up_are_named(texts: Path) -> None:
    run = Run.begin("texts.txt", "out", {"model": "en-small", "lines": 4})
    for partition in run.partitions[:2]:
        run.parse(partition)
    with pytest.raises(WorkerError, match=r"out: 2 of 4 partitions failed, the first begins at texts\.txt:9; .* again"):
        run.check_complete()
    for partition in run.waiting():
        run.parse(partition)
    run.check_complete()
