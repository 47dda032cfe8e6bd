"""Networks over symbols, compared with those in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from flat_batches import named, offsets
from torch import nn

from arcparse.kernels.sequences import CharacterClassifier, Writer
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.symbols import EOS
from arcparse.networks.decoder import DecoderConfig
from arcparse.networks.recurrent import RecurrentConfig
from arcparse.networks.source_encoder import EncoderConfig
from arcparse.segmenter.model import Segmenter, SegmenterConfig
from arcparse.segmenter.multiwords import Multiwords
from arcparse.seq2seq.model import Seq2Seq, Seq2SeqConfig
from arcparse.vocabulary import SPECIALS, Vocabulary


def encoder(hidden: int, layers: int = 1, *, both: bool = True) -> EncoderConfig:
    return EncoderConfig(embedding=12, recurrent=RecurrentConfig(hidden=hidden, layers=layers, bidirectional=both))


@pytest.mark.parametrize("dimension", [0, 7])
def test_characters_have_the_classes_of_the_segmenter(level: str, dimension: int) -> None:
    torch.manual_seed(1)
    words = Vocabulary((*SPECIALS, "the", "cat"))
    rows = np.random.default_rng(1).integers(-127, 127, (len(words), dimension)).astype(np.int8)
    rows[:2] = 0
    pretrained = Pretrained(words, "none", rows, np.linspace(0.1, 0.2, len(words), dtype=np.float32))
    characters = Vocabulary((*SPECIALS, *"the cat"[:6]))
    network = Segmenter(SegmenterConfig(encoder(20, layers=2)), characters, Multiwords({}), pretrained).eval()
    ids = torch.stack([torch.randint(len(characters), (3, 40)), torch.randint(len(words), (3, 40))])
    classify = CharacterClassifier(named(network), rows, pretrained.scale)
    found = classify(*ids.numpy().astype(np.int32))
    expected = network(ids).detach()
    best = expected.gather(2, torch.from_numpy(found).long().unsqueeze(2)).squeeze(2)
    torch.testing.assert_close(best, expected.amax(2), atol=1e-4, rtol=0)


def seq2seq(attention: str, layers: int, hidden: int, *, both: bool) -> Seq2Seq:
    config = Seq2SeqConfig(
        encoder(10, layers, both=both),
        DecoderConfig(
            embedding=9,
            recurrent=RecurrentConfig(hidden=hidden, layers=layers, bidirectional=False),
            attention=attention,
        ),
        longer=3,
    )
    symbols = [tuple("abcdefgh")]
    torch.manual_seed(layers)
    network = Seq2Seq.build(config, symbols, symbols).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.7)
    return network


@pytest.mark.parametrize(
    ("attention", "layers", "hidden", "both"),
    [("general", 1, 24, True), ("none", 2, 16, True), ("dot", 2, 20, True), ("scaled-dot", 1, 10, False)],
)
def test_writer_writes_as_the_search_with_a_beam_of_one(
    level: str, attention: str, layers: int, hidden: int, both: bool
) -> None:
    network = seq2seq(attention, layers, hidden, both=both)
    random = np.random.default_rng(2)
    sources = [tuple(random.choice(list("abcdefghx"), random.integers(0, 9))) for _ in range(150)]
    expected = [best[0].symbols for best in network.generate(sources, copy_unknown=True)]
    ids = [[*network.sources.ids(source), EOS] for source in sources]
    limit = np.array([2 * len(source) + 3 for source in sources], np.int32)
    write = Writer(named(network), attention)
    outputs = write(offsets([len(row) for row in ids]), np.concatenate(ids).astype(np.int32), limit)
    found = []
    for source, begin, stop in zip(sources, outputs.offset, outputs.offset[1:], strict=False):
        pairs = zip(outputs.symbol[begin:stop], outputs.attended[begin:stop], strict=True)
        symbols = ((network.outputs.symbol(symbol), place) for symbol, place in pairs)
        copies = attention != "none" and source
        found.append(tuple(source[place] if symbol == "<unk>" and copies else symbol for symbol, place in symbols))
    assert found == expected
    assert len({len(output) for output in found}) > 3
    assert any(len(output) == room for output, room in zip(found, limit, strict=True))
