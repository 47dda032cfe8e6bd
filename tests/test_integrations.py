"""docs/integrations.md tells the truth: each of its sections runs where its libraries are installed."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "integrations.md"
NEEDS = {
    "spaCy": ["spacy"],
    "pandas": ["pandas"],
    "Hugging Face datasets": ["datasets"],
    "scikit-learn": ["sklearn"],
    "A large corpus, part by part": [],
    "Dask": ["dask.dataframe", "distributed"],
    "Ray Data": ["ray"],
    "Spark": ["pandas"],
}
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))


def examples(section: str) -> str:
    return "\n".join(re.findall(r"^```pycon\n(.*?)^```$", SECTIONS[section], re.MULTILINE | re.DOTALL))


def test_each_section_with_examples_is_run() -> None:
    assert {section for section in SECTIONS if examples(section)} == set(NEEDS)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of the libraries themselves
@pytest.mark.parametrize("section", NEEDS)
def test_the_examples_of_a_section(section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDS[section]:
        pytest.importorskip(name, reason=f"{name} is not installed")
    if section == "spaCy":
        importlib.import_module("arcparse.spacy")  # as the entry point does, which an older installation lacks
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(doctest.DocTestParser().get_doctest(examples(section), {}, section, str(PAGE), 0))
    assert runner.tries > 1
    assert runner.failures == 0
