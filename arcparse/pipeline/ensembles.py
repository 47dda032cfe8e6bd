"""Several parsers in one pipeline, which score together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.errors import ConfigurationError
from arcparse.pipeline import Pipeline

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from arcparse.pipeline.options import Loading


def load_ensemble(models: Sequence[str | Path], **options: Unpack[Loading]) -> Pipeline:
    """Load models, named as for `arcparse.load`, whose parsers score together; all else is the first model's.

    The parsers must have the same labels and tags, as trainings of one recipe with different seeds have. `options` are
    those of `Pipeline.load`. Raises ConfigurationError if no model is named, ModelError if one has no parser, or they
    do not fit together.
    """
    if isinstance(models, (str, Path)) or not models:
        raise ConfigurationError(f"models must be a list of names or paths, at least one, not {models!r}")
    first, *others = (Pipeline.load(model, **options) for model in models)
    if not others:
        return first
    from arcparse.parser.ensemble import Ensemble

    return first.with_parser(Ensemble([first.parser, *(other.parser for other in others)]))
