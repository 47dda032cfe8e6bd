"""Small models of every kind, and the toy languages that they learn."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from typing import Any

import torch

from arcparse.networks.settings import AttentionKind, DecoderConfig, EncoderConfig, RecurrentConfig, TransformerConfig
from arcparse.seq2seq.model import Seq2Seq
from arcparse.seq2seq.settings import Seq2SeqConfig

LETTERS = "abcdefghij"
ATTENTIONS: tuple[AttentionKind, ...] = (
    "none", "dot", "scaled-dot", "general", "additive", "concatenation", "multi-head",
)  # fmt: skip
STEPS, RATE = 200, 1e-2  # of training: a few seconds
KINDS = (*ATTENTIONS, "input feeding", "stacked", "zoneout", "rnn", "gru", "reversed", "transformer", "mixed")


def words(count: int, seed: int, longest: int = 7) -> list[tuple[str, ...]]:
    """Return words of different letters."""
    rng = random.Random(seed)
    return [tuple(rng.sample(LETTERS, rng.randint(1, longest))) for _ in range(count)]


def config(kind: str, size: int = 32, dropout: float = 0.0) -> Seq2SeqConfig:
    """Return a configuration by what is special about it."""
    encoder_layer = RecurrentConfig("lstm", size // 2, dropout=dropout)
    decoder_layer = RecurrentConfig("lstm", size, bidirectional=False, dropout=dropout)
    transformer = TransformerConfig(2, 4, 2 * size, dropout)
    shared: dict[str, Any] = {
        "embedding": size,
        "embedding_dropout": dropout,
        "output_dropout": dropout,
        "transformer": transformer,
    }
    encoder = EncoderConfig("recurrent", recurrent=encoder_layer, **shared)
    decoder = DecoderConfig("recurrent", recurrent=decoder_layer, **shared)
    if kind in ATTENTIONS:
        return Seq2SeqConfig(encoder, replace(decoder, attention=kind))
    if kind == "transformer":
        return Seq2SeqConfig(replace(encoder, kind="transformer"), replace(decoder, kind="transformer"))
    if kind == "mixed":
        return Seq2SeqConfig(encoder, replace(decoder, kind="transformer"))
    if kind == "reversed":
        return Seq2SeqConfig(encoder, decoder, reverse_source=True)
    if kind == "input feeding":
        return Seq2SeqConfig(encoder, replace(decoder, input_feeding=True))
    changes: dict[str, Any] = {
        "stacked": {"layers": 2, "weight_drop": dropout},
        "zoneout": {"zoneout": 0.1},
        "rnn": {"cell": "rnn"},
        "gru": {"cell": "gru"},
    }[kind]
    return Seq2SeqConfig(
        replace(encoder, recurrent=replace(encoder_layer, **changes)),
        replace(decoder, recurrent=replace(decoder_layer, **changes)),
    )


def untrained(kind: str, *, scale: float = 1.0, size: int = 32, seed: int = 0) -> Seq2Seq:
    """Return a model of the letters in evaluation mode; `scale` above 1 makes it surer of what it writes."""
    torch.manual_seed(seed)
    model = Seq2Seq.build(config(kind, size), words(50, 0), words(50, 0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.eval()


@cache
def learned(kind: str, is_reversal: bool) -> Seq2Seq:
    """Return a model that has learned to copy words, or to turn them round."""
    torch.manual_seed(1)
    sources = words(1500, 1)
    outputs = [source[::-1] if is_reversal else source for source in sources]
    model = Seq2Seq.build(config(kind), sources, outputs)
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    rng = random.Random(0)
    for step in range(STEPS):
        chosen = rng.sample(range(len(sources)), 48)
        loss, _ = model.loss([sources[i] for i in chosen], [outputs[i] for i in chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / STEPS)
        optimizer.step()
    return model.eval()
