"""Several parsers in one pipeline, which score together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.bundle import PARSER, Bundle
from arcparse.devices import CPU
from arcparse.errors import ConfigurationError, ModelError
from arcparse.kernels.cache import CACHE_MIB
from arcparse.pipeline import Pipeline
from arcparse.pipeline.parts import Precision

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from arcparse.pipeline.options import Parts


def load_ensemble(
    models: Sequence[str | Path],
    *,
    precision: Precision = "auto",
    threads: int = 1,
    cache_mib: int = CACHE_MIB,
    device: str = CPU,
    **chosen: Unpack[Parts],
) -> Pipeline:
    """Load models, named as for `arcparse.load`, whose parsers score together; all else is the first model's.

    The parsers must have the same labels and tags, as trainings of one recipe with different seeds have. The other
    arguments are those of `Pipeline.load`. Raises ConfigurationError if no model is named, or one twice;
    ModelError if one of several has no parser, or they do not fit together.
    """
    if isinstance(models, (str, Path)) or not models:
        raise ConfigurationError(f"models must be a list of names or paths, at least one, not {models!r}")
    first, *others = bundles = [Bundle.find(model, **chosen) for model in models]
    for number, bundle in enumerate(bundles if others else ()):
        if bundle.kind != PARSER:
            raise ModelError(f"{bundle.model}: is a {bundle.kind} and makes no trees; name a parser")
        if bundle.model in [other.model for other in bundles[:number]]:
            raise ConfigurationError(f"{bundle.model}: is named twice; name each model once")
    return Pipeline.of(first, precision, threads, cache_mib, device, tuple(others))
