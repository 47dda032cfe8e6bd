"""Texts that a word decides: a classifier learns them in a second or two."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from overfitted import fit

from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import EncoderConfig, RecurrentConfig, TransformerConfig
from arcparse.seq2seq.classifier import ClassifierConfig, Pooling
from arcparse.seq2seq.classifier_task import ClassifierSettings, ClassifierTask
from arcparse.seq2seq.labelled import LabelledText
from arcparse.training.loop import TrainingConfig

DECIDES = {"pos": ("good", "great"), "neg": ("bad", "awful"), "none": ("so-so",)}
OTHERS = ("the", "film", "plot", "cast", "was", "a", "of", "it")
TRAINING = TrainingConfig(epochs=2, batch_tokens=200, tensorboard=False, learning_rate=1e-2, averaging=0.0)
READERS = ("rnn", "lstm", "gru", "transformer")
EPOCHS = 12


def texts(count: int, seed: int = 0) -> list[LabelledText]:
    """Return texts of two to fourteen words, one of which decides."""
    rng, made = random.Random(seed), []
    for _ in range(count):
        label = rng.choice(sorted(DECIDES))
        words = [rng.choice(OTHERS) for _ in range(rng.randint(1, 13))]
        words.insert(rng.randint(0, len(words)), rng.choice(DECIDES[label]))
        made.append(LabelledText(label, " ".join(words)))
    return made


def write_texts(file: Path, labelled: Iterable[LabelledText]) -> Path:
    """Write texts with a column between label and text."""
    file.write_text("".join(f"{text.label}\t7\t{text.text}\n" for text in labelled), encoding="utf-8")
    return file


def config(reader: str = "lstm", pooling: Pooling = "max+mean", size: int = 16) -> ClassifierConfig:
    encoder = EncoderConfig(
        "transformer" if reader == "transformer" else "recurrent",
        embedding=size,
        embedding_dropout=0.0,
        recurrent=RecurrentConfig("lstm" if reader == "transformer" else reader, size, dropout=0.0),  # type: ignore[arg-type]
        transformer=TransformerConfig(1, 2, 2 * size, 0.0),
        output_dropout=0.0,
    )
    return ClassifierConfig(encoder, pooling, dropout=0.0, longest=12)


def task(own: ClassifierConfig | None = None, vectors: Pretrained | None = None, **settings: object) -> ClassifierTask:
    chosen = ClassifierSettings(classifier=own or config(), training=TRAINING, **settings)  # type: ignore[arg-type]
    return ClassifierTask(chosen, texts(200), texts(60, 1), vectors)


@cache
def fitted(reader: str = "lstm", pooling: Pooling = "max+mean") -> ClassifierTask:
    """Return a task whose model has learned which words decide."""
    made = task(config(reader, pooling))
    fit(made, EPOCHS)
    return made
