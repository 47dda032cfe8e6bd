"""Pretrained Transformers where training starts: opened from a folder or by name, never fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from arcparse.checkpoint.saved import difference
from arcparse.errors import ModelError
from arcparse.networks.encoder.choice import AnyEncoder
from arcparse.networks.encoder.transformer import ARCHITECTURE, TOKENISER, Transformer, cleaned, library


@dataclass(frozen=True)
class PretrainedEncoder:
    """The files that a model keeps of a pretrained encoder, and its weights by name."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    weights: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def open(cls, place: str) -> PretrainedEncoder:
        """Open a folder, or a name in the cache of the library transformers; an empty `place` is no encoder.

        Raises ConfigurationError if transformers is missing, ModelError if it cannot open the encoder.
        """
        if not place:
            return cls()
        transformers = library()
        own = {"local_files_only": True, "trust_remote_code": False}
        try:
            with _quiet(transformers):
                tokenizer = transformers.AutoTokenizer.from_pretrained(place, use_fast=True, **own)
                model = transformers.AutoModel.from_pretrained(place, dtype=torch.float32, **own)
            tokeniser = tokenizer.backend_tokenizer.to_str()
        except Exception as error:  # transformers raises errors of many kinds
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"{place}: is no encoder that transformers opens: {reason}; give a folder with config.json, "
                "weights and tokenizer.json (nothing is downloaded)"
            ) from None
        described = cleaned(json.loads(model.config.to_json_string(use_diff=False)))
        architecture = json.dumps(described, indent=1, sort_keys=True)
        return cls({ARCHITECTURE: architecture.encode(), TOKENISER: tokeniser.encode()}, model.state_dict())

    def start(self, encoder: AnyEncoder | None) -> None:
        """Give an encoder made from these files these weights. Raises ModelError if they do not fit."""
        if not self.files or not isinstance(encoder, Transformer):
            return
        needed = encoder.model.state_dict()
        found = {name: tensor for name, tensor in self.weights.items() if name in needed}
        problem = difference(needed, found)
        if problem:
            raise ModelError(f"the weights of the pretrained encoder do not fit its description: {problem}")
        encoder.model.load_state_dict(found)


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Silence progress bars and reports of weights that are not needed."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
