"""Parsing and tagging in one call: the model is loaded at the first call and kept."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, overload

from arcparse.kernels.cache import CACHE_MIB
from arcparse.parser.parse import SAMPLES, Parse
from arcparse.pipeline import DEFAULT_MODEL, NBEST_KEYWORD, load
from arcparse.pipeline.arguments import Input, Tokens
from arcparse.pipeline.parts import Precision
from arcparse.sentence import Sentence
from arcparse.tagger.dictionary import Dictionary


@overload
def parse(  # type: ignore[overload-overlap]
    text: str,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    given_tags: bool = ...,
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
) -> list[Sentence]: ...
@overload
def parse(
    text: Tokens,
    *,
    model: str | Path = ...,
    beam: int | None = ...,
    given_tags: bool = ...,
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
) -> Sentence: ...
def parse(
    text: Input,
    *,
    model: str | Path = DEFAULT_MODEL,
    nbest: int | None = None,
    beam: int | None = None,
    given_tags: bool = True,
    precision: Precision = "auto",
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path = "en",
    threads: int = 1,
    cache_mib: int = CACHE_MIB,
) -> Any:
    """Parse raw text into sentences, or one sentence given as a list of word forms or as a `Sentence`.

    `model` and the arguments from `precision` on are those of `load`; the others are those of `Pipeline.parse`.
    """
    nlp = load(
        model,
        precision=precision,
        lemmatizer=lemmatizer,
        segmenter=segmenter,
        tokenizer=tokenizer,
        threads=threads,
        cache_mib=cache_mib,
    )
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
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
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
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
) -> list[Parse]: ...
def nbest(
    text: Input,
    n: int,
    *,
    model: str | Path = DEFAULT_MODEL,
    beam: int | None = None,
    samples: int = SAMPLES,
    given_tags: bool = True,
    precision: Precision = "auto",
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path = "en",
    threads: int = 1,
    cache_mib: int = CACHE_MIB,
) -> Any:
    """Return the best trees, at most `n`, with their scores, for each sentence that `parse` would return.

    `model` and the arguments from `precision` on are those of `load`; the others are those of `Pipeline.nbest`.
    """
    nlp = load(
        model,
        precision=precision,
        lemmatizer=lemmatizer,
        segmenter=segmenter,
        tokenizer=tokenizer,
        threads=threads,
        cache_mib=cache_mib,
    )
    return nlp.nbest(text, n, beam=beam, samples=samples, given_tags=given_tags)


@overload
def tag(  # type: ignore[overload-overlap]
    text: str,
    *,
    model: str | Path = ...,
    given_tags: bool = ...,
    dictionary: Dictionary | None = ...,
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
) -> list[Sentence]: ...
@overload
def tag(
    text: Tokens,
    *,
    model: str | Path = ...,
    given_tags: bool = ...,
    dictionary: Dictionary | None = ...,
    precision: Precision = ...,
    lemmatizer: str | Path | None = ...,
    segmenter: str | Path | None = ...,
    tokenizer: str | Path = ...,
    threads: int = ...,
    cache_mib: int = ...,
) -> Sentence: ...
def tag(
    text: Input,
    *,
    model: str | Path = DEFAULT_MODEL,
    given_tags: bool = True,
    dictionary: Dictionary | None = None,
    precision: Precision = "auto",
    lemmatizer: str | Path | None = None,
    segmenter: str | Path | None = None,
    tokenizer: str | Path = "en",
    threads: int = 1,
    cache_mib: int = CACHE_MIB,
) -> Any:
    """Tag raw text as sentences, or one sentence given as a list of word forms or as a `Sentence`, without parsing.

    `model` and the arguments from `precision` on are those of `load`; the others are those of `Pipeline.tag`.
    """
    nlp = load(
        model,
        precision=precision,
        lemmatizer=lemmatizer,
        segmenter=segmenter,
        tokenizer=tokenizer,
        threads=threads,
        cache_mib=cache_mib,
    )
    return nlp.tag(text, given_tags=given_tags, dictionary=dictionary)
