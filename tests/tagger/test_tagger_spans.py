"""A tagger of spans: every sequence of tags that comes out is legal, whatever the weights, the beam and the scheme."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Literal, get_args

import pytest
import torch
from overfitted import TAGGER, TRAINING, fit, twenty

from arcparse.errors import ConfigurationError, TreebankError
from arcparse.evaluation import evaluate_spans
from arcparse.kernels.library import library
from arcparse.lexicon.pretrained import Pretrained
from arcparse.lexicon.tags import cells
from arcparse.networks.settings import BiLSTMConfig
from arcparse.networks.words import words_of
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence, Span
from arcparse.sentence.spans import Scheme, spans_of, tags_of
from arcparse.tagger.compiled import CompiledTagger
from arcparse.tagger.model import Tagger
from arcparse.tagger.spans import in_scheme, with_spans
from arcparse.tagger.system import LeftToRight, Tagging
from arcparse.tagger.task import TaggerSettings, TaggerTask

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
SPANS = replace(TAGGER, column="chunk", xpos_dimension=8, bilstm=BiLSTMConfig(layers=1, hidden=16))


def chunked(sentence: Sentence) -> Sentence:
    """The sentence with its noun phrases, by the tag of their heads, as spans of MISC."""
    phrases = [[token.id for token in phrase] for phrase in sentence.noun_chunks()]
    spans = [Span(sentence.upos[ids[-1] - 1], ids[0] - 1, ids[-1]) for ids in phrases]
    return sentence.replace(miscs=[f"SpaceAfter=No|Chunk={tag}" for tag in tags_of(spans, len(sentence), "BIO")])


@cache
def chunks() -> tuple[Sentence, ...]:
    return tuple(map(chunked, twenty()))


@cache
def untrained(scheme: Scheme, previous: int = 0, encoder: str = "none") -> Tagger:
    """A tagger with random weights, so large that without a search most sequences would be illegal."""
    config = with_spans(replace(SPANS, scheme=scheme, previous_tags=previous, encoder=encoder), chunks())
    torch.manual_seed(previous)
    tagger = Tagger.build(config, [in_scheme(sentence, config) for sentence in chunks()], Pretrained.none()).eval()
    with torch.no_grad():
        for weight in (tagger.network.first, tagger.network.output.columns["spans"].weight):
            weight.mul_(20)
    return tagger


def is_legal(sentence: Sentence, scheme: Scheme) -> bool:
    tags = list(cells(sentence, "Chunk"))
    return tags == tags_of(spans_of(tags), len(tags), scheme)


@pytest.mark.parametrize("encoder", ["none", "bilstm"])
@pytest.mark.parametrize("previous", [0, 2])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_illegal_sequence_comes_out(
    scheme: Scheme, previous: int, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = untrained(scheme, previous, encoder)
    for beam in (1, 4):
        tagged = tagger.tag(chunks(), beam=beam)
        assert all(is_legal(sentence, scheme) for sentence in tagged)
        assert len({cells(sentence, "Chunk") for sentence in tagged}) > 3
    monkeypatch.setattr(tagger, "system", LeftToRight(tagger.system.tags))
    assert not all(is_legal(sentence, scheme) for sentence in tagger.tag(chunks()))  # the system prevents it


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_search_finds_the_best_of_all_legal_sequences(scheme: Scheme) -> None:
    tagger = untrained(scheme)
    forms = chunks()[0].forms[:3]
    scorer = tagger.network.bind(words_of(tagger.lexicon, [forms]), tagger.seen_ids([Sentence.from_forms(forms)]))
    scores = scorer.columns(torch.full_like(scorer.row, -1))["Chunk"][0, 1:].log_softmax(1).tolist()
    best, found = -math.inf, ()
    for tags in product(range(tagger.system.num_actions), repeat=3):
        names = [tagger.system.name(tag) for tag in tags]
        total = sum(row[tag] for row, tag in zip(scores, tags, strict=True))
        if total > best and tags_of(spans_of(names), 3, scheme) == names:
            best, found = total, tuple(names)
    [tagged] = tagger.tag([Sentence.from_forms(forms)], beam=64)
    assert cells(tagged, "Chunk") == found


def test_the_system_says_which_tag_may_follow() -> None:
    system = LeftToRight(["O", "B-X", "I-X", "B-Y", "I-Y"], "BIO")
    state = Tagging.start(torch.tensor([3]), system.memory)
    legal = []
    for name in ("B-X", "I-X", "O"):
        legal.append(
            [tag for tag, is_legal in zip(system.tags, system.legal(state)[0, 0].tolist(), strict=True) if is_legal]
        )
        state = system.apply(state, torch.tensor([[system.action(name)]]))
    assert legal == [["O", "B-X", "B-Y"], ["O", "B-X", "I-X", "B-Y"], ["O", "B-X", "I-X", "B-Y"]]


def test_the_last_word_ends_its_span() -> None:
    system = LeftToRight(["O", "B-X", "I-X", "E-X", "S-X"], "BIOES")
    state = Tagging.start(torch.tensor([1, 2]), system.memory)
    last, first = system.legal(state)[:, 0].tolist()
    assert [tag for tag, is_legal in zip(system.tags, last, strict=True) if is_legal] == ["O", "S-X"]
    assert [tag for tag, is_legal in zip(system.tags, first, strict=True) if is_legal] == ["O", "B-X", "S-X"]


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["local", "crf"])
def test_twenty_sentences_are_learnt_by_heart(objective: Literal["local", "crf"]) -> None:
    normalisation: Literal["local", "global"] = "local" if objective == "local" else "global"
    config = replace(SPANS, beam=4, previous_tags=1, normalisation=normalisation, tags_dropout=0.1)
    settings = TaggerSettings(tagger=config, training=TRAINING, objective=objective, beam=4)
    task = TaggerTask(settings, chunks(), chunks())
    before = task.evaluate()["F1"]
    fit(task, 12)
    assert task.metric == "F1"
    assert task.evaluate()["F1"] > max(before, 70)
    assert task.beam == 4


def test_a_saved_tagger_knows_its_column_scheme_and_tags(tmp_path: Path) -> None:
    tagger = untrained("BIOES")
    Pretrained.none().save(tmp_path / "vectors")
    tagger.save(tmp_path / "model", vectors="vectors", metadata={})
    loaded = Tagger.load(tmp_path / "model")
    assert (loaded.config.column, loaded.config.scheme, loaded.columns, loaded.reads) == (
        "Chunk",
        "BIOES",
        ("Chunk",),
        ("xpos",),
    )
    assert loaded.tag(chunks()) == tagger.tag(chunks())
    if library() is not None:
        assert CompiledTagger.load(tmp_path / "model", low=False) is None  # kernels know no legality
    nlp = Pipeline.load(tmp_path / "model")
    bare = Sentence.from_forms(chunks()[0].forms)
    assert nlp.tag(bare) == tagger.tag([bare])[0]


def test_the_models_own_beam_is_used() -> None:
    tagger = untrained("BIOES")
    wide = tagger.rebuilt(replace(tagger.config, beam=4)).eval()
    assert wide.tag(chunks()) == tagger.tag(chunks(), beam=4) == wide.tag(chunks(), beam=4)
    assert wide.tag(chunks(), beam=1) == tagger.tag(chunks()) != wide.tag(chunks())


def test_spans_replace_those_of_the_input_unless_they_are_given() -> None:
    tagger = untrained("BIO")
    bare = twenty()[0].replace(miscs=["SpaceAfter=No"] * len(twenty()[0]))
    [made] = tagger.tag([bare])
    assert made.replace(miscs=bare.words(9)) == bare  # nothing else changes
    assert all(cell.endswith("|SpaceAfter=No") for cell in made.words(9))
    assert tagger.tag([chunks()[0]], given_tags=True) == [chunks()[0]]
    assert tagger.tag([chunks()[0], bare], given_tags=True) == [chunks()[0], made]
    assert tagger.tag([chunks()[0]])[0] != chunks()[0]


def test_the_tags_of_words_are_seen() -> None:
    tagger = untrained("BIO")
    bare = Sentence.from_forms(twenty()[0].forms)
    others = bare.replace(xpos=["NN"] * len(bare))
    assert tagger.tag([bare]) != [others]
    assert not tagger.seen_ids([bare])["xpos"].equal(tagger.seen_ids([others])["xpos"])
    hidden = replace(tagger.config, tags_dropout=0.999999)
    network = Tagger.build(hidden, chunks(), Pretrained.none()).train().network
    words, ids = words_of(tagger.lexicon, [s.forms for s in chunks()]), tagger.seen_ids(chunks())
    unknown = {name: torch.ones_like(own) for name, own in ids.items()}
    vector = network.forms(words.forms)
    assert network.seen(vector, words, ids)[0].equal(network.seen(vector, words, unknown)[0])


def test_tags_of_another_scheme_are_learnt_and_written_in_the_one_that_is_set() -> None:
    first = [in_scheme(sentence, replace(SPANS, column="Chunk", scheme="IOB1")) for sentence in chunks()]
    assert with_spans(SPANS, first).scheme == "IOB1"
    assert with_spans(SPANS, chunks()).scheme == "BIO"
    config = with_spans(replace(SPANS, scheme="BIOES"), first)
    again = [in_scheme(sentence, config) for sentence in first]
    assert any("E-" in misc for sentence in again for misc in sentence.words(9))
    assert evaluate_spans(chunks(), again, "Chunk").total.f1 == 1


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="name a column of spans by --column"):
        replace(TAGGER, xpos_dimension=8)
    with pytest.raises(ConfigurationError, match="spans are made of whole ones"):
        replace(SPANS, preparation="google-news")
    with pytest.raises(ConfigurationError, match="no word of the train file has the column 'NER'"):
        TaggerTask(TaggerSettings(tagger=replace(SPANS, column="NER")), chunks(), chunks())
    bare = [Sentence.from_forms(own.forms) for own in twenty()]
    for role, dev, silver in (("dev", bare, []), ("silver", chunks(), bare)):
        with pytest.raises(ConfigurationError, match=f"no word of the {role} file has the column 'Chunk'"):
            TaggerTask(TaggerSettings(tagger=SPANS), chunks(), dev, silver=silver)
    wrong = chunks()[0].replace(miscs=["Chunk=NP"] * len(chunks()[0]))
    with pytest.raises(TreebankError, match=r"sample\.conllu:.*Chunk of word 1: 'NP' is no tag of a span"):
        TaggerTask(TaggerSettings(tagger=SPANS), [wrong], chunks())
