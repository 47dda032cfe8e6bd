"""`arcparse train tagger` on files of words and tags, and the textbook's tagger from end to end."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from overfitted import sample

from arcparse import cli
from arcparse.formats import read_sentences, write_sentences
from arcparse.sentence import Sentence
from arcparse.tagger.model import Tagger
from arcparse.vectors import VectorStore

SMALL = ("--epochs", "2", "--set", "training.batch_tokens=100", "--set", "tagger.hidden=[16]")


@pytest.fixture
def conll2000(tmp_path: Path) -> Path:
    """The sample's words and XPOS in the format of CoNLL-2000, compressed."""
    plain, packed = tmp_path / "train.txt", tmp_path / "train.txt.xz"
    chunks = [sentence.replace(miscs=["Chunk=O"] * len(sentence)) for sentence in sample()]
    write_sentences(chunks, plain, "conll2000")
    packed.write_bytes(lzma.compress(plain.read_bytes()))
    return packed


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Vectors of most words of the sample, as `arcparse vectors cache --normalisation google-news` leaves them."""
    models = pytest.importorskip("gensim.models")
    forms = sorted({form for sentence in sample() for form in sentence.forms if "-" not in form})
    keyed = models.KeyedVectors(8)
    keyed.add_vectors(forms[::2], np.random.default_rng(0).normal(size=(len(forms[::2]), 8)).astype(np.float32))
    VectorStore.create(tmp_path / "store", keyed, normalisation="google-news").close()
    return tmp_path / "store"


def test_a_file_of_words_and_tags_trains_a_tagger_of_xpos(
    conll2000: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "tagger", "--train", str(conll2000), "--output", str(tmp_path / "run"), *SMALL]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{tmp_path / 'run' / 'best'}: dev XPOS ")
    assert "epoch 2  loss " in printed.err
    [tagged] = Tagger.load(tmp_path / "run" / "best").tag([Sentence.from_forms(["The", "cat", "slept", "."])])
    assert set(tagged.xpos) <= {tag for sentence in sample() for tag in sentence.xpos}
    assert set(tagged.upos) == {"_"}


def test_without_a_dev_file_the_end_of_train_is_held_out(conll2000: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "tagger", "--train", str(conll2000), "--set", "held_out=0.2", "--dry-run"]) == 0
    held_out = round(len(sample()) * 0.2)
    printed = capsys.readouterr().out
    assert f"train: {len(sample()) - held_out} sentences" in printed
    assert f"dev: {held_out} sentences" in printed
    assert cli.main(["train", "tagger", "--train", str(conll2000), "--set", "held_out=1", "--dry-run"]) == 2
    assert "set it between 0 and 1, or name a dev file" in capsys.readouterr().err


def test_the_textbooks_tagger_remembers_random_vectors_and_tags_words_as_given(
    conll2000: Path, store: Path, tmp_path: Path
) -> None:
    arguments = ["train", "tagger", "--preset", "ngram", "--train", str(conll2000), "--vectors", str(store)]
    assert cli.main([*arguments, "--output", str(tmp_path / "run"), *SMALL, "--set", "training.tensorboard=true"]) == 0
    model = Tagger.load(tmp_path / "run" / "best")
    assert model.network.first.shape == (8, 3 * 16)
    with VectorStore.open(store, read_only=True) as opened:
        drawn = [form for form in model.pretrained.words if form not in opened][2:]  # the two specials
    assert drawn
    before = len(drawn) * 8 * 4
    assert sum(file.stat().st_size for file in store.iterdir()) > before  # they are in the store
    forms = ("state-of-the-art", *sample()[0].forms, "3-4")
    [tagged] = model.tag([Sentence.from_forms(forms)])
    assert tagged.forms == forms
    assert "_" not in tagged.xpos
    assert list((tmp_path / "run" / "log").glob("events.*"))
    settings = json.loads((tmp_path / "run" / "best" / "config.json").read_text(encoding="utf-8"))["metadata"]
    assert settings["dev"]["XPOS"] >= 0


def test_the_textbooks_tagger_needs_vectors(conll2000: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "tagger", "--preset", "ngram", "--train", str(conll2000), "--dry-run"]) == 2
    assert "--vectors" in capsys.readouterr().err
    assert list(read_sentences(conll2000))
