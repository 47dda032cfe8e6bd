"""Each kind of attention against a twin in plain Python, number by number."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from toy_languages import ATTENTIONS

from arcparse.errors import ConfigurationError
from arcparse.networks.attention import Additive, Attention, Concatenation, General, MultiHeadAttention, attention

SIZE, HEADS = 4, 2
Vector = list[float]


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def times(matrix: Tensor, vector: Vector) -> Vector:
    return [dot(row, vector) for row in matrix.tolist()]


def softmax(scores: Vector) -> Vector:
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def mean(weights: Vector, vectors: list[Vector]) -> Vector:
    return [dot(weights, list(column)) for column in zip(*vectors, strict=True)]


def scalar_score(layer: Attention, kind: str, q: Vector, v: Vector) -> float:
    score = layer.score
    if isinstance(score, General):
        return dot(q, times(score.keys.weight, v))
    if isinstance(score, Additive):
        query = [a + b for a, b in zip(times(score.query.weight, q), score.query.bias.tolist(), strict=True)]
        hidden = [math.tanh(a + b) for a, b in zip(query, times(score.keys.weight, v), strict=True)]
        return times(score.output.weight, hidden)[0]
    if isinstance(score, Concatenation):
        weights = [*score.query.weight[0].tolist(), *score.key.weight[0].tolist(), *score.product.tolist()]
        return dot(weights, [*q, *v, *(a * b for a, b in zip(q, v, strict=True))]) + score.query.bias.item()
    return dot(q, v) / (math.sqrt(len(q)) if kind == "scaled-dot" else 1)


def scalar_attention(layer: Attention | MultiHeadAttention, kind: str, q: Vector, tokens: list[Vector]) -> Vector:
    """Return context and weights of one query over the tokens of one source, one after the other."""
    if isinstance(layer, Attention):
        weights = softmax([scalar_score(layer, kind, q, v) for v in tokens])
        return [*mean(weights, tokens), *weights]
    own = layer.attention
    bias = own.in_proj_bias.tolist()
    matrices = own.in_proj_weight.split(SIZE)
    project = [
        lambda x, m=m, b=bias[i * SIZE : (i + 1) * SIZE]: [y + c for y, c in zip(times(m, x), b, strict=True)]
        for i, m in enumerate(matrices)
    ]
    query, keys, values = project[0](q), [project[1](v) for v in tokens], [project[2](v) for v in tokens]
    found: Vector = []
    weights_of_heads = []
    width = SIZE // HEADS
    for part in (slice(head * width, (head + 1) * width) for head in range(HEADS)):
        weights = softmax([dot(query[part], key[part]) / math.sqrt(width) for key in keys])
        found += mean(weights, [value[part] for value in values])
        weights_of_heads.append(weights)
    context = [a + b for a, b in zip(times(own.out_proj.weight, found), own.out_proj.bias.tolist(), strict=True)]
    return [*context, *(sum(column) / HEADS for column in zip(*weights_of_heads, strict=True))]


@pytest.mark.parametrize("kind", ATTENTIONS[1:])
def test_attention_equals_its_scalar_twin(kind: str) -> None:
    torch.manual_seed(0)
    layer = attention(kind, SIZE, SIZE, HEADS)  # type: ignore[arg-type]
    assert layer is not None
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter)
    query, value, length = torch.randn(3, 2, SIZE), torch.randn(3, 5, SIZE), [5, 1, 3]
    is_token = torch.arange(5) < torch.tensor(length).unsqueeze(1)
    context, weight = layer(query, layer.keys(value), value, is_token)
    for b, size in enumerate(length):
        assert (weight[b, :, size:] == 0).all()
        for t in range(2):
            expected = scalar_attention(layer, kind, query[b, t].tolist(), value[b, :size].tolist())
            assert [*context[b, t].tolist(), *weight[b, t, :size].tolist()] == pytest.approx(
                expected, rel=1e-4, abs=1e-5
            )


@pytest.mark.parametrize("kind", ATTENTIONS[1:])
def test_what_is_no_token_does_not_matter(kind: str) -> None:
    torch.manual_seed(0)
    layer = attention(kind, SIZE, SIZE, HEADS)  # type: ignore[arg-type]
    assert layer is not None
    query, value = torch.randn(1, 2, SIZE), torch.randn(1, 3, SIZE)
    padded = torch.cat([value, 1e3 * torch.randn(1, 4, SIZE)], 1)
    short = layer(query, layer.keys(value), value, torch.ones(1, 3, dtype=torch.bool))
    long = layer(query, layer.keys(padded), padded, torch.arange(7).unsqueeze(0) < 3)
    assert long[0].allclose(short[0], atol=1e-5)
    assert long[1][..., :3].allclose(short[1], atol=1e-5)


def test_the_dimensions_must_fit() -> None:
    for kind in ("dot", "scaled-dot", "concatenation"):
        with pytest.raises(ConfigurationError, match="have 4 and 6 units"):
            attention(kind, 4, 6)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="3 heads do not divide the decoder's 4"):
        attention("multi-head", 4, 6, 3)
    for kind, dimension in (("general", 6), ("additive", 6), ("multi-head", 4)):
        layer = attention(kind, 4, 6, 2)  # type: ignore[arg-type]
        assert layer is not None
        assert layer.dimension == dimension
        value = torch.randn(2, 3, 6)
        context, _ = layer(torch.randn(2, 5, 4), layer.keys(value), value, torch.ones(2, 3, dtype=torch.bool))
        assert context.shape == (2, 5, dimension)
