"""The encoder "transformer": a pretrained Transformer (Vaswani et al. 2017; Devlin et al. 2019).

It reads the pieces of the words; a word has the vector of its first piece, or the mean of all. Its weights are
fine-tuned with the parser's, in smaller steps, and the lower layers in smaller ones still (Howard & Ruder 2018,
section 3.2). The library transformers computes it.

Architecture and tokeniser are two JSON files in the folder of the model, and the weights lie among the model's weights.
Nothing in them is run, and nothing is fetched from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from arcparse.errors import ConfigurationError, ModelError, shown
from arcparse.networks.encoder.pieces import LONGEST, WordPieces
from arcparse.networks.precision import reduced
from arcparse.networks.settings import PretrainedConfig
from arcparse.networks.words import Words
from arcparse.threads import aside

ARCHITECTURE, TOKENISER = "transformer.json", "tokenizer.json"
AT_ONCE = 1 << 14  # pieces that are read at a time when it parses: a long text needs no more memory than that
# Settings of an architecture that name code or places, or say how weights were once stored.
FOREIGN = re.compile(r"_.*|auto_map|.*implementation|.*dtype|quantization_config|kernel.*|name_or_path")
_LAYER = re.compile(r"\.(\d+)\.")


class Transformer(nn.Module):
    """Reads the words of a sentence; vectors of their forms, if the lexicon gives any, stand beside its own."""

    settings = PretrainedConfig
    needs: ClassVar[tuple[str, ...]] = (ARCHITECTURE, TOKENISER)

    def __init__(self, config: PretrainedConfig, input_dimension: int, files: Mapping[str, bytes]) -> None:
        """Make an encoder with random weights from the two `files`. Raises ModelError if they describe none."""
        super().__init__()
        self.config = config
        self.files: Mapping[str, bytes] = {name: files[name] for name in self.needs}
        self.model, described = _model(self.files[ARCHITECTURE])
        embeddings = self.model.get_input_embeddings().weight
        embeddings.requires_grad_(not config.frozen_embeddings)
        positions = getattr(described, "max_position_embeddings", None) or config.window
        # Some encoders count positions from the id of the padding on (RoBERTa).
        self.window = min(config.window, positions - (getattr(described, "pad_token_id", None) or 0) - 1)
        self.pieces = WordPieces(self.files[TOKENISER])
        if self.pieces.largest >= len(embeddings) or self.window < LONGEST:
            raise ModelError(
                f"the tokeniser has {self.pieces.largest + 1} pieces, and the encoder takes {len(embeddings)}, at most "
                f"{self.window} at once; take an encoder with its own tokeniser and at least {LONGEST} positions"
            )
        self.dropout = nn.Dropout(config.dropout)
        self.dimension = int(described.hidden_size) + input_dimension
        self.low_precision = config.precision == "bfloat16"

    def forward(self, vector: Tensor, words: Words) -> Tensor:
        """Return [B, N, H + E] from the words and the vectors [B, N, E] of their forms; the padding is unused."""
        config = self.config
        found = self.pieces.batch(words, self.window, config.overlap, whole=config.pooling == "mean")
        low = config.precision == "bfloat16" if self.training else self.low_precision
        at_once = len(found.ids) if self.training else max(1, AT_ONCE // found.ids.shape[1])
        with aside(), reduced(vector.device, enabled=low):
            read = [
                self.model(input_ids=ids, attention_mask=is_piece.long()).last_hidden_state
                for ids, is_piece in zip(
                    torch.split(found.ids, at_once), torch.split(found.is_piece, at_once), strict=True
                )
            ]
        hidden = torch.cat(read).flatten(0, 1).float()
        context = functional.embedding_bag(found.place, hidden, found.start, mode="mean")
        return torch.cat([self.dropout(context).view(*words.row.shape, -1), vector], 2)

    def rates(self) -> Iterator[tuple[nn.Parameter, float]]:
        """Yield each parameter with its own learning rate, at its peak."""
        layer = {name: _LAYER.search(f".{name}") for name, _ in self.model.named_parameters()}
        number = {name: int(found[1]) if found else -1 for name, found in layer.items()}
        highest = max(number.values())
        for name, parameter in self.model.named_parameters():
            yield parameter, self.config.learning_rate * self.config.layer_decay ** (highest - number[name])


def library() -> Any:
    """Return the module `transformers`. Raises ConfigurationError if it is missing."""
    try:
        import transformers  # here: it is optional, and slow to import
    except ImportError as error:
        raise ConfigurationError(
            f"the encoder 'transformer' needs the library transformers ({error}); `pip install transformers`"
        ) from None
    return transformers


def _model(content: bytes) -> tuple[Any, Any]:
    """Return the model that an architecture describes, with random weights, and the description."""
    transformers = library()
    try:
        values = cleaned(json.loads(content))
        described = transformers.AutoConfig.for_model(values.pop("model_type"), **values)
        model = transformers.AutoModel.from_config(described, trust_remote_code=False)
    except Exception as error:  # transformers raises errors of many kinds
        raise ModelError(f"{ARCHITECTURE} describes no encoder: {shown(str(error).partition(chr(10))[0])}") from None
    if getattr(described, "is_encoder_decoder", False) or model.get_input_embeddings() is None:
        raise ModelError(f"{ARCHITECTURE} describes a {described.model_type}, which is no encoder of text alone")
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # a layer over the first piece, of which parsing has no use
    return model, described


def cleaned(value: Any) -> Any:
    """Return an architecture without settings that name code or places."""
    if not isinstance(value, dict):
        return value
    return {key: cleaned(entry) for key, entry in value.items() if not FOREIGN.fullmatch(key)}
