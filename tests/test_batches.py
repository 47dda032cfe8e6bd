import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcparse.batches import bucket, stream
from arcparse.errors import ConfigurationError

lengths_of = st.lists(st.integers(0, 50), max_size=80)


@given(lengths_of, st.integers(1, 200), st.none() | st.integers(0, 9))
def test_every_index_once_and_no_batch_too_large(lengths: list[int], tokens: int, seed: int | None) -> None:
    batches = bucket(lengths, tokens, generator=None if seed is None else random.Random(seed))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(1, *(lengths[index] for index in batch)) <= tokens


def test_without_a_generator_lengths_ascend() -> None:
    assert bucket([5, 1, 3, 1], 6) == [[1, 3], [2], [0]]


def test_shuffled_batches_are_repeatable_and_differ_between_seeds() -> None:
    lengths = [random.Random(0).randint(1, 40) for _ in range(200)]
    first = bucket(lengths, 300, generator=random.Random(1))
    assert first == bucket(lengths, 300, generator=random.Random(1))
    assert first != bucket(lengths, 300, generator=random.Random(2))


def test_noise_costs_little_padding() -> None:
    generator = random.Random(0)
    lengths = [1 + int(generator.expovariate(1 / 20)) for _ in range(3000)]
    batches = bucket(lengths, 1000, generator=generator)
    padded = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    assert padded < 1.15 * sum(lengths)


def test_a_batch_needs_room() -> None:
    with pytest.raises(ConfigurationError, match="batch_tokens must be at least 1, not 0"):
        bucket([1], 0)
    with pytest.raises(ConfigurationError, match="batch_size must be at least 1, not 0"):
        list(stream([1], 0))


def test_stream_reads_one_list_ahead() -> None:
    numbers = iter(range(5))
    lists = stream(numbers, 2)
    assert next(lists) == [0, 1]
    assert next(numbers) == 2
    assert list(lists) == [[3, 4]]
