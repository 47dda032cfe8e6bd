"""The neutral rules, the rules of a language in a file, and the choice of a tokeniser."""

import doctest
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse import Pipeline, cli
from arcparse.errors import ConfigurationError
from arcparse.tokenizer import ENGLISH, NEUTRAL, Language, find_tokenizer

PAGE = Path(__file__).parents[2] / "docs" / "tokenizers.md"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'eau d’ici, peut-être: 3,5 km!", "L'eau d’ici , peut-être : 3,5 km !"),
        ("I can't, cannot stay.", "I can't , cannot stay ."),
        ("z.B. im Haus (www.a.de/b) ... a@b.de", "z.B. im Haus ( www.a.de/b ) ... a@b.de"),
        ("¿Qué? ¡No! #tag 10:30", "¿ Qué ? ¡ No ! #tag 10:30"),
    ],
)
def test_no_language_has_no_contractions(text: str, words: str) -> None:
    assert NEUTRAL.split_words(text) == words.split()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Il part. « Bon. » Puis J. Roy vient.", ["Il part.", "« Bon. »", "Puis J. Roy vient."]),
        ("Er kam... und ging. Dann nichts", ["Er kam... und ging.", "Dann nichts"]),
        ("他走了。我来了！", ["他走了。", "我来了！"]),
        ("یہ ہے۔ یہ؟ यह। वह", ["یہ ہے۔", "یہ؟", "यह।", "वह"]),
    ],
)
def test_sentences_of_all_scripts_end(text: str, lines: list[str]) -> None:
    assert [sentence.comment("text") for sentence in NEUTRAL.tokenize(text)] == lines


@given(st.text())
def test_no_character_is_lost(text: str) -> None:
    assert "".join(NEUTRAL.split_words(text)) == "".join(text.split())


def test_the_page_s_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text(encoding="utf-8")
    file, example = (re.search(rf"^```{kind}\n(.*?)^```$", page, re.M | re.S) for kind in ("toml", "pycon"))
    assert file
    assert example
    monkeypatch.chdir(tmp_path)
    Path("french.toml").write_text(file[1], encoding="utf-8")
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(example[1], {}, PAGE.name, PAGE.name, 0))
    assert runner.summarize() == (0, 3)


def test_what_is_no_tokeniser_is_told(tmp_path: Path) -> None:
    assert find_tokenizer("en") is ENGLISH
    with pytest.raises(ConfigurationError, match=r"no tokeniser 'fr'; take one of en, neutral"):
        find_tokenizer("fr")
    (tmp_path / "a.toml").write_text('abbreviation = "Dr"', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"a\.toml.*did you mean 'abbreviations'"):
        find_tokenizer(tmp_path / "a.toml")
    with pytest.raises(ConfigurationError, match=r"'du de le'.*for example 'du = de le'"):
        Language(fused=("du de le",)).tokenizer()


def test_the_pipeline_and_the_commands_take_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert Pipeline.load("en-small", tokenizer="neutral").tag("I can't.")[0].forms == ("I", "can't", ".")
    assert cli.main(["tag", "I can't.", "--model", "en-small", "--tokenizer", "neutral", "--threads", "1"]) == 0
    assert "\tcan't\t" in capsys.readouterr().out
    assert cli.main(["parse", "I can't.", "--model", "en-small", "--tokenizer", "fr", "--threads", "1"]) == 2
    assert "no tokeniser 'fr'" in capsys.readouterr().err
