"""Treebanks, settings and expressions for tools/fuzz.py: functions that draw inputs, and that read and use them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from mutation import damaged

from arcparse import read_conllu, transform
from arcparse.formats import formats, read_sentences, write_sentences
from arcparse.presets import presets
from arcparse.recipes import RECIPES
from arcparse.sentence import Sentence
from arcparse.settings import as_dict, as_toml, load_settings

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
    """A kind of inputs: a function that draws an input, and one that reads it and may raise an ArcparseError."""

    draw: Callable[[random.Random], bytes]
    read: Callable[[bytes], object]


def mutants(examples: Sequence[bytes], tokens: Sequence[bytes]) -> Callable[[random.Random], bytes]:
    """Return a function that draws one of the examples and damages it."""
    return lambda draw: damaged(draw.choice(examples), draw, tokens)


def sample(count: int = 6) -> list[Sentence]:
    """Return a few sentences of the hand-written treebank."""
    return list(islice(read_conllu(SAMPLE), count))


# Text -----------------------------------------------------------------------------------------------------------------


def _used(path: Path, format: str | None, data: bytes) -> None:
    path.write_bytes(data)
    found = list(read_sentences(path, format, on_error=lambda _: None))
    write_sentences(found, io.StringIO(), "conllu")
    if found:
        list(read_sentences(path, format))


def treebank(format: str | None, folder: Path) -> Kind:
    """Return a treebank of a format; for None, of any format, which is guessed."""
    known = [format] if format else [name for name, own in formats().items() if own.text]
    examples = [written(name) for name in known]
    return Kind(mutants(examples, MARKS), partial(_used, folder / "f", format))


def written(format: str) -> bytes:
    """Return two sentences in a format."""
    if not formats()[format].text:
        return PENN
    stream = io.StringIO(newline="")
    write_sentences(sample(2), stream, format)
    return stream.getvalue().encode()


def compressed(folder: Path) -> Kind:
    """Return a compressed treebank; its first line is the suffix of its name."""
    examples = [suffix + b"\n" + packed(written("conllu")) for suffix, packed in PACK.items()]

    def read(data: bytes) -> None:
        suffix, _, content = data.partition(b"\n")
        _used(folder / f"f{suffix.decode() if suffix in PACK else '.gz'}", None, content)

    return Kind(mutants(examples, MARKS), read)


def in_file(use: Callable[[Path], object], examples: Sequence[bytes], folder: Path) -> Kind:
    """Return a file, which `use` gets by its path."""

    def read(data: bytes) -> None:
        (folder / "f").write_bytes(data)
        use(folder / "f")

    return Kind(mutants(examples, MARKS), read)


def expression(folder: Path) -> Kind:
    """Return a condition on sentences, which is applied to some."""
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
    """Return a setting in the form of --set, after a line with the kind of model."""
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
