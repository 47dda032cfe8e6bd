"""The compiled search compared with that in torch, which is the definition."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from decoders import decode, decoder_of
from tiny_model import LEXICON

from arcparse.kernels.decoder import Decoder
from arcparse.kernels.library import available
from arcparse.kernels.tables import Rows
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import BiLSTMConfig
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig, ScorerConfig
from arcparse.presets import presets
from arcparse.sentence import NONE, Sentence
from arcparse.treebank import read_conllu

pytestmark = pytest.mark.skipif(not available(), reason="no kernels are compiled")
PRESETS = {name: own["parser"] for name, own in presets("parser").items() if "features" in own.get("parser", {})}
SMALL = (
    "stack(0).form", "stack(1).form", "buffer(0).form", "stack(0).upos", "buffer(0).leftmost.upos",
    "stack(0).leftmost.label", "stack(0).rightmost(2).label", "stack(1).leftmost.rightmost.xpos", "stack(1).label",
)  # fmt: skip
FEW = 1  # sentences of which rounding may choose another tree


@pytest.fixture(scope="module")
def sentences(sample_treebank: Path) -> list[Sentence]:
    return [sentence for sentence in read_conllu(sample_treebank) if len(sentence)]


def random_parser(sentences: Sequence[Sentence], seed: int = 1, **settings: Any) -> Parser:
    """A parser with random weights everywhere, so that its beams hold many different trees."""
    torch.manual_seed(seed)
    config = ParserConfig(
        **{"features": SMALL, "encoder": "none", "scorer": ScorerConfig(hidden=(40, 24)), **settings},
        lexicon=LEXICON,
        bilstm=BiLSTMConfig(layers=1, hidden=8),
        projection=8,
    )
    parser = Parser.build(config, sentences, Pretrained.none()).eval()
    scorer = parser.network.scorer
    for own in (*scorer.none.values(), scorer.output.bias):
        torch.nn.init.normal_(own)
    return parser


def long_sentence(sentences: Sequence[Sentence], length: int) -> Sentence:
    words = [word for sentence in sentences for word in zip(sentence.forms, sentence.upos, sentence.xpos, strict=True)]
    forms, upos, xpos = zip(*(words * (length // len(words) + 1))[:length], strict=True)
    return Sentence.from_forms(forms).replace(upos=upos, xpos=xpos)


@torch.inference_mode()
def check(parser: Parser, decoder: Decoder, sentences: Sequence[Sentence], beam: int) -> None:
    """Compare trees and their scores with those of the search in torch."""
    words, encoding = parser.encode(sentences)
    expected = parser.search(words, encoding, beam)
    offset, found = decode(parser, decoder, sentences, beam)
    score = expected.score[:, 0].numpy()
    differ = 0
    for i, (start, end) in enumerate(pairwise(offset)):
        head, label = (own[i, 0, : end - start].numpy() for own in (expected.state.head, expected.state.label))
        same = np.array_equal(head, found.head[start:end]) and np.array_equal(label, found.label[start:end])
        differ += not same
        assert not same or found.score[i] == pytest.approx(score[i], rel=1e-3, abs=1e-2)
    assert differ <= FEW


@pytest.mark.parametrize("beam", [1, 2, 3, 8])
@pytest.mark.parametrize("normalisation", ["local", "global"])
@pytest.mark.parametrize("system", ["arc-standard", "swap"])
def test_trees_are_those_of_the_search_in_torch(
    sentences: list[Sentence], system: str, normalisation: str, beam: int
) -> None:
    parser = random_parser(sentences, beam, system=system, normalisation=normalisation)
    check(parser, decoder_of(parser), sentences[:40], beam)


@pytest.mark.usefixtures("level")
def test_every_level_finds_the_same_trees(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences)
    check(parser, decoder_of(parser), sentences, 3)


@pytest.mark.parametrize("name", PRESETS)
def test_features_of_every_preset_are_known(sentences: list[Sentence], name: str) -> None:
    own = PRESETS[name]
    scorer = ScorerConfig(hidden=(20,) * len(own["scorer"]["hidden"]), activation=own["scorer"]["activation"])
    encoder = "none" if own["encoder"] == "none" else "bilstm"  # which one gives the vectors does not matter here
    parser = random_parser(sentences, features=tuple(own["features"]), encoder=encoder, scorer=scorer)
    for beam in (1, 3):
        check(parser, decoder_of(parser), sentences[:30], beam)


@pytest.mark.parametrize("hidden", [(1,), (32,), (33, 7, 50, 3)])
def test_layers_may_have_any_number_and_size(sentences: list[Sentence], hidden: tuple[int, ...]) -> None:
    parser = random_parser(sentences, scorer=ScorerConfig(hidden=hidden))
    check(parser, decoder_of(parser), sentences[:20], 3)


def test_a_template_may_come_twice(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences, features=SMALL + SMALL[:6])
    check(parser, decoder_of(parser), sentences[:20], 3)


def test_root_labels_stay_at_the_root(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences)
    offset, trees = decode(parser, decoder_of(parser), sentences, 2)
    names = np.array(parser.system.labels)
    at_root = trees.head == 0
    assert set(names[trees.label[at_root]]) <= parser.system.root_labels
    assert set(names[trees.label[trees.head > 0]]) <= parser.system.word_labels
    assert np.array_equal(np.flatnonzero(trees.head == NONE), offset[:-1])
    assert np.array_equal(np.add.reduceat(at_root, offset[:-1]), np.ones(len(sentences)))


@pytest.mark.parametrize("system", ["arc-standard", pytest.param("swap", marks=pytest.mark.slow)])
def test_sentences_may_have_any_length(sentences: list[Sentence], system: str) -> None:
    parser = random_parser(sentences, system=system)
    own = [long_sentence(sentences, length) for length in (1, 300, 2)]
    check(parser, decoder_of(parser), own, 2)


def test_a_batch_may_hold_no_sentence_and_a_sentence_no_word(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences)
    decoder = decoder_of(parser)
    table = decoder.first_layer()(np.zeros((1, parser.network.forms.dimension), np.float32))

    def parse(lengths: Sequence[int]) -> list[int]:
        row = np.zeros(sum(lengths), np.int32)
        tags = decoder.tags(dict.fromkeys(("upos", "xpos", "feats"), row))
        return decoder.decode(np.cumsum([0, *lengths]), Rows(table, row), tags, beam=2).head.tolist()

    assert parse([]) == []
    assert parse([1, 1]) == [NONE, NONE]
    assert parse([1, 2, 1]) == [NONE, NONE, 0, NONE]


@pytest.mark.parametrize("together", [1, 7, 1000])
def test_trees_do_not_depend_on_the_sentences_searched_together(sentences: list[Sentence], together: int) -> None:
    parser = random_parser(sentences)
    decoder = decoder_of(parser)
    offset, expected = decode(parser, decoder, sentences, 4)
    _, found = decode(parser, decoder, sentences, 4, together=together)
    differ = [(expected.head != found.head)[a:b].any() for a, b in pairwise(offset)]
    assert sum(differ) <= FEW


def test_a_wide_beam_finds_no_worse_trees(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences, normalisation="global")
    decoder = decoder_of(parser)
    scores = [decode(parser, decoder, sentences[:5], beam)[1].score.sum() for beam in (1, 8, 64, 1024)]
    assert scores == sorted(scores)
    assert scores[-1] > scores[0]


@pytest.mark.parametrize("beam", [1, 4])
def test_work_and_memory_grow_as_the_sentence(sentences: list[Sentence], beam: int) -> None:
    parser = random_parser(sentences, features=SMALL[:4], scorer=ScorerConfig(hidden=(8,)))
    decoder = decoder_of(parser)
    once, twice = (decode(parser, decoder, [long_sentence(sentences, n)], beam)[1] for n in (2000, 4000))
    assert 2 * 2000 <= once.scored <= beam * 2 * 2000
    assert twice.scored <= 2.2 * once.scored
    assert twice.bytes <= 2.5 * once.bytes
    assert twice.bytes <= 4000 * (beam * 5 + 1) * 40 * 2  # a few nodes and steps for each word


def test_the_longest_sentence_is_parsed(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences, features=SMALL[:4], scorer=ScorerConfig(hidden=(8,)))
    _, trees = decode(parser, decoder_of(parser), [long_sentence(sentences, 20_000)])
    assert trees.scored == 40_000
    assert np.count_nonzero(trees.head == 0) == 1


def test_equal_configurations_are_scored_once(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences, features=("buffer(0).form",), normalisation="global")
    _, trees = decode(parser, decoder_of(parser), sentences[:1], 8)
    assert trees.scored < 8 * len(sentences[0])  # hypotheses differ in the stack, which nobody sees


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("normalisation", ["local", "global"])
@pytest.mark.parametrize("damage", [float("nan"), float("inf")])
def test_scores_that_are_not_numbers_are_an_error(
    sentences: list[Sentence], normalisation: str, beam: int, damage: float
) -> None:
    parser = random_parser(sentences, normalisation=normalisation)
    with torch.no_grad():
        parser.network.scorer.output.bias[3] = damage
    with pytest.raises(ValueError, match="not numbers"):
        decode(parser, decoder_of(parser), sentences, beam)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("part", ["scorer.label", "scorer.first.upos", "scorer.none.form", "forms.word.weight"])
def test_damaged_weights_are_an_error_in_low_precision_too(sentences: list[Sentence], part: str) -> None:
    parser = random_parser(sentences)
    parser.network.get_parameter(part).data[:] = float("nan")
    with pytest.raises(ValueError, match="not numbers"):
        decode(parser, decoder_of(parser, low=True), sentences)


@pytest.mark.usefixtures("level")
def test_low_precision_changes_few_arcs(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences, features=tuple(PRESETS["syntaxnet"]["features"]))
    trees = [decode(parser, decoder_of(parser, low=low), sentences)[1] for low in (False, True)]
    assert np.mean(trees[0].head != trees[1].head) < 0.1  # a random network has many near ties


def test_rows_outside_the_table_are_refused(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences)
    decoder = decoder_of(parser)
    table = decoder.first_layer()(np.zeros((1, parser.network.forms.dimension), np.float32))
    tags = decoder.tags({name: np.zeros(2, np.int32) for name in ("upos", "xpos", "feats")})
    for row in ([0, 1], [-1, 0], [0], [0, 0, 0]):
        with pytest.raises(IndexError, match="rows of a table of 1 for 2 tokens"):
            decoder.decode(np.array([0, 2]), Rows(table, np.array(row, np.int32)), tags)


def test_a_beam_without_places_and_a_sentence_without_root_are_refused(sentences: list[Sentence]) -> None:
    decoder = decoder_of(random_parser(sentences, features=("stack(0).upos",)))
    tags = decoder.tags({name: np.zeros(2, np.int32) for name in ("upos", "xpos", "feats")})
    with pytest.raises(ValueError, match="at least 1 hypothesis, not 0"):
        decoder.decode(np.array([0, 2]), None, tags, beam=0)
    for offset in ([0, 0, 2], [1, 2], [0, 2, 1]):
        with pytest.raises(IndexError, match="needs a root"):
            decoder.decode(np.array(offset), None, tags)


def test_combinations_of_tags_are_remembered_up_to_a_limit(
    sentences: list[Sentence], monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = random_parser(sentences)
    decoder = decoder_of(parser)
    _, expected = decode(parser, decoder, sentences, 2)
    monkeypatch.setattr("arcparse.kernels.tables.LIMIT", 3000)
    for sentence in sentences[:10]:
        decode(parser, decoder, [sentence])
    _, found = decode(parser, decoder, sentences, 2)
    assert np.array_equal(found.head, expected.head)


def test_threads_share_a_decoder(sentences: list[Sentence]) -> None:
    parser = random_parser(sentences)
    parts = [sentences[i::4] for i in range(4)]
    expected = [decode(parser, decoder_of(parser), part, 2)[1].head for part in parts]
    shared = decoder_of(parser)
    with ThreadPoolExecutor(4) as pool:
        found = [own[1].head for own in pool.map(lambda part: decode(parser, shared, part, 2), parts)]
    assert all(map(np.array_equal, found, expected))


def test_a_decoder_without_main_block_or_tags(sentences: list[Sentence]) -> None:
    for features in (("stack(0).upos", "buffer(0).upos"), ("stack(0).form", "stack(0).leftmost.label")):
        parser = random_parser(sentences, features=features)
        parser.config = replace(parser.config, normalisation="global")
        check(parser, decoder_of(parser), sentences[:10], 2)
