"""Language models: a repeated cycle learned, states carried over, what is drawn, files and the commands."""

from __future__ import annotations

import lzma
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import fit
from safetensors.torch import load_file

from arcparse import cli
from arcparse.checkpoint import load_model
from arcparse.errors import ConfigurationError, InputError, ModelError, TreebankError
from arcparse.lexicon.symbols import EOS, GO
from arcparse.networks.settings import RecurrentConfig
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.search import Beam, search
from arcparse.seq2seq.language_model import LanguageModel
from arcparse.seq2seq.language_model_network import LanguageModelConfig
from arcparse.seq2seq.language_model_system import Continuing, Limits
from arcparse.seq2seq.language_model_task import LanguageModelSettings, LanguageModelTask, in_rows
from arcparse.training.loop import TrainingConfig, train
from arcparse.vocabulary import Vocabulary

CYCLE = ["one two three four", "five six"] * 40
TRAINING = TrainingConfig(epochs=2, batch_tokens=64, tensorboard=False, learning_rate=1e-2, averaging=0.0)


def config(**changes: Any) -> LanguageModelConfig:
    layers = RecurrentConfig("lstm", 24, layers=2, bidirectional=False, dropout=0.0)
    return LanguageModelConfig("words", 16, 0.0, replace(layers, **changes), 0.0)


def settings(**changes: Any) -> LanguageModelSettings:
    return replace(LanguageModelSettings(bptt=8, model=config(), training=TRAINING), **changes)


def untrained(scale: float = 1.0, **changes: Any) -> LanguageModel:
    """Return a model of the numbers in evaluation mode; `scale` above 1 makes it surer of what it writes."""
    torch.manual_seed(0)
    model = LanguageModel.build(config(**changes), CYCLE)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.eval()


@cache
def learned() -> LanguageModelTask:
    task = LanguageModelTask(settings(), CYCLE, CYCLE[:30])
    fit(task, 25)
    return task


def test_a_cycle_is_learned() -> None:
    task = learned()
    assert task.evaluate()["perplexity"] < 1.1
    assert task.model.perplexity(CYCLE) < 1.05
    assert task.model.perplexity(["six five four"]) > 10
    assert task.model.generate("one two", 7, top_k=1) == "one two three four\nfive six\none"


@pytest.mark.parametrize("changes", [{}, {"cell": "gru"}, {"cell": "rnn", "layers": 1}, {"zoneout": 0.1}])
def test_states_carried_over_give_what_one_long_pass_gives(changes: dict[str, Any]) -> None:
    model = untrained(2, **changes)
    ids = model.ids(CYCLE[:9]).unsqueeze(0)
    with torch.no_grad():
        whole, _ = model.network.log_probabilities(ids, model.network.start(1))
        states, parts = model.network.start(1), []
        for start in range(0, ids.shape[1] - 1, 5):
            part, states = model.network.log_probabilities(ids[:, start : start + 6], states)
            parts.append(part)
    assert torch.cat(parts, 1).allclose(whole, atol=1e-5)
    assert model.perplexity(CYCLE[:9]) == pytest.approx(math.exp(-whole.mean()), rel=1e-4)


def test_training_carries_states_from_batch_to_batch() -> None:
    task = LanguageModelTask(settings(), CYCLE, CYCLE[:3])
    task.model.eval()  # no dropout
    with torch.no_grad():
        losses = [(loss.value.item(), loss.count) for loss in map(task.loss, task.batches(0))]
        whole, _ = task.model.network.log_probabilities(task.train, task.model.network.start(len(task.train)))
    assert sum(count for _, count in losses) == whole.numel()
    assert sum(value * count for value, count in losses) == pytest.approx(-whole.sum().item(), rel=1e-4)


def test_no_gradient_flows_into_the_batch_before() -> None:
    task = LanguageModelTask(settings(), CYCLE, CYCLE[:3])
    first, second, *_ = task.batches(0)
    task.loss(first)
    assert not task.model.get_buffer("carried").requires_grad
    task.loss(second).value.backward()


def test_rows_go_on_where_the_row_before_ends() -> None:
    assert in_rows(torch.arange(14), 3).tolist() == [[0, 1, 2, 3, 4], [4, 5, 6, 7, 8], [8, 9, 10, 11, 12]]
    assert in_rows(torch.arange(2), 3).tolist() == [[0, 1]]


def test_batches_cover_the_text_once_and_differ_in_their_cuts() -> None:
    task = LanguageModelTask(settings(), CYCLE, CYCLE[:3])
    cuts = {tuple(task.batches(epoch)) for epoch in range(8)}
    assert len(cuts) > 1
    for batches in cuts:
        assert [start for start, _ in batches] == [0, *(stop for _, stop in batches[:-1])]
        assert batches[-1][1] == task.train.shape[1] - 1
        assert all(0 < stop - start <= 8 for start, stop in batches)


def test_the_likeliest_symbol_alone_is_greedy_search() -> None:
    model = untrained(3)
    system = Continuing(model.network, model.symbols, Limits(12))

    def allowed(state: Any) -> torch.Tensor:
        return system.scores(state)

    with torch.no_grad():
        beam: Beam[Any] = search(system, allowed, system.start(model.ids(["one"])[:-1]), 1)
    greedy = model.text([*model.ids(["one"])[1:-1].tolist(), *beam.state.written[0, 0].tolist()])
    assert model.generate("one", 12, top_k=1, seed=5) == model.generate("one", 12, top_p=1e-6) == greedy


def allowed(model: LanguageModel, **limits: Any) -> list[int]:
    """Return the symbols that may begin a text."""
    system = Continuing(model.network, model.symbols, Limits(1, **limits))
    with torch.no_grad():
        return [int(i) for i in system.legal(system.start(model.ids([])).state)[0, 0].nonzero()]


def test_top_k_top_p_and_temperature_choose_what_may_be_drawn() -> None:
    model = untrained(3)
    with torch.no_grad():
        output, _ = model.network(torch.tensor([[EOS]]), model.network.start(1))
        never = torch.tensor([Vocabulary.PAD, Vocabulary.UNKNOWN, GO])
        score = model.network.scores(output)[0, 0].index_fill(0, never, -99)
    probability, order = score.softmax(0).sort(descending=True)
    assert allowed(model) == sorted(order[:-3].tolist())
    assert allowed(model, top_k=3) == sorted(order[:3].tolist())
    edge = float(probability[:2].sum())
    assert allowed(model, top_p=edge - 1e-3) == sorted(order[:2].tolist())
    assert allowed(model, top_p=edge + 1e-3) == sorted(order[:3].tolist())
    assert allowed(model, top_p=edge + 1e-3, top_k=1) == [int(order[0])]
    assert len(allowed(model, top_p=0.9, temperature=0.1)) < len(allowed(model, top_p=0.9, temperature=10.0))


def test_a_low_temperature_draws_what_is_likely() -> None:
    model = untrained(3)
    cold, warm = (
        {model.generate("", 5, temperature=temperature, seed=seed) for seed in range(20)} for temperature in (1e-3, 9.0)
    )
    assert cold == {model.generate("", 5, top_k=1)}
    assert len(warm) > 15


def test_the_same_seed_gives_the_same_text() -> None:
    model = untrained()
    texts = [model.generate("one", 20, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert "<" not in "".join(texts)


def test_several_texts_are_drawn_side_by_side_and_end_with_their_line() -> None:
    model = learned().model
    assert model.draw(6, "", Limits(12, line=True)) == ["one two three four\n"] * 6
    assert len(set(untrained().draw(6, "", Limits(12)))) == 6
    assert model.draw(2, "one two", Limits(1, line=True)) == ["one two three"] * 2
    assert model.draw(1, "one", Limits(9), seed=3) == [model.generate("one", 9, seed=3)]


def test_a_beam_finds_the_likeliest_texts() -> None:
    model = learned().model
    assert model.likeliest(1, "one two", Limits(7), beam=3) == [model.generate("one two", 7, top_k=1)]
    found = model.likeliest(2, "", Limits(12, line=True), beam=4)
    assert (found[0], len(set(found))) == ("one two three four\n", 2)
    assert len(model.likeliest(9, "", Limits(1, top_k=2), beam=9)) == 2  # there are no more


def test_prompts_may_be_of_unknown_words_and_several_lines() -> None:
    model = untrained()
    assert model.generate("one zebra\ntwo", 4).startswith("one zebra\ntwo")
    assert model.generate("", 0) == ""


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0; for the likeliest symbols alone take top_k 1, not 0.0"),
        ({"top_k": 0}, "top_k must be at least 1, not 0"),
        ({"top_p": 1.5}, r"top_p must be in \(0, 1\], not 1.5"),
        ({"length": -1}, "length must be at least 0, not -1"),
    ],
)
def test_limits_have_limits(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        untrained().generate("one", **limits)


def test_the_vocabulary_is_of_what_is_frequent() -> None:
    lines = ["a b a", "c a b d"]
    assert LanguageModel.build(config(), lines, size=2).symbols.symbols[4:] == ("a", "b")
    assert LanguageModel.build(config(), lines, min_count=2).symbols.symbols[4:] == ("a", "b")
    assert len(LanguageModel.build(config(), lines).symbols) == 8


def test_what_cannot_be_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"set recurrent\.bidirectional=false"):
        config(bidirectional=True)
    with pytest.raises(ConfigurationError, match="bptt must be from 1 to 100000, not 0"):
        settings(bptt=0)
    with pytest.raises(TreebankError, match="holds no line"):
        untrained().perplexity([])
    with pytest.raises(InputError, match="lines must be a list or another iterable of strings, not 'one two'"):
        untrained().perplexity("one two")
    with pytest.raises(InputError, match="prompt must be a string, not None"):
        untrained().generate(None)  # type: ignore[arg-type]


def test_a_saved_model_comes_back(tmp_path: Path) -> None:
    task = learned()
    task.evaluate()  # its scores are saved too
    task.save(tmp_path / "model")
    again = LanguageModel.load(tmp_path / "model")
    assert (again.config, again.symbols) == (task.model.config, task.model.symbols)
    assert again.perplexity(CYCLE[:5]) == task.model.perplexity(CYCLE[:5])
    assert again.generate("one", 30, temperature=3.0) == task.model.generate("one", 30, temperature=3.0)
    assert load_model(tmp_path / "model").metadata["dev"]["perplexity"] < 1.1
    with pytest.raises(ModelError, match=r"holds a model of kind .tagger"):
        LanguageModel.load(Path(cli.__file__).parents[1] / "models" / "en-small-tagger")


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    own = settings(model=replace(config(weight_drop=0.2), output_dropout=0.2))
    steady = replace(TRAINING, schedule="constant", checkpoint_minutes=0.0)
    task, steps = LanguageModelTask(own, CYCLE, CYCLE[:3]), []

    def stop(batch: tuple[int, int]) -> Any:
        steps.append(batch)
        if len(steps) == 4:  # amid the first epoch, where states are carried over
            raise KeyboardInterrupt
        return LanguageModelTask.loss(task, batch)

    task.loss = stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        train(task, steady, tmp_path / "stopped")
    for name in ("stopped", "whole"):
        train(LanguageModelTask(own, CYCLE, CYCLE[:3]), steady, tmp_path / name)
    one, other = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize("name", presets("lm"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    task = LanguageModelTask(resolve(LanguageModelSettings, "lm", preset=name), CYCLE * 3, CYCLE[:3])
    loss = task.loss(task.batches(0)[0])
    loss.value.backward()
    assert loss.value.isfinite()


def test_the_commands_train_score_and_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.txt.xz"
    text.write_bytes(lzma.compress("\n".join([*CYCLE, ""]).encode()))
    small = ("model.embedding=8", "model.recurrent.hidden=8", "training.tensorboard=false", "bptt=8")
    overrides = [word for setting in small for word in ("--set", setting)]
    options = ["--train", str(text), "--dev", str(text), *overrides, "--output", str(tmp_path / "run")]
    assert cli.main(["train", "lm", *options, "--dry-run"]) == 0
    assert "train: 80 lines, 320 symbols with their ends" in capsys.readouterr().out
    assert cli.main(["train", "lm", *options, "--epochs", "1"]) == 0
    assert "dev log_likelihood -" in capsys.readouterr().out
    model = ["generate", "--model", str(tmp_path / "run" / "best")]
    assert cli.main([*model, "One two", "--length", "3", "--top-k", "4", "--top-p", "0.9", "--seed", "2"]) == 0
    told = capsys.readouterr()
    assert (told.out[:7], told.err) == ("one two", "")
    assert cli.main([*model, "one zebra ant zebra", "--length", "3"]) == 0
    assert capsys.readouterr().err == "arcparse: the model does not know zebra, ant of the prompt\n"
    assert cli.main([*model, "a b c d e f g", "--length", "3"]) == 0
    assert capsys.readouterr().err == "arcparse: the model does not know a, b, c, d, e and 2 more of the prompt\n"
    file = tmp_path / "drawn.txt"
    assert cli.main([*model, "--line", "--samples", "3", "--length", "30", "--output", str(file)]) == 0
    assert len(file.read_text("utf-8").splitlines()) == 3
    assert cli.main([*model, "One two", "--beam", "4", "--samples", "2", "--length", "3"]) == 0
    assert capsys.readouterr().out.count("one two") >= 2
    assert cli.main([*model, "--beam", "4", "--samples", "5"]) == 2
    assert "--samples 5 needs a beam as wide; --beam is 4" in capsys.readouterr().err
    assert cli.main([*model, "--perplexity", str(text)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{text}: perplexity ")
    assert out.endswith(", 320 symbols, 0.00 % of them unknown\n")
    assert cli.main([*model, "--temperature", "-1"]) == 2
    assert "temperature must be above 0" in capsys.readouterr().err


def test_a_text_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "lm", "--dry-run"]) == 2
    assert "no train text is set; name one by" in capsys.readouterr().err
    (tmp_path / "empty.txt").write_text("")
    assert cli.main(["train", "lm", "--train", str(tmp_path / "empty.txt"), "--dry-run"]) == 2
    assert "holds no line; the train text needs at least one" in capsys.readouterr().err
