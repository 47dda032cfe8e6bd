"""The presets: settings shipped as TOML files, in a folder for each kind of model.

The first line of each file is a comment: the purpose of the preset in one sentence.
"""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT = {
    "parser": "bilstm",
    "tagger": "window",
    "lemmatizer": "attention",
    "segmenter": "lstm",
    "seq2seq": "attention",
    "classifier": "lstm",
    "skip-thought": "gru",
    "lm": "tokens",
}


def presets(kind: str) -> dict[str, dict[str, Any]]:
    """Return the settings of each preset of a kind of model, by name."""
    return {name: tomllib.loads(text) for name, text in _texts(kind).items()}


def purposes(kind: str) -> dict[str, str]:
    """Return the purpose of each preset of a kind of model, by name; the default preset comes first."""
    found = {name: text.partition("\n")[0].removeprefix("# ") for name, text in _texts(kind).items()}
    return {DEFAULT[kind]: found[DEFAULT[kind]]} | found


def _texts(kind: str) -> dict[str, str]:
    folder = resources.files("arcparse") / "presets" / kind
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in files}
