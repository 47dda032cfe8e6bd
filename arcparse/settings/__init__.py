"""Settings: frozen dataclasses filled from a preset, then a TOML file, then `--set key=value`; the last value counts.

The dataclass is the whole schema: its annotations are the types, its defaults the defaults, and the annotation of a
number has its range, `Annotated[int, Range(1, 32)]` (see `arcparse.settings.limits`; for a tuple it is the range of its
length). An unknown key is an error that names the nearest known key.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from arcparse.errors import ConfigurationError, shown
from arcparse.settings import toml

T = TypeVar("T")
LARGEST = {int: 2**53, float: sys.float_info.max}  # torch takes these; NaN and infinity are refused
_FOUND: dict[type[Any], dict[str, Any]] = {}  # results of `kinds`


def load_settings(
    cls: type[T],
    *,
    file: Path | None = None,
    preset: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    below: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
) -> T:
    """Fill a frozen dataclass from the preset, then the file, then the overrides (`"a.b=value"`).

    `below` gets these values as nested dicts, and returns values for keys that they do not set. Raises
    ConfigurationError, which names the place, for a key that does not exist, for a value of another type, and for a
    value outside its range.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [("preset", preset or {})]
    if file is not None:
        layers.append((str(file), toml.read(file)))
    layers += [(f"--set {toml.short(override)}", toml.parse(override)) for override in overrides]
    values: dict[str, Any] = {}
    for place, layer in layers:
        values = _overlaid(values, _checked(cls, layer, place))
    if below is not None:
        values = _overlaid(_checked(cls, below(values), cls.__name__), values)
    return _construct(cls, values)


def from_dict(cls: type[T], values: Mapping[str, Any], place: str = "") -> T:
    """Make a frozen dataclass of a dict that `as_dict` made; errors name `place`. Raises as `load_settings` does."""
    return _construct(cls, _checked(cls, values, place or cls.__name__))


def as_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as nested dicts of plain values: tuples become lists, None stays None."""
    return {name: _plain(getattr(config, name)) for name in _fields(config)}


def changed(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return in words the differences of two dicts of `as_dict`: `hidden is 8, was 4`; keys in only one are ignored."""
    found = []
    for key in (key for key in now if key in before and before[key] != now[key]):
        if isinstance(before[key], Mapping) and isinstance(now[key], Mapping):
            found += changed(before[key], now[key], f"{prefix}{key}.")
        else:
            found.append(f"{prefix}{key} is {shown(now[key])}, was {shown(before[key])}")
    return found


def as_toml(config: Any) -> str:
    """Return a configuration as the text of a TOML file that `load_settings` can read."""
    return "\n".join(toml.lines(as_dict(config))) + "\n"


def check_ranges(config: Any) -> None:
    """Check the numbers of a dataclass; its `__post_init__` calls this. Raises ConfigurationError for one out of range.

    `load_settings` and `from_dict` check their values before, so that their errors name the place of the number.
    """
    hints = kinds(type(config))
    for name in _fields(config):
        _check_range(hints[name], getattr(config, name), type(config).__name__, name)


def _check_range(kind: Any, value: Any, place: str, key: str) -> None:
    """Compare a number, or the length and the entries of a tuple, with the range in its annotation, if it has one."""
    kind = _not_none(kind)
    for limit in getattr(kind, "__metadata__", ()) if value is not None else ():
        number, name = (len(value), f"the length of {key}") if isinstance(value, tuple) else (value, key)
        limit.check(f"{place}: {name}", number)
    if isinstance(value, tuple):
        for i, entry in enumerate(value):
            _check_range(get_args(_bare(kind))[0], entry, place, f"{key}[{i}]")


def _bare(kind: Any) -> Any:
    """Return X for `Annotated[X, ...]`, and any other annotation unchanged."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return as_dict(value)
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _overlaid(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(below.get(key), dict)
        merged[key] = _overlaid(below[key], value) if both else value
    return merged


def _checked(cls: type[Any], values: Mapping[str, Any], place: str, prefix: str = "") -> dict[str, Any]:
    """Return the values converted to the types of the dataclass's fields, nested dataclasses as dicts."""
    hints = kinds(cls)
    known = list(_fields(cls))
    for key in values:
        if key not in known:
            raise ConfigurationError(f"{place}: there is no setting {shown(prefix + key)}{_meant(cls, key, prefix)}")
    return {key: _converted(hints[key], value, place, prefix + key) for key, value in values.items()}


def _meant(cls: type[Any], key: str, prefix: str) -> str:
    """Return a hint for an unknown key: settings with a similar name, in any table, or else all settings here."""
    names = list(_names(cls, prefix))
    near = get_close_matches(key, {name.rpartition(".")[2] for name in names}, n=1)
    meant = [name for name in names if name.rpartition(".")[2] in near]
    if meant:
        return f"; did you mean {' or '.join(map(repr, meant))}?"
    return f"; there are {', '.join(prefix + name for name in _fields(cls))}" if names else ""


def _names(cls: type[Any], prefix: str) -> Iterator[str]:
    """Yield the names of all settings below a prefix, with those of nested tables."""
    hints = kinds(cls)
    for name in _fields(cls):
        kind = _not_none(hints[name])
        yield prefix + name
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield from _names(kind, f"{prefix}{name}.")


def _converted(kind: Any, value: Any, place: str, key: str) -> Any:
    inner = _not_none(kind)
    if inner is not kind and (value is None or value == toml.NONE):
        return None
    converted = _of_type(_bare(inner), value, place, key, f" or {toml.NONE!r}" if inner is not kind else "")
    _check_range(inner, converted, place, key)
    if type(converted) in LARGEST and not abs(converted) <= LARGEST[type(converted)]:
        raise ConfigurationError(
            f"{place}: {key} must be a finite number of at most {LARGEST[type(converted)]:g}, not {shown(converted)}"
        )
    return converted


def _of_type(kind: Any, value: Any, place: str, key: str, also: str = "") -> Any:
    """Return the value as the type `kind`. Raises ConfigurationError if it is of another type.

    `also` tells, in the message, what else the setting may be.
    """
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
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        return float(value)
    if kind in (int, float, bool, str) and type(value) is kind:  # `type`, since True is an int to isinstance
        return value
    raise ConfigurationError(f"{place}: {key} must be {_described(kind)}{also}, not {shown(value)}")


def _not_none(kind: Any) -> Any:
    """Return X for `X | None`, and any other annotation unchanged."""
    if get_origin(kind) in (Union, types.UnionType):
        inner = [argument for argument in get_args(kind) if argument is not type(None)]
        return inner[0] if len(inner) == 1 else kind
    return kind


def _described(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    if get_origin(kind) is tuple:
        return f"a list of {_described(_bare(get_args(kind)[0]))}"
    if get_origin(kind) is dict:
        return "a table"
    name = str(getattr(kind, "__name__", kind))
    return f"a table of {name}" if dataclasses.is_dataclass(kind) else name


def _construct(cls: type[T], values: Mapping[str, Any], default: T | None = None) -> T:
    """Build the dataclass; fields that `values` lacks are taken from `default`, or else have their own defaults."""
    hints, fields = kinds(cls), _fields(cls)
    filled = dict(values)
    for key, value in values.items():
        if dataclasses.is_dataclass(_not_none(hints[key])) and isinstance(value, dict):
            filled[key] = _construct(_not_none(hints[key]), value, _default(fields[key], default))
    given = {} if default is None else {key: getattr(default, key) for key in fields}
    missing = [key for key, field in fields.items() if key not in {**given, **filled} and _is_required(field)]
    if missing:
        raise ConfigurationError(f"{cls.__name__}: the setting {missing[0]!r} has no default; give it a value")
    return cls(**{**given, **filled})


def kinds(cls: type[Any]) -> dict[str, Any]:
    """Return the annotations of a dataclass, with their ranges. They are kept: the search is the slowest step here."""
    if cls not in _FOUND:
        _FOUND[cls] = get_type_hints(cls, include_extras=True)
    return _FOUND[cls]


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
