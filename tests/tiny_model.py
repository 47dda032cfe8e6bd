"""A parser so small that it is built in no time; untrained, it still makes trees, and the same ones each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import BiLSTMConfig
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig, ScorerConfig
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger
from arcparse.tagger.settings import TaggerConfig
from arcparse.treebank import read_conllu

LEXICON = LexiconConfig(word_dimension=8, affix_dimension=4, shape_dimension=4, character_dimension=0)
VECTORS = ("stack(0).vector", "stack(1).vector", "buffer(0).vector", "stack(0).upos")
FORMS = ("stack(0).form", "stack(1).form", "buffer(0).form", "stack(0).upos", "stack(1).upos")


def tiny_parser(sentences: Sequence[Sentence], *, predicts_tags: bool = True) -> Parser:
    """Build a parser with a small BiLSTM, or one that is given its tags."""
    torch.manual_seed(1)
    config = ParserConfig(
        features=VECTORS if predicts_tags else FORMS,
        encoder="bilstm" if predicts_tags else "none",
        lexicon=LEXICON,
        bilstm=BiLSTMConfig(layers=1, hidden=8),
        projection=8,
        scorer=ScorerConfig(hidden=(16,)),
    )
    return Parser.build(config, sentences, Pretrained.none()).eval()


def save_tiny_model(treebank: Path, directory: Path, *, predicts_tags: bool = True) -> Path:
    """Save such a parser, with a tagger beside it where it predicts no tags, and return the model's path."""
    sentences = list(read_conllu(treebank))
    tagger = "" if predicts_tags else "tagger"
    if tagger:
        config = TaggerConfig(before=1, after=1, hidden=(16,), lexicon=LEXICON)
        Tagger.build(config, sentences, Pretrained.none()).save(directory / tagger, vectors="", metadata={})
    tiny_parser(sentences, predicts_tags=predicts_tags).save(
        directory / "model", vectors="", metadata={}, tagger=tagger
    )
    return directory / "model"
