"""A pipeline without some of its parts, which shares the models of the whole one."""

from __future__ import annotations

import pickle

import pytest

import arcparse
from arcparse.errors import ConfigurationError
from arcparse.pipeline import Pipeline

TEXT = "Dogs bark. They're loud."


@pytest.fixture(scope="module")
def nlp() -> Pipeline:
    return arcparse.load("en-small")


@pytest.mark.parametrize("without", [["lemmas"], ["segmenter"], ["lemmas", "segmenter"], []])
def test_a_reduced_pipeline_does_what_one_that_is_loaded_so_does(nlp: Pipeline, without: list[str]) -> None:
    reduced, loaded = nlp.reduced(without), arcparse.load("en-small", without=without)
    assert reduced.parse(TEXT) == loaded.parse(TEXT)
    assert (reduced.lemmatizer is None, reduced.segmenter is None) == ("lemmas" in without, loaded.segmenter is None)
    assert pickle.loads(pickle.dumps(reduced)).parse(TEXT) == loaded.parse(TEXT)  # noqa: S301 (of our own)


def test_the_whole_pipeline_stays_as_it_is(nlp: Pipeline) -> None:
    before = nlp.parse(TEXT)
    nlp.reduced(["lemmas"]).parse(TEXT)
    assert nlp.parse(TEXT) == before
    assert nlp.lemmatizer is not None


@pytest.mark.parametrize("without", ["lemmas", ["trees"]])
def test_other_parts_cannot_be_left_out(nlp: Pipeline, without: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="without must be a list with 'lemmas' or"):
        nlp.reduced(without)
