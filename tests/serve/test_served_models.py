"""The names by which requests find models."""

from __future__ import annotations

from pathlib import Path

import pytest

from arcparse.bundle import Bundle
from arcparse.errors import ConfigurationError, ModelError
from arcparse.pipeline import Pipeline
from arcparse.serve.models import Models


def test_a_model_is_found_by_its_names_and_their_beginnings(nlp: Pipeline) -> None:
    models = Models([(["english-ewt-ud-2.16", "en"], nlp), (["english-gum-ud-2.16"], nlp), (["english"], nlp)])
    names = ["english-ewt-ud-2.16", "en", "english-ewt-ud", "english-ewt", "english-gum", "english", None, ""]
    own = {"english-ewt": "english-ewt-ud-2.16", "english-gum": "english-gum-ud-2.16", "english": "english"}
    assert [models.name_of(name) for name in names] == [
        *[own["english-ewt"]] * 4,
        own["english-gum"],
        own["english"],
        *[own["english-ewt"]] * 2,
    ]
    with pytest.raises(ConfigurationError, match="there is no model 'german'; this server has english-ewt"):
        models.find("german")


def test_shipped_models_have_the_names_of_their_language() -> None:
    models = Models.load(["en-small", "small:tiny=en-small"])
    assert list(models.pipelines) == ["en-small", "small"]
    assert (models.name_of("english-small"), models.name_of("tiny")) == ("en-small", "small")
    assert "CC BY-SA 4.0" in models.sources["en-small"]


@pytest.mark.parametrize("name", ["bundle", "bundle.zip", "run-2=b"])
def test_a_model_at_a_path_has_the_name_of_its_folder(tmp_path: Path, name: str) -> None:
    Bundle.find("en-small").save(tmp_path / name, card="# Card\n\n- **Data:** Made here,\n  r2.16. More.\n")
    models = Models.load([str(tmp_path / name)])
    assert models.default == name.removesuffix(".zip")
    assert models.sources == {models.default: "Made here, r2.16."}


def test_a_model_without_some_parts_is_made_once(nlp: Pipeline) -> None:
    models = Models([(["tiny"], nlp)])
    assert models.find("tiny") is nlp
    one, other = (models.find("tiny", without) for without in (["lemmas", "segmenter"], ["segmenter", "lemmas"]))
    assert one is other
    assert one is not nlp


def test_a_missing_model_is_told() -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        Models.load(["a=no-such-model"])
