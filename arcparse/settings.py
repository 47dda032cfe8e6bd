"""Settings: frozen dataclasses filled from a preset, a TOML file and `--set key=value`, the later over the earlier.

The dataclass is the whole schema: its annotations are the types, its defaults the defaults. A key that it does not have
is an error that names the nearest one it has.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from arcparse.errors import ConfigurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")
NONE = "none"  # how TOML and --set, which have no null, write the None of an optional setting


def load_settings(
    cls: type[T],
    *,
    file: Path | None = None,
    preset: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    below: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
) -> T:
    """Fill a frozen dataclass from the preset, then the file, then the overrides (`"a.b=value"`).

    `below` is shown what these set, as nested dicts, and returns what serves where they set nothing. Raises
    ConfigurationError, naming where it stands, for a key that does not exist or a value of another type.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [("preset", preset or {})]
    if file is not None:
        layers.append((str(file), _read(file)))
    layers += [(f"--set {override}", _parse(override)) for override in overrides]
    values: dict[str, Any] = {}
    for place, layer in layers:
        values = _overlaid(values, _checked(cls, layer, place))
    if below is not None:
        values = _overlaid(_checked(cls, below(values), cls.__name__), values)
    return _construct(cls, values)


def from_dict(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make a frozen dataclass of what `as_dict` gave. Raises ConfigurationError as `load_settings` does."""
    return _construct(cls, _checked(cls, values, cls.__name__))


def as_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as nested dicts of plain values: tuples become lists, None stays None."""
    return {name: _plain(getattr(config, name)) for name in _fields(config)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return as_dict(value)
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: is not TOML: {error}") from None


def _parse(override: str) -> dict[str, Any]:
    """Turn `a.b=value` into nested dicts; a value that is no TOML is a string."""
    key, equals, text = override.partition("=")
    if not equals or not all(name.strip() for name in key.split(".")):
        raise ConfigurationError(f"--set {override}: write it as key=value, for example training.seed=2")
    nested: Any = _toml_value(text.strip())
    for name in reversed(key.split(".")):
        nested = {name.strip(): nested}
    return dict(nested)


def _toml_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    value = parsed["value"]
    is_setting = len(parsed) == 1 and isinstance(value, bool | int | float | str | list | dict)
    return value if is_setting else text  # a date, or more than one line: a string


def _overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _overlaid(below[key], value) if both else value
    return merged


def _checked(cls: type[Any], values: Mapping[str, Any], place: str, prefix: str = "") -> dict[str, Any]:
    """Return the values converted to the types of the dataclass's fields, nested dataclasses as dicts."""
    hints = get_type_hints(cls)
    known = list(_fields(cls))
    for key in values:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0.0)
            hint = f"; did you mean {prefix + near[0]!r}?" if near else ""
            raise ConfigurationError(f"{place}: there is no setting {prefix + key!r}{hint}")
    return {key: _converted(hints[key], value, place, prefix + key) for key, value in values.items()}


def _converted(kind: Any, value: Any, place: str, key: str) -> Any:
    inner = _not_none(kind)
    if inner is not kind and (value is None or value == NONE):
        return None
    kind = inner
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and isinstance(value, Mapping):
        return _checked(kind, value, place, key + ".")
    if get_origin(kind) is dict and isinstance(value, Mapping):
        return dict(value)  # a table that another schema describes
    if get_origin(kind) is Literal and any(
        value == choice and type(value) is type(choice) for choice in get_args(kind)
    ):
        return value
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_converted(get_args(kind)[0], entry, place, f"{key}[{i}]") for i, entry in enumerate(value))
    if kind is float and type(value) is int:
        return float(value)
    if kind in (int, float, bool, str) and type(value) is kind:  # `type`, since True is an int to isinstance
        return value
    raise ConfigurationError(f"{place}: {key} must be {_described(kind)}, not {value!r}")


def _not_none(kind: Any) -> Any:
    """Return X of `X | None`, any other annotation as it is."""
    if get_origin(kind) in (Union, types.UnionType):
        inner = [argument for argument in get_args(kind) if argument is not type(None)]
        return inner[0] if len(inner) == 1 else kind
    return kind


def _described(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"a list of {_described(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "a table"
    name = str(getattr(kind, "__name__", kind))
    return f"a table of {name}" if dataclasses.is_dataclass(kind) else name


def _construct(cls: type[T], values: Mapping[str, Any], default: T | None = None) -> T:
    """Build the dataclass; what `values` leaves out is taken from `default`, or else from the fields' own defaults."""
    hints, fields = get_type_hints(cls), _fields(cls)
    filled = dict(values)
    for key, value in values.items():
        if dataclasses.is_dataclass(_not_none(hints[key])) and isinstance(value, dict):
            filled[key] = _construct(_not_none(hints[key]), value, _default(fields[key], default))
    given = {} if default is None else {key: getattr(default, key) for key in fields}
    missing = [key for key, field in fields.items() if key not in {**given, **filled} and _is_required(field)]
    if missing:
        raise ConfigurationError(f"{cls.__name__}: the setting {missing[0]!r} has no default; give it a value")
    return cls(**{**given, **filled})


def _fields(cls: Any) -> dict[str, dataclasses.Field[Any]]:
    return {field.name: field for field in dataclasses.fields(cls) if field.init}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _default(field: dataclasses.Field[Any], owner: Any) -> Any:
    if owner is not None:
        return getattr(owner, field.name)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default
