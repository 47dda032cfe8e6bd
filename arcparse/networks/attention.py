"""Attention: the weight of each token of a source for a query, and the weighted sum of the tokens' vectors.

Scores by kind, for a query q and a token's vector v:

    dot             q . v                          Luong et al. 2015
    scaled-dot      q . v / sqrt(dimension)        Vaswani et al. 2017
    general         q . W v                        Luong et al. 2015, bilinear
    additive        u . tanh(W q + U v)            Bahdanau et al. 2015
    concatenation   w . [q; v; q * v]              Seo et al. 2017; without the product, q would cancel in the softmax
    multi-head      scaled dots of projections     Vaswani et al. 2017, torch's own layer

Queries are T positions of one output, or K hypotheses of it; both are [B, T, Q] and share the source's keys.
Axis letters: B sentences, T queries, N tokens of the source, Q and D dimensions of query and token, H of a projection.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from arcparse.errors import ConfigurationError
from arcparse.networks.settings import AttentionKind


def attend(score: Tensor, value: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
    """Return contexts [B, T, D] and weights [B, T, N] from scores [B, T, N] and vectors [B, N, D].

    Padding, where `is_token` [B, N] is false, has weight 0; each source has a token.
    """
    weight = score.masked_fill(~is_token.unsqueeze(1), -torch.inf).softmax(2)
    return weight @ value, weight


class Dot(nn.Module):
    """Dot products, divided by the square root of the dimension if `scaled`."""

    def __init__(self, query: int, value: int, *, scaled: bool = False) -> None:
        """Raise ConfigurationError if the dimensions differ."""
        super().__init__()
        _check_equal(query, value)
        self.factor = query**-0.5 if scaled else 1.0

    def keys(self, value: Tensor) -> Tensor:
        """Return the vectors to compare with queries [B, N, D]."""
        return value

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return scores [B, T, N]."""
        return self.factor * (query @ key.transpose(1, 2))


class General(nn.Module):
    """Dot products with a projection of the token."""

    def __init__(self, query: int, value: int) -> None:
        """Make the matrix."""
        super().__init__()
        self.keys = nn.Linear(value, query, bias=False)  # of the tokens, whose side is computed once for all steps

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return scores [B, T, N]."""
        return query @ key.transpose(1, 2)


class Additive(nn.Module):
    """A feed-forward network of one hidden layer, as wide as the query."""

    def __init__(self, query: int, value: int) -> None:
        """Make the matrices."""
        super().__init__()
        self.keys = nn.Linear(value, query, bias=False)
        self.query = nn.Linear(query, query)
        self.output = nn.Linear(query, 1, bias=False)

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return scores [B, T, N]."""
        hidden = torch.tanh(self.query(query).unsqueeze(2) + key.unsqueeze(1))
        score: Tensor = self.output(hidden).squeeze(3)
        return score


class Concatenation(nn.Module):
    """A linear layer over query, token and their product, computed without concatenating them."""

    def __init__(self, query: int, value: int) -> None:
        """Raise ConfigurationError if the dimensions differ."""
        super().__init__()
        _check_equal(query, value)
        self.query, self.key = nn.Linear(query, 1), nn.Linear(value, 1, bias=False)
        self.product = nn.Parameter(torch.zeros(query).uniform_(-(query**-0.5), query**-0.5))

    def keys(self, value: Tensor) -> Tensor:
        """Return the vectors to compare with queries [B, N, D]."""
        return value

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Return scores [B, T, N]."""
        score: Tensor = self.query(query) + self.key(key).transpose(1, 2) + (query * self.product) @ key.transpose(1, 2)
        return score


class Attention(nn.Module):
    """Attention of one of the kinds that score vectors as they are."""

    def __init__(self, kind: AttentionKind, query: int, value: int) -> None:
        """Make an untrained layer for queries and tokens of these dimensions."""
        super().__init__()
        self.dimension = value
        match kind:
            case "general":
                self.score: nn.Module = General(query, value)
            case "additive":
                self.score = Additive(query, value)
            case "concatenation":
                self.score = Concatenation(query, value)
            case _:
                self.score = Dot(query, value, scaled=kind == "scaled-dot")

    def keys(self, value: Tensor) -> Tensor:
        """Return the vectors to compare with queries [B, N, H]; they are computed once for a source."""
        key: Tensor = self.score.keys(value)  # type: ignore[operator]
        return key

    def forward(self, query: Tensor, key: Tensor, value: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
        """Return contexts [B, T, D] and weights [B, T, N]."""
        return attend(self.score(query, key), value, is_token)


class MultiHeadAttention(nn.Module):
    """torch's multi-head attention under the same interface; the weights are the heads' mean."""

    def __init__(self, query: int, value: int, heads: int) -> None:
        """Raise ConfigurationError if the heads do not divide the query's dimension."""
        super().__init__()
        if query % heads:
            raise ConfigurationError(f"{heads} heads do not divide the decoder's {query} units; change one of them")
        self.dimension = query
        self.attention = nn.MultiheadAttention(query, heads, kdim=value, vdim=value, batch_first=True)

    def keys(self, value: Tensor) -> Tensor:
        """Return the vectors themselves, which torch projects."""
        return value

    def forward(self, query: Tensor, key: Tensor, value: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
        """Return contexts [B, T, Q] and weights [B, T, N]."""
        context, weight = self.attention(query, key, value, key_padding_mask=~is_token)
        return context, weight


def attention(kind: AttentionKind, query: int, value: int, heads: int = 4) -> Attention | MultiHeadAttention | None:
    """Make an untrained layer of a kind for queries and tokens of these dimensions; only "multi-head" has `heads`."""
    if kind == "none":
        return None
    return MultiHeadAttention(query, value, heads) if kind == "multi-head" else Attention(kind, query, value)


def _check_equal(query: int, value: int) -> None:
    if query != value:
        raise ConfigurationError(
            f"this attention multiplies decoder and encoder unit by unit, but they have {query} and {value} units; "
            "make them equal, or take general, additive or multi-head"
        )
