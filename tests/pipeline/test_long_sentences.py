"""A sentence above the limit is told before any work is done, and passed through where there is somebody to tell."""

from pathlib import Path

import pytest

from arcparse import Pipeline, Sentence, cli
from arcparse.errors import TreebankError
from arcparse.seq2seq.lemmas import Lemmas
from arcparse.seq2seq.settings import LemmatizerConfig
from arcparse.treebank import parse_conllu
from tests.tiny_model import save_tiny_model

TOO_LONG = r"'go on on': a sentence of 31 words is too long .*, the limit is 30 words; divide it"


@pytest.fixture(autouse=True)
def _low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcparse.sentence.lists.LONGEST", 30)


def endless(words: int) -> Sentence:
    return Sentence.from_forms(["go", *["on"] * (words - 1)])


@pytest.mark.parametrize("predicts_tags", [True, False])
def test_parser_and_tagger_have_the_limit(tmp_path: Path, sample_treebank: Path, predicts_tags: bool) -> None:
    nlp = Pipeline.load(save_tiny_model(sample_treebank, tmp_path, predicts_tags=predicts_tags))
    assert nlp.parse(endless(30)).is_parsed
    for does in (nlp.parse, nlp.tag):
        with pytest.raises(TreebankError, match=TOO_LONG):
            does(endless(31))
    failed: list[str] = []
    found = list(nlp.parse_many([endless(3), endless(31)], on_error=lambda _, error: failed.append(str(error))))
    assert [sentence.is_parsed for sentence in found if isinstance(sentence, Sentence)] == [True, False]
    assert len(failed) == 1


def test_the_lemmatizer_has_the_limit() -> None:
    with pytest.raises(TreebankError, match=TOO_LONG):
        Lemmas(LemmatizerConfig(), {}, "", list).lemmatize([endless(31)])


def test_the_command_passes_it_through(
    tmp_path: Path, sample_treebank: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = save_tiny_model(sample_treebank, tmp_path)
    (tmp_path / "a.txt").write_text("We go. " + "on " * 31, encoding="utf-8")
    assert cli.main(["parse", "--model", str(model), "--input", str(tmp_path / "a.txt"), "--threads", "1"]) == 1
    out, err = capsys.readouterr()
    assert [sentence.is_parsed for sentence in parse_conllu(out)] == [True, False]
    assert "a.txt:1 (sent_id 2): not parsed: a sentence of 31 words is too long" in err
