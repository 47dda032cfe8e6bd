"""Parsing and tagging in one call: the model is loaded at the first call and kept."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from arcparse.parser.parse import SAMPLES, Parse
from arcparse.pipeline import DEFAULT_MODEL, NBEST_KEYWORD, load
from arcparse.pipeline.arguments import Input, Tokens
from arcparse.sentence import Sentence
from arcparse.sentence.document import Document
from arcparse.tagger.dictionary import Dictionary

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from arcparse.pipeline.options import Loading


@overload
def parse(  # type: ignore[overload-overlap]
    text: str,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    given_tags: bool = ...,
    **loading: Unpack[Loading],
) -> Document: ...
@overload
def parse(
    text: Tokens,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    given_tags: bool = ...,
    **loading: Unpack[Loading],
) -> Sentence: ...
def parse(
    text: Input,
    *,
    model: str | Path = DEFAULT_MODEL,
    nbest: int | None = None,
    beam: int | None = None,
    given_tags: bool = True,
    **loading: Unpack[Loading],
) -> Any:
    """Parse raw text into the sentences of a `Document`, or a list of word forms or a `Sentence` into one sentence.

    `model` and `loading` are the arguments of `load`; the others are those of `Pipeline.parse`.
    """
    nlp = load(model, **loading)
    if nbest is not None:  # until the next version
        warnings.warn(NBEST_KEYWORD, DeprecationWarning, stacklevel=2)
        return nlp.nbest(text, nbest, beam=beam, given_tags=given_tags)
    return nlp.parse(text, beam=beam, given_tags=given_tags)


@overload
def nbest(  # type: ignore[overload-overlap]
    text: str,
    n: int,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    samples: int = ...,
    given_tags: bool = ...,
    **loading: Unpack[Loading],
) -> list[list[Parse]]: ...
@overload
def nbest(
    text: Tokens,
    n: int,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    samples: int = ...,
    given_tags: bool = ...,
    **loading: Unpack[Loading],
) -> list[Parse]: ...
def nbest(
    text: Input,
    n: int,
    *,
    model: str | Path = DEFAULT_MODEL,
    beam: int | None = None,
    samples: int = SAMPLES,
    given_tags: bool = True,
    **loading: Unpack[Loading],
) -> Any:
    """Return the best trees, at most `n`, with their scores, for each sentence that `parse` would return.

    `model` and `loading` are the arguments of `load`; the others are those of `Pipeline.nbest`.
    """
    nlp = load(model, **loading)
    return nlp.nbest(text, n, beam=beam, samples=samples, given_tags=given_tags)


@overload
def tag(  # type: ignore[overload-overlap]
    text: str,
    *,
    model: str | Path = ...,
    given_tags: bool = ...,
    dictionary: Dictionary | None = ...,
    **loading: Unpack[Loading],
) -> Document: ...
@overload
def tag(
    text: Tokens,
    *,
    model: str | Path = ...,
    given_tags: bool = ...,
    dictionary: Dictionary | None = ...,
    **loading: Unpack[Loading],
) -> Sentence: ...
def tag(
    text: Input,
    *,
    model: str | Path = DEFAULT_MODEL,
    given_tags: bool = True,
    dictionary: Dictionary | None = None,
    **loading: Unpack[Loading],
) -> Any:
    """Tag raw text as the sentences of a `Document`, or a list of word forms or a `Sentence` as one sentence.

    `model` and `loading` are the arguments of `load`; the others are those of `Pipeline.tag`.
    """
    nlp = load(model, **loading)
    return nlp.tag(text, given_tags=given_tags, dictionary=dictionary)
