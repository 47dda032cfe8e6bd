"""Batches: sentences of similar length together, so that there is little padding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from arcparse.errors import ConfigurationError
from arcparse.sentence import Sentence
from arcparse.sentence.lists import check_length, lists_of
from arcparse.threads import spread

if TYPE_CHECKING:
    import random

NOISE = 0.1  # lengths vary by a tenth before sorting: batches differ between epochs, padding grows by a few per cent

T = TypeVar("T")
Result = TypeVar("Result")


def bucket(lengths: Sequence[int], batch_tokens: int, *, generator: random.Random | None = None) -> list[list[int]]:
    """Group indices into batches whose padded size (longest length x count) is at most `batch_tokens`.

    A longer sentence is a batch by itself. With a generator, lengths are sorted with noise and batches are shuffled,
    the same way for the same seed; without it, they go from short to long. Raises ConfigurationError if `batch_tokens`
    is not positive.
    """
    if batch_tokens < 1:
        raise ConfigurationError(f"batch_tokens must be at least 1, not {batch_tokens}")
    if generator is None:
        return _packed(sorted(range(len(lengths)), key=lengths.__getitem__), lengths, batch_tokens)
    noisy = [length * generator.uniform(1 - NOISE, 1 + NOISE) for length in lengths]
    order = list(range(len(lengths)))
    generator.shuffle(order)  # for empty sentences: noise does not change their length
    batches = _packed(sorted(order, key=noisy.__getitem__), lengths, batch_tokens)
    generator.shuffle(batches)
    return batches


def _packed(order: Sequence[int], lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    batches: list[list[int]] = []
    longest = 0
    for index in order:
        longest = max(longest, lengths[index], 1)
        if not batches or longest * (len(batches[-1]) + 1) > batch_tokens:
            batches.append([])
            longest = max(lengths[index], 1)
        batches[-1].append(index)
    return batches


def stream(items: Iterable[T], batch_size: int) -> Iterator[list[T]]:
    """Yield lists of `batch_size` items, as `lists_of` does.

    Raises ConfigurationError if `batch_size` is not positive.
    """
    if batch_size < 1:
        raise ConfigurationError(f"batch_size must be at least 1, not {batch_size}")
    yield from lists_of(items, batch_size)


def in_batches(
    sentences: Sequence[Sentence], batch_tokens: int, results: Callable[[Sequence[Sentence]], Sequence[Result]]
) -> list[Result]:
    """Return the results of all sentences in order, found for sentences of like length together.

    Raises TreebankError for a sentence that is too long.
    """
    check_length(sentences)
    batches = bucket([len(sentence) + 1 for sentence in sentences], batch_tokens)
    found: dict[int, Result] = {}
    for batch, own in zip(batches, spread(lambda batch: results([sentences[i] for i in batch]), batches), strict=True):
        found.update(zip(batch, own, strict=True))
    return [found[i] for i in range(len(sentences))]
