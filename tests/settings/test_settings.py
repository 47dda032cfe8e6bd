import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.errors import ConfigurationError
from arcparse.settings import as_dict, as_toml, changed, check_ranges, from_dict, load_settings
from arcparse.settings.limits import Range


@dataclass(frozen=True)
class Layer:
    size: Annotated[int, Range(1, 64)] = 8
    dropout: Annotated[float, Range(0, 1)] = 0.5


@dataclass(frozen=True)
class Model:
    name: str
    shape: Literal["wide", "deep", 3] = "wide"
    widths: Annotated[tuple[Annotated[int, Range(1)], ...], Range(0, 3)] = (4, 2)
    templates: tuple[str, ...] = ()
    vectors: str | None = None
    limit: Annotated[int, Range(0, 9)] | None = 7
    fast: bool = False
    layer: Layer = field(default_factory=lambda: Layer(size=16))
    shared: Layer = Layer(size=3)
    extra: Layer | None = None
    made: int = field(init=False, default=1)


@dataclass(frozen=True)
class Nested:
    model: Model


@dataclass(frozen=True)
class Outer:
    nested: Nested = Nested(Model("outer", layer=Layer(size=5)))


def test_later_layers_win(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('name = "file"\nwidths = [1]\n[layer]\ndropout = 1\n')
    overrides = ["layer.dropout=0.25", "extra.size=2", "shared.dropout = 0.1"]
    model = load_settings(Model, file=file, preset={"name": "preset", "fast": True}, overrides=overrides)
    assert model == Model("file", widths=(1,), fast=True, layer=Layer(16, 0.25), shared=Layer(3, 0.1), extra=Layer(2))


@pytest.mark.parametrize(
    ("override", "name", "value"),
    [
        ("name=plain words", "name", "plain words"),
        ("name='5'", "name", "5"),
        ("name=a=b", "name", "a=b"),
        ("name=2020-01-01", "name", "2020-01-01"),
        ("name='a'\nfast=true", "name", "'a'\nfast=true"),
        ("widths=[3, 4]", "widths", (3, 4)),
        ('templates=["stack(0).form"]', "templates", ("stack(0).form",)),
        ("shape=deep", "shape", "deep"),
        ("shape=3", "shape", 3),
        ("limit=none", "limit", None),
        ("limit=3", "limit", 3),
        ("vectors=en", "vectors", "en"),
        ("fast=true", "fast", True),
        ("layer={size=1}", "layer", Layer(1, 0.5)),
        ("extra.dropout=1", "extra", Layer(8, 1.0)),
    ],
)
def test_an_override_is_toml_or_else_a_string(override: str, name: str, value: object) -> None:
    assert getattr(load_settings(Model, preset={"name": "x"}, overrides=[override]), name) == value


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "layer.dropuot=1",
            r"--set layer.dropuot=1: there is no setting 'layer.dropuot'; did you mean 'layer.dropout'\?",
        ),
        ("made=2", "there is no setting 'made'"),
        ("shape=round", "shape must be one of 'wide', 'deep', 3, not 'round'"),
        ("shape=3.0", "shape must be one of"),
        ("widths=[1, true]", r"widths\[1\] must be int, not True"),
        ("widths=1", "widths must be a list of int, not 1"),
        ("name=5", "name must be str, not 5"),
        ("name=none", None),
        ("fast=1", "fast must be bool, not 1"),
        ("limit=1.5", "limit must be int or 'none', not 1.5"),
        ("layer=1", "layer must be a table of Layer, not 1"),
        ("limit.x=1", r"limit must be int or 'none', not \{'x': 1\}"),
        ("fast", "write it as key=value"),
        ("a..b=1", "write it as key=value"),
        ("=1", "write it as key=value"),
    ],
)
def test_a_wrong_override_is_named(override: str, message: str | None) -> None:
    if message is None:
        assert load_settings(Model, overrides=[override]).name == "none"
        return
    with pytest.raises(ConfigurationError, match=message):
        load_settings(Model, preset={"name": "x"}, overrides=[override])


def test_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    with pytest.raises(ConfigurationError, match=r"bad\.toml: cannot be read: No such file"):
        load_settings(Model, file=file)
    file.write_text("name = = 2")
    with pytest.raises(ConfigurationError, match=r"bad\.toml: is not TOML: .*line 1"):
        load_settings(Model, file=file)
    file.write_text("nmae = 'x'")
    with pytest.raises(ConfigurationError, match=r"bad\.toml: there is no setting 'nmae'; did you mean 'name'"):
        load_settings(Model, file=file)


def test_a_setting_without_default_must_be_given() -> None:
    with pytest.raises(ConfigurationError, match="Model: the setting 'name' has no default"):
        load_settings(Model)
    with pytest.raises(ConfigurationError, match="Nested: the setting 'model' has no default"):
        load_settings(Nested)
    assert load_settings(Nested, overrides=["model.name=a"]) == Nested(Model("a"))


def test_defaults_within_defaults_are_kept() -> None:
    layer = load_settings(Outer, overrides=["nested.model.layer.dropout=0"]).nested.model.layer
    assert layer == Layer(size=5, dropout=0.0)


def test_as_dict_goes_through_json_and_back() -> None:
    model = Model("m", widths=(1, 2, 3), limit=None, extra=Layer(1, 0.0))
    values: dict[str, Any] = json.loads(json.dumps(as_dict(model)))
    assert values["widths"] == [1, 2, 3]
    assert values["extra"] == {"size": 1, "dropout": 0.0}
    assert from_dict(Model, values) == model


def test_a_class_without_fields_has_no_nearest() -> None:
    @dataclass(frozen=True)
    class Nothing:
        pass

    with pytest.raises(ConfigurationError, match=r"^Nothing: there is no setting 'x'$"):
        from_dict(Nothing, {"x": 1})


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("layer.size=65", r"--set layer.size=65: layer\.size must be from 1 to 64, not 65"),
        ("layer.dropout=2", r"layer\.dropout must be from 0 to 1, not 2\.0"),
        ("layer.dropout=nan", r"layer\.dropout must be from 0 to 1, not nan"),
        ("layer.dropout=" + "9" * 400, r"layer\.dropout must be float, not 999"),
        ("limit=10", "limit must be from 0 to 9, not 10"),
        ("widths=[4, 0]", r"widths\[1\] must be at least 1, not 0"),
        ("widths=[1, 2, 3, 4]", "the length of widths must be from 0 to 3, not 4"),
    ],
)
def test_a_number_stays_in_its_range(override: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_settings(Model, preset={"name": "m"}, overrides=[override])


def test_what_is_made_in_code_can_be_checked() -> None:
    check_ranges(Model("m", limit=None))
    with pytest.raises(ConfigurationError, match=r"Model: widths\[0\] must be at least 1, not -1"):
        check_ranges(Model("m", widths=(-1,)))
    with pytest.raises(ConfigurationError, match="Layer: size must be from 1 to 64, not 1000000000"):
        check_ranges(Layer(size=10**9))


@given(
    name=st.text(st.characters(blacklist_categories=["Cs"])),
    widths=st.lists(st.integers(1, 2**53), max_size=3),
    templates=st.lists(st.text(st.characters(blacklist_categories=["Cs"]))),
    vectors=st.none() | st.just("'quoted' \"twice\" \\ \x7f\n"),
    dropout=st.floats(0, 1),
    fast=st.booleans(),
)
def test_toml_is_read_back(name: str, widths: list[int], templates: list[str], dropout: float, **others: Any) -> None:
    model = Model(name, widths=tuple(widths), templates=tuple(templates), extra=Layer(2, dropout), **others)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".toml") as file:
        file.write(as_toml(model))
        file.flush()
        assert load_settings(Model, file=Path(file.name)) == model


@pytest.mark.parametrize(
    "value",
    ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "[" * 5000, "{a=" * 5000, "1e999", "nan", "inf", "'" * 5000],
)
@pytest.mark.parametrize(
    "key", ["limit", "layer", "layer.dropout", "shape", "widths", "fast", "x" * 5000, "a." * 5000 + "a"]
)
def test_values_that_are_too_large_or_deep_are_named_in_a_line(key: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as found:
        load_settings(Model, preset={"name": "x"}, overrides=[f"{key}={value}"])
    assert len(str(found.value)) < 600
    (tmp_path / "a.toml").write_text(f"{key} = {value}")
    with pytest.raises(ConfigurationError, match=r"a\.toml: "):
        load_settings(Model, preset={"name": "x"}, file=tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("dropout=1", "did you mean 'layer.dropout' or 'shared.dropout' or 'extra.dropout'?"),
        ("extra.siez=1", "did you mean 'extra.size'?"),
        ("zzz=1", "there are name, shape, widths, templates, vectors, limit, fast, layer, shared, extra"),
        ("layer.zzz=1", "there are layer.size, layer.dropout"),
    ],
)
def test_settings_that_are_near_or_else_all_are_proposed(override: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        load_settings(Model, preset={"name": "x"}, overrides=[override])
    assert str(found.value).endswith(f"; {hint}")


def test_what_changed_is_told_in_words() -> None:
    before, now = Model("a", widths=(1,)), Model("a", widths=(1, 2), layer=Layer(9))
    expected = ["widths is [1, 2], was [1]", "layer.size is 9, was 16", "layer.dropout is 0.5, was 0.25"]
    assert changed({**as_dict(before), "layer": {"size": 16, "dropout": 0.25}, "gone": 1}, as_dict(now)) == expected
    assert changed(as_dict(now), as_dict(now)) == []
