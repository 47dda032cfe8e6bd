"""What tools/fuzz.py damages: for each kind of input how one is drawn, and what reads and uses it."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mutation import altered, damaged

from arcparse import read_conllu, seq2seq, transform
from arcparse.checkpoint import load_model, pack
from arcparse.corpus import read_registry
from arcparse.dictionary import read_dictionary
from arcparse.encoder import BiLSTMConfig
from arcparse.formats import formats, read_sentences, write_sentences
from arcparse.lexicon import LexiconConfig
from arcparse.parser.model import Parser, ParserConfig
from arcparse.parser.scorer import ScorerConfig
from arcparse.presets import presets
from arcparse.pretrained import Pretrained
from arcparse.recipes import RECIPES
from arcparse.sentence import Sentence
from arcparse.seq2seq.classifier import ClassifierConfig
from arcparse.seq2seq.decoder import DecoderConfig
from arcparse.seq2seq.encoder import EncoderConfig
from arcparse.seq2seq.labelled import read_labelled
from arcparse.seq2seq.language_model import LanguageModelConfig
from arcparse.seq2seq.lemmatizer import LemmatizerConfig
from arcparse.seq2seq.model import Seq2SeqConfig
from arcparse.seq2seq.multiwords import Multiwords
from arcparse.seq2seq.pairs import read_pairs
from arcparse.seq2seq.recurrent import RecurrentConfig
from arcparse.seq2seq.segmenter import SegmenterConfig
from arcparse.seq2seq.skip_thought import SkipThoughtConfig
from arcparse.seq2seq.transformer import TransformerConfig
from arcparse.settings import as_dict, as_toml, load_settings
from arcparse.snapshot import load_snapshot, save_snapshot
from arcparse.tagger.model import Tagger, TaggerConfig
from arcparse.validation import validate
from arcparse.vectors import VectorStore
from arcparse.vectors.source import load_vectors
from arcparse.vocabulary import Vocabulary

SAMPLE = Path(__file__).parent.parent / "corpora" / "sample.conllu"
PENN = b"( (S \n    (NP (DT The) (-NONE- *T*) (NN cat) )\n    (VP (VBZ sits) ) (. .) ))\n( (NP (NN -LRB-)))\n"
MARKS = [
    b"\t",
    b"\n\n",
    b"_",
    b"#",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"\\",
    b"@1",
    b"->",
    b"null",
    b"-1",
    b"1-2",
]
PACK: dict[bytes, Callable[[bytes], bytes]] = {b".gz": gzip.compress, b".xz": lzma.compress, b".bz2": bz2.compress}
CONDITIONS = [
    b"length <= 40 and projective and 'nsubj' in label",
    b"not tree or sent_id in ['a', \"b\"] and text != 'x'",
    b"length * 2 - 1 >= 5 and (length // 2 == 0 or length % 2 != 1) and length + -3 == 0",
]


@dataclass(frozen=True)
class Kind:
    """How an input is drawn, and what is done with it: both may take any time and raise any ArcparseError."""

    draw: Callable[[random.Random], bytes]
    read: Callable[[bytes], object]


def mutants(examples: Sequence[bytes], tokens: Sequence[bytes]) -> Callable[[random.Random], bytes]:
    """Return what draws one of the examples and damages it."""
    return lambda draw: damaged(draw.choice(examples), draw, tokens)


def sample(count: int = 6) -> list[Sentence]:
    """Return a few sentences of the hand-written treebank."""
    return list(islice(read_conllu(SAMPLE), count))


# Text -----------------------------------------------------------------------------------------------------------------


def _used(path: Path, form: str | None, data: bytes) -> None:
    path.write_bytes(data)
    found = list(read_sentences(path, form, on_error=lambda _: None))
    write_sentences(found, io.StringIO(), "conllu")
    if found:
        list(read_sentences(path, form))


def treebank(form: str | None, folder: Path) -> Kind:
    """Return a treebank of a format, or of any of them, to be guessed."""
    known = [form] if form else [name for name, own in formats().items() if own.text]
    examples = [_written(name) for name in known]
    return Kind(mutants(examples, MARKS), partial(_used, folder / "f", form))


def _written(form: str) -> bytes:
    if not formats()[form].text:
        return PENN
    stream = io.StringIO(newline="")
    write_sentences(sample(2), stream, form)
    return stream.getvalue().encode()


def compressed(folder: Path) -> Kind:
    """Return a packed treebank, the suffix of its name in the first line."""
    examples = [suffix + b"\n" + packed(_written("conllu")) for suffix, packed in PACK.items()]

    def read(data: bytes) -> None:
        suffix, _, content = data.partition(b"\n")
        _used(folder / f"f{suffix.decode() if suffix in PACK else '.gz'}", None, content)

    return Kind(mutants(examples, MARKS), read)


def in_file(use: Callable[[Path], object], examples: Sequence[bytes], folder: Path) -> Kind:
    """Return a file that is used by its path."""

    def read(data: bytes) -> None:
        (folder / "f").write_bytes(data)
        use(folder / "f")

    return Kind(mutants(examples, MARKS), read)


def expression(folder: Path) -> Kind:
    """Return a condition on sentences, which is asked."""
    sentences = sample()
    tokens = [name.encode() for name in transform.expression.NAMES]
    tokens += [
        b"(",
        b")",
        b"[",
        b"]",
        b" and ",
        b" not ",
        b" in ",
        b" ** ",
        b"//",
        b"%",
        b"*",
        b"-",
        b"==",
        b"'",
        b"\\",
    ]

    def read(data: bytes) -> None:
        condition = transform.Expression(data.decode("utf-8", "surrogateescape"))
        for one in sentences:
            condition(one)

    return Kind(mutants(CONDITIONS, tokens), read)


def overrides(folder: Path) -> Kind:
    """Return a setting as --set has it, below a line with the kind of model."""
    known = {kind: next(iter(presets(kind).values())) for kind in RECIPES}
    full = {kind: load_settings(RECIPES[kind].settings, preset=known[kind]) for kind in RECIPES}
    lines = [f"{kind}\n{line}" for kind in RECIPES for line in _overrides(as_dict(full[kind]))]

    def read(data: bytes) -> None:
        kind, _, override = data.decode("utf-8", "surrogateescape").partition("\n")
        kind = kind if kind in RECIPES else "parser"
        load_settings(RECIPES[kind].settings, preset=known[kind], overrides=[override])

    return Kind(
        mutants([line.encode() for line in lines], [b"=", b".", b"{", b"}", b"[", b"]", b'"', b"'", b"none"]), read
    )


def _overrides(values: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in values.items():
        if isinstance(value, dict):
            found += _overrides(value, f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key}={'none' if value is None else json.dumps(value)}")
    return found


def settings_file(folder: Path) -> Kind:
    """Return a TOML file of a parser's settings."""
    cls, path = RECIPES["parser"].settings, folder / "f.toml"
    example = as_toml(load_settings(cls, preset=presets("parser")["bilstm"])).encode()

    def read(data: bytes) -> None:
        path.write_bytes(data)
        load_settings(cls, file=path)

    return Kind(mutants([example], [b"=", b".", b"[", b"]]", b'"""', b"'''", b"#", b"{", b"}", b"_", b"none"]), read)


# Models: an input is the name of a file and its content; the checksums are made to fit -------------------------------

ENCODER = EncoderConfig(embedding=8, recurrent=RecurrentConfig(hidden=4))
DECODER = DecoderConfig(embedding=8, recurrent=RecurrentConfig(hidden=8, bidirectional=False))
SEQ2SEQ = Seq2SeqConfig(encoder=ENCODER, decoder=DecoderConfig(embedding=8, recurrent=DECODER.recurrent))
TRANSFORMER = TransformerConfig(layers=1, heads=2, hidden=8)
LEXICON = LexiconConfig(min_count=1, word_dimension=8, affix_dimension=4, shape_dimension=4, character_dimension=4)
FEATURES = ("stack(0).vector", "stack(1).leftmost.vector", "buffer(0).upos", "stack(0).label")
WORDS = ["dogs", "bark", "a", "b"]


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
    return Pretrained(words, "digits-zero", torch.ones(len(words), 3, dtype=torch.int8), torch.ones(len(words)))


def _save(model: Any, directory: Path) -> None:
    options = {"vectors": "vectors"} if isinstance(model, Parser | Tagger | seq2seq.Segmenter) else {}
    model.save(directory, metadata={}, **options)


def _models() -> dict[str, tuple[Callable[[], Any], Callable[[Path], object]]]:
    """Return for each kind of model what makes a small one, and what loads and uses it."""
    words, texts = Vocabulary.build(WORDS), [tuple(WORDS[:2])]
    given = sample(2)

    def transformer() -> seq2seq.Seq2Seq:
        encoder = EncoderConfig(kind="transformer", embedding=8, transformer=TRANSFORMER)
        decoder = DecoderConfig(kind="transformer", embedding=8, transformer=TRANSFORMER)
        return seq2seq.Seq2Seq.build(Seq2SeqConfig(encoder=encoder, decoder=decoder), texts, texts)

    def parse(path: Path) -> object:
        model = Parser.load(path)
        return model.parse(given, given=True)

    return {
        "parser": (lambda: _parser(True), parse),
        "parser-tags": (lambda: _parser(False), parse),
        "tagger": (
            lambda: Tagger.build(
                TaggerConfig(before=1, hidden=(8,), lexicon=LEXICON, previous_tags=1), given, _vectors()
            ),
            lambda path: Tagger.load(path).tag(given),
        ),
        "vectors": (_vectors, lambda path: Pretrained.load(path).word_vectors()),
        "lemmatizer": (
            lambda: seq2seq.Lemmatizer.build(LemmatizerConfig(network=SEQ2SEQ), sample(20)),
            lambda path: seq2seq.Lemmatizer.load(path).lemmatize([Sentence.from_forms(["dogss", "bark"])]),
        ),
        "segmenter": (
            lambda: seq2seq.Segmenter(
                SegmenterConfig(ENCODER), words, Multiwords({"don't": ("do", "n't")}, frozenset(["don't"])), _vectors()
            ),
            lambda path: seq2seq.Segmenter.load(path).segment("Dogs bark. We don't"),
        ),
        "seq2seq": (
            lambda: seq2seq.Seq2Seq.build(SEQ2SEQ, texts, texts),
            lambda path: seq2seq.Seq2Seq.load(path).generate(texts, beam_size=2),
        ),
        "transformer": (transformer, lambda path: seq2seq.Seq2Seq.load(path).generate(texts)),
        "classifier": (
            lambda: seq2seq.Classifier(ClassifierConfig(encoder=ENCODER), words, Vocabulary.plain(["no", "yes"])),
            lambda path: seq2seq.Classifier.load(path).classify(["a dogs", ""]),
        ),
        "lm": (
            lambda: seq2seq.LanguageModel.build(LanguageModelConfig(embedding=8, recurrent=DECODER.recurrent), ["a b"]),
            lambda path: seq2seq.LanguageModel.load(path).generate("a", 3),
        ),
        "skip-thought": (
            lambda: seq2seq.SkipThought.build(
                SkipThoughtConfig(
                    encoder=ENCODER, decoder=DecoderConfig(embedding=8, attention="none", recurrent=DECODER.recurrent)
                ),
                texts,
                9,
                Pretrained.none(),
            ),
            lambda path: seq2seq.SkipThought.load(path).vectors(texts),
        ),
    }


def model(name: str, folder: Path) -> Kind:
    """Return one damaged file of a model of a kind."""
    make, use = _models()[name]
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
    """Return the files of a model with the checksums in config.json that they have, so that damage gets through."""
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


def snapshot(folder: Path) -> Kind:
    """Return the checkpoint of a training run."""
    save_snapshot(folder / "s", {"model.w": torch.ones(2)}, {"state": {"epoch": 1}, "config": {}})
    return in_file(load_snapshot, [(folder / "s").read_bytes()], folder)


# Vectors --------------------------------------------------------------------------------------------------------------


def vectors(folder: Path) -> Kind:
    """Return a file of word vectors: text, binary or GloVe, packed or not."""
    text = b"3 2\nthe 1.0 2.0\ncat 0.5 -1e-3\nsat 1 2\n"
    rows = b"".join(word + b" " + np.array([1, 2], "<f4").tobytes() + b"\n" for word in (b"the", b"cat", b"sat"))
    return in_file(load_vectors, [text, b"3 2\n" + rows, text.partition(b"\n")[2]], folder)


def _store(folder: Path) -> dict[str, bytes]:
    """Write a store and return its files."""
    (folder / "v.txt").write_bytes(b"3 2\nthe 1.0 2.0\ncat 0.5 -1e-3\nsat 1 2\n")
    with VectorStore.create(folder / "store", load_vectors(folder / "v.txt"), dtype="int8") as store:
        store.lookup("unheard")
    return {path.name: path.read_bytes() for path in (folder / "store").iterdir() if path.is_file()}


def _look(path: Path) -> None:
    with VectorStore.open(path) as store:
        store.lookup("The")
        store.matrix(["cat", "unseen"])
        store.dense()


def store(folder: Path) -> Kind:
    """Return one damaged file of a vector store."""
    files = _store(folder)

    def draw(random: random.Random) -> bytes:
        name = random.choice(sorted(files))
        return name.encode() + b"\n" + damaged(files[name], random, [b"v:the", b"!metadata", b"MANIFEST-000001"])

    def read(data: bytes) -> None:
        name, _, content = data.partition(b"\n")
        for path in (folder / "store").iterdir():
            path.unlink()
        for place, own in (files | {name.decode(): content}).items():
            (folder / "store" / place).write_bytes(own)
        _look(folder / "store")

    return Kind(draw, read)


def records(folder: Path) -> Kind:
    """Return a vector store with one record of other content, whole as a database."""
    import plyvel

    _store(folder)
    with plyvel.DB(str(folder / "store")) as database:
        good = dict(database)

    def draw(random: random.Random) -> bytes:
        name = random.choice(sorted(good))
        both = name.startswith((b"!", b"~")) and random.random() < 0.7
        if both and random.random() < 0.7:
            return b"!~\n" + json.dumps(altered(json.loads(good[name]), random)).encode()
        return (b"!~" if both else name) + b"\n" + damaged(good[name], random, [b"{", b"}", b'"', b","])

    def read(data: bytes) -> None:
        name, _, content = data.partition(b"\n")
        names = [b"!metadata", b"~metadata"] if name == b"!~" else [name]
        with plyvel.DB(str(folder / "store")) as database:
            for place, own in (good | dict.fromkeys(names, content)).items():
                database.put(place, own)
        _look(folder / "store")

    return Kind(draw, read)


KINDS: dict[str, Callable[[Path], Kind]] = {
    "set": overrides,
    "toml": settings_file,
    "expression": expression,
    **{name: partial(treebank, name) for name in formats()},
    "guessed": partial(treebank, None),
    "compressed": compressed,
    "validate": partial(in_file, lambda path: list(validate([path])), [_written("conllu")]),
    "dictionary": partial(in_file, read_dictionary, [b"dog\tNOUN\tNN\tNumber=Sing\n# x\nbark\tVERB\n"]),
    "labelled": partial(in_file, lambda path: list(read_labelled(path)), [b"pos\tgood <br /> film\nneg\tbad\n"]),
    "pairs": partial(in_file, lambda path: read_pairs(str(path)), [b"a b\tc d\ne\tf\n"]),
    "registry": partial(in_file, read_registry, [(SAMPLE.parent / "registry.toml").read_bytes()[:1500]]),
    **{f"model-{name}": partial(model, name) for name in _models()},
    "archive": archive,
    "snapshot": snapshot,
    "vectors": vectors,
    "store": store,
    "records": records,
}
