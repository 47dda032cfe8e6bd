"""Training from files: reading pairs, batches, scores, a run that is stopped and goes on, search errors."""

from __future__ import annotations

import lzma
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file
from toy_languages import config, learned, untrained, words

from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.lexicon.symbols import divided, together
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.search import Outcome
from arcparse.seq2seq import load
from arcparse.seq2seq.pairs import Pair, pair_batches, read_pairs
from arcparse.seq2seq.search_errors import analyse
from arcparse.seq2seq.task import Seq2SeqSettings, Seq2SeqTask, bleu
from arcparse.training.loop import TrainingConfig, train

PAIRS = [Pair(word, word) for word in words(60, 0)]


def settings(**changes: object) -> Seq2SeqSettings:
    training = TrainingConfig(epochs=2, batch_tokens=60, tensorboard=False, learning_rate=5e-3, checkpoint_minutes=0.0)
    plain = Seq2SeqSettings(min_count=1, metric="exact", model=config("general", 16, dropout=0.1), training=training)
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_pairs_come_from_two_files_or_from_columns(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "train.en.xz", "wt", encoding="utf-8") as file:
        file.write("a  cat .\n\n")
    (tmp_path / "train.fr").write_text("un chat .\nrien\n", encoding="utf-8")
    expected = [Pair(("a", "cat", "."), ("un", "chat", ".")), Pair((), ("rien",))]
    assert read_pairs(str(tmp_path / "train"), "en", "fr") == expected
    (tmp_path / "pairs.tsv").write_text("ab\tBA\tCC-BY\nc\tC\n", encoding="utf-8")
    columns = read_pairs(str(tmp_path / "pairs.tsv"), kind="characters")
    assert columns == [Pair(("a", "b"), ("B", "A")), Pair(("c",), ("C",))]


def test_files_that_are_no_pairs_are_refused(tmp_path: Path) -> None:
    place = str(tmp_path / "x")
    Path(place + ".en").write_text("a\nb\n", encoding="utf-8")
    Path(place + ".fr").write_text("a\n", encoding="utf-8")
    with pytest.raises(TreebankError, match=r"x\.fr: ends before line 2 of the other"):
        read_pairs(place, "en", "fr")
    with pytest.raises(TreebankError, match=r"x\.fr: ends before line 2 of the other"):
        read_pairs(place, "fr", "en")
    with pytest.raises(TreebankError, match=r"x\.en:1: has no tab"):
        read_pairs(place + ".en")
    with pytest.raises(TreebankError, match=r"x\.de: cannot be read"):
        read_pairs(place, "de", "fr")
    Path(place).write_text("", encoding="utf-8")
    with pytest.raises(TreebankError, match="holds no pair"):
        read_pairs(place)


def test_symbols_are_words_or_characters() -> None:
    assert together(divided("a b", "words"), "words") == "a b"
    assert divided("a b", "characters") == ("a", " ", "b")
    assert divided("L'homme n’a pas dit\u202f: «Go!»", "tokens") == (
        "l'", "homme", "n’", "a", "pas", "dit", ":", "«", "go", "!", "»",
    )  # fmt: skip
    assert together(("a", " ", "b"), "characters") == "a b"


def padding(batches: Sequence[Sequence[int]], side: str) -> float:
    sizes = [[len(getattr(PAIRS[i], side)) for i in batch] for batch in batches]
    return 1 - sum(map(sum, sizes)) / sum(max(batch) * len(batch) for batch in sizes)


def test_batches_hold_pairs_of_like_lengths_each_once() -> None:
    batches = pair_batches(PAIRS, 30, random.Random(1))
    assert sorted(i for batch in batches for i in batch) == list(range(60))
    assert all(max(len(PAIRS[i].output) + 1 for i in batch) * len(batch) <= 30 for batch in batches)
    assert padding(batches, "source") < 0.1
    assert padding(batches, "output") < 0.1
    assert pair_batches(PAIRS, 30, random.Random(1)) == batches
    assert pair_batches(PAIRS, 30, random.Random(2)) != batches


def test_training_lowers_the_loss_and_saves_what_can_be_loaded(tmp_path: Path) -> None:
    task = Seq2SeqTask(settings(train="here/train", precision="bfloat16", sampling=0.2), PAIRS, PAIRS[:20])
    result = train(task, task.settings.training, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "exact", "perplexity", "dev_loss"}
    assert result.history[-1]["perplexity"] < result.history[0]["perplexity"]
    saved = load_model(tmp_path / "best")
    assert saved.metadata["settings"]["train"] == "train"  # not where it lies on this machine
    assert saved.metadata["dev"]["perplexity"] == result.history[result.epoch - 1]["perplexity"]
    assert load(tmp_path / "best").config == task.model.config


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    class Stopped(Seq2SeqTask):
        def loss(self, indices: Sequence[int]):  # type: ignore[no-untyped-def]
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 12:
                raise KeyboardInterrupt
            return super().loss(indices)

    own = settings()
    with pytest.raises(KeyboardInterrupt):
        train(Stopped(own, PAIRS, PAIRS[:5]), own.training, tmp_path / "stopped")
    results = [train(Seq2SeqTask(own, PAIRS, PAIRS[:5]), own.training, tmp_path / n) for n in ("stopped", "whole")]
    assert results[0] == results[1]
    one, other = (load_file(tmp_path / n / "checkpoint.safetensors") for n in ("stopped", "whole"))
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)


def test_long_pairs_are_left_out() -> None:
    task = Seq2SeqTask(settings(longest=4), PAIRS, PAIRS[:5])
    assert 0 < len(task.train) < len(PAIRS)
    assert max(len(pair.source) for pair in task.train) == 4


def test_bleu_is_sacrebleus(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sacrebleu")
    gold = [("the", "cat", "sat", "on", "the", "mat", "."), ("a", "dog", "ran", "home", ".")]
    assert bleu(gold, gold) == pytest.approx(100)
    found = [("the", "cat", "sat", "on", "a", "mat", "."), ("a", "dog", "ran", "home", ".")]
    precisions = [11 / 12, 8 / 10, 5 / 8, 3 / 6]  # of n-grams, both sides being of one length
    expected = 100 * (precisions[0] * precisions[1] * precisions[2] * precisions[3]) ** 0.25
    assert bleu(found, gold) == pytest.approx(expected)
    task = Seq2SeqTask(settings(metric="BLEU"), PAIRS, PAIRS[:5])
    task.model.eval()
    assert 0 <= task.evaluate()["BLEU"] <= 100


def test_without_sacrebleu_there_is_no_bleu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(ConfigurationError, match="`pip install sacrebleu`, or take the metric exact"):
        Seq2SeqTask(settings(metric="BLEU"), PAIRS, PAIRS[:5])


@pytest.mark.slow
def test_a_learned_model_makes_few_errors_and_an_untrained_one_blames_search_or_model() -> None:
    pairs = [Pair(word, word) for word in words(30, 77)]
    for report in analyse(learned("general", False), pairs, (1, 3)):
        assert report.outcomes.count(Outcome.EXACT) >= 0.8 * len(pairs)
        assert report.symbols_per_second > 0
    model = untrained("general", scale=2.0)
    greedy, wide = analyse(model, [*pairs, Pair(("a",), ("z",))], (1, 8), length_power=0.0)
    assert greedy.outcomes[-1] is wide.outcomes[-1] is Outcome.UNREACHABLE
    for report in (greedy, wide):
        gold = model.log_probabilities([p.source for p in pairs], [p.output for p in pairs])
        for output, score, outcome in zip(report.outputs, gold, report.outcomes, strict=False):
            assert outcome is (Outcome.SEARCH_ERROR if score > output.score else Outcome.MODEL_ERROR)
    assert wide.outcomes.count(Outcome.SEARCH_ERROR) <= greedy.outcomes.count(Outcome.SEARCH_ERROR)
    assert greedy.outcomes.count(Outcome.SEARCH_ERROR) > 0


@pytest.mark.parametrize("name", presets("seq2seq"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    task = Seq2SeqTask(resolve(Seq2SeqSettings, "seq2seq", preset=name, overrides=["metric=exact"]), PAIRS, PAIRS[:2])
    loss = task.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()
    assert loss.count == sum(len(pair.output) + 1 for pair in PAIRS[:3])
