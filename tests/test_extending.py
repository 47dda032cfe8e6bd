"""docs/extending.md tells the truth: its files are written and its commands run as they stand."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch

from arcparse import cli
from arcparse.networks.encoder import choice
from arcparse.networks.padding import pad
from arcparse.parser import systems
from arcparse.parser.systems import System, system_called
from arcparse.search import WAIT, Beam, search
from arcparse.sentence import NONE, Sentence, Tree
from arcparse.treebank import read_conllu, write_conllu
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


def imported(name: str, folder: Path) -> dict[str, Any]:
    """Run a file of the page as a program imports it, and return what it defines."""
    (folder / name).write_text(FILES[name], encoding="utf-8")
    return runpy.run_path(str(folder / name))


def arc_hybrid(folder: Path, labels: list[str], root_labels: list[str], word_labels: list[str]) -> System:
    imported("arc_hybrid.py", folder)
    return system_called("arc-hybrid")(labels, root_labels, word_labels)


def test_the_page_has_the_files_that_it_promises() -> None:
    assert set(FILES) == {"arc_hybrid.py", "convolution.py", "from_tuples.py", "long_arcs.py", "words.py"}
    assert len(COMMANDS) == 5


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


def run(command: str, place: Path, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *shlex.split(command)],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1"},
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


def test_the_subcommand_counts_words(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = types.ModuleType("arcparse.cli.words")
    exec(compile(FILES["words.py"], "words.py", "exec"), vars(module))  # noqa: S102 (our own page)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cli.SUBCOMMANDS, "words", "count the words of a treebank")
    assert cli.main(["words", str(place / "train.conllu")]) == 0
    assert capsys.readouterr().out == "800\n"


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
