"""From a file of words, tags and spans to a model, tagged text and its scores: `train tagger`, `tag`, `evaluate`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from arcparse.cli import main
from arcparse.formats import read_sentences
from arcparse.sentence import Sentence
from arcparse.sentence.spans import scheme_of
from arcparse.tagger.model import Tagger

# As CoNLL-2003 has it: IOB1, and a mark for each document.
NAMES = """-DOCSTART- -X- O O

Ann NNP I-NP I-PER
lives VBZ I-VP O
in IN I-PP O
New NNP I-NP I-LOC
York NNP I-NP I-LOC
. . O O

Paris NNP I-NP I-LOC
Ann NNP B-NP I-PER
Lee NNP I-NP I-PER
Bob NNP B-NP B-PER
saw VBD I-VP O
. . O O

-DOCSTART- -X- O O

Bob NNP I-NP I-PER
sleeps VBZ I-VP O
. . O O

"""
SMALL = ("--set", "tagger.bilstm.hidden=16", "--set", "tagger.hidden=[16]", "--set", "training.tensorboard=false")
Run = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.txt").write_text(NAMES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; return what it prints, and on failure its message."""

    def done(*arguments: str, status: int = 0) -> str:
        assert main(list(arguments)) == status
        out, err = capsys.readouterr()
        return err if status else out

    return done


def train(run: Run, *more: str, column: str = "ner", status: int = 0) -> str:
    data = ("--train", "names.txt", "--dev", "names.txt", "--output", "run", "--epochs", "2")
    return run("train", "tagger", "--column", column, *data, *SMALL, *more, status=status)


def test_names_are_learnt_written_and_scored(run: Run, place: Path) -> None:
    assert train(run).startswith("run/best: dev F1 ")
    model = Tagger.load(place / "run" / "best")
    assert (model.config.column, model.config.scheme, model.config.encoder) == ("NER", "IOB1", "bilstm")
    run("tag", "--model", "run/best", "--input", "names.txt", "--output", "tagged.txt")
    given, tagged = (list(read_sentences(file)) for file in ("names.txt", "tagged.txt"))
    assert [own.spans("chunk") for own in tagged] == [own.spans("chunk") for own in given]  # only names are new
    assert [own.xpos for own in tagged] == [own.xpos for own in given]  # read as in training
    assert "begins" not in run("evaluate", "names.txt", "tagged.txt", "--column", "ner")
    run("tag", "--model", "run/best", "--input", "names.txt", "--to", "conll2003", "--output", "tagged.conll03")
    assert [line[:4] for line in (place / "tagged.conll03").read_text("utf-8").split("\n")] == [
        line[:4] for line in NAMES.split("\n")
    ]


def test_chunks_of_text_come_out_without_tags_too(run: Run) -> None:
    train(run, column="Chunk")
    lines = run("tag", "--model", "run", "Ann saw Bob.").splitlines()
    words = [line.split("\t") for line in lines if line[:1].isdigit()]
    assert [word[1] for word in words] == ["Ann", "saw", "Bob", "."]
    assert all(word[9].startswith("Chunk=") and word[3:5] == ["_", "_"] for word in words)


def test_a_scheme_that_is_set_is_that_of_the_results(run: Run) -> None:
    train(run, "--set", "tagger.scheme=BIOES")
    made = run("tag", "--model", "run", "--input", "names.txt", "--to", "conll2003")
    sentences = list(read_sentences(io.StringIO(made)))
    assert scheme_of([_tags(sentence) for sentence in sentences]) in ("BIOES", "BIO")
    vocabulary = Tagger.load(Path("run/best")).system.tags
    assert {"S-PER", "B-LOC", "E-LOC"} <= set(vocabulary)


def _tags(sentence: Sentence) -> list[str]:
    return [misc.partition("NER=")[2].partition("|")[0] or "O" for misc in sentence.words(9)]


def test_other_presets_learn_spans_too(run: Run, place: Path) -> None:
    train(run, "--preset", "window", "--set", "tagger.previous_tags=1", column="chunk")
    config = Tagger.load(place / "run" / "best").config
    assert (config.encoder, config.column, config.scheme) == ("none", "Chunk", "IOB1")


@pytest.fixture
def other(place: Path) -> str:
    """The file of gold with one name lost, one too long, and tags in BIO."""
    changed = NAMES.replace("New NNP I-NP I-LOC", "New NNP I-NP O").replace(
        "sleeps VBZ I-VP O", "sleeps VBZ I-VP I-PER"
    )
    (place / "other.txt").write_text(changed, encoding="utf-8")
    return "other.txt"


def test_the_table_has_labels_and_all(run: Run, other: str) -> None:
    table = run("evaluate", "names.txt", other, "--column", "ner")
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()]
    assert rows[0] == ["label", "gold", "Spans P", "Spans R", "Spans F1"]
    assert rows[2:] == [
        ["PER", "4", "75.00", "75.00", "75.00"],
        ["LOC", "2", "50.00", "50.00", "50.00"],
        ["all labels", "6", "66.67", "66.67", "66.67"],
    ]
    assert run("evaluate", "names.txt", other, "--column", "ner", "--markdown").startswith("| label | gold |")


def test_several_systems_stand_side_by_side(run: Run, other: str) -> None:
    table = run("evaluate", "names.txt", "names.txt", other, "--column", "NER")
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()]
    assert rows[0] == ["label", "gold", "Spans first", "second", "diff."]
    assert rows[-1] == ["all labels", "6", "100.00", "66.67", "-33.33"]
    found = json.loads(run("evaluate", "names.txt", "names.txt", other, "--column", "NER", "--json"))
    assert [(own["file"], own["spans"]["correct"]) for own in found["systems"]] == [("names.txt", 6), (other, 4)]


def test_json_and_csv_have_the_counts(run: Run, other: str) -> None:
    found = json.loads(run("evaluate", "names.txt", other, "--column", "NER", "--json"))
    assert (found["spans"]["correct"], found["spans"]["gold"], found["labels"]["LOC"]["f1"]) == (4, 6, 0.5)
    rows = list(csv.DictReader(io.StringIO(run("evaluate", "names.txt", other, "--column", "NER", "--csv"))))
    assert [(row["part"], row["correct"]) for row in rows] == [("PER", "3"), ("LOC", "1"), ("all labels", "4")]


@pytest.mark.parametrize("option", [("--metrics", "UPOS"), ("--report",), ("--no-punct",), ("--confidence",)])
def test_options_of_trees_are_refused_beside_a_column(option: tuple[str, ...], run: Run) -> None:
    message = run("evaluate", "names.txt", "names.txt", "--column", "NER", *option, status=2)
    assert message.startswith("arcparse: --column scores spans")
    assert option[0] in message


def test_mistakes_of_the_user_are_one_line(run: Run, place: Path) -> None:
    message = "arcparse: no word of the train file has the column 'nerr' in MISC; did you mean 'ner'?; there are"
    assert train(run, column="nerr", status=2).startswith(message)
    (place / "prose.txt").write_text("Ann lives here.\n", encoding="utf-8")
    message = "arcparse: no word of the gold file has the column 'NER' in MISC; it was read as running text; if its"
    assert run("evaluate", "prose.txt", "prose.txt", "--column", "NER", status=2).startswith(message)
    (place / "bad.conll03").write_text(NAMES.replace("I-PER", "I-", 1), encoding="utf-8")
    assert run("evaluate", "names.txt", "bad.conll03", "--column", "ner", status=2) == (
        "arcparse: bad.conll03:3: NER of word 1: 'I-' is no tag of a span, which is O, or B, I, E or S with a label: "
        "B-NP\n"
    )


def test_a_tagger_of_spans_gives_no_parser_its_tags(run: Run) -> None:
    train(run)
    message = run("parse", "--model", "en-small", "--tagger", "run/best", "Ann slept.", status=2)
    assert "finds spans (NER), and a parser needs parts of speech; name another tagger" in message


def test_a_dictionary_of_tags_is_refused(run: Run, place: Path) -> None:
    train(run)
    (place / "mine.tsv").write_text("Ann\tPROPN\n", encoding="utf-8")
    arguments = ("tag", "--model", "run", "--input", "names.txt", "--dictionary", "mine.tsv")
    message = "arcparse: a dictionary has tags of words, and this tagger finds spans; leave out one of them\n"
    assert run(*arguments, status=2) == message


def test_few_words_on_a_line_are_text(run: Run, place: Path) -> None:
    train(run)
    assert "\tListen\t" in run("tag", "--model", "run", "Listen to B-sides")
    (place / "song.txt").write_text("Listen to B-sides\n\nGive me O\n", encoding="utf-8")
    assert "\tGive\t" in run("tag", "--model", "run", "--input", "song.txt")
