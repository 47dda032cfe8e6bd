"""Taggers, compared with the networks in torch."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from flat_batches import flat, named, offsets
from torch import Tensor, nn

from arcparse.kernels.encoders import FirstLayer
from arcparse.kernels.tagging import HiddenLayer, TagLayer, WindowTagger, completed
from arcparse.lexicon.forms import Lexicon
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import TagColumns
from arcparse.networks import tags as in_torch
from arcparse.networks.tags import TagLayer as TorchTagLayer
from arcparse.networks.tags import best_tags
from arcparse.networks.words import Words, words_of
from arcparse.tagger.network import TaggerNetwork
from arcparse.tagger.settings import TaggerConfig
from arcparse.vocabulary import SPECIALS, Vocabulary

SIZES = {"upos": 5, "xpos": 40, "feats": 3}


def columns() -> TagColumns:
    vocabularies = {
        name: Vocabulary((*SPECIALS, *(f"{name}{i}" for i in range(size - 2)))) for name, size in SIZES.items()
    }
    random = np.random.default_rng(1)
    rows = {tuple(f"{name}{random.integers(size - 2)}" for name, size in SIZES.items()) for _ in range(8)}
    return TagColumns(vocabularies, sorted("\t".join(row) for row in rows))


def flat_ids(ids: dict[str, Tensor], lengths: tuple[int, ...]) -> dict[str, np.ndarray]:
    return {name: flat(own, lengths).astype(np.int32) for name, own in ids.items()}


@pytest.mark.parametrize("low", [False, True])
def test_tag_layer_scores_and_chooses_as_torch(level: str, low: bool) -> None:
    torch.manual_seed(1)
    network, lengths = TorchTagLayer(30, SIZES), (3, 140, 1)
    vector = torch.randn(3, 140, 30)
    expected = network(vector)
    found = TagLayer(named(network), low=low)(offsets(lengths), flat(vector, lengths), scored=True)
    for name, best in flat_ids(best_tags(expected), lengths).items():
        np.testing.assert_allclose(
            found.scores[name], flat(expected[name].detach(), lengths), atol=0.05 if low else 1e-4
        )
        if not low:
            np.testing.assert_array_equal(found.best[name], best)


def test_scores_are_returned_only_if_asked_for(level: str) -> None:
    layer = TagLayer(named(TorchTagLayer(4, SIZES)))
    assert layer(offsets((2,)), np.ones((2, 4), np.float32)).scores == {}


def test_given_tags_are_completed_as_in_torch(level: str) -> None:
    torch.manual_seed(2)
    own, lengths = columns(), (30, 20)
    network, vector = TorchTagLayer(6, SIZES), torch.randn(2, 30, 6)
    given = {name: torch.randint(1, size, (2, 30)) for name, size in SIZES.items()}
    for ids in given.values():
        ids[torch.rand(2, 30) < 0.6] = Vocabulary.UNKNOWN
    for name, symbol in zip(SIZES, own.combinations[0].split("\t"), strict=True):  # a combination that is possible
        given[name][0, 1:9:2] = own.vocabularies[name].id(symbol)
    given["xpos"][0, 1:9] = Vocabulary.UNKNOWN
    expected = flat_ids(in_torch.completed(own, network(vector), given), lengths)
    tags = TagLayer(named(network))(offsets(lengths), flat(vector, lengths), scored=True)
    found = completed(tags, flat_ids(given, lengths), own.combined)
    assert {name: ids.tolist() for name, ids in found.items()} == {name: ids.tolist() for name, ids in expected.items()}


def network(config: TaggerConfig) -> tuple[TaggerNetwork, Lexicon]:
    torch.manual_seed(3)
    forms = [f"form{i}" for i in range(20)]
    vocabularies = {name: Vocabulary.build(Counter(forms)) for name in ("word", "affix", "shape", "character")}
    none = Pretrained.none()
    lexicon = Lexicon(config.lexicon, vocabularies | {"vector": none.words}, none.scheme)
    made = TaggerNetwork(config, lexicon, columns(), none).eval()
    for parameter in (made.outside, made.bias):
        nn.init.normal_(parameter)
    return made, lexicon


def window_tagger(network: TaggerNetwork, scale: float = 0.0, low: bool = False) -> tuple[WindowTagger, FirstLayer]:
    weights = named(network)
    first = FirstLayer(weights["first"], scale=scale)
    hidden = [
        HiddenLayer(*(weights[f"hidden.{i}.{part}"] for part in ("weight", "bias"))) for i in range(len(network.hidden))
    ]
    output = named(network.output)
    before = network.config.before
    return WindowTagger(first, weights["outside"], weights["bias"], hidden, output, before, low=low), first


def torch_scores(network: TaggerNetwork, words: Words) -> dict[str, Tensor]:
    return network.bind(words).columns(torch.zeros_like(words.row))


@pytest.mark.parametrize(
    "config", [TaggerConfig(), TaggerConfig(before=0, after=2, hidden=(24, 40, 20)), TaggerConfig(before=1, after=0)]
)
def test_window_tagger_scores_and_chooses_as_torch(level: str, config: TaggerConfig) -> None:
    made, lexicon = network(config)
    lengths = (2, 1, 60, 5, 130)
    words = words_of(lexicon, [[f"form{(i * 7 + length) % 23}" for i in range(length - 1)] for length in lengths])
    expected = torch_scores(made, words)
    tagger, first = window_tagger(made)
    table = first(made.forms(words.forms).detach().numpy())
    found = tagger(offsets(lengths), flat(words.row, lengths).astype(np.int32), table, scored=True)
    for name, best in flat_ids(best_tags(expected), lengths).items():
        np.testing.assert_allclose(found.scores[name], flat(expected[name].detach(), lengths), atol=1e-4)
        np.testing.assert_array_equal(found.best[name], best)


def test_low_precision_is_near(level: str) -> None:
    made, lexicon = network(TaggerConfig(hidden=(96, 32)))
    words = words_of(lexicon, [["form1", "form2", "other"]])
    expected = torch_scores(made, words)
    tagger, first = window_tagger(made, scale=1024.0, low=True)
    table = first(made.forms(words.forms).detach().numpy())
    found = tagger(offsets((4,)), words.row[0].numpy().astype(np.int32), table, scored=True)
    for name, scores in expected.items():
        np.testing.assert_allclose(found.scores[name], scores[0].detach(), atol=0.05)
