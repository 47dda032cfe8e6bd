"""Small models that learn twenty sentences of the sample treebank by heart, once for all tests that need one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import BiLSTMConfig
from arcparse.parser.settings import ParserConfig, ScorerConfig
from arcparse.parser.task import ParserSettings, ParserTask
from arcparse.sentence import Sentence
from arcparse.tagger.settings import TaggerConfig
from arcparse.tagger.task import TaggerSettings, TaggerTask
from arcparse.training.loop import TrainingConfig, seed_everything
from arcparse.training.optimisation import Learner
from arcparse.treebank import read_conllu
from arcparse.trees import is_projective
from arcparse.vocabulary import SPECIALS, Vocabulary

SAMPLE = Path(__file__).parent.parent / "corpora" / "sample.conllu"
TRAINING = TrainingConfig(learning_rate=1e-2, batch_tokens=60, averaging=0.0, tensorboard=False)
# No characters: see test_encoder.py on the longest form of a batch.
LEXICON = LexiconConfig(
    min_count=1,
    word_dimension=24,
    affix_dimension=4,
    shape_dimension=4,
    character_dimension=0,
    word_dropout=0.1,
)
SCORER = ScorerConfig(hidden=(64,), dropout=0.0, label_dimension=8)
PARSER = {
    "bilstm": ParserConfig(
        features=(
            *(f"{token}.vector" for token in ("stack(0)", "stack(1)", "stack(2)", "buffer(0)")),
            *(f"{token}.upos" for token in ("stack(0)", "stack(1)", "buffer(0)")),
            *(f"stack({i}).{side}.label" for i in (0, 1) for side in ("leftmost", "rightmost")),
        ),
        encoder="bilstm",
        lexicon=LEXICON,
        bilstm=BiLSTMConfig(layers=1, hidden=48, dropout=0.0),
        projection=48,
        upos_dimension=8,
        scorer=SCORER,
    ),
    "none": ParserConfig(
        features=(
            *(f"{token}.form" for token in ("stack(0)", "stack(1)", "stack(2)", "buffer(0)", "buffer(1)")),
            *(f"{token}.{tag}" for token in ("stack(0)", "stack(1)", "buffer(0)") for tag in ("upos", "xpos")),
            *(f"stack({i}).{side}.label" for i in (0, 1) for side in ("leftmost", "rightmost")),
            "stack(1).rightmost.form",
        ),
        encoder="none",
        lexicon=LEXICON,
        upos_dimension=8,
        xpos_dimension=8,
        feats_dimension=0,
        scorer=replace(SCORER, activation="cube"),
    ),
}
EPOCHS = {"bilstm": 60, "none": 25, "tagger": 30}
# A step costs what its longest sentence costs: all twenty make one batch, which learns at a higher rate.
TOGETHER = replace(TRAINING, learning_rate=2e-2, batch_tokens=500)
EXPLORING = 6  # the last epochs, whose derivations take longer
TAGGER = TaggerConfig(before=1, after=1, hidden=(64, 32), dropout=0.0, input_dropout=0.0, lexicon=LEXICON)


@cache
def sample() -> tuple[Sentence, ...]:
    return tuple(read_conllu(SAMPLE))


@cache
def twenty() -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in sample() if is_projective(sentence.tree.heads))[:20]


@cache
def vectors(seed: int = 0) -> Pretrained:
    """Vectors of six values for half of the sample's words."""
    words = sorted({form.lower() for sentence in sample() for form in sentence.forms})[::2]
    rows = torch.randint(-127, 128, (len(words) + 2, 6), generator=torch.Generator().manual_seed(seed)).numpy()
    rows[:2] = 0
    scale = np.full(len(words) + 2, 1 / 127, np.float32)
    return Pretrained(Vocabulary((*SPECIALS, *words)), "none", rows.astype(np.int8), scale, "random")


def fit(task: Any, epochs: int) -> None:
    """Take the steps of a task's settings, without the loop's evaluation and files."""
    config = task.settings.training
    seed_everything(config.seed)
    learner = Learner(task.model, config)
    task.model.train()
    for epoch in range(epochs):
        for number, batch in enumerate(task.batches(epoch)):
            learner.update(task.loss(batch).value, config.learning_rate * (1 - epoch / epochs), number)
    task.model.eval()


def parser_task(encoder: str, train: Sequence[Sentence] = (), **settings: object) -> ParserTask:
    """Return an untrained parser's task on the twenty sentences."""
    chosen = replace(ParserSettings(PARSER[encoder], training=TRAINING), **settings)  # type: ignore[arg-type]
    return ParserTask(chosen, train or twenty(), twenty(), vectors())


@cache
def fitted_parser(encoder: str) -> ParserTask:
    start = EPOCHS[encoder] - EXPLORING
    task = parser_task(encoder, exploration=0.5, given_tags=0.5, exploration_from=start, training=TOGETHER)
    fit(task, EPOCHS[encoder])
    return task


@cache
def fitted_tagger() -> TaggerTask:
    task = TaggerTask(TaggerSettings(tagger=TAGGER, training=TRAINING), twenty(), twenty(), vectors())
    fit(task, EPOCHS["tagger"])
    return task
