"""Compiled models need no torch: neither in Python nor on the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from arcparse.kernels.library import available

PROGRAM = """
import sys, arcparse
nlp = arcparse.load({model!r}, segmenter={segmenter!r}, lemmatizer={lemmatizer!r})
[sentence] = nlp.parse("We parse it.")
[again] = nlp.parse_many([["We", "parse", "it", "."]], beam=4)
assert sentence.forms == again.forms and sentence.is_parsed and again.is_parsed
str(nlp.tag("It runs.")[0])
assert nlp.beam == 1
parser, tagger = nlp._analysis.parser, nlp.tagger
assert tagger is None or tagger.pretrained is parser.pretrained, "vectors are read once"
print("torch" in sys.modules)
"""
COMMAND = "import sys; from arcparse.cli import main; main(['parse', 'We parse it.']); print('torch' in sys.modules)"


def printed(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.skipif(not available(), reason="no kernels are compiled")
@pytest.mark.parametrize(
    ("model", "segmenter", "lemmatizer"),
    [
        pytest.param("en", None, None, marks=pytest.mark.slow),
        ("en-small", "en-segmenter", "en-lemmatizer"),
    ],
)
def test_a_pipeline_imports_no_torch(model: str, segmenter: str | None, lemmatizer: str | None) -> None:
    program = PROGRAM.format(model=model, segmenter=segmenter, lemmatizer=lemmatizer)
    assert printed(program) == ["False"]


@pytest.mark.skipif(not available(), reason="no kernels are compiled")
def test_the_command_imports_no_torch() -> None:
    *block, is_imported = printed(COMMAND)
    assert "2\tparse\tparse\tVERB" in "\n".join(block)
    assert is_imported == "False"
