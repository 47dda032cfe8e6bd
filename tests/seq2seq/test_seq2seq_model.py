"""What models of every kind have in common: padding, learning to copy and to reverse, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from toy_languages import KINDS, config, learned, untrained, words

from arcparse import seq2seq
from arcparse.errors import ConfigurationError, ModelError
from arcparse.networks.memory import Memory
from arcparse.networks.settings import DecoderConfig, EncoderConfig, RecurrentConfig, TransformerConfig
from arcparse.networks.source_encoder import SourceEncoder
from arcparse.networks.transformer import TransformerDecoder, causal_mask, positions
from arcparse.seq2seq.model import Seq2Seq

TASKS = [("general", False), ("additive", True), ("input feeding", True), ("transformer", False)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_no_probability(kind: str) -> None:
    model, sources, outputs = untrained(kind, scale=1.5), words(6, 3), words(6, 4)
    together = model.log_probabilities(sources, outputs)
    alone = [model.log_probabilities([s], [o])[0] for s, o in zip(sources, outputs, strict=True)]
    assert together == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_is_the_mean_surprise_and_reaches_every_weight(kind: str) -> None:
    model, sources, outputs = untrained(kind), words(6, 3), words(6, 4)
    loss, count = model.loss(sources, outputs)
    assert count == sum(len(output) + 1 for output in outputs)
    assert loss.item() == pytest.approx(-sum(model.log_probabilities(sources, outputs)) / count, abs=1e-4)
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "is_reversal"), TASKS)
def test_copying_and_reversing_are_learned(kind: str, is_reversal: bool) -> None:
    model, unseen = learned(kind, is_reversal), words(60, 77)
    found = [outputs[0] for outputs in model.generate(unseen, beam=2)]
    expected = [source[::-1] if is_reversal else source for source in unseen]
    right = sum(output.symbols == word for output, word in zip(found, expected, strict=True))
    assert right >= 0.8 * len(unseen)  # of words that it has not seen; by chance it would be none


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "is_reversal"), [("general", False), ("additive", True)])
def test_attention_looks_along_the_diagonal(kind: str, is_reversal: bool) -> None:
    hits = total = 0
    for output in model_outputs(kind, is_reversal):
        size = len(output.symbols)
        looked = [max(range(size), key=weights.__getitem__) for weights in output.attention[:-1]]
        hits += sum(a == b for a, b in zip(looked, range(size)[:: -1 if is_reversal else 1], strict=True))
        total += size
    assert hits >= 0.95 * total


def model_outputs(kind: str, is_reversal: bool) -> list[seq2seq.Output]:
    return [outputs[0] for outputs in learned(kind, is_reversal).generate(words(60, 77))]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"beam": 0}, "beam must be from 1 to 1024, not 0"),
        ({"beam": 2.5}, "beam must be a whole number from 1 to 1024, not 2.5"),
        ({"nbest": 0}, "nbest must be from 1 to 1024, not 0"),
        ({"length_power": float("nan")}, "length_power must be from 0 to 10, not nan"),
    ],
)
def test_numbers_that_the_search_cannot_take_are_refused(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        untrained("general").generate([("a",)], **numbers)


@pytest.mark.parametrize("kind", ["general", "reversed", "multi-head", "transformer"])
def test_attention_has_a_weight_for_each_symbol_and_sums_to_one(kind: str) -> None:
    sources = [("a", "b", "c"), ("d",)]
    for source, [output] in zip(sources, untrained(kind).generate(sources), strict=True):
        assert len(output.attention) == len(output.symbols) + 1
        assert all(len(weights) == len(source) + 1 for weights in output.attention)
        assert all(sum(weights) == pytest.approx(1, abs=1e-5) for weights in output.attention)


def test_attention_to_a_reversed_source_is_told_in_its_own_order() -> None:
    model = untrained("reversed", scale=2.0)
    source, output = ("a", "b", "c"), ("a",)
    reading, _ = model.read([source], [output])
    weights = reading.weight[0, 0].tolist()
    assert model.attention([source], [output])[0][0] == pytest.approx((*weights[2::-1], weights[3]))


def test_scheduled_sampling_reads_what_the_model_writes() -> None:
    model, sources, outputs = untrained("general", scale=2.0), words(4, 3), words(4, 4)
    gold, _ = model.read(sources, outputs)
    none, _ = model.read(sources, outputs, sampling=1e-9)
    assert none.output.allclose(gold.output, atol=1e-5)
    own, _ = model.read(sources, outputs, sampling=1.0)
    assert own.output[:, 0].allclose(gold.output[:, 0], atol=1e-5)  # GO is always read
    scores = model.decoder.scores(own.output)
    followed = model.decoder.step(
        scores[:, :1].argmax(2),
        model.decoder.step(torch.full((4, 1), 2), *started(model, sources)).state,
        started(model, sources)[1],
    )
    assert own.output[:, 1:2].allclose(followed.output, atol=1e-5)


def started(model: Seq2Seq, sources: list[tuple[str, ...]]) -> tuple[tuple[torch.Tensor, ...], seq2seq.Memory]:
    memory = model.decoder.bind(model.encode(sources))
    return model.decoder.start(memory), memory


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_writes_the_same(kind: str, tmp_path: Path) -> None:
    model, sources = untrained(kind, scale=2.0), words(5, 8)
    model.save(tmp_path / "model", metadata={"note": "toy"})
    again = seq2seq.load(tmp_path / "model")
    assert again.config == model.config
    assert again.generate(sources, beam=2) == model.generate(sources, beam=2)
    assert not again.training


def test_what_is_no_such_model_is_refused(tmp_path: Path) -> None:
    untrained("general").save(tmp_path / "model")
    file = tmp_path / "model" / "config.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"kind": "seq2seq"', '"kind": "parser"'), encoding="utf-8")
    with pytest.raises(ModelError, match=r"holds a model of kind .parser.*kind .seq2seq"):
        Seq2Seq.load(tmp_path / "model")
    file.write_text(text.replace('"embedding": 32', '"embedding": 16'), encoding="utf-8")
    with pytest.raises(ModelError, match="do not fit together"):
        Seq2Seq.load(tmp_path / "model")


def test_settings_that_cannot_be_are_explained() -> None:
    with pytest.raises(ConfigurationError, match="reads in one direction"):
        DecoderConfig(recurrent=RecurrentConfig(bidirectional=True))
    with pytest.raises(ConfigurationError, match="5 heads do not divide the embeddings' 32"):
        SourceEncoder(EncoderConfig("transformer", 32, transformer=TransformerConfig(heads=5)), 10)
    with pytest.raises(ConfigurationError, match="dimension 32, its memory 16"):
        TransformerDecoder(TransformerConfig(), 32, 16)


def test_the_transformer_decoder_reads_as_the_librarys_layers_do() -> None:
    torch.manual_seed(0)
    reader = TransformerDecoder(TransformerConfig(layers=2, heads=4, hidden=24), 16, 16).eval()
    for weight in reader.parameters():  # biases too, which begin as zeros
        torch.nn.init.normal_(weight, std=0.4)
    vector, source = torch.randn(3, 5, 16), torch.randn(3, 4, 16)
    is_token = torch.arange(4) < torch.tensor([[4], [2], [1]])
    memory = reader.bind(Memory(source, is_token, source.mean(1)))
    state = vector * 4 + positions(0, 5, 16, vector.device)
    for layer in reader.layers:
        state = layer(state, source, tgt_mask=causal_mask(5, vector.device), memory_key_padding_mask=~is_token)
    reading = reader.whole(vector, memory)
    torch.testing.assert_close(reading.output, reader.norm(state), atol=1e-5, rtol=1e-5)
    assert not reading.weight.masked_select(~is_token.unsqueeze(1)).any()
    torch.testing.assert_close(reading.weight.sum(2), torch.ones(3, 5))


@pytest.mark.parametrize("kind", ["general", "transformer", "stacked"])
def test_dropout_is_of_training_alone(kind: str) -> None:
    torch.manual_seed(0)
    model = Seq2Seq.build(config(kind, dropout=0.3), words(50, 0), words(50, 0))
    sources, outputs = words(4, 3), words(4, 4)
    assert model.loss(sources, outputs)[0].item() != model.loss(sources, outputs)[0].item()
    model.eval()
    assert model.loss(sources, outputs)[0].item() == model.loss(sources, outputs)[0].item()
