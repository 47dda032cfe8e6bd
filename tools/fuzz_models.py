"""Models for tools/fuzz.py: an input is the name of a model's file and its content; checksums are corrected."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fuzz_text import Kind, in_file, sample
from mutation import altered, damaged

from arcparse import seq2seq
from arcparse.checkpoint import load_model, pack
from arcparse.lexicon.forms import LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.stores import inspected
from arcparse.networks.settings import BiLSTMConfig, DecoderConfig, EncoderConfig, RecurrentConfig, TransformerConfig
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig, ScorerConfig
from arcparse.segmenter.multiwords import Multiwords
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.sentence import Sentence
from arcparse.seq2seq.classifier import ClassifierConfig
from arcparse.seq2seq.language_model_network import LanguageModelConfig
from arcparse.seq2seq.settings import LemmatizerConfig, Seq2SeqConfig
from arcparse.seq2seq.skip_thought import SkipThoughtConfig
from arcparse.tagger.model import Tagger
from arcparse.tagger.settings import TaggerConfig
from arcparse.vocabulary import Vocabulary

ENCODER = EncoderConfig(embedding=8, recurrent=RecurrentConfig(hidden=4))
DECODER = DecoderConfig(embedding=8, recurrent=RecurrentConfig(hidden=8, bidirectional=False))
SEQ2SEQ = Seq2SeqConfig(encoder=ENCODER, decoder=DecoderConfig(embedding=8, recurrent=DECODER.recurrent))
TRANSFORMER = TransformerConfig(layers=1, heads=2, hidden=8)
LEXICON = LexiconConfig(min_count=1, word_dimension=8, affix_dimension=4, shape_dimension=4, character_dimension=4)
FEATURES = ("stack(0).vector", "stack(1).leftmost.vector", "buffer(0).upos", "stack(0).label")
WORDS = ["dogs", "bark", "a", "b"]
TEXTS = [tuple(WORDS[:2])]


def _parser(predicts_tags: bool) -> Parser:
    features = FEATURES if predicts_tags else ("stack(0).form", "stack(1).rightmost(2).xpos", "buffer(0).label")
    config = ParserConfig(
        features=features,
        encoder="bilstm" if predicts_tags else "none",
        lexicon=LEXICON,
        bilstm=BiLSTMConfig(layers=1, hidden=4),
        projection=4,
        scorer=ScorerConfig(hidden=(8, 4)),
    )
    return Parser.build(config, sample(), _vectors())


def _vectors() -> Pretrained:
    words = Vocabulary.build(WORDS)
    return Pretrained(words, "digits-zero", np.ones((len(words), 3), np.int8), np.ones(len(words), np.float32))


def _save(model: Any, directory: Path) -> None:
    options = {"vectors": "vectors"} if isinstance(model, Parser | Tagger | seq2seq.Segmenter) else {}
    model.save(directory, metadata={}, **options)


def _transformer() -> seq2seq.Seq2Seq:
    encoder = EncoderConfig(kind="transformer", embedding=8, transformer=TRANSFORMER)
    decoder = DecoderConfig(kind="transformer", embedding=8, transformer=TRANSFORMER)
    return seq2seq.Seq2Seq.build(Seq2SeqConfig(encoder=encoder, decoder=decoder), TEXTS, TEXTS)


def _segmenter() -> seq2seq.Segmenter:
    multiwords = Multiwords({"don't": ("do", "n't")}, frozenset(["don't"]))
    return seq2seq.Segmenter(SegmenterConfig(ENCODER), Vocabulary.build(WORDS), multiwords, _vectors())


def _classifier() -> seq2seq.Classifier:
    labels = Vocabulary.plain(["no", "yes"])
    return seq2seq.Classifier(ClassifierConfig(encoder=ENCODER), Vocabulary.build(WORDS), labels)


def _skip_thought() -> seq2seq.SkipThought:
    decoder = DecoderConfig(embedding=8, attention="none", recurrent=DECODER.recurrent)
    return seq2seq.SkipThought.build(SkipThoughtConfig(encoder=ENCODER, decoder=decoder), TEXTS, 9, Pretrained.none())


@cache
def _few() -> list[Sentence]:
    return sorted(sample(), key=len)[:2]


def _parse(path: Path) -> object:
    model = Parser.load(path)
    return model.parse(_few(), given_tags=True)


# For each kind of model a function that makes a small one.
MAKERS: dict[str, Callable[[], Any]] = {
    "parser": lambda: _parser(True),
    "parser-tags": lambda: _parser(False),
    "tagger": lambda: Tagger.build(
        TaggerConfig(before=1, hidden=(8,), lexicon=LEXICON, previous_tags=1), _few(), _vectors()
    ),
    "vectors": _vectors,
    "lemmatizer": lambda: seq2seq.Lemmatizer.build(LemmatizerConfig(network=SEQ2SEQ), sample(20)),
    "segmenter": _segmenter,
    "seq2seq": lambda: seq2seq.Seq2Seq.build(SEQ2SEQ, TEXTS, TEXTS),
    "transformer": _transformer,
    "classifier": _classifier,
    "lm": lambda: seq2seq.LanguageModel.build(LanguageModelConfig(embedding=8, recurrent=DECODER.recurrent), ["a b"]),
    "skip-thought": _skip_thought,
}
# For each kind a function that loads a model and uses it.
USES: dict[str, Callable[[Path], object]] = {
    "parser": _parse,
    "parser-tags": _parse,
    "tagger": lambda path: Tagger.load(path).tag(_few()),
    "vectors": lambda path: inspected(Pretrained.load(path)),
    "lemmatizer": lambda path: seq2seq.Lemmatizer.load(path).lemmatize([Sentence.from_forms(["dogss", "bark"])]),
    "segmenter": lambda path: seq2seq.Segmenter.load(path).segment("Dogs bark. We don't"),
    "seq2seq": lambda path: seq2seq.Seq2Seq.load(path).generate(TEXTS, beam=2),
    "transformer": lambda path: seq2seq.Seq2Seq.load(path).generate(TEXTS),
    "classifier": lambda path: seq2seq.Classifier.load(path).classify(["a dogs", ""]),
    "lm": lambda path: seq2seq.LanguageModel.load(path).generate("a", 3),
    "skip-thought": lambda path: seq2seq.SkipThought.load(path).vectors(TEXTS),
}


def model(name: str, folder: Path) -> Kind:
    """Return one damaged file of a model of a kind."""
    make, use = MAKERS[name], USES[name]
    torch.manual_seed(1)
    _vectors().save(folder / "vectors")
    directory = folder / "model"
    made = make()
    made.save(directory) if isinstance(made, Pretrained) else _save(made, directory)
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    parsed = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}

    def draw(random: random.Random) -> bytes:
        name = random.choice([*parsed, *parsed, *files])
        if name in parsed and random.random() < 0.8:
            content = json.dumps(altered(parsed[name], random)).encode()
        else:
            content = damaged(
                files[name], random, [b'"', b",", b"[", b"]", b"{", b"}", b"null", b"\\u0000", b"\\ud800"]
            )
        return name.encode() + b"\n" + content

    def read(data: bytes) -> None:
        name, _, content = data.partition(b"\n")
        for place, own in with_sums(files | {name.decode(): content}).items():
            (directory / place).write_bytes(own)
        use(directory)

    return Kind(draw, read)


def with_sums(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a model with correct checksums in config.json, so that checksums do not reveal the damage."""
    try:
        description = json.loads(files["config.json"])
        sums = {name: hashlib.sha256(files[name]).hexdigest() for name in ("weights.safetensors", "vocabularies.json")}
        changed = json.dumps({**description, "sha256": sums}).encode()
    except (ValueError, TypeError, RecursionError):
        return files
    return files | {"config.json": changed}


def archive(folder: Path) -> Kind:
    """Return a .zip archive of a model."""
    torch.manual_seed(1)
    _vectors().save(folder / "vectors")
    pack(folder / "vectors", folder / "f.zip")
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as plain:
        for path in sorted((folder / "vectors").iterdir()):
            plain.write(path, path.name)
    return in_file(load_model, [(folder / "f.zip").read_bytes(), stored.getvalue()], folder)
