"""Optional libraries: each is imported when it is needed, and one that is missing is named with its remedy."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from arcparse.errors import ConfigurationError


def library(name: str) -> Any:
    """Return a module of an optional library. Raises ConfigurationError if it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ConfigurationError(f"this needs the library {package} ({error}); `pip install {package}`") from None
