"""Analyses as columns beside a column of texts, in a pandas DataFrame or in any batch that is a dict of columns.

All functions are plain: Hugging Face's `map`, Ray's `map_batches`, Dask's `map_partitions`, Spark's `mapInPandas` and
scikit-learn's `FunctionTransformer` take them with their arguments. The model is loaded once in each process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from arcparse.errors import ConfigurationError, InputError, nearest, shown
from arcparse.libraries import library
from arcparse.pipeline import DEFAULT_MODEL, Pipeline, load
from arcparse.sentence import FEATS, Sentence
from arcparse.sentence.document import Document

Table = TypeVar("Table")  # a DataFrame, or a dict of columns

COLUMNS: dict[str, Callable[[Document], Any]] = {  # of a text, over all its sentences
    "sentence_count": len,
    "word_count": lambda document: sum(map(len, document)),
    "forms": lambda document: list(document.forms),
    "lemmas": lambda document: list(document.lemmas),
    "upos": lambda document: list(document.upos),
    "xpos": lambda document: list(document.xpos),
    "feats": lambda document: [cell for sentence in document for cell in sentence.words(FEATS)],
    "heads": lambda document: [head for sentence in document for head in sentence.heads],  # in the word's sentence
    "labels": lambda document: list(document.labels),
    "conllu": str,
}
COUNTS = ("sentence_count", "word_count")


def annotate(
    texts: Iterable[str | Sequence[str] | None],
    columns: Sequence[str] = tuple(COLUMNS),
    *,
    model: str | Path | Pipeline = DEFAULT_MODEL,
    beam: int | None = None,
) -> dict[str, list[Any]]:
    """Return columns of COLUMNS, each with a value for each text; the values of a missing text (None, NaN) are None.

    A text may also be a list of word forms, one sentence. Raises ConfigurationError for an unknown column, and
    InputError for a single text, a table, and a text that cannot be parsed.
    """
    functions = functions_of(columns)
    _check_column(texts)
    nlp = model if isinstance(model, Pipeline) else load(model)
    kept = [None if _is_missing(text) else text for text in texts]
    parsed = nlp.parse_many([text for text in kept if text is not None], beam=beam)
    rows = [None if text is None else _document(next(parsed)) for text in kept]
    return {name: [None if row is None else of(row) for row in rows] for name, of in functions.items()}


def values(texts: Iterable[str | Sequence[str] | None], column: str, **options: Any) -> list[Any]:
    """Return one of the columns of `annotate`, which has the other arguments."""
    return annotate(texts, [column], **options)[column]


def add_columns(
    table: Table, text: str, columns: Sequence[str] = tuple(COLUMNS), *, prefix: str = "", **options: Any
) -> Table:
    """Return a DataFrame or dict with the columns of `annotate` for its column `text`; their names get a `prefix`.

    Missing values stay missing. Raises ConfigurationError if a column is missing, or would be replaced.
    """
    given: Any = table
    if text not in given:
        raise ConfigurationError(f"the table has no column {shown(text)}{nearest(str(text), map(str, given))}")
    replaced = [name for name in functions_of(columns) if prefix + name in given]
    if replaced:
        name = prefix + replaced[0]
        raise ConfigurationError(f"the table has a column {name!r} already; give another prefix, such as 'parsed_'")
    is_dict = isinstance(given, Mapping)
    if is_dict and (given[text] is None or isinstance(given[text], str)):  # a row
        raise InputError(f"the column {text!r} is one text, not a list of texts; call map with batched=True")
    found = annotate(given[text], columns, **options)
    new = {prefix + name: cells if is_dict else _series(name, cells, given.index) for name, cells in found.items()}
    made: Table = {**given, **new} if is_dict else given.assign(**new)  # type: ignore[assignment]
    return made


def functions_of(columns: Sequence[str]) -> dict[str, Callable[[Document], Any]]:
    """Return the functions of columns by their names. Raises ConfigurationError for an unknown name."""
    names = [columns] if isinstance(columns, str) else list(columns)
    for name in names:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise ConfigurationError(f"no column is called {shown(name)}{nearest(str(name), COLUMNS)}; take {known}")
    return {name: COLUMNS[name] for name in names}


def _check_column(texts: Any) -> None:
    """Raise InputError for an argument that has texts, but is no column of them."""
    if isinstance(texts, str):
        raise InputError("texts must be a list or column of texts, not one text; put it in a list")
    if isinstance(texts, Mapping) or getattr(texts, "ndim", 1) != 1:
        kind = type(texts).__name__
        raise InputError(f"texts must be a list or one column of texts, not a {kind}; choose a column of it")


def _is_missing(text: Any) -> bool:
    """Return whether a text is None, or NaN or NA of numpy or pandas."""
    return text is None or (isinstance(text, float) and math.isnan(text)) or type(text).__name__ == "NAType"


def _series(name: str, cells: list[Any], index: Any) -> Any:
    """Return a column of a DataFrame, of the same type also if it is empty or has missing values."""
    return library("pandas").Series(cells, index, "Int64" if name in COUNTS else object)


def _document(parsed: Sentence | Document) -> Document:
    return Document([parsed]) if isinstance(parsed, Sentence) else parsed
