"""Encoders are chosen by name, their settings checked, and a user's own taken in by `register`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import tiny_model
from overfitted import TAGGER, sample, twenty
from torch import Tensor, nn

from arcparse.errors import ConfigurationError
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.encoder import BiLSTM, register
from arcparse.parser.model import Parser
from arcparse.parser.settings import ParserConfig
from arcparse.settings import load_settings
from arcparse.tagger.model import Tagger
from arcparse.tagger.settings import TaggerConfig


@dataclass(frozen=True)
class DenseConfig:
    width: int = 8


class Dense(nn.Module):
    """Looks at each token alone."""

    settings = DenseConfig

    def __init__(self, config: DenseConfig, input_dimension: int) -> None:
        super().__init__()
        self.dimension, self.low_precision = config.width, False
        self.layer = nn.Linear(input_dimension, config.width)

    def forward(self, vector: Tensor, length: Tensor) -> Tensor:
        return self.layer(vector)  # type: ignore[no-any-return]


register("dense", Dense)
PARSER: dict[str, Any] = {"features": list(tiny_model.VECTORS), "encoder": "dense"}


def configured(cls: type[Any], **settings: Any) -> Any:
    return load_settings(cls, preset=settings)


@pytest.mark.parametrize(("settings", "width"), [({}, 8), ({"width": 5}, 5)])
def test_a_parser_with_an_encoder_of_one_s_own_is_saved_and_loaded(
    settings: dict[str, int], width: int, tmp_path: Path
) -> None:
    config = configured(ParserConfig, **PARSER, encoder_settings=settings)
    parser = Parser.build(config, twenty(), Pretrained.none()).eval()
    assert parser.network.encoder is not None
    assert parser.network.encoder.dimension == width
    assert "dense.layer.weight" in parser.network.state_dict()
    parser.save(tmp_path / "model", vectors="", metadata={})
    loaded = Parser.load(tmp_path / "model")
    assert loaded.config == config
    assert loaded.parse(sample()[:5]) == parser.parse(sample()[:5])


def test_a_tagger_with_one_is_saved_and_loaded(tmp_path: Path) -> None:
    config = replace(TAGGER, encoder="dense", encoder_settings={"width": 6})
    tagger = Tagger.build(config, twenty(), Pretrained.none()).eval()
    tagger.save(tmp_path / "model", vectors="", metadata={})
    assert Tagger.load(tmp_path / "model").tag(sample()[:5]) == tagger.tag(sample()[:5])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoder": "lstm"}, r"no encoder 'lstm'; it is one of 'none', 'bilstm'.*register"),
        (
            {"encoder": "dense", "encoder_settings": {"widht": 3}},
            "encoder_settings of 'dense': .*'widht'; did you mean 'width'",
        ),
        ({"encoder": "dense", "encoder_settings": {"width": "3"}}, "encoder_settings of 'dense': width must be int"),
        ({"encoder": "bilstm", "encoder_settings": {"hidden": 3}}, "'bilstm' has a table of its own"),
        ({"encoder": "none", "encoder_settings": {"hidden": 3}}, "'none' has a table of its own, or no settings"),
        ({"encoder_settings": 3}, "encoder_settings must be a table, not 3"),
    ],
)
@pytest.mark.parametrize("cls", [ParserConfig, TaggerConfig])
def test_what_does_not_exist_is_refused_at_once(cls: type[Any], settings: dict[str, Any], message: str) -> None:
    needed = {"features": list(tiny_model.VECTORS)} if cls is ParserConfig else {}
    with pytest.raises(ConfigurationError, match=message):
        configured(cls, **{**needed, **settings})


def test_a_name_is_one_encoder_s() -> None:
    register("bilstm", BiLSTM)  # the same again changes nothing
    for name in ("bilstm", "none"):
        with pytest.raises(ConfigurationError, match=f"another encoder '{name}'"):
            register(name, Dense)


def test_overrides_reach_the_settings() -> None:
    config = load_settings(ParserConfig, preset=PARSER, overrides=["encoder_settings.width=3"])
    assert config.encoder_settings == {"width": 3}
