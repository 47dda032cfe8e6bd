"""The kinds of models, and their presets: settings shipped as TOML files, in a folder for each kind.

The first line of each file is a comment: the purpose of the preset in one sentence.
"""

from __future__ import annotations

import sys
from importlib import resources
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Kind(NamedTuple):
    """A kind of model that can be trained."""

    summary: str
    default: str  # the preset, unless another is named


KINDS = {
    "parser": Kind("a transition-based parser", "bilstm"),
    "tagger": Kind("a tagger of UPOS, XPOS and FEATS", "window"),
    "lemmatizer": Kind("a lemmatiser", "attention"),
    "segmenter": Kind("a segmenter of text into sentences and tokens", "lstm"),
    "seq2seq": Kind("a translator, or any model from sequences to sequences", "attention"),
    "classifier": Kind("a classifier of texts", "lstm"),
    "skip-thought": Kind("skip-thought vectors of sentences", "gru"),
    "lm": Kind("a language model", "tokens"),
    "labeller": Kind("a labeller of frames of sound, such as a detector of a word", "causal"),
    "recogniser": Kind("a recogniser of speech", "ctc"),
}

PIPELINE = "pipeline"
PIPELINES = {PIPELINE: Kind("a whole pipeline, from raw text to trees, of one treebank", "accurate")}


def presets(kind: str) -> dict[str, dict[str, Any]]:
    """Return the settings of each preset of a kind of model, by name."""
    return {name: tomllib.loads(text) for name, text in _texts(kind).items()}


def purposes(kind: str) -> dict[str, str]:
    """Return the purpose of each preset of a kind of model, by name; the default preset comes first."""
    found = {name: text.partition("\n")[0].removeprefix("# ") for name, text in _texts(kind).items()}
    default = (KINDS | PIPELINES)[kind].default
    return {default: found[default]} | found


def _texts(kind: str) -> dict[str, str]:
    folder = resources.files("arcparse") / "presets" / kind
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {file.name.removesuffix(".toml"): file.read_text(encoding="utf-8") for file in files}
