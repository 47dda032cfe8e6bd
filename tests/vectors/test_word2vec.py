import random
from pathlib import Path

import numpy as np
import pytest

from arcparse.errors import ConfigurationError, VectorsError
from arcparse.vectors import RawText, Word2VecConfig, load_vectors, save_vectors, train_vectors

COLOURS, FRUITS = ["red", "green", "blue", "black"], ["apple", "pear", "plum", "fig"]
PLACES, TOWNS = ["in", "near", "from", "to"], ["rome", "oslo", "lima", "kyiv"]


def sentences(count: int = 1500) -> list[list[str]]:
    """Colours stand before fruits, prepositions before towns: words of a group occur in the same contexts."""
    draw = random.Random(5).choice
    return [
        ["the", draw(COLOURS), draw(FRUITS)] if i % 2 else ["we", "went", draw(PLACES), draw(TOWNS)]
        for i in range(count)
    ]


def config(**settings: object) -> Word2VecConfig:
    quick = {"dimension": 12, "window": 2, "min_count": 1, "sample": 0.0, "epochs": 12, "workers": 1}
    return Word2VecConfig(**{**quick, "learning_rate": 0.05, **settings})  # type: ignore[arg-type]


@pytest.mark.parametrize("skip_gram", [True, False])
@pytest.mark.parametrize(("negative", "hierarchical_softmax"), [(5, False), (0, True), (5, True)])
def test_words_of_the_same_contexts_are_near(skip_gram: bool, negative: int, hierarchical_softmax: bool) -> None:
    vectors = train_vectors(
        sentences(),
        config(skip_gram=skip_gram, negative=negative, hierarchical_softmax=hierarchical_softmax),
    )
    assert len(vectors) == 19
    assert vectors.vector_size == 12
    for group in (FRUITS, TOWNS):
        near = {word for word, _ in vectors.most_similar(group[0], topn=3)}
        assert len(near & set(group)) >= 2


def test_with_subwords_a_rare_word_is_near_those_of_like_letters() -> None:
    vectors = train_vectors([*sentences(), ["the", "blackish", "fig"]], config(subwords=True))
    assert "black" in {word for word, _ in vectors.most_similar("blackish", topn=2)}
    plain = train_vectors(sentences(50), config())
    assert not np.array_equal(train_vectors(sentences(50), config(subwords=True)).vectors, plain.vectors)


def test_one_worker_is_repeatable_and_seeds_differ() -> None:
    first, again, other = (train_vectors(sentences(200), config(seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert not np.array_equal(first.vectors, other.vectors)


def test_a_prepared_file_and_its_progress(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("".join(" ".join(words) + "\n" for words in sentences()))
    told: list[int] = []
    vectors = train_vectors(corpus, config(epochs=3, workers=2), progress=told.append)
    assert told == [0, 1, 2, 3]
    assert vectors.index_to_key[0] in ("the", "we", "went")
    save_vectors(vectors, tmp_path / "v.bin")
    np.testing.assert_array_equal(load_vectors(tmp_path / "v.bin").vectors, vectors.vectors)


def test_raw_text_is_trained_on_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("".join(f"{' '.join(words)} {i}\n" for i, words in enumerate(sentences(300))))
    vectors = train_vectors(RawText([tmp_path / "raw.txt"], str.split), config(epochs=1, min_count=50))
    assert "000" in vectors
    assert "123" not in vectors


def test_min_count_drops_rare_words_and_may_leave_none() -> None:
    assert "rare" not in train_vectors([*sentences(100), ["rare"]], config(min_count=2, epochs=1))
    with pytest.raises(VectorsError, match="min_count=1000"):
        train_vectors(sentences(50), config(min_count=1000))


def test_a_corpus_that_cannot_be_read_again_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VectorsError, match="generator"):
        train_vectors(iter(sentences(5)), config())
    with pytest.raises(VectorsError, match="no such file"):
        train_vectors(tmp_path / "missing.txt", config())
    with pytest.raises(VectorsError, match="a folder; write a file with `arcparse vectors prepare`"):
        train_vectors(tmp_path, config())
    (tmp_path / "latin").write_bytes("café crème\n".encode("latin-1"))
    with pytest.raises(VectorsError, match="latin: not UTF-8: "):
        train_vectors(tmp_path / "latin", config())


def test_training_that_goes_to_infinity_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from gensim.models import Word2Vec

    monkeypatch.setattr(Word2Vec, "train", lambda model, **_: model.wv.vectors.fill(np.inf))
    with pytest.raises(VectorsError, match=r"diverged to infinity at learning_rate=0\.05; lower it"):
        train_vectors(sentences(20), config())


@pytest.mark.parametrize(
    "settings",
    [
        {"dimension": 0},
        {"dimension": 10**6},
        {"seed": 2**32},
        {"sample": np.nan},
        {"learning_rate": np.inf},
        {"epochs": 0},
        {"negative": -1},
        {"sample": -0.1},
        {"learning_rate": 0.0},
        {"negative": 0},
    ],
)
def test_settings_outside_their_limits(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        Word2VecConfig(**settings)  # type: ignore[arg-type]
