"""The scores equal those of the shared task's own scorer (in `udtools`), on texts that are split in every way."""

from __future__ import annotations

import argparse
import io
import json
import lzma
import random
import runpy
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from udtools import udeval

from arcparse.cli import evaluate as command
from arcparse.errors import TreebankError, TreeError
from arcparse.evaluation import METRICS, Score, Scores, evaluate
from arcparse.evaluation.alignment import SPACE
from arcparse.sentence import Sentence

LABELS = ("nsubj", "nsubj:pass", "obj", "det", "case", "aux", "aux:pass", "punct", "root", "unheard-of")
TAGS = ("NOUN", "VERB", "PUNCT", "_")
FEATS = ("_", "Case=Nom", "Number=Sing|Case=Nom", "Case=Nom|Number=Sing|Style=Arch", "Style=Arch", "Poss")
LEMMAS = ("_", "a", "b")
SPACES = ("", "", "", " ", "\u00a0", "\u3000")
TREEBANKS = (
    "ud-english-ewt/en_ewt",
    "ud-french-sequoia/fr_sequoia",
    "ud-czech-cltt/cs_cltt",
    "ud-turkish-imst/tr_imst",
    "ud-chinese-gsdsimp/zh_gsdsimp",
    "ud-gothic-proiel/got_proiel",
)

Tokens = list[tuple[str, tuple[str, ...]]]  # the form of each token and its words, none where it is a plain word


def read(text: str, place: str = "test") -> list[Sentence]:
    sentences = []
    for number, block in enumerate(text.strip("\n").split("\n\n"), 1):
        lines = block.split("\n")
        comments = tuple(line for line in lines if line.startswith("#"))
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        sentences.append(Sentence(comments, tuple(zip(*rows, strict=True)), f"{place}:{number}"))
    return sentences


def official(gold: Iterable[Sentence], system: Iterable[Sentence]) -> dict[str, SimpleNamespace]:
    loaded = (udeval.load_conllu(io.StringIO("".join(map(str, side))), "", {}) for side in (gold, system))
    scores: dict[str, SimpleNamespace] = udeval.evaluate(*loaded)
    return scores


def assert_official(gold: Sequence[Sentence], system: Sequence[Sentence]) -> Scores:
    scores, expected = evaluate(gold, system), official(gold, system)
    for metric in METRICS:
        ours, theirs = scores[metric], expected[metric]
        aligned = None if metric == "Words" else theirs.aligned_total
        assert (ours.correct, ours.gold, ours.system, ours.aligned) == (
            theirs.correct,
            theirs.gold_total,
            theirs.system_total,
            aligned,
        ), metric
        assert (ours.precision, ours.recall, ours.f1) == (theirs.precision, theirs.recall, theirs.f1), metric
        assert ours.aligned_accuracy == theirs.aligned_accuracy, metric
    assert [line.rstrip() for line in str(scores).split("\n")] == [
        line.rstrip() for line in udeval.build_evaluation_table(expected).split("\n")
    ]
    return scores


def rows(*words: str) -> str:
    """A sentence from words such as "3 dogs dog NOUN 4 nsubj"; without the rest, a word hangs on the one before."""
    lines = []
    for word in words:
        name, form, *more = word.split(" ")
        lemma, upos, head, label = [*more, *["_", "_", "", "_"][len(more) :]]
        plain = name.isdigit()
        head = head or (str(int(name) - 1) if plain else "_")
        lines.append("\t".join([name, form, lemma, upos, "_", "_", head, label, "_", "_"]))
    return "\n".join(lines) + "\n\n"


def words_of(*tokens: str) -> list[Sentence]:
    """A chain of words, from "a" or from a multiword token "ab a b"."""
    return [chain_of([(form, tuple(words)) for form, *words in (token.split(" ") for token in tokens)])]


def chain_of(tokens: Tokens) -> Sentence:
    return read(block(tokens, lambda size: (list(range(size)), [["_"] * 5] * size)))[0]


def block(tokens: Tokens, annotate: Callable[[int], tuple[list[int], list[list[str]]]], empty: bool = False) -> str:
    """The rows of a sentence; `annotate` gives heads and lemma, UPOS, XPOS, FEATS and label of a number of words."""
    heads, columns = annotate(sum(max(1, len(words)) for _, words in tokens))
    lines = ["0.1" + "\te" + "\t_" * 8] if empty else []
    number = 0
    for form, words in tokens:
        if words:
            lines.append(f"{number + 1}-{number + len(words)}\t{form}" + "\t_" * 8)
        for word in words or (form,):
            lemma, upos, xpos, feats, label = columns[number]
            head = str(heads[number])
            number += 1
            lines.append("\t".join([str(number), word, lemma, upos, xpos, feats, head, label, "_", "_"]))
            if empty:
                lines.append(f"{number}.1" + "\te" + "\t_" * 8)
    return "\n".join(lines) + "\n\n"


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def random_heads(rng: random.Random, size: int) -> list[int]:
    order = rng.sample(range(1, size + 1), size)
    heads = [0] * (size + 1)
    for position, word in enumerate(order[1:], 1):
        heads[word] = rng.choice(order[:position])
    return heads[1:]


def random_annotation(rng: random.Random) -> Callable[[int], tuple[list[int], list[list[str]]]]:
    def annotate(size: int) -> tuple[list[int], list[list[str]]]:
        columns = [[rng.choice(values) for values in (LEMMAS, TAGS, TAGS, FEATS, LABELS)] for _ in range(size)]
        return random_heads(rng, size), columns

    return annotate


def random_tokens(rng: random.Random, characters: str) -> Tokens:
    cuts = sorted(rng.sample(range(1, len(characters)), rng.randrange(len(characters))))
    tokens: Tokens = []
    for start, end in pairwise([0, *cuts, len(characters)]):
        form = "".join(character + rng.choice(SPACES) for character in characters[start:end])
        words = tuple(rng.choice(("a", "b", "A", "ab", "a b")) for _ in range(rng.choice((0, 0, 1, 2, 3))))
        tokens.append((form, words))
    return tokens


def random_text(rng: random.Random, characters: str) -> list[Sentence]:
    """Split the same characters somehow into sentences, tokens and words."""
    cuts = sorted(rng.sample(range(1, len(characters)), rng.randrange(min(3, len(characters)))))
    pieces = [characters[start:end] for start, end in pairwise([0, *cuts, len(characters)])]
    annotate = random_annotation(rng)
    return read("".join(block(random_tokens(rng, piece), annotate, rng.random() < 0.2) for piece in pieces))


def perturbed(rng: random.Random, sentence: Sentence) -> Sentence:
    """Change tags, lemmas, labels and heads here and there; the heads remain a tree."""
    heads = list(sentence.heads)
    for word in range(1, len(heads) + 1):
        head = rng.randrange(1, len(heads) + 1)
        if rng.random() < 0.1 and heads[word - 1] and not descends(heads, head, word):
            heads[word - 1] = head

    def changed(column: Sequence[str], values: Sequence[str]) -> list[str]:
        return [rng.choice(values) if rng.random() < 0.1 else value for value in column]

    return sentence.replace(
        heads=heads,
        lemmas=changed(sentence.lemmas, LEMMAS),
        upos=changed(sentence.upos, TAGS),
        xpos=changed(sentence.xpos, TAGS),
        feats=changed(sentence.feats, FEATS),
        labels=changed(sentence.labels, LABELS),
    )


def descends(heads: Sequence[int], word: int, ancestor: int) -> bool:
    while word not in (0, ancestor):
        word = heads[word - 1]
    return word == ancestor


def resegmented(rng: random.Random, sentence: Sentence) -> Sentence:
    """Join, split and unpack tokens, and make a new tree over the words."""
    tokens: Tokens = []
    for form, words in tokens_of(sentence):
        chance = rng.random()
        if chance < 0.1 and tokens:
            before, words_before = tokens.pop()
            tokens.append((before + form, rng.choice(((), (words_before or (before,)) + (words or (form,))))))
        elif chance < 0.2 and len(form) > 1:
            tokens += [(form[:1], ()), (form[1:], ())]
        else:
            tokens.append((form, words if chance < 0.9 else ()))
    return read(block(tokens, random_annotation(rng)))[0]


def tokens_of(sentence: Sentence) -> Tokens:
    tokens: Tokens = []
    covered = 0
    for name, form in zip(*sentence.columns[:2], strict=True):
        first, dash, last = name.partition("-")
        if dash:
            covered = int(last)
            tokens.append((form, tuple(sentence.forms[int(first) - 1 : covered])))
        elif "." not in name and int(name) > covered:
            tokens.append((form, ()))
    return tokens


DOGS = rows(
    "1 The the DET 2 det",
    "2 dogs dog NOUN 5 nsubj:outer",
    "3-4 don't",
    "3 do do AUX 5 aux",
    "4 n't not PART 5 advmod",
    "5 bark bark VERB 0 root",
    "5.1 bark bark VERB _ _",
    "6 . . PUNCT 5 punct",
)


def test_gold_against_itself_is_right_everywhere() -> None:
    gold = read(DOGS + DOGS)
    scores = assert_official(gold, gold)
    assert all(scores[metric].f1 == 1.0 for metric in METRICS)
    assert scores["Tokens"] == Score(10, 10, 10)
    assert scores["Words"] == Score(12, 12, 12)
    assert scores["CLAS"].gold == 6


@pytest.mark.parametrize(
    ("gold", "system", "correct"),
    [
        (["a", "b", "c"], ["a", "b", "c"], 3),
        (["abc a b c"], ["a", "b", "c"], 3),
        (["a", "bc b c", "d"], ["a", "b", "c", "d"], 4),
        (["abcd a b c d"], ["ab a b", "cd c d"], 4),
        (["abc a b c", "de d e"], ["a", "bcd b c d", "e"], 5),
        (["abcd"], ["a", "b", "c", "d"], 0),
        (["abc", "d"], ["a", "b", "c", "d"], 1),
        (["a", "bc b c", "d"], ["a", "b", "cd"], 2),
        (["abc a BX c", "def d EX f"], ["ab a b", "cd c d", "ef e f"], 4),
        (["ab a b", "cd bc d"], ["a", "bc", "d"], 2),
        (["a", "bc b c", "d"], ["ab AX BX", "cd CX a"], 1),
        (["du de le"], ["du de la"], 1),
        (["du DE le"], ["du de le"], 2),
        (["aaa", "ab a b"], ["a", "a", "a", "ab"], 1),  # the one plain word that the official scorer leaves out
    ],
)
def test_words_align_across_segmentations(gold: list[str], system: list[str], correct: int) -> None:
    assert assert_official(words_of(*gold), words_of(*system))["Words"].correct == correct
    assert assert_official(words_of(*system), words_of(*gold))["Words"].correct >= correct - 1


def test_sentences_may_be_split_elsewhere() -> None:
    gold = [*words_of("a", "b"), *words_of("c")]
    scores = assert_official(gold, words_of("a", "b", "c"))
    assert scores["Sentences"] == Score(0, 2, 1)
    assert scores["UAS"] == Score(2, 3, 3, 3)  # c was a root


def test_spaces_in_forms_and_empty_nodes_do_not_count() -> None:
    gold = read(rows("1 20\u00a0000", "2 men").replace("20\u00a0000", "20 000"))
    system = read(rows("1 20", "2 000", "2.1 gap", "3 men"))
    assert assert_official(gold, system)["Tokens"] == Score(1, 2, 3)


def test_spaces_are_those_of_unicode() -> None:
    separators = {character for character in map(chr, range(0x10000)) if unicodedata.category(character) == "Zs"}
    assert {character for character in map(chr, range(0x10000)) if SPACE.fullmatch(character)} == separators


def test_a_lemma_is_right_where_gold_has_none() -> None:
    gold, system = read(rows("1 a _ X 0 root", "2 b b X 1 obj")), read(rows("1 a x X 0 root", "2 b x X 1 obj"))
    scores = assert_official(gold, system)
    assert scores["Lemmas"].correct == scores["BLEX"].correct == 1


def test_mlas_asks_for_the_function_words_too() -> None:
    gold = read(rows("1 the the DET 2 det", "2 dog dog NOUN 0 root"))
    system = read(rows("1 the the PRON 2 det:x", "2 dog dog NOUN 0 root"))
    scores = assert_official(gold, system)
    assert (scores["CLAS"].correct, scores["MLAS"].correct) == (1, 0)


def test_nothing_is_scored_zero() -> None:
    scores = evaluate([], [])
    assert scores == Scores()
    assert [scores["LAS"].precision, scores["LAS"].recall, scores["LAS"].f1] == [0.0, 0.0, 0.0]
    assert scores["LAS"].aligned_accuracy == 0.0
    assert scores["Words"].aligned_accuracy is None


@given(st.text("abA", min_size=1, max_size=12), st.integers(0, 2**32))
@settings(deadline=None, max_examples=300)
def test_any_two_segmentations_score_as_the_official_scorer_says(characters: str, seed: int) -> None:
    rng = seeded(seed)
    assert_official(random_text(rng, characters), random_text(rng, characters))


@given(st.text("abA", min_size=1, max_size=12), st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_any_wrong_annotation_scores_as_the_official_scorer_says(characters: str, seed: int) -> None:
    rng = seeded(seed)
    gold = random_text(rng, characters)
    assert_official(gold, [perturbed(rng, sentence) for sentence in gold])


@given(st.lists(st.text("abA", min_size=1, max_size=9), min_size=1, max_size=3), st.integers(0, 2**32))
@settings(deadline=None, max_examples=50)
def test_scores_add_up(texts: list[str], seed: int) -> None:
    rng = seeded(seed)
    start = words_of(".")  # a word that both sides have keeps apart what precedes it and what follows
    parts = [(start + random_text(rng, text), start + random_text(rng, text)) for text in texts]
    gold, system = ([sentence for part in side for sentence in part] for side in zip(*parts, strict=True))
    assert sum((evaluate(*part) for part in parts), Scores()) == evaluate(gold, system)


@pytest.mark.parametrize("name", TREEBANKS)
def test_real_treebanks_score_as_the_official_scorer_says(corpora: Path, name: str) -> None:
    path = corpora / f"{name}-ud-dev.conllu.xz"
    if not path.is_file():
        pytest.skip(f"no {path.name} among the corpora")
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        gold = read(lines.read())[:200]
    rng = seeded(1)
    system = [perturbed(rng, sentence) for sentence in gold]
    assert 0.5 < assert_official(gold, system)["LAS"].f1 < 1.0
    system = [resegmented(rng, sentence) if rng.random() < 0.5 else sentence for sentence in system]
    assert 0.5 < assert_official(gold, system)["Words"].f1 < 1.0


def test_punctuation_may_be_left_out() -> None:
    gold = read(rows("1 Go go VERB 0 root", "2 ! ! PUNCT 1 punct", "3 now now ADV 2 advmod"))
    system = read(rows("1 Go go VERB 0 root", "2 ! ! X 1 obj", "3 now now PUNCT 1 advmod"))
    scores = evaluate(gold, system, punctuation=False)
    assert scores["LAS"] == Score(1, 2, 2, 2)
    assert scores["CLAS"] == Score(1, 2, 2, 2)
    assert scores["UPOS"] == Score(1, 3, 3, 3)
    assert evaluate(gold, system)["CLAS"] == Score(1, 2, 3, 2)


def test_unaligned_punctuation_is_left_out_by_its_own_tag() -> None:
    gold = read(rows("1 a a NOUN 0 root", "2 !! ! PUNCT 1 punct"))
    system = read(rows("1 a a NOUN 0 root", "2 ! ! PUNCT 1 punct", "3 ! ! NOUN 1 obj"))
    assert evaluate(gold, system, punctuation=False)["LAS"] == Score(1, 1, 2, 1)


def test_texts_must_be_the_same() -> None:
    gold, system = read(rows("1 a") + rows("1 bc"), "gold.conllu"), read(rows("1 a", "2 bd"), "system.conllu")
    with pytest.raises(TreebankError, match=r"^gold.conllu:2 and system.conllu:1: the texts differ from character 2"):
        evaluate(gold, system)
    with pytest.raises(TreebankError, match=r"^gold.conllu:1 and \(no sentences\): the texts differ from character 0"):
        evaluate(gold, [])


@pytest.mark.parametrize(
    ("heads", "error", "message"),
    [
        ("0 3 2", TreeError, "cycle"),
        ("0 2 1", TreeError, "cycle"),
        ("2 3 1", TreeError, "cycle"),
        ("0 0 1", TreeError, "words 1, 2 all have head 0"),
        ("0 1 4", TreeError, "'4' of word 3 is outside the sentence of 3 words"),
        ("0 1 99999999999999999999", TreeError, "outside the sentence"),
        ("0 -2 1", TreeError, "outside the sentence"),
        ("0 1 _", TreeError, "word 3 has no head"),
        ("0 1 x", TreebankError, "HEAD"),
    ],
)
def test_broken_trees_are_refused(heads: str, error: type[Exception], message: str) -> None:
    good = rows("1 a", "2 b", "3 c")
    broken = rows(*(f"{i} {form} _ _ {head}" for i, form, head in zip("123", "abc", heads.split(), strict=True)))
    with pytest.raises(error, match=rf"^test:2.*{message}"):
        evaluate(read(good + good), read(good + broken))
    with pytest.raises((udeval.UDError, ValueError)):
        official(read(good + good), read(good + broken))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows("1 a") + rows("1 \u3000"), "test:2: a FORM is empty"),
        (rows("1-2 ab", "1 a"), "test:1: the ID ranges do not fit the 1 words"),
        (rows("1 a", "1-2 ab", "2 b"), "test:1: the ID ranges do not fit the 2 words"),
    ],
)
def test_broken_tokens_are_refused(text: str, message: str) -> None:
    with pytest.raises(TreebankError, match=f"^{message}"):
        evaluate(read(text), read(text))


def test_a_sentence_without_words_is_refused() -> None:
    with pytest.raises(TreeError, match=r"^test:1: a sentence without words"):
        evaluate(read("0.1\te" + "\t_" * 8), [])


def test_scores_are_looked_up_by_name() -> None:
    assert list(Scores()) == list(METRICS)
    with pytest.raises(KeyError, match="no metric 'LSA'; there are Tokens"):
        Scores()["LSA"]
    with pytest.raises(ValueError, match="different kinds"):
        Scores()["Words"] + Scores()["LAS"]


def run_command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    parsed = parser.parse_args(["evaluate", *arguments])
    status: int = parsed.run(parsed)
    return status


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    gold, system = tmp_path / "gold.conllu", tmp_path / "system.conllu"
    gold.write_text(DOGS, encoding="utf-8")
    system.write_text(DOGS.replace("\t5\tpunct", "\t2\tpunct"), encoding="utf-8")
    return str(gold), str(system)


def test_the_command_prints_the_table(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(*files) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "Metric     | Precision |    Recall |  F1 Score | AligndAcc"
    assert "LAS        |     83.33 |     83.33 |     83.33 |     83.33" in lines


def test_the_command_prints_json(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(*files, "--json", "--no-punct", "--metrics", "Words,LAS") == 0
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["Words", "LAS"]
    assert printed["Words"]["aligned_accuracy"] is None
    assert printed["LAS"] == dict.fromkeys(["precision", "recall", "f1", "aligned_accuracy"], 1.0) | dict.fromkeys(
        ["correct", "gold", "system", "aligned"], 5
    )


def test_the_command_knows_its_metrics(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_command(*files, "--metrics", "LAS,LSA")
    assert "no metric 'LSA'; there are Tokens, Sentences" in capsys.readouterr().err


def test_the_tool_runs_the_command(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *files, "--metrics", "UAS"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_path(str(Path(__file__).parent.parent / "tools" / "evaluate.py"), run_name="__main__")
    assert "UAS        |     83.33" in capsys.readouterr().out
