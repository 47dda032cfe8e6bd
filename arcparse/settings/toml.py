"""Settings as text: nested dicts from TOML files and from `--set key=value`, and back to TOML."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from arcparse.errors import ConfigurationError

NONE = "none"  # stands for the None of an optional setting in TOML and --set, which have no null
LONGEST = 80  # characters of an override in a message
DOTS = 1000  # in a line of TOML: the time to read a key grows with the square of the number of its parts


def read(file: Path) -> dict[str, Any]:
    """Return the values of a TOML file. Raises ConfigurationError if it cannot be read."""
    try:
        return _loaded(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also for thousands of digits, and for thousands of nested tables
        raise ConfigurationError(f"{file}: is not TOML: {error}") from None


def _loaded(text: str) -> dict[str, Any]:
    """Return the values of a TOML text. Raises ValueError or RecursionError if it cannot be read."""
    if any(line.count(".") > DOTS for line in text.splitlines()):
        raise ValueError(f"a line has over {DOTS} dots")
    if sys.version_info >= (3, 11):  # imported here, since a saved model is read without
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def parse(override: str) -> dict[str, Any]:
    """Turn `a.b=value` into nested dicts; a value that is not TOML is a string.

    Raises ConfigurationError if there is no key or no `=`.
    """
    key, equals, text = override.partition("=")
    if not equals or not all(name.strip() for name in key.split(".")):
        raise ConfigurationError(f"--set {short(override)}: write it as key=value, for example training.seed=2")
    nested: Any = _toml_value(text.strip())
    for name in reversed(key.split(".")):
        nested = {name.strip(): nested}
    return dict(nested)


def short(override: str) -> str:
    """Return an override as a message shows it: in one line, and not too long."""
    line = " ".join(override.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 3] + "..."


def _toml_value(text: str) -> Any:
    try:
        parsed = _loaded(f"value = {text}")
    except (ValueError, RecursionError):  # as in `read`
        return text
    value = parsed["value"]
    is_setting = len(parsed) == 1 and isinstance(value, bool | int | float | str | list | dict)
    return value if is_setting else text  # a date, or more than one line: a string


def lines(values: Mapping[str, Any], table: str = "") -> Iterator[str]:
    """Yield the lines of a table: first its own values, then its tables."""
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    if table:
        yield from ("", f"[{table}]")
    yield from (f"{key} = {_toml(value)}" for key, value in values.items() if key not in tables)
    for key, value in tables.items():
        yield from lines(value, f"{table}.{key}".removeprefix("."))


def _toml(value: Any) -> str:
    if value is None:
        return f'"{NONE}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool | str):  # JSON and TOML write them alike, except DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
