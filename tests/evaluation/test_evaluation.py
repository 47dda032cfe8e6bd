"""The scores equal those of the shared task's own scorer (in `udtools`), on texts that are split in every way."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from overfitted import fitted_parser, fitted_tagger
from texts import DOGS, joined, perturbed, random_text, read, rejoined, resegmented, rows, seeded, words_of
from udtools import udeval

from arcparse.errors import TreebankError, TreeError
from arcparse.evaluation import ALL_METRICS, METRICS, Score, Scores, compare, count_sentences, evaluate
from arcparse.evaluation.alignment import SPACE
from arcparse.evaluation.scores import CORRECT, GOLD, SYSTEM
from arcparse.pipeline import Pipeline
from arcparse.sentence import ID, Sentence
from arcparse.treebank import read_conllu

TREEBANKS = (
    "ud-basque-bdt-r1.4/eu",
    "ud-chinese-gsdsimp/zh_gsdsimp",
    "ud-czech-cltt/cs_cltt",
    "ud-english-ewt/en_ewt",
    "ud-french-sequoia/fr_sequoia",
    "ud-gothic-proiel/got_proiel",
    "ud-hungarian-szeged/hu_szeged",
    "ud-turkish-imst/tr_imst",
)
EARLIER_RELEASES = ("ud-english-ewt/r2.12/en_ewt", "ud-english-ewt/r2.2/en_ewt", "ud-english-ewt/r2.5/en_ewt")


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


def test_gold_against_itself_is_right_everywhere() -> None:
    gold = read(DOGS + DOGS)
    scores = assert_official(gold, gold)
    assert all(scores[metric].f1 == 1.0 for metric in ALL_METRICS)
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
@settings(max_examples=300)
def test_any_two_segmentations_score_as_the_official_scorer_says(characters: str, seed: int) -> None:
    rng = seeded(seed)
    assert_official(random_text(rng, characters), random_text(rng, characters))


@given(st.text("abA", min_size=1, max_size=12), st.integers(0, 2**32))
def test_any_wrong_annotation_scores_as_the_official_scorer_says(characters: str, seed: int) -> None:
    rng = seeded(seed)
    gold = random_text(rng, characters)
    assert_official(gold, [perturbed(rng, sentence) for sentence in gold])


@given(st.lists(st.text("abA", min_size=1, max_size=9), min_size=1, max_size=3), st.integers(0, 2**32))
@settings(max_examples=50)
def test_scores_add_up(texts: list[str], seed: int) -> None:
    rng = seeded(seed)
    start = words_of(".")  # a word that gold and system have: alignment does not go beyond it
    parts = [(start + random_text(rng, text), start + random_text(rng, text)) for text in texts]
    gold, system = ([sentence for part in side for sentence in part] for side in zip(*parts, strict=True))
    assert sum((evaluate(*part) for part in parts), Scores()) == evaluate(gold, system)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["dev", "test"])
@pytest.mark.parametrize("name", TREEBANKS + EARLIER_RELEASES)
def test_whole_treebanks_against_themselves_are_right_everywhere(corpora: Path, name: str, part: str) -> None:
    gold = treebank(corpora, name, part)
    scores = assert_official(gold, gold)
    assert all(scores[metric].f1 == 1.0 for metric in ALL_METRICS)


@pytest.mark.parametrize("part", ["dev", pytest.param("test", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", TREEBANKS)
def test_real_treebanks_score_as_the_official_scorer_says(corpora: Path, name: str, part: str) -> None:
    gold = treebank(corpora, name, part, 150)
    rng = seeded(1)
    system = [perturbed(rng, sentence) for sentence in gold]
    assert 0.5 < assert_official(gold, system)["LAS"].f1 < 1.0
    system = [resegmented(rng, sentence) if rng.random() < 0.5 else sentence for sentence in system]
    assert {"-", "."} <= set("".join(chain.from_iterable(sentence.columns[ID] for sentence in system)))
    system = rejoined(rng, system)
    scores = assert_official(gold, system)
    assert 0.5 < scores["Words"].f1 < 1.0
    assert 0.5 < scores["Sentences"].f1 < 1.0
    assert_official(system, gold)


@pytest.mark.parametrize("name", TREEBANKS)
def test_own_output_scores_as_the_official_scorer_says(corpora: Path, name: str) -> None:
    gold = treebank(corpora, name, "dev", 40)
    nlp = Pipeline(fitted_parser("none").model, fitted_tagger().model)
    from_tokens = assert_official(gold, nlp.parse_sentences(gold, given_tags=False))
    assert from_tokens["Words"].f1 == 1.0
    assert 0.0 < from_tokens["UAS"].f1 < 1.0
    from_text = assert_official(gold, nlp.parse(" ".join(sentence.text for sentence in gold)))
    assert from_text["Tokens"].f1 * from_text["Sentences"].f1 < 1.0
    assert from_text["Words"].correct > 0


def treebank(corpora: Path, name: str, part: str, size: int | None = None) -> list[Sentence]:
    path = corpora / f"{name}-ud-{part}.conllu.xz"
    if not path.is_file():
        pytest.skip(f"no {path.name} among the corpora")
    return list(islice(read_conllu(path), size))


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


def test_roots_and_whole_sentences() -> None:
    gold = read(DOGS + rows("1 Go go VERB 0 root", "2 on on ADP 1 compound"))
    system = read(DOGS.replace("\t5\tpunct", "\t2\tpunct") + rows("1 Go go VERB 0 root", "2 on on ADP 1 obj"))
    scores = evaluate(gold, system)
    assert scores["Root"] == Score(2, 2, 2, 2)
    assert scores["UEM"] == Score(1, 2, 2)
    assert scores["LEM"] == Score(0, 2, 2)
    assert evaluate(gold, system, punctuation=False)["LEM"] == Score(1, 2, 2)


def test_a_whole_sentence_has_the_right_bounds() -> None:
    gold = read(rows("1 a _ X 0 root", "2 b _ X 1 obj") + rows("1 c _ X 0 root"))
    system = read(rows("1 a _ X 0 root", "2 b _ X 1 obj", "3 c _ X 1 root"))
    scores = evaluate(gold, system)
    assert scores["LAS"] == Score(2, 3, 3, 3)
    assert scores["LEM"] == Score(0, 2, 1)
    assert scores["Root"] == Score(1, 2, 1, 2)


@given(st.text("abA", min_size=1, max_size=12), st.integers(0, 2**32), st.booleans())
@settings(max_examples=200)
def test_no_sentence_has_more_right_than_there_is(characters: str, seed: int, punctuation: bool) -> None:
    rng = seeded(seed)
    gold, system = random_text(rng, characters), random_text(rng, characters)
    counts = count_sentences(compare(gold, system), punctuation=punctuation)
    assert counts.shape == (len(gold), len(ALL_METRICS), 4)
    assert Scores.of(counts.sum(0)) == evaluate(gold, system, punctuation=punctuation)
    assert (counts >= 0).all()
    assert (counts[..., CORRECT] <= np.minimum(counts[..., GOLD], counts[..., SYSTEM])).all()
    words = counts[:, ALL_METRICS.index("Words"), GOLD]
    assert words.tolist() == [len(sentence) for sentence in gold]


@given(st.lists(st.text("abA", min_size=1, max_size=9), min_size=1, max_size=3), st.integers(0, 2**32), st.booleans())
def test_a_sentence_counts_as_it_does_alone(texts: list[str], seed: int, punctuation: bool) -> None:
    rng = seeded(seed)
    gold = [joined(rng, words_of(".") + random_text(rng, text)) for text in texts]
    system = [joined(rng, words_of(".") + random_text(rng, text)) for text in texts]
    counts = count_sentences(compare(gold, system), punctuation=punctuation)
    for row, mine, yours in zip(counts, gold, system, strict=True):
        assert Scores.of(row) == evaluate([mine], [yours], punctuation=punctuation)


def test_texts_must_be_the_same() -> None:
    gold, system = read(rows("1 a") + rows("1 bc"), "gold.conllu"), read(rows("1 a", "2 bd"), "system.conllu")
    with pytest.raises(TreebankError, match=r"^gold.conllu:2 and system.conllu:1: the texts differ from character 2"):
        evaluate(gold, system)
    unread = [Sentence(sentence.comments, sentence.columns) for sentence in gold]
    with pytest.raises(TreebankError, match=r"^sentence 2 and system.conllu:1: the texts differ"):
        evaluate(unread, system)
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
