"""The segmenter divides what it has learned as the treebank does, and takes the place of the tokeniser's rules."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from arcparse import Pipeline, Sentence, cli
from arcparse.errors import ModelError, TreebankError
from arcparse.evaluation import evaluate
from arcparse.formats import write_sentences
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.settings import EncoderConfig, RecurrentConfig
from arcparse.pipeline.parts import segmenter_in_torch
from arcparse.presets import presets
from arcparse.recipes import RECIPES, load_vectors, resolve
from arcparse.segmenter.division import CLASSES, INSIDE, MULTIWORD, MULTIWORD_SENTENCE, SENTENCE, TOKEN, labelled
from arcparse.segmenter.model import Segmenter
from arcparse.segmenter.multiwords import Multiwords, surface_tokens
from arcparse.segmenter.settings import SegmenterConfig
from arcparse.segmenter.task import SegmenterSettings, SegmenterTask
from arcparse.sentence.document import running_text
from arcparse.tokenizer import tokenize
from arcparse.tokenizer.reading import read_text
from arcparse.training.loop import train
from arcparse.training.optimisation import TrainingConfig
from arcparse.treebank import parse_conllu
from arcparse.vocabulary import Vocabulary

TEXT = (
    "I don't know. Do you?\n\nHe said: it's late! We can't stay, can we? No.\n\n"
    "They're here. She won't go home. Why? Don't ask, please.\n"
)
CONFIG = SegmenterConfig(
    EncoderConfig(
        embedding=24,
        embedding_dropout=0.0,
        output_dropout=0.0,
        recurrent=RecurrentConfig(hidden=32, layers=1, dropout=0.0),
    )
)


def treebank() -> list[Sentence]:
    return tokenize(TEXT)


WORDS = [form for sentence in treebank() for form in sentence.forms]


@lru_cache
def fitted() -> Segmenter:
    """A segmenter that has learned the twelve sentences by heart."""
    settings = SegmenterSettings(window=64, unknown=0.0, segmenter=CONFIG)
    task = SegmenterTask(settings, treebank(), treebank())
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(task.model.parameters(), 1e-2)
    for epoch in range(60):
        for batch in task.batches(epoch):
            optimizer.zero_grad()
            task.loss(batch).value.backward()
            optimizer.step()
    return task.model.eval()


def test_characters_are_labelled_by_what_ends_behind_them() -> None:
    sentences = treebank()
    assert running_text(sentences) == TEXT
    ends = labelled(TEXT, sentences)
    start = "I don't know. Do you?"
    assert ends[: len(start)] == [
        *(TOKEN, INSIDE, *(INSIDE,) * 4, MULTIWORD, INSIDE, *(INSIDE,) * 3, TOKEN, SENTENCE, INSIDE),
        *(INSIDE, TOKEN, INSIDE, INSIDE, INSIDE, TOKEN, SENTENCE),
    ]
    assert labelled("I can't", tokenize("I can't"))[-1] == MULTIWORD_SENTENCE
    assert ("don't", ("do", "n't")) in set(surface_tokens(sentences[0]))


def test_tokens_that_are_not_in_the_text_are_told() -> None:
    with pytest.raises(TreebankError, match=r"the token .don.*t. is not where it should be.*'never know"):
        labelled("I never know.", treebank()[:1])


def test_what_was_learned_is_divided_as_in_the_treebank() -> None:
    found, gold = fitted().segment(TEXT), treebank()
    scores = evaluate(gold, found, trees=False)
    assert scores["Words"].f1 >= 0.95
    assert scores["Sentences"].f1 >= 0.7
    assert sum(sentence in gold for sentence in found) >= 6  # comments, multiword tokens, SpaceAfter, TokenRange too


def test_long_texts_are_read_in_windows_and_pieces() -> None:
    again = TEXT.strip() + "\n\n"
    found = fitted().segment(again * 20)
    scores = evaluate(treebank() * 20, found, trees=False)
    assert min(scores["Words"].f1, scores["Sentences"].f1) >= 0.7
    pieces = list(read_text(io.StringIO(again * 20), piece=300, divide=fitted().segment))
    same = {sentence.columns for sentence in pieces} & {sentence.columns for sentence in found}
    assert len(same) >= 0.9 * len(found)  # forms and places in the text
    assert fitted().segment("") == fitted().segment(" \n\n ") == []


def test_texts_are_divided_together_as_each_alone() -> None:
    long = (TEXT.strip() + "\n\n") * 20
    texts = ["", "I don't know. Do you?", long, "No.", TEXT, "It's late!", " \n"]
    assert fitted().segment_many(texts) == [fitted().segment(text) for text in texts]
    assert fitted().segment_many([]) == []


TEXTS = st.lists(
    st.sampled_from(
        ["I", "don't", "know", ".", "İs", "'s", "|", "\\", " ", " ", "\n\n", "\t", "\r\n", "\u00a0", "\u2028"]
    ),
    max_size=30,
).map("".join)


@pytest.mark.slow
@pytest.mark.parametrize("tokens", ["network", "rules"])
@pytest.mark.parametrize("spaces", [True, False])
@settings(max_examples=40)
@given(text=TEXTS.filter(str.strip), seed=st.integers(0, 9))
def test_texts_come_back_whatever_ends_the_network_finds(tokens: str, spaces: bool, text: str, seed: int) -> None:
    torch.manual_seed(seed)
    config = replace(CONFIG, tokens=tokens, spaces=spaces)
    segmenter = Segmenter.build(config, TEXT, treebank()).eval()
    found = read_text(io.StringIO(text, newline=""), piece=20, divide=segmenter.segment)
    there, back = io.StringIO(newline=""), io.StringIO(newline="")
    write_sentences(found, there, "conllu")
    write_sentences(parse_conllu(there.getvalue()), back, "text")
    assert back.getvalue() == text


def test_the_vectors_of_words_are_seen(tmp_path: Path) -> None:
    words = Vocabulary.build(["know", "do", "no", "0"])
    rows = np.arange(len(words) * 3, dtype=np.int8).reshape(-1, 3)
    rows[:2] = 0
    pretrained = Pretrained(words, "digits-zero", rows, np.full(len(words), 0.1, np.float32))
    torch.manual_seed(1)
    made = Segmenter.build(CONFIG, TEXT, treebank(), pretrained).eval()
    know, do, unknown, zero = words.id("know"), words.id("do"), words.id("none of these"), words.id("0")
    assert made.division.ids("KNOW-do, x 7")[1].tolist() == [know] * 4 + [0, do, do, 0, 0, unknown, 0, zero]
    assert made.division.ids("do ")[1].tolist() == [do, do, 0]
    for text in ("", "d", "don\u2019t \ud800 \U0001f600"):
        assert made.division.ids(text)[0].tolist() == made.characters.ids(text)
    ids = torch.from_numpy(made.division.ids("know do")).unsqueeze(1)
    seen, blind = made(ids), made(ids * torch.tensor([1, 0]).view(2, 1, 1))
    assert not seen.allclose(blind)
    made.config = replace(made.config, word_dropout=1.0)  # nothing is left of them
    assert made.train()(ids).allclose(blind)
    made.eval().save(tmp_path / "model", vectors=pretrained.save_beside(tmp_path / "model", "words"))
    again = Segmenter.load(tmp_path / "model")
    assert again(ids).equal(seen)
    assert again.segment(TEXT) == made.segment(TEXT)


def test_the_rules_may_divide_tokens() -> None:
    ruled = Segmenter(replace(CONFIG, tokens="rules"), fitted().characters, Multiwords()).eval()
    ruled.load_state_dict(fitted().state_dict())
    assert [form for sentence in ruled.segment(TEXT) for form in sentence.forms] == WORDS
    text = "We can't stay (e.g. at http://a.b/c?d) etc.\n\nNo"
    tokens = [row for sentence in tokenize(text) for row in zip(*sentence.columns, strict=True)]
    assert [row[1:] for sentence in ruled.segment(text) for row in zip(*sentence.columns, strict=True)] == [
        row[1:] for row in tokens
    ]
    with torch.no_grad():  # a sentence ends behind each character: behind each token
        ruled.output.bias.copy_(torch.nn.functional.one_hot(torch.tensor(SENTENCE), CLASSES) * 1e6)
    assert [s.forms for s in ruled.segment("I can't.\n\n")] == [("I",), ("ca", "n't"), (".",)]


def test_blank_lines_and_spaces_divide_whatever_the_network_says() -> None:
    made = Segmenter(CONFIG, Vocabulary.build("ab"), Multiwords()).eval()
    with torch.no_grad():
        made.output.weight.zero_()
        made.output.bias.copy_(torch.nn.functional.one_hot(torch.tensor(INSIDE), CLASSES))
    assert [sentence.forms for sentence in made.segment("ab a\n\nb")] == [("ab", "a"), ("b",)]
    spaced = Segmenter(SegmenterConfig(CONFIG.encoder, spaces=True), made.characters, Multiwords()).eval()
    spaced.load_state_dict(made.state_dict())
    assert [sentence.forms for sentence in spaced.segment("ab a \n\nb")] == [("ab a",), ("b",)]
    for gap in ("\n", "\t", "  "):
        assert [sentence.forms for sentence in spaced.segment(f"ab{gap}a")] == [("ab", "a")]


def test_nothing_ends_inside_a_cluster_or_behind_an_initial() -> None:
    made = Segmenter(CONFIG, Vocabulary.build("ab"), Multiwords()).eval()
    with torch.no_grad():  # a sentence ends behind each character
        made.output.weight.zero_()
        made.output.bias.copy_(torch.nn.functional.one_hot(torch.tensor(SENTENCE), CLASSES))
    assert [sentence.forms for sentence in made.segment("e\u0301🇩🇪")] == [("e\u0301",), ("🇩🇪",)]
    ruled = Segmenter(replace(CONFIG, tokens="rules"), made.characters, Multiwords()).eval()
    ruled.load_state_dict(made.state_dict())
    assert [sentence.forms for sentence in ruled.segment("J. K. Rowling met Dr. No")] == [
        *(("J.", "K.", "Rowling"), ("met",), ("Dr.", "No"))
    ]


def test_a_saved_segmenter_divides_alike(tmp_path: Path) -> None:
    fitted().save(tmp_path / "model")
    again = Segmenter.load(tmp_path / "model")
    assert (again.config, again.multiwords) == (fitted().config, fitted().multiwords)
    assert again.segment(TEXT) == fitted().segment(TEXT)
    config = tmp_path / "model" / "config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"segmenter"', '"parser"', 1), encoding="utf-8")
    with pytest.raises(ModelError, match="kind"):
        Segmenter.load(tmp_path / "model")


def test_the_shipped_one_finds_sentences_that_the_rules_miss() -> None:
    text = "Posted by Ann at 5:30 PM I can't complain."
    found = Pipeline.load("en-small", segmenter="en-segmenter").tag(text)
    assert [" ".join(sentence.forms) for sentence in found] == ["Posted by Ann at 5:30 PM", "I ca n't complain ."]
    assert len(tokenize(text)) == 1


def test_the_pipeline_and_the_commands_divide_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fitted().save(tmp_path / "model")
    nlp = Pipeline.load("en-small", segmenter=tmp_path / "model")
    divided = [sentence.forms for sentence in fitted().segment(TEXT)]
    assert [sentence.forms for sentence in nlp.parse(TEXT)] == divided
    assert [sentence.forms for sentence in next(iter(nlp.parse_many([TEXT])))] == divided
    low = Pipeline.load("en-small", segmenter=tmp_path / "model", precision="bfloat16")
    assert evaluate(treebank(), low.parse(TEXT), trees=False)["Words"].f1 >= 0.9
    assert low.segmenter is not None
    in_torch = segmenter_in_torch(tmp_path / "model", "bfloat16")
    assert evaluate(treebank(), in_torch.segment(TEXT), trees=False)["Words"].f1 >= 0.9
    for command in ("parse", "tag"):
        options = ["--model", "en-small", "--segmenter", str(tmp_path / "model"), "--threads", "1"]
        assert cli.main([command, TEXT, *options]) == 0
        assert [sentence.forms for sentence in parse_conllu(capsys.readouterr().out)] == divided


def test_a_segmenter_is_trained_by_the_command(tmp_path: Path, sample_treebank: Path) -> None:
    small = ["--set", "segmenter.encoder.recurrent.hidden=8", "--set", "training.tensorboard=false", "--epochs", "1"]
    files = ["--train", str(sample_treebank), "--dev", str(sample_treebank), "--output", str(tmp_path / "run")]
    assert cli.main(["train", "segmenter", *files, *small]) == 0
    assert Segmenter.load(tmp_path / "run" / "best").segment("A b.")
    assert cli.main(["train", "segmenter", *files[:4], *small, "--dry-run"]) == 0
    assert cli.main(["train", "segmenter", *files[:5], str(tmp_path / "other"), *small, "--vectors", "en-vectors"]) == 0
    assert Segmenter.load(tmp_path / "other" / "best").pretrained.same_as(load_vectors("en-vectors"))


@pytest.mark.slow
@pytest.mark.parametrize("name", presets("segmenter"))
def test_every_preset_learns(name: str, tmp_path: Path) -> None:
    settings = resolve(RECIPES["segmenter"].settings, "segmenter", preset=name)
    config = TrainingConfig(epochs=2, batch_tokens=512, tensorboard=False, learning_rate=5e-3)
    task = SegmenterTask(settings, treebank(), treebank())
    result = train(task, config, tmp_path / "run")
    assert result.history[-1]["loss"] < result.history[0]["loss"]
