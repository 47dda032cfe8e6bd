"""Vectors of forms, recurrent encoders and first layers, compared with the networks in torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from flat_batches import flat, named, offsets
from torch import nn

from arcparse.kernels.encoders import LSTM, FirstLayer, FormRows, FormVectors
from arcparse.lexicon.forms import ROOT_FORM, FormIds, Lexicon, LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.encoder import BiLSTM, FormEncoder
from arcparse.networks.recurrent import Recurrent
from arcparse.networks.settings import BiLSTMConfig, RecurrentConfig
from arcparse.networks.words import words_of
from arcparse.vocabulary import SPECIALS, Vocabulary

FORMS = ("the", "Cat", "sat", "on", "1999", "x", "extraordinarily-long-indeed", "ß", "猫")
SYMBOLS = {
    "word": ("the", "cat", "0000"),
    "affix": ("th-", "-at", "-e", "ca-"),
    "shape": ("x", "Xx", "d"),
    "character": tuple("catheons19"),
}
CONFIGS = [
    LexiconConfig(),
    LexiconConfig(word_dimension=5, prefixes=(), suffixes=(2, 3), shape_dimension=3, character_dimension=0),
    LexiconConfig(word_dimension=0, affix_dimension=0, shape_dimension=0, character_filters=7, longest=4),
    LexiconConfig(word_dimension=0, prefixes=(), suffixes=(), shape_dimension=0, character_dimension=0),
]


def pretrained(dimension: int) -> Pretrained:
    torch.manual_seed(2)
    words = Vocabulary((*SPECIALS, "the", "on", "Cat"))
    rows = torch.randint(-127, 127, (len(words), dimension), dtype=torch.int8)
    return Pretrained(words, "none", rows.numpy(), torch.rand(len(words)).numpy())


@pytest.mark.parametrize(("config", "dimension"), [*((config, 9) for config in CONFIGS), (LexiconConfig(), 0)])
def test_forms_have_the_vectors_of_the_encoder(level: str, config: LexiconConfig, dimension: int) -> None:
    own = pretrained(dimension)
    vocabularies = {name: Vocabulary((*SPECIALS, *symbols)) for name, symbols in SYMBOLS.items()}
    lexicon = Lexicon(config, vocabularies | {"vector": own.words}, own.scheme)
    torch.manual_seed(1)
    encoder = FormEncoder(config, {name: len(v) for name, v in lexicon.vocabularies.items()}, own).eval()
    nn.init.normal_(encoder.unknown)
    ids = words_of(lexicon, [FORMS]).forms
    vectors = FormVectors(named(encoder), own.rows, own.scale, len(config.prefixes) + len(config.suffixes))
    assert vectors.dimension == encoder.dimension
    np.testing.assert_allclose(vectors(lexicon.forms((ROOT_FORM, *FORMS))), encoder(ids).detach(), atol=1e-5)


MIXES = [(1,), (3, 1, 2), (7,) * 5, (40, 1, 1, 13), tuple(range(1, 90)), (300, 2)]


@pytest.mark.parametrize("in_first_layer", [False, True])
def test_rows_of_forms_are_made_in_any_place_of_a_table(level: str, in_first_layer: bool) -> None:
    random = np.random.default_rng(3)
    weights = {"word.weight": random.random((9, 4), np.float32), "unknown": np.empty(0, np.float32)}
    vectors = FormVectors(weights, np.empty((2, 0), np.int8), np.ones(2, np.float32), affixes=0)
    first = FirstLayer(random.random((4, 6), np.float32), random.random(4, np.float32)) if in_first_layer else None
    rows = FormRows(numbered, vectors, first)
    table = np.zeros((5, rows.width), rows.dtype)
    rows.fill(["8", "2", "5"], np.array([4, 0, 1], np.int32), table)
    expected = vectors(numbered(["2", "5", "8"]))
    np.testing.assert_array_equal(table[[0, 1, 4]], expected if first is None else first(expected))
    assert not table[2:4].any()


def numbered(forms: Sequence[str]) -> FormIds:
    """Return the ids of forms that are numbers: themselves."""
    number, none = np.array(list(map(int, forms)), np.int32), np.zeros(len(forms), np.int32)
    offset = np.zeros(len(forms) + 1, np.int64)
    return FormIds(number, none, np.zeros((len(forms), 0), np.int32), none, np.zeros(0, np.int32), offset)


@pytest.mark.parametrize("in_rows", [False, True])
@pytest.mark.parametrize("sizes", MIXES)
def test_bilstm_reads_sentences_of_any_lengths_as_torch(level: str, sizes: tuple[int, ...], in_rows: bool) -> None:
    torch.manual_seed(len(sizes))
    network = BiLSTM(BiLSTMConfig(layers=2, hidden=19), 11).eval()
    vector = torch.randn(len(sizes), max(sizes), 11)
    expected = flat(network(vector, torch.tensor(sizes)).detach(), sizes)
    lstm, vectors = LSTM.bilstm(named(network), in_rows=in_rows), flat(vector, sizes)
    found = lstm(offsets(sizes), vectors if lstm.first is None else lstm.first(vectors))
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("in_rows", [False, True])
def test_low_precision_is_near(level: str, in_rows: bool) -> None:
    torch.manual_seed(3)
    network, sizes = BiLSTM(BiLSTMConfig(layers=2, hidden=70), 50).eval(), (9, 30, 2)
    vector = torch.randn(len(sizes), max(sizes), 50)
    expected = flat(network(vector, torch.tensor(sizes)).detach(), sizes)
    lstm, vectors = LSTM.bilstm(named(network), low=True, in_rows=in_rows), flat(vector, sizes)
    found = lstm(offsets(sizes), vectors if lstm.first is None else lstm.first(vectors))
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_recurrent_encoder_reads_as_torch(level: str, layers: int, bidirectional: bool) -> None:
    torch.manual_seed(4)
    config = RecurrentConfig(hidden=16, layers=layers, bidirectional=bidirectional)
    network, sizes = Recurrent(config, 8).eval(), (5, 17, 1)
    vector = torch.randn(len(sizes), max(sizes), 8)
    expected = flat(network(vector, torch.tensor(sizes))[0].detach(), sizes)
    found = LSTM.recurrent(named(network))(offsets(sizes), flat(vector, sizes))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("in_rows", [False, True])
def test_tokens_share_vectors(level: str, in_rows: bool) -> None:
    torch.manual_seed(5)
    lstm = LSTM.bilstm(named(BiLSTM(BiLSTMConfig(layers=1, hidden=8), 4)), in_rows=in_rows)
    vectors, row = np.random.default_rng(1).random((3, 4), np.float32), np.array([0, 2, 1, 2, 0], np.int32)
    vectors = vectors if lstm.first is None else lstm.first(vectors)
    apart, together = lstm(offsets((2, 3)), vectors[row]), lstm(offsets((2, 3)), vectors, row)
    np.testing.assert_array_equal(apart, together)


def test_large_gates_saturate(level: str) -> None:
    torch.manual_seed(6)
    network = BiLSTM(BiLSTMConfig(layers=1, hidden=8), 4).eval()
    vector = torch.tensor([[[1e4, -1e4, 3e3, 0.0]] * 6])
    expected = flat(network(vector, torch.tensor([6])).detach(), (6,))
    found = LSTM.bilstm(named(network))(offsets((6,)), flat(vector, (6,)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("units", [8, 700])
def test_first_layer_gives_rows_less_the_row_of_none(level: str, units: int, projected: bool) -> None:
    random = np.random.default_rng(1)
    vectors, weight, none = (random.standard_normal(shape, np.float32) for shape in ((150, 12), (7, 3 * units), 7))
    matrix, bias = random.standard_normal((7, 12), np.float32), random.standard_normal(7, np.float32)
    read = vectors @ matrix.T + bias if projected else vectors[:, :7]
    expected = (read - none) @ weight
    projection = (matrix, bias) if projected else None
    given = vectors if projected else np.ascontiguousarray(read)
    np.testing.assert_allclose(FirstLayer(weight, none, projection)(given), expected, atol=1e-3)
    short = FirstLayer(weight, none, projection, scale=100.0)(given)
    np.testing.assert_allclose(short, expected * 100, atol=0.6)
    assert short.dtype == np.int16


def test_rows_of_integers_saturate(level: str) -> None:
    weight = np.array([[100.0, -100.0, 1.0]], np.float32)
    assert FirstLayer(weight, scale=1024.0)(np.ones((1, 1), np.float32)).tolist() == [[32767, -32767, 1024]]
