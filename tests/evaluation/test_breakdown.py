"""The parts of a breakdown add up to the whole, and each part equals a count word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import perturbed, random_text, read, rows, seeded

from arcparse.evaluation import (
    Breakdown,
    Score,
    by_distance,
    by_genre,
    by_known,
    by_label,
    by_length,
    by_projectivity,
    compare,
    evaluate,
    label_confusion,
)
from arcparse.sentence import Sentence

TEXTS = st.text("abA", min_size=1, max_size=12)
SEEDS = st.integers(0, 2**32)


def total(breakdown: Breakdown, metric: str) -> Score:
    scores = (scores[metric] for scores in breakdown.values())
    return sum(scores, Score(aligned=None if metric in ("UEM", "LEM") else 0))


@given(TEXTS, SEEDS, st.booleans())
@settings(max_examples=200)
def test_parts_add_up_whatever_the_segmentation(characters: str, seed: int, punctuation: bool) -> None:
    rng = seeded(seed)
    gold, system = random_text(rng, characters), random_text(rng, characters)
    compared, scores = compare(gold, system), evaluate(gold, system, punctuation=punctuation)
    assert total(by_label(compared, punctuation=punctuation), "LAS") == scores["LAS"]
    distances = by_distance(compared, punctuation=punctuation, starts=(1, 3))
    assert [total(distances, metric) for metric in ("UAS", "LAS")] == [scores["UAS"], scores["LAS"]]
    lengths = by_length(compared, punctuation=punctuation, starts=(1, 2, 4))
    for metric in ("UAS", "LAS", "CLAS", "Root", "UEM", "LEM"):
        assert total(lengths, metric) == scores[metric]
    genres = by_genre(compared, punctuation=punctuation)
    for metric in ("UPOS", "UAS", "LAS", "CLAS"):
        assert total(genres, metric) == scores[metric]
    crossing = by_projectivity(compared, punctuation=punctuation)
    assert [total(crossing, metric) for metric in ("UAS", "LAS")] == [scores["UAS"], scores["LAS"]]
    known = by_known(compared, rng.sample(compared.gold.text.forms, 1), punctuation=punctuation)
    assert list(known) in (["known"], ["known", "unknown"])
    for metric in ("UPOS", "XPOS", "UFeats", "UAS", "LAS"):
        assert total(known, metric) == scores[metric]
    confusion = label_confusion(compared, punctuation=punctuation)
    assert confusion.total() == scores["LAS"].aligned
    right = sum(count for (ours, theirs), count in confusion.items() if ours == theirs)
    assert right == total(by_label(compared, punctuation=punctuation), "Label").correct


def test_arcs_that_cross_are_counted_apart() -> None:
    words = Sentence.from_forms(["a", "b", "c", "d"]).replace(labels=["x", "x", "root", "x"])
    gold = words.replace(heads=[3, 4, 0, 3])  # 4 -> 2 spans the root's child: the only non-projective arc
    found = by_projectivity(compare([gold], [words.replace(heads=[3, 3, 0, 3])]))
    assert {part: (s["UAS"].correct, s["UAS"].gold, s["UAS"].system) for part, s in found.items()} == {
        "projective": (3, 3, 4),
        "non-projective": (0, 1, 0),
    }
    found = by_projectivity(compare([gold], [gold.replace(labels=["x", "y", "root", "x"])]))
    assert found["non-projective"]["UAS"] == Score(1, 1, 1, 1)
    assert found["non-projective"]["LAS"] == Score(0, 1, 1, 1)


@given(TEXTS, SEEDS)
def test_parts_are_what_counting_words_gives(characters: str, seed: int) -> None:
    rng = seeded(seed)
    gold = random_text(rng, characters)
    system = [perturbed(rng, sentence) for sentence in gold]
    compared = compare(gold, system)
    ours, theirs = list(arcs(gold)), list(arcs(system))
    same_label = [mine[1] == yours[1] for mine, yours in zip(ours, theirs, strict=True)]
    same_head = [mine[0] == yours[0] for mine, yours in zip(ours, theirs, strict=True)]
    both = [head and label for head, label in zip(same_head, same_label, strict=True)]
    labels = [[label for _, label in side] for side in (ours, theirs)]
    assert found(by_label(compared), "Label") == counted(*labels, same_label)
    assert found(by_label(compared), "LAS") == counted(*labels, both)
    distances = [["root" if not head else str(abs(head)) for head, _ in side] for side in (ours, theirs)]
    found_distances = by_distance(compared, starts=range(1, 50))
    assert found(found_distances, "UAS") == counted(*distances, same_head)
    assert found(found_distances, "LAS") == counted(*distances, both)


def arcs(sentences: Iterable[Sentence]) -> Iterable[tuple[int, str]]:
    """The distance of each word from its head, 0 for the root, and its label without subtype."""
    for sentence in sentences:
        for word, (head, label) in enumerate(zip(sentence.heads, sentence.labels, strict=True), 1):
            yield head and head - word, label.split(":")[0]


def counted(gold: list[str], system: list[str], right: list[bool]) -> dict[str, tuple[int, int, int]]:
    correct = Counter(part for part, is_right in zip(gold, right, strict=True) if is_right)
    in_gold, in_system = Counter(gold), Counter(system)
    return {part: (correct[part], in_gold[part], in_system[part]) for part in in_gold | in_system}


def found(breakdown: Breakdown, metric: str) -> dict[str, tuple[int, int, int]]:
    scores = ((part, scores[metric]) for part, scores in breakdown.items())
    return {part: (score.correct, score.gold, score.system) for part, score in scores}


GOLD = rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 c _ X 1 obj:x", "4 . _ PUNCT 1 punct")
SYSTEM = rows("1 a _ X 0 root", "2 b _ X 1 iobj", "3 c _ X 2 obj", "4 . _ PUNCT 1 punct")


def test_labels_have_precision_and_recall() -> None:
    labels = by_label(compare(read(GOLD), read(SYSTEM)))
    assert list(labels) == ["obj", "root", "punct", "iobj"]
    assert labels["obj"] == {"Label": Score(1, 2, 1, 2), "LAS": Score(0, 2, 1, 2)}
    assert labels["iobj"]["Label"] == Score(0, 0, 1, 0)
    assert "punct" not in by_label(compare(read(GOLD), read(SYSTEM)), punctuation=False)


def test_confused_labels_are_counted() -> None:
    compared = compare(read(GOLD), read(SYSTEM))
    right = {("root", "root"): 1, ("obj", "obj"): 1, ("punct", "punct"): 1}
    assert label_confusion(compared) == right | {("obj", "iobj"): 1}
    assert ("punct", "punct") not in label_confusion(compared, punctuation=False)


def test_words_are_known_by_their_forms() -> None:
    gold = read(rows("1 a _ X 0 root", "2 B _ Y 1 obj", "3 b _ Y 1 obj", "4 . _ PUNCT 1 punct"))
    system = read(rows("1 a _ X 0 root", "2 B _ X 1 obj", "3 b _ Y 1 iobj", "4 . _ PUNCT 2 punct"))
    parts = by_known(compare(gold, system), ["a", "b", "."], punctuation=False)
    assert parts["known"]["UPOS"] == Score(3, 3, 3, 3)
    assert parts["known"]["LAS"] == Score(1, 2, 2, 2)
    right = dict.fromkeys(("XPOS", "UFeats", "UAS", "LAS"), Score(1, 1, 1, 1))
    assert parts["unknown"] == {"UPOS": Score(0, 1, 1, 1)} | right
    unknown = by_known(compare(gold, system), ["a", "B", "b"], punctuation=False)["unknown"]
    assert (unknown["UPOS"], unknown["LAS"]) == (Score(1, 1, 1, 1), Score(aligned=0))


def test_distances_of_another_segmentation_are_measured_on_gold() -> None:
    gold = read(rows("1 a _ X 0 root", "2 bcd _ X 1 obj", "3 e _ X 1 obj"))
    system = read(rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 c _ X 2 obj", "4 d _ X 3 obj", "5 e _ X 1 obj"))
    distances = by_distance(compare(gold, system))
    assert distances["2"]["LAS"] == Score(1, 1, 1, 1)
    assert distances["1"]["LAS"] == Score(0, 1, 3, 0)


@pytest.mark.parametrize(("size", "part"), [(1, "1-10"), (10, "1-10"), (11, "11-20"), (50, "41-50"), (90, "51+")])
def test_sentences_are_long_as_gold_says(size: int, part: str) -> None:
    gold = read(rows(*(f"{number} a" for number in range(1, size + 1))))
    lengths = by_length(compare(gold, gold))
    assert {name: scores["UAS"].gold for name, scores in lengths.items()} == {part: size}
    assert lengths[part]["LEM"] == Score(1, 1, 1)


def test_sentences_are_counted_by_genre() -> None:
    one, other = rows("1 a _ X 0 root", "2 b _ X 1 obj"), rows("1 a _ X 0 root", "2 b _ X 1 iobj")
    ids = ["# sent_id = weblog-x.com-0001\n", "# sent_id = email-y-0001\n", "# sent_id = weblog-z-0001\n", ""]
    found = by_genre(compare(read("".join(name + one for name in ids)), read(one + other + one + one)))
    assert list(found) == ["weblog", "email", "none"]
    assert [scores["LAS"] for scores in found.values()] == [Score(4, 4, 4, 4), Score(1, 2, 2, 2), Score(2, 2, 2, 2)]


def test_nothing_has_no_parts() -> None:
    nothing = compare([], [])
    assert (
        by_label(nothing)
        == by_distance(nothing)
        == by_length(nothing)
        == by_genre(nothing)
        == by_known(nothing, [])
        == by_projectivity(nothing)
        == {}
    )
    assert not label_confusion(nothing)
