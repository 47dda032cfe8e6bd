"""Lemmas of a dictionary, of the network, and of what neither knows; training and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import fit, sample
from safetensors.torch import load_file
from toy_languages import config

from arcparse.checkpoint import find_model, load_model, save_model
from arcparse.errors import ModelError, TreebankError
from arcparse.presets import presets
from arcparse.recipes import resolve
from arcparse.sentence import Sentence, Token
from arcparse.seq2seq import lemmas as room
from arcparse.seq2seq.lemmas import Word, tagged_words
from arcparse.seq2seq.lemmatizer import Lemmatizer, training_pairs
from arcparse.seq2seq.lemmatizer_task import LemmatizerSettings, LemmatizerTask
from arcparse.seq2seq.model import Output
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.training.loop import TrainingConfig, train

TRAINING = TrainingConfig(epochs=2, batch_tokens=100, tensorboard=False, learning_rate=1e-2, averaging=0.0)
FEW = sample()[:6]
EPOCHS = 80  # in one batch each, until they are known by heart


def settings(**changes: object) -> LemmatizerSettings:
    plain = LemmatizerSettings(lemmatizer=LemmatizerConfig(config("general", 32)), training=TRAINING)
    return replace(plain, **changes)  # type: ignore[arg-type]


def words(*rows: tuple[str, ...]) -> Sentence:
    """Make a sentence of forms with UPOS and, where there are, lemmas and FEATS."""
    names = ("form", "upos", "lemma", "feats")
    return Sentence.from_tokens(Token(i, **dict(zip(names, row, strict=False))) for i, row in enumerate(rows, 1))


SEEN = words(
    ("The", "DET", "the"), ("dogs", "NOUN", "dog", "Number=Plur"), ("saw", "VERB", "see"), ("saw", "NOUN", "saw"),
    ("saw", "VERB", "saw"), ("saw", "VERB", "see"), ("May", "PROPN", "May"), ("I", "PRON", "I"),
    ("D", "X", "d"),
)  # fmt: skip


def built(*sentences: Sentence, **changes: object) -> Lemmatizer:
    own = replace(LemmatizerConfig(config("general", 16)), **changes)  # type: ignore[arg-type]
    torch.manual_seed(0)
    return Lemmatizer.build(own, sentences or [SEEN]).eval()


@cache
def fitted() -> LemmatizerTask:
    """Return a task whose network has learned the words of a few sentences by heart."""
    together = replace(TRAINING, batch_tokens=1000, learning_rate=2e-2)
    task = LemmatizerTask(settings(training=together), FEW, FEW)
    fit(task, EPOCHS)
    return task


def bare(sentence: Sentence) -> Sentence:
    return sentence.replace(lemmas=["_"] * len(sentence))


def test_the_dictionary_gives_the_most_frequent_lemma_of_form_and_upos() -> None:
    model = built()
    assert model.dictionary[("saw", "VERB")] == "see"
    assert model.dictionary[("saw", "NOUN")] == "saw"
    [found] = model.lemmatize([bare(SEEN)])
    assert found.lemmas == ("the", "dog", "see", "saw", "see", "see", "May", "I", "d")


def test_capitals_of_all_but_proper_nouns_may_be_the_sentence_s() -> None:
    model = built()
    assert model.lemmas.known(("DOGS", "NOUN", "_")) == "dog"
    assert model.lemmas.known(("Dogs", "PROPN", "_")) is None


def test_what_the_network_cannot_read_is_its_own_lemma() -> None:
    model = built(longest=4)
    for form in ("1,234", "--", "godsaw", "щит", "goat"):  # a small t was never seen
        assert model.lemmas.known((form, "NOUN", "_")) == form
    assert model.lemmas.known(("goad", "NOUN", "_")) is None
    learned = {
        pair.source[1:]
        for pair in training_pairs([SEEN, words(("1st", "ADJ", "1st"), ("2", "NUM", "2"))], model.config)
    }
    assert learned == {tuple("The"), ("Number=Plur", *"dogs"), tuple("saw"), tuple("May"), ("I",), ("D",), tuple("1st")}


def test_the_network_reads_tags_and_characters() -> None:
    config = LemmatizerConfig()
    word = ("Dogs", "NOUN", "Case=Nom|Number=Plur")
    assert room.source(word, config) == ("UPOS=NOUN", "Case=Nom", "Number=Plur", "D", "o", "g", "s")
    assert room.source(word, replace(config, feats=False)) == ("UPOS=NOUN", "D", "o", "g", "s")
    assert room.source(("X", "X", "_"), config) == ("UPOS=X", "X")


@pytest.mark.slow
def test_the_network_learns_words_by_heart() -> None:
    model = fitted().model
    seen = {
        word: lemma
        for sentence in FEW
        for word, lemma in zip(tagged_words(sentence), sentence.lemmas, strict=True)
        if any(map(str.isalpha, word[0]))
    }
    written = model.lemmas.written(list(seen))
    assert sum(a == b for a, b in zip(written, seen.values(), strict=True)) >= 0.9 * len(seen)
    assert fitted().evaluate()["Lemmas"] > 99
    assert model.lemmatize([bare(sentence) for sentence in FEW]) == list(FEW)


def unseen() -> list[Sentence]:
    """Return words of which the network has seen the letters, some more than once."""
    made = [(form + form[::-1], upos) for sentence in FEW for form, upos, _ in tagged_words(sentence)]
    return [words(*made[i : i + 7]) for i in range(0, len(made), 7)]


@pytest.mark.slow
def test_one_sentence_has_the_lemmas_that_it_has_among_many() -> None:
    model = fitted().model.eval()
    together = model.lemmatize(unseen())
    assert all("_" not in sentence.lemmas for sentence in together)
    apart = [model.eval().lemmatize([sentence])[0] for sentence in unseen()]  # eval forgets
    assert apart == together
    assert model.lemmatize([]) == []


def test_the_network_is_asked_once_for_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = fitted().model.eval(), list[Word]()
    write = model.lemmas.written

    def written(own: Sequence[Word]) -> list[str]:
        asked.extend(own)
        return write(own)

    monkeypatch.setattr(model.lemmas, "written", written)
    first = model.lemmatize(unseen())
    assert len(asked) == len(set(asked)) > 20
    assert model.lemmatize(unseen()) == first
    assert len(asked) == len(set(asked))
    monkeypatch.setattr(room, "REMEMBERED", 10)
    assert model.lemmatize(unseen()) == first
    assert len(asked) == 2 * len(set(asked))


def test_a_long_token_is_not_remembered() -> None:
    model, long = fitted().model.eval(), "long" * 10
    assert model.lemmatize([words((long, "NOUN"), ("a" * 30, "X"))])[0].lemmas[0] == long
    assert long not in {form for form, _, _ in model.lemmas._answers}


def test_a_beam_of_the_shared_search_writes_too() -> None:
    model = fitted().model
    wide = Lemmatizer(replace(model.config, beam=4), model.network, model.dictionary).eval()
    asked = [word for sentence in unseen()[:3] for word in tagged_words(sentence)]
    sources = [room.source(word, model.config) for word in asked]
    best = [outputs[0] for outputs in model.network.generate(sources, beam=4)]
    assert wide.lemmas.written(asked) == ["".join(output.symbols) for output in best]


def test_what_the_network_leaves_empty_is_the_form() -> None:
    model = built()
    with torch.no_grad():
        model.network.decoder.bias[3] = 100.0  # EOS at once
    assert model.lemmatize([words(("goad", "NOUN"))])[0].lemmas == ("goad",)


def test_a_lemma_that_no_pattern_explains_is_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    model = built(SEEN, words(("cats", "NOUN", "cat"), ("ohms", "NOUN", "ohm")))
    writes = {"Dots": "dot", "mats": "mxt", "Tog": "togg", "Mags": "Mxs", "goMs": "gom"}
    monkeypatch.setattr(model.lemmas, "written", lambda own: [writes[form] for form, _, _ in own])
    asked = words(*((form, "PROPN" if form in ("Mags", "goMs") else "NOUN") for form in writes))
    assert model.lemmatize([asked])[0].lemmas == ("dot", "mats", "tog", "Mags", "goM")


def test_letters_that_were_seldom_seen_are_read_without_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    model, read = built(SEEN, words(("cafés", "NOUN", "café"), ("dots", "NOUN", "dot"))), list[Sequence[str]]()
    generate = model.network.generate

    def spied(sources: Sequence[Sequence[str]], **options: Any) -> list[list[Output]]:
        read.extend(sources)
        return generate(sources, **options)

    monkeypatch.setattr(model.network, "generate", spied)
    model.lemmas.written([("déc", "NOUN", "_")])
    assert read == [("UPOS=NOUN", "d", "e", "c")]
    assert model.lemmas.known(("déc", "NOUN", "_")) is None
    assert model.lemmas.known(("щ", "NOUN", "_")) == "щ"


ADDRESSES = ["http://a.og/dog", "WWW.dog.og", "me@dog.og", "#dog", "@dog", "mailto:dogs"]


@pytest.mark.parametrize("form", [*ADDRESSES, "12", "1.5", "😀", "👍🏽", "+", "½"])
def test_addresses_numbers_and_signs_are_their_own_lemma(form: str) -> None:
    assert built(SEEN, words((form * 2, "X", "x"))).lemmas.known((form, "X", "_")) == form


SHIPPED = {
    "NOUN": "café café cafés café résumés résumé #fun #fun selfies selfie iPhones iphone ünïcödés ünïcödé fooies fooy",
    "PROPN": "iPhones iPhone Łódź Łódź Müllers Müller #MeToo #MeToo https://a.b/c https://a.b/c me@x.org me@x.org",
    "ADJ": "naïve naïve 3rd 3rd 😀 😀 42 42",
}


@pytest.mark.parametrize("upos", SHIPPED)
def test_the_shipped_model_loses_no_letters(upos: str) -> None:
    model, rows = Lemmatizer.load(find_model("en-lemmatizer")), SHIPPED[upos].split()
    feats = {"NOUN": "Number=Plur", "PROPN": "Number=Plur", "ADJ": "Degree=Pos"}[upos]
    [found] = model.lemmatize([words(*((form, upos, "_", feats) for form in rows[::2]))])
    assert found.lemmas == tuple(rows[1::2])


def test_given_lemmas_are_kept_if_they_are_to_be() -> None:
    odd = words(("The", "DET", "odd"), ("saw", "VERB"))
    [kept], [made] = (built().lemmatize([odd], given_lemmas=given) for given in (True, False))
    assert (kept.lemmas, made.lemmas) == (("odd", "see"), ("the", "see"))


def test_a_treebank_needs_lemmas() -> None:
    with pytest.raises(TreebankError, match="the treebank has no lemmas"):
        built(bare(SEEN))
    assert built(bare(SEEN), SEEN).dictionary == built().dictionary
    assert built(words(("_", "SYM", "_"))).dictionary == {("_", "SYM"): "_"}


def test_a_saved_lemmatiser_comes_back(tmp_path: Path) -> None:
    model = fitted().model.eval()
    model.save(tmp_path / "model", metadata={"note": "x"}, half=False)
    again = Lemmatizer.load(tmp_path / "model")
    assert (again.config, again.dictionary) == (model.config, model.dictionary)
    assert again.lemmatize(unseen()) == model.lemmatize(unseen())
    model.network.save(tmp_path / "other")
    with pytest.raises(ModelError, match=r"holds a model of kind .seq2seq.*kind .lemmatizer"):
        Lemmatizer.load(tmp_path / "other")
    saved = load_model(tmp_path / "model")
    lists = saved.vocabularies | {"outputs": saved.vocabularies["outputs"][:-1]}
    save_model(tmp_path / "broken", kind="lemmatizer", config=saved.config, vocabularies=lists, weights=saved.weights)
    with pytest.raises(ModelError, match="do not fit together"):
        Lemmatizer.load(tmp_path / "broken")


def test_training_lowers_the_loss_and_saves_what_can_be_loaded(tmp_path: Path) -> None:
    task = LemmatizerTask(settings(train="here/train"), sample()[:20], sample()[20:30])
    result = train(task, TRAINING, tmp_path)
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert set(result.history[0]) == {"loss", "Lemmas", "unseen"}
    metadata = load_model(tmp_path / "best").metadata
    assert metadata["settings"]["train"] == "train"  # not where it lies on this machine
    assert metadata["dev"]["Lemmas"] == result.metric
    loaded = Lemmatizer.load(tmp_path / "best").lemmatize(sample()[20:30])
    right = sum(
        a == b for s, g in zip(loaded, sample()[20:30], strict=True) for a, b in zip(s.lemmas, g.lemmas, strict=True)
    )
    assert 100 * right / sum(map(len, loaded)) == pytest.approx(result.metric)


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def run(name: str, epochs: int) -> None:
        task = LemmatizerTask(settings(), sample()[:12], sample()[:3])
        train(task, replace(TRAINING, epochs=epochs, schedule="constant"), tmp_path / name)

    for name, epochs in (("stopped", 1), ("stopped", 2), ("whole", 2)):
        run(name, epochs)
    one, other = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("stopped", "whole"))
    assert all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize("name", presets("lemmatizer"))
def test_every_preset_builds_a_model_with_a_finite_loss(name: str) -> None:
    task = LemmatizerTask(resolve(LemmatizerSettings, "lemmatizer", preset=name), sample()[:5], sample()[:2])
    loss = task.loss([0, 1, 2])
    loss.value.backward()
    assert loss.value.isfinite()
    assert loss.count == sum(len(pair.output) + 1 for pair in task.pairs[:3])
