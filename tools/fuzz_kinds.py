"""The kinds of inputs of tools/fuzz.py, by name: text and models (in their own files), snapshots and vectors (here)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from fuzz_models import MAKERS, archive, model
from fuzz_text import Kind, compressed, expression, in_file, overrides, settings_file, treebank, written
from mutation import altered, damaged

from arcparse.corpora import REGISTRY, read_registry
from arcparse.formats import formats
from arcparse.seq2seq.labelled import read_labelled
from arcparse.seq2seq.pairs import read_pairs
from arcparse.tagger.dictionary import read_dictionary
from arcparse.training.snapshot import load_snapshot, save_snapshot
from arcparse.validation import validate
from arcparse.vectors import VectorStore
from arcparse.vectors.source import load_vectors


def snapshot(folder: Path) -> Kind:
    """Return the checkpoint of a training run."""
    save_snapshot(folder / "s", {"model.w": torch.ones(2)}, {"state": {"epoch": 1}, "config": {}})
    return in_file(load_snapshot, [(folder / "s").read_bytes()], folder)


# Vectors --------------------------------------------------------------------------------------------------------------


def vectors(folder: Path) -> Kind:
    """Return a file of word vectors: text, binary or GloVe."""
    text = b"3 2\nthe 1.0 2.0\ncat 0.5 -1e-3\nsat 1 2\n"
    (folder / "v.txt").write_bytes(text)
    load_vectors(folder / "v.txt")  # imports gensim before an input is timed
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
    """Return a vector store with one damaged record; the database itself is sound."""
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
    "validate": partial(in_file, lambda path: list(validate([path])), [written("conllu")]),
    "dictionary": partial(in_file, read_dictionary, [b"dog\tNOUN\tNN\tNumber=Sing\n# x\nbark\tVERB\n"]),
    "labelled": partial(in_file, lambda path: list(read_labelled(path)), [b"pos\tgood <br /> film\nneg\tbad\n"]),
    "pairs": partial(in_file, lambda path: read_pairs(str(path)), [b"a b\tc d\ne\tf\n"]),
    "registry": partial(in_file, read_registry, [REGISTRY.read_bytes()[:1500]]),
    **{f"model-{name}": partial(model, name) for name in MAKERS},
    "archive": archive,
    "snapshot": snapshot,
    "vectors": vectors,
    "store": store,
    "records": records,
}
