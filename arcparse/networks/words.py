"""The tokens of a batch as tensors: each distinct form once, by the ids of a lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from arcparse.lexicon.forms import ROOT_FORM, Lexicon
from arcparse.networks.padding import pad, padded


@dataclass(frozen=True)
class Forms:
    """Ids of U distinct forms."""

    word: Tensor  # [U]
    vector: Tensor  # [U] rows of the pretrained vectors
    affix: Tensor  # [U, P] one column for each length of prefix, then of suffix
    shape: Tensor  # [U]
    character: Tensor  # [U, C]


@dataclass(frozen=True)
class Words:
    """The tokens of B sentences: the number of words of each, and the distinct form of each token."""

    length: Tensor  # [B]
    row: Tensor  # [B, N] into the forms; the root is token 0
    forms: Forms
    text: tuple[str, ...] = ()  # the forms themselves, for encoders that read them; ROOT_FORM is the first

    def to(self, device: torch.device) -> Words:
        """Return the same on a device."""
        forms = Forms(*(getattr(self.forms, field.name).to(device) for field in fields(Forms)))
        return Words(self.length.to(device), self.row.to(device), forms, self.text)

    @property
    def is_token(self) -> Tensor:
        """Whether a sentence has a token there [B, N], the root included."""
        return torch.arange(self.row.shape[1], device=self.row.device) <= self.length.unsqueeze(1)


def words_of(lexicon: Lexicon, sentences: Sequence[Sequence[str]]) -> Words:
    """Return the ids of B sentences of forms, each with the root before it."""
    rows: dict[str, int] = {ROOT_FORM: 0}
    row = [[0, *(rows.setdefault(form, len(rows)) for form in forms)] for forms in sentences]
    ids = lexicon.forms(list(rows))
    word, vector, affix, shape = (
        torch.from_numpy(own.astype(np.int64)) for own in (ids.word, ids.vector, ids.affix, ids.shape)
    )
    character = padded(ids.character, np.diff(ids.offset).tolist())
    lengths = torch.tensor([len(forms) for forms in sentences])
    return Words(lengths, pad(row), Forms(word, vector, affix, shape, character), tuple(rows))
