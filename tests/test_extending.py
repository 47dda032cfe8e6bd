"""docs/extending.md tells the truth: its files are written and its commands run as they stand."""

from __future__ import annotations

import io
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.formats import formats, read_sentences, register, registry
from arcparse.lexicon import tags
from arcparse.networks.encoder import choice
from arcparse.networks.padding import pad
from arcparse.parser import systems
from arcparse.parser.systems import System, system_called
from arcparse.pipeline import Pipeline
from arcparse.search import WAIT, Beam, search
from arcparse.sentence import LEMMA, NONE, Sentence, Tree
from arcparse.treebank import parse_conllu, read_conllu, write_conllu
from arcparse.trees import check_tree, is_projective

CHECKOUT = Path(__file__).parent.parent
PAGE = (CHECKOUT / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CONSOLE = "\n".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^\$ python (.*\n)((?:(?!\$ ).+\n)*)", CONSOLE, re.MULTILINE)


@pytest.fixture(autouse=True)
def _unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an example registers is gone after the test."""
    monkeypatch.setattr(systems, "_SYSTEMS", dict(systems._SYSTEMS))
    monkeypatch.setattr(choice, "_ENCODERS", dict(choice._ENCODERS))
    monkeypatch.setattr(registry, "_FORMATS", list(registry._FORMATS))


def imported(name: str, folder: Path) -> dict[str, Any]:
    """Run a file of the page as a program imports it, and return what it defines."""
    (folder / name).write_text(FILES[name], encoding="utf-8")
    return runpy.run_path(str(folder / name))


def arc_hybrid(folder: Path, labels: list[str], root_labels: list[str], word_labels: list[str]) -> System:
    imported("arc_hybrid.py", folder)
    return system_called("arc-hybrid")(labels, root_labels, word_labels)


def test_the_page_has_the_files_that_it_promises() -> None:
    assert set(FILES) == {
        "arc_hybrid.py",
        "convolution.py",
        "from_tuples.py",
        "long_arcs.py",
        "stanford.py",
        "words.py",
    }
    assert len(COMMANDS) == 7


def test_arc_hybrid_rebuilds_every_projective_tree_of_the_sample(sample_treebank: Path, tmp_path: Path) -> None:
    trees = [sentence.tree for sentence in read_conllu(sample_treebank)]
    trees = [tree for tree in trees if is_projective(tree.heads)]
    labels = sorted({label for tree in trees for label in tree.labels[1:]})
    system, number = arc_hybrid(tmp_path, labels, labels, labels), {label: i for i, label in enumerate(labels)}
    head = pad([tree.heads for tree in trees], NONE)
    label = pad([[NONE, *(number[label] for label in tree.labels[1:])] for tree in trees], NONE)
    oracle = system.oracle(head, label)
    eye, length = torch.eye(system.num_actions), torch.tensor([len(tree) for tree in trees])
    start = Beam.start(system.start(length), len(trees))
    beam = search(system, lambda state: eye[oracle.gold_action(state)], start)
    assert beam.state.head[:, 0].equal(head)
    assert beam.state.label[:, 0].equal(label)
    assert beam.score[:, 0].equal(2.0 * length)  # each action of the oracle was legal


def test_random_derivations_of_arc_hybrid_end_in_projective_trees(tmp_path: Path) -> None:
    system, generator = (
        arc_hybrid(tmp_path, ["root", "both", "word"], ["root", "both"], ["both", "word"]),
        torch.Generator().manual_seed(0),
    )
    length = torch.randint(1, 13, (2000,), generator=generator)
    start = Beam.start(system.start(length), len(length))
    beam = search(
        system, lambda state: torch.rand(*state.depth.shape, system.num_actions, generator=generator), start, 2
    )
    for heads, size in zip(beam.state.head[:, 0].tolist(), length.tolist(), strict=True):
        check_tree(Tree(tuple(heads[: size + 1]), ("",) * (size + 1)))
        assert is_projective(heads[: size + 1])
    assert set(beam.state.label[:, 0][beam.state.head[:, 0] == 0].tolist()) == {0, 1}
    after = system.apply(beam.state, torch.full_like(beam.action, WAIT))
    assert after.depth.equal(beam.state.depth)
    assert after.head.equal(beam.state.head)


def test_the_convolution_gives_a_sentence_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    module = imported("convolution.py", tmp_path)
    torch.manual_seed(0)
    encoder = module["Convolution"](module["ConvolutionConfig"](width=5, filters=4), 3)
    vector, length = torch.randn(2, 6, 3), torch.tensor([6, 4])
    torch.testing.assert_close(encoder(vector, length)[1, :4], encoder(vector[1:, :4], length[1:])[0])


@pytest.fixture
def place(tmp_path: Path, sample_treebank: Path) -> Path:
    """A folder with the page's files, and a treebank."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    sentences = list(read_conllu(sample_treebank))
    write_conllu(sentences, tmp_path / "train.conllu")
    write_conllu(sentences[::3], tmp_path / "dev.conllu")
    return tmp_path


def run(command: str, place: Path, text: str = "", library: Path = CHECKOUT) -> str:
    done = subprocess.run(
        [sys.executable, *shlex.split(command)],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(library), "OMP_NUM_THREADS": "1"},
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}{done.stderr}"
    return done.stdout


def test_own_tuples_become_sentences(place: Path) -> None:
    printed = run("from_tuples.py", place, "We/PRON parse/VERB it/PRON\n")
    (place / "tuples.conllu").write_text(printed, encoding="utf-8")
    [sentence] = read_conllu(place / "tuples.conllu")
    assert sentence == Sentence.from_forms(["We", "parse", "it"]).replace(upos=["PRON", "VERB", "PRON"])


ROOMS = {"arc_hybrid.py": "parser", "convolution.py": "networks/encoder", "stanford.py": "formats", "words.py": "cli"}
# The page's additions to files of the package: the file, a piece of it, and the new text behind this piece.
ADDITIONS = [
    ("parser/systems.py", "import ArcStandard\n", "from arcparse.parser.arc_hybrid import ArcHybrid\n"),
    ("parser/systems.py", '"swap": Swap', ', "arc-hybrid": ArcHybrid'),
    (
        "networks/encoder/choice.py",
        "import BiLSTM\n",
        "from arcparse.networks.encoder.convolution import Convolution\n",
    ),
    ("networks/encoder/choice.py", '"bilstm": BiLSTM', ', "convolution": Convolution'),
    ("formats/registry.py", "running_text, table", ", stanford"),
    ("formats/registry.py", "json_lines.formats", ", stanford.formats"),
    ("cli/__init__.py", '"measure speed, start-up time and memory"', ', "words": "count the words of a treebank"'),
    ("lexicon/tags.py", "import EMPTY, FEATS", ", LEMMA"),
    ("lexicon/tags.py", '"feats": FEATS', ', "lemma": LEMMA'),
    ("parser/settings.py", "    feats_dimension: Dimension = 32\n", "    lemma_dimension: Dimension = 32\n"),
    (
        "evaluation/metrics.py",
        '("LAS", comparison.labelled_right, all_words),',
        '("LA", comparison.label_right, all_words),',
    ),
    ("evaluation/scores.py", '"Root", ', '"LA", '),
]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package, without models, with the files and the additions of the page."""
    folder = tmp_path_factory.mktemp("library")
    left_out = shutil.ignore_patterns("models", "__pycache__")
    shutil.copytree(CHECKOUT / "arcparse", folder / "arcparse", ignore=left_out)
    for file, room in ROOMS.items():
        (folder / "arcparse" / room / file).write_text(inside(FILES[file]), encoding="utf-8")
    for name, piece, addition in ADDITIONS:
        file = folder / "arcparse" / name
        text = file.read_text(encoding="utf-8")
        assert text.count(piece) == 1, (name, piece)
        file.write_text(text.replace(piece, piece + addition), encoding="utf-8")
    return folder


def inside(text: str) -> str:
    """Return a file of the page as it stands inside the package: it does not register itself, and is no command."""
    definitions = text.partition("\nregister(")[0]
    return re.sub(r"^from \S+ import (main|register)\n", "", definitions, flags=re.MULTILINE)


def test_a_subcommand_is_one_file_and_one_entry(place: Path, library: Path) -> None:
    assert run("-m arcparse words train.conllu", place, library=library) == "800\n"
    assert "count the words of a treebank" in run("-m arcparse --help", place, library=library)


@pytest.mark.slow
def test_a_format_is_one_file_and_one_entry(place: Path, library: Path) -> None:
    run("-m arcparse convert train.conllu --to stanford --output train.deps", place, library=library)
    run("-m arcparse convert train.deps --to nltk4 --output again.dp4", place, library=library)
    run("-m arcparse convert train.conllu --to nltk4 --output train.dp4", place, library=library)
    again, right = (list(read_sentences(place / name, "nltk4")) for name in ("again.dp4", "train.dp4"))
    assert [sentence.tree for sentence in again] == [sentence.tree for sentence in right]
    assert [sentence.forms for sentence in again] == [sentence.forms for sentence in right]


def test_a_malformed_sentence_of_the_format_is_told_with_its_place(tmp_path: Path) -> None:
    [stanford] = imported("stanford.py", tmp_path)["formats"]()
    text = "\nroot(ROOT-0, Go-1)\n\n\nroot(ROOT-0, Stop-1)\nadvmod(Stop-1, now-3)\n\nroot(ROOT-0, Go-1)\n"
    errors: list[TreebankError] = []
    found = list(read_sentences(io.StringIO(text), stanford, name="f", on_error=errors.append))
    assert [sentence.forms for sentence in found] == [("Go",), ("Go",)]
    [error] = errors
    assert str(error).startswith("f:6: 'advmod(Stop-1, now-3)' is not the arc to word 2")


def test_a_format_is_registered_once_and_under_a_new_name(tmp_path: Path) -> None:
    make = imported("stanford.py", tmp_path)["formats"]
    register(make)
    register(make)
    assert list(formats()).count("stanford") == 1
    with pytest.raises(ConfigurationError, match="there is another format 'stanford'"):
        register(lambda tag="xpos": make(tag))


@pytest.mark.slow
def test_a_system_and_an_encoder_are_one_file_and_one_entry_each(place: Path, library: Path) -> None:
    settings = ("parser.system=arc-hybrid", "exploration=0", "parser.encoder=convolution")
    command = f"-m arcparse train parser --train train.conllu --dev dev.conllu --set {' --set '.join(settings)}"
    printed = run(f"{command} --dry-run", place, library=library)
    assert 'system = "arc-hybrid"' in printed
    assert 'encoder = "convolution"' in printed


def test_a_metric_is_one_line_and_a_name(place: Path, library: Path) -> None:
    gold = list(read_conllu(place / "dev.conllu"))
    flat = [s.replace(heads=[0 if head == 0 else s.heads.index(0) + 1 for head in s.heads]) for s in gold]
    write_conllu(flat, place / "flat.conllu")
    printed = run("-m arcparse evaluate --metrics LAS,LA --json dev.conllu flat.conllu", place, library=library)
    scores = json.loads(printed)
    assert scores["LAS"]["f1"] < 1
    assert scores["LA"]["f1"] == 1


@pytest.mark.slow
def test_a_feature_of_a_new_column_is_learned(place: Path, library: Path) -> None:
    features = '["stack(0).vector", "stack(1).vector", "buffer(0).vector", "stack(0).lemma", "stack(1).lemma"]'
    command = (
        f"-m arcparse train parser --train train.conllu --dev dev.conllu --epochs 1 --set 'parser.features={features}'"
    )
    run(f"{command} --output lemma", place, library=library)
    printed = run("-m arcparse parse --model lemma/best 'We parse it .'", place, library=library)
    [sentence] = parse_conllu(printed)
    assert sentence.is_parsed
    assert set(sentence.lemmas) == {"_"}


def test_a_model_from_before_a_new_column_still_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["We", "parse", "it", "."]
    before = Pipeline.load("en-small").parse(words)
    monkeypatch.setitem(tags.COLUMN, "lemma", LEMMA)
    assert Pipeline.load("en-small").parse(words) == before


@pytest.mark.slow
def test_the_commands_run(place: Path) -> None:
    for command, expected in COMMANDS:
        printed = run(command, place)
        if expected:
            assert printed.strip() == expected.strip(), command
    assert len(list(read_conllu(place / "parsed.conllu"))) == len(list(read_conllu(place / "dev.conllu")))
    assert len(list(read_conllu(place / "convolved.conllu"))) == 1
    with pytest.raises(AssertionError, match=r"no transition system 'arc-hybrid'.*registered"):
        run("-m arcparse parse --given tags --model hybrid/best --input dev.conllu", place)
