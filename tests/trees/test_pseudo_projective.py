from __future__ import annotations

import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steps import steps_of

from arcparse import trees
from arcparse.errors import TreeError
from arcparse.sentence import Sentence, Token, Tree
from arcparse.treebank import read_conllu
from arcparse.trees.pseudo_projective import (
    PROJECTIVITIES,
    Projectivity,
    Survival,
    deprojectivise,
    projectivise,
    survey,
)

ENCODINGS = PROJECTIVITIES[1:]
LABELS = ("nsubj", "obj", "nmod:poss")
CHECKOUT = Path(__file__).parents[2]
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS)
every_projectivity = pytest.mark.parametrize("encoding", PROJECTIVITIES)


def tree(*arcs: tuple[int, str]) -> Tree:
    return Tree((-1, *(head for head, _ in arcs)), ("", *(label for _, label in arcs)))


# "A hearing is scheduled on the issue today": `on the issue` belongs to `hearing`.
HEARING = tree(
    *((2, "det"), (4, "nsubj:pass"), (4, "aux:pass"), (0, "root"), (7, "case"), (7, "det"), (2, "nmod"), (4, "obl"))
)


def changed(original: Tree, linear: Tree) -> dict[int, str]:
    pairs = zip(original.labels, linear.labels, strict=True)
    return {word: new for word, (old, new) in enumerate(pairs) if old != new}


@st.composite
def any_heads(draw: st.DrawFn) -> tuple[int, ...]:
    order = draw(st.permutations(range(1, draw(st.integers(1, 12)) + 1)))
    heads = [-1] + [0] * len(order)
    for i in range(1, len(order)):
        heads[order[i]] = order[draw(st.integers(0, i - 1))]
    return tuple(heads)


@st.composite
def any_tree(draw: st.DrawFn, label: st.SearchStrategy[str]) -> Tree:
    heads = draw(any_heads())
    return Tree(heads, ("", *(draw(label) for _ in heads[1:])))


plain = st.sampled_from(LABELS)
decorated = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("", *LABELS)),
        st.sampled_from(("", "^", "^nsubj", "^obj", "^unseen", "^^", "~^~")),
        st.sampled_from(("", "~", "~~")),
    ),
)


@given(any_tree(plain), st.sampled_from(PROJECTIVITIES))
def test_the_transform_is_projective_and_its_inverse_gives_all_labels_back(gold: Tree, encoding: Projectivity) -> None:
    linear = projectivise(gold, encoding)
    assert linear.heads == trees.projectivise(gold.heads)
    restored = deprojectivise(linear, encoding)
    trees.check_tree(restored)
    assert restored.labels == gold.labels
    if trees.is_projective(gold.heads):
        assert linear == restored == gold


@given(any_heads(), st.sampled_from(("head", "head+path")))
def test_labels_that_differ_bring_every_word_back(heads: tuple[int, ...], encoding: Projectivity) -> None:
    gold = Tree(heads, ("", *(f"l{word}" for word in range(1, len(heads)))))
    assert deprojectivise(projectivise(gold, encoding), encoding) == gold


@given(any_tree(decorated), st.sampled_from(ENCODINGS))
def test_any_labels_on_any_tree_give_a_tree_with_the_same_root(predicted: Tree, encoding: Projectivity) -> None:
    restored = deprojectivise(predicted, encoding)
    trees.check_tree(restored)
    assert restored.heads.index(0) == predicted.heads.index(0)
    assert not any("^" in label for label in restored.labels)
    for word, label in enumerate(predicted.labels):
        if "^" not in label:
            assert restored.heads[word] == predicted.heads[word]


@pytest.mark.parametrize(
    ("gold", "encoding", "labels"),
    [
        (HEARING, "lift", {}),
        (HEARING, "head", {7: "nmod^nsubj:pass"}),
        (HEARING, "path", {2: "nsubj:pass~", 7: "nmod^"}),
        (HEARING, "head+path", {2: "nsubj:pass~", 7: "nmod^nsubj:pass"}),
    ],
)
def test_labels_say_where_a_word_came_from(gold: Tree, encoding: Projectivity, labels: dict[int, str]) -> None:
    linear = projectivise(gold, encoding)
    assert linear.heads == (-1, 2, 4, 4, 0, 7, 7, 4, 4)
    assert changed(gold, linear) == labels
    assert deprojectivise(linear, encoding) == (linear if encoding == "lift" else gold)


@every_encoding
def test_a_word_may_be_lifted_and_on_a_path(encoding: Projectivity) -> None:
    gold = tree((0, "root"), (1, "obj"), (1, "punct"), (2, "nmod"), (1, "punct"), (4, "acl"))
    linear = projectivise(gold, encoding)
    expected: dict[Projectivity, dict[int, str]] = {
        "head": {4: "nmod^obj", 6: "acl^nmod"},
        "path": {2: "obj~", 4: "nmod^~", 6: "acl^"},
        "head+path": {2: "obj~", 4: "nmod^obj~", 6: "acl^nmod"},
    }
    assert changed(gold, linear) == expected[encoding]
    assert deprojectivise(linear, encoding) == gold


def test_a_head_that_is_not_found_leaves_the_word_where_it_is() -> None:
    linear = projectivise(HEARING, "head")
    predicted = Tree(linear.heads, tuple(label.replace("^nsubj:pass", "^iobj") for label in linear.labels))
    assert deprojectivise(predicted, "head") == Tree(linear.heads, HEARING.labels)
    assert deprojectivise(predicted, "path") == Tree(linear.heads, HEARING.labels)


def test_the_root_keeps_its_child_whatever_the_label_says() -> None:
    predicted = tree((0, "root^obj~"), (1, "obj"))
    for encoding in ENCODINGS:
        assert deprojectivise(predicted, encoding) == tree((0, "root"), (1, "obj"))


def test_the_nearest_of_equal_candidates_is_taken() -> None:
    predicted = tree((3, "obj"), (3, "obj"), (0, "root"), (3, "punct"), (3, "nmod^obj"))
    assert deprojectivise(predicted, "head").heads[5] == 2


def test_the_higher_of_equal_candidates_is_taken() -> None:
    predicted = tree((2, "obj"), (3, "obj"), (0, "root"), (3, "punct"), (3, "nmod^obj"))
    assert deprojectivise(predicted, "head").heads[5] == 2


def test_a_head_whose_arc_would_be_projective_is_none() -> None:
    predicted = tree((2, "obj"), (0, "root"), (2, "obj"), (2, "nmod^obj"))
    assert deprojectivise(predicted, "head").heads[4] == 1


def test_the_end_of_a_path_comes_before_a_word_that_is_passed() -> None:
    arcs = [(2, "obj~"), (3, "obj~"), (0, "root"), (3, "punct"), (3, "nmod^obj")]
    assert deprojectivise(tree(*arcs), "head+path").heads[5] == 1
    assert deprojectivise(tree(*arcs), "path").heads[5] == 1
    arcs[0] = (2, "iobj~")
    assert deprojectivise(tree(*arcs), "head+path").heads[5] == 2
    arcs[1] = (3, "obj")
    assert deprojectivise(tree(*arcs), "head+path").heads[5] == deprojectivise(tree(*arcs), "path").heads[5] == 3


def test_a_word_waits_until_its_head_is_back() -> None:
    # The head of 6 changes from 1 to 7, that of 2 from 6 to 1. If 2, further left, comes first, 6 is not below 1.
    gold = tree((7, "iobj"), (6, "det"), (0, "root"), (3, "punct"), (3, "punct"), (1, "nmod"), (3, "obj"))
    linear = projectivise(gold, "head")
    assert linear.heads == (-1, 3, 1, 0, 3, 3, 7, 3)
    assert deprojectivise(linear, "head") == gold


@every_encoding
@pytest.mark.parametrize("label", ["obj^nsubj", "obj~"])
def test_labels_with_a_mark_of_their_own_are_refused(encoding: Projectivity, label: str) -> None:
    gold = tree((0, "root"), (1, label))
    with pytest.raises(TreeError, match=r"^a\.conllu:3: label '.*' of word 2 has a mark"):
        projectivise(gold, encoding, "a.conllu:3")
    with pytest.raises(TreeError, match=r"^label '"):
        projectivise(gold, encoding)
    assert projectivise(gold, "lift") == deprojectivise(gold, "lift") == gold


@every_projectivity
def test_no_words_stay_no_words(encoding: Projectivity) -> None:
    empty = Tree((-1,), ("",))
    assert deprojectivise(projectivise(empty, encoding), encoding) == empty


def sentence(gold: Tree) -> Sentence:
    pairs = zip(gold.heads[1:], gold.labels[1:], strict=True)
    return Sentence.from_tokens([Token(i, "w", head=head, deprel=label) for i, (head, label) in enumerate(pairs, 1)])


def test_a_survey_counts_what_survives() -> None:
    found = survey([sentence(HEARING), sentence(tree((0, "root"), (1, "nmod")))])
    assert (found.sentences, found.words, found.lifted) == (2, 10, 1)
    assert (found.non_projective_sentences, found.non_projective_arcs) == (1, 1)
    assert found.survival == {
        "lift": Survival(arcs=9, labels=7),
        "head": Survival(arcs=10, labels=8),
        "path": Survival(arcs=10, labels=8),
        "head+path": Survival(arcs=10, labels=8),
    }


def test_a_survey_needs_trees() -> None:
    with pytest.raises(TreeError, match="cycle"):
        survey([sentence(tree((2, "dep"), (1, "dep")))])


@pytest.mark.parametrize(
    ("file", "restored"),
    [
        ("ud-gothic-proiel/got_proiel-ud-dev.conllu.xz", {"lift": 0, "head": 300, "path": 297, "head+path": 305}),
        ("ud-hungarian-szeged/hu_szeged-ud-dev.conllu.xz", {"lift": 0, "head": 176, "path": 210, "head+path": 212}),
        ("ud-turkish-imst/tr_imst-ud-dev.conllu.xz", {"lift": 0, "head": 44, "path": 46, "head+path": 46}),
        ("ud-czech-cltt/cs_cltt-ud-dev.conllu.xz", {"lift": 0, "head": 58, "path": 60, "head+path": 61}),
    ],
)
def test_most_lifted_arcs_of_real_treebanks_come_back(corpora: Path, file: str, restored: dict[str, int]) -> None:
    found = survey(read_conllu(corpora / file))
    lost = {encoding: found.words - kept.arcs for encoding, kept in found.survival.items()}
    assert {encoding: found.lifted - number for encoding, number in lost.items()} == restored


@every_projectivity
def test_work_grows_little_faster_than_the_length(encoding: Projectivity) -> None:
    def there_and_back(size: int) -> None:
        generator = random.Random(3)
        heads = [-1, 0, *(max(1, word - generator.randint(1, 20)) for word in range(2, size + 1))]
        gold = Tree(tuple(heads), ("", *(generator.choice(LABELS) for _ in heads[1:])))
        deprojectivise(projectivise(gold, encoding), encoding)

    few, many = (steps_of(partial(there_and_back, size)) for size in (50, 200))
    assert many < 4.5**2 * few


def run_tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECKOUT / "tools" / "projectivity.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_tool_prints_a_row_for_each_encoding(sample_treebank: Path) -> None:
    ran = run_tool(str(sample_treebank))
    assert ran.returncode == 0, ran.stderr
    header, _, *rows = [line.strip("| ").split(" | ") for line in ran.stdout.splitlines()]
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["encoding"] for row in table] == list(PROJECTIVITIES)
    assert [row["restored"] for row in table] == ["0.00%", "100.00%", "100.00%", "100.00%"]


def test_the_tool_names_what_it_cannot_read(tmp_path: Path) -> None:
    ran = run_tool(str(tmp_path / "none.conllu"))
    assert ran.returncode == 2
    assert ran.stderr.startswith("projectivity.py: ")
    assert run_tool().returncode == 2
