"""The settings of a pipeline's training: those of its parts, and all that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from arcparse.errors import ConfigurationError, shown
from arcparse.networks.settings import NO_ENCODER
from arcparse.parser.task import ParserSettings
from arcparse.presets import PIPELINE, PIPELINES, presets
from arcparse.segmenter.task import SegmenterSettings
from arcparse.seq2seq.lemmatizer_task import LemmatizerSettings
from arcparse.settings import load_settings
from arcparse.settings.limits import Positive, Share
from arcparse.tagger.task import TaggerSettings
from arcparse.vectors import Word2VecConfig

PRESETS = "presets"  # the table of a pipeline's preset that names a preset for each part
PARTS = ("segmenter", "lemmatizer", "tagger", "parser")  # in the order of their training: the cheapest first


@dataclass(frozen=True)
class PipelineSettings:
    """A training of all parts, as a TOML file describes it; train, dev and vectors of a part are those of all."""

    parser: ParserSettings
    treebank: str = ""  # folder whose files have the names of Universal Dependencies: *-train.conllu, *-dev, *-test
    train: str = ""  # treebank with trees, tags and lemmas; empty: that of the folder
    dev: str = ""  # empty: that of the folder, or else the end of train is held out
    test: str = ""  # for the scores at the end; empty: that of the folder, or else dev
    held_out: Share = 0.1  # the share of train's sentences, if there is no dev
    vectors: str = ""  # vector store or model of kind vectors; empty: of `raw`, or none
    raw: str = ""  # raw text, a paragraph a line, to train word vectors on; empty for none
    tokenizer: str = (
        "neutral"  # rules for the raw text, and if no segmenter is wanted: neutral, en, or a language's file
    )
    jackknife: bool = (
        True  # the parser learns from tags of taggers that have not seen the sentence; else from gold tags
    )
    least_batches: Positive = 200  # of an epoch: those of a small treebank are smaller than a part's settings say
    word2vec: Word2VecConfig = field(default_factory=Word2VecConfig)
    segmenter: SegmenterSettings | None = None  # none: the rules divide text
    lemmatizer: LemmatizerSettings | None = None  # none: no lemmas
    tagger: TaggerSettings | None = None  # for a parser that needs tags; none: the parser predicts them

    def __post_init__(self) -> None:
        """Raise ConfigurationError if the parser needs tags and has no tagger, or predicts them and has one."""
        encoder = self.parser.parser.encoder
        if encoder == NO_ENCODER and self.tagger is None:
            raise ConfigurationError(
                f"a parser with parser.parser.encoder = {encoder!r} needs tags; take the preset fast, which has a "
                "tagger"
            )
        if encoder != NO_ENCODER and self.tagger is not None:
            raise ConfigurationError(
                f"a parser with parser.parser.encoder = {encoder!r} predicts tags itself; leave out the tagger by "
                "--set tagger=none"
            )

    def parts(self) -> dict[str, Any]:
        """Return the settings of the parts that are trained, by kind, in the order of their training."""
        return {kind: own for kind in PARTS if (own := getattr(self, kind)) is not None}


def resolve(
    *,
    preset: str = "",
    file: Path | None = None,
    overrides: Sequence[str] = (),
    shared: Mapping[str, object] | None = None,
) -> PipelineSettings:
    """Return the settings of a preset, changed by a TOML file and then by `key=value` overrides.

    `shared` has values of `training` for every part that is trained. Raises ConfigurationError for an unknown preset,
    key or value.
    """
    known, name = presets(PIPELINE), preset or PIPELINES[PIPELINE].default
    if name not in known:
        raise ConfigurationError(f"there is no {PIPELINE} preset {shown(name)}; there are {', '.join(known)}")
    own = dict(known[name])
    values = {part: presets(part)[chosen] for part, chosen in own.pop(PRESETS).items()}
    for part, changes in own.items():
        values[part] = _with_tables(values[part], changes)
    settings = load_settings(PipelineSettings, file=file, preset=values, overrides=overrides)
    for_all = [f"{part}.training.{key}={value}" for part in settings.parts() for key, value in (shared or {}).items()]
    if not for_all:
        return settings
    return load_settings(PipelineSettings, file=file, preset=values, overrides=[*for_all, *overrides])


def _with_tables(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a preset with changes in its tables."""
    return {**values, **{key: {**values.get(key, {}), **table} for key, table in changes.items()}}
