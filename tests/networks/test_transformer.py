"""The encoder "transformer": its pieces, windows and vectors equal those of the library transformers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from overfitted import sample
from tiny_transformer import HIDDEN, POSITIONS, libraries, save_tiny_transformer, tiny_transformer
from torch import Tensor

from arcparse.errors import ConfigurationError, ModelError
from arcparse.lexicon.forms import Lexicon, LexiconConfig
from arcparse.networks.encoder import PretrainedEncoder, Transformer, read
from arcparse.networks.encoder.pieces import LONGEST, WordPieces, spans
from arcparse.networks.encoder.transformer import ARCHITECTURE, TOKENISER
from arcparse.networks.precision import supports_bfloat16
from arcparse.networks.settings import PretrainedConfig
from arcparse.networks.words import Words
from arcparse.networks.words import words_of as batch_of
from arcparse.vocabulary import SPECIALS, Vocabulary

EXACT = PretrainedConfig(precision="float32", dropout=0.0)
LEXICON = Lexicon.build(LexiconConfig(), sample()[:2], Vocabulary(SPECIALS), "none")
FORMS = [list(sentence.forms) for sentence in sorted(sample(), key=len)[5:60:9]]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> PretrainedEncoder:
    return tiny_transformer(tmp_path_factory.mktemp("tiny"))


def made(opened: PretrainedEncoder, config: PretrainedConfig = EXACT, inputs: int = 0) -> Transformer:
    encoder = Transformer(config, inputs, opened.files)
    opened.start(encoder)
    return encoder.eval()


def words_of(*sentences: list[str]) -> Words:
    return batch_of(LEXICON, sentences)


@torch.no_grad()
def vectors(encoder: Transformer, *sentences: list[str], inputs: int = 0) -> list[Tensor]:
    """Return the vectors of each sentence's tokens, the root first."""
    words = words_of(*sentences)
    found = read(encoder, torch.ones(len(words.text), inputs), words)
    assert found.shape == (*words.row.shape, encoder.dimension)
    return [row[: len(own) + 1] for row, own in zip(found, sentences, strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["first", "mean"])
@torch.no_grad()
def test_vectors_are_those_of_the_library(pooling: Any, tmp_path: Path) -> None:
    transformers, _ = libraries()
    place = save_tiny_transformer(tmp_path)
    model = transformers.AutoModel.from_pretrained(place).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    tokenizer.backend_tokenizer.no_padding()
    found = vectors(made(PretrainedEncoder.open(str(place)), replace(EXACT, pooling=pooling)), *FORMS)
    for own, forms in zip(found, FORMS, strict=True):
        encoding = tokenizer(forms, is_split_into_words=True, return_tensors="pt", truncation=False, padding=False)
        hidden = model(**encoding).last_hidden_state[0]
        place_of = [[i for i, word in enumerate(encoding.word_ids()) if word == own] for own in range(len(forms))]
        pooled = [hidden[places].mean(0) if pooling == "mean" else hidden[places[0]] for places in place_of]
        assert max(map(len, place_of)) > 1
        torch.testing.assert_close(own, torch.stack([hidden[0], *pooled]), atol=1e-5, rtol=1e-4)


def test_a_sentence_has_the_same_vectors_alone_and_in_a_batch(opened: PretrainedEncoder) -> None:
    encoder = made(opened)
    for own, forms in zip(vectors(encoder, *FORMS), FORMS, strict=True):
        torch.testing.assert_close(own, vectors(encoder, forms)[0], atol=1e-5, rtol=1e-4)


def test_vectors_of_the_forms_stand_beside(opened: PretrainedEncoder) -> None:
    encoder = made(opened, inputs=3)
    assert encoder.dimension == HIDDEN + 3
    [own] = vectors(encoder, FORMS[0], inputs=3)
    assert (own[:, HIDDEN:] == 1).all()


@given(st.lists(st.integers(1, 8), min_size=1, max_size=60), st.integers(8, 20), st.integers(0, 6))
def test_windows_read_each_word_once_and_far_from_the_edge(sizes: list[int], room: int, overlap: int) -> None:
    found = list(spans(sizes, room, overlap))
    assert [word for span in found for word in range(span.first, span.last)] == list(range(len(sizes)))
    for span in found:
        assert span.begin <= span.first <= span.last <= span.end
        assert sum(sizes[span.begin : span.end]) <= room
    for left, right in pairwise(found):
        assert left.begin < right.begin <= left.end
        assert sum(sizes[right.begin : left.end]) <= overlap
        for word in range(right.begin, left.end):  # in both windows
            before, after = left.end - word, word - right.begin + 1
            assert (word < left.last) == (before > after) or before == after
    assert len(found) == 1 or sum(sizes) > room


def test_a_long_sentence_is_read_in_windows(opened: PretrainedEncoder) -> None:
    encoder = made(opened)
    room = POSITIONS - 1 - 2
    forms = ["a", "the"] * 60  # one piece each
    [whole] = vectors(encoder, forms)
    for span in spans([1] * len(forms), room, room // 2):
        [part] = vectors(encoder, forms[span.begin : span.end])
        own = slice(span.first - span.begin + 1, span.last - span.begin + 1)
        torch.testing.assert_close(whole[span.first + 1 : span.last + 1], part[own], atol=1e-5, rtol=1e-4)


def test_a_text_of_many_windows_is_read_in_parts(opened: PretrainedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = ["a", "the"] * 200
    [whole] = vectors(made(opened), forms)
    monkeypatch.setattr("arcparse.networks.encoder.transformer.AT_ONCE", 100)
    [parts] = vectors(made(opened), forms)
    torch.testing.assert_close(parts, whole, atol=1e-5, rtol=1e-4)


def test_each_form_has_a_piece_and_not_too_many(opened: PretrainedEncoder) -> None:
    pieces = WordPieces(opened.files[TOKENISER])
    assert pieces.begin == [2]
    assert pieces.end == [3]
    assert pieces.ids("\x00") == pieces.ids("") == pieces.ids("☃") == [1]
    assert len(pieces.ids("x" * 90)) == LONGEST
    [found] = vectors(made(opened), ["x" * 90, "\x00", "y" * 90])  # two of them fill a window
    assert found.isfinite().all()


def test_blanks_before_words_are_seen_by_tokenisers_that_see_them() -> None:
    _, tokenizers = libraries()
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE({"a": 0, "Ġ": 1, "Ġa": 2, "b": 3}, [("Ġ", "a")]))
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces = WordPieces(bpe.to_str().encode())
    assert pieces.ids("a") == [2]
    assert pieces.ids("ab") == [2, 3]
    assert len(pieces.begin) == 1  # the root needs one, though this tokeniser marks no beginning


def test_lower_layers_learn_more_slowly_and_embeddings_may_stay(opened: PretrainedEncoder) -> None:
    encoder = made(opened, replace(EXACT, learning_rate=1e-3, layer_decay=0.5))
    rate = {id(parameter): rate for parameter, rate in encoder.rates()}
    named = {name: rate[id(parameter)] for name, parameter in encoder.model.named_parameters()}
    assert {own for name, own in named.items() if ".layer.1." in name} == {1e-3}
    assert {own for name, own in named.items() if ".layer.0." in name} == {5e-4}
    assert {own for name, own in named.items() if name.startswith("embeddings.")} == {2.5e-4}
    frozen = [name for name, parameter in encoder.named_parameters() if not parameter.requires_grad]
    assert frozen == ["model.embeddings.word_embeddings.weight"]
    free = made(opened, replace(EXACT, frozen_embeddings=False))
    assert all(parameter.requires_grad for parameter in free.parameters())


def test_bfloat16_is_near_and_another_setting_for_training(opened: PretrainedEncoder) -> None:
    encoder = made(opened)
    [exact] = vectors(encoder, FORMS[0])
    encoder.low_precision = True
    [near] = vectors(encoder, FORMS[0])
    assert near.dtype == torch.float32
    assert torch.equal(near, exact) != supports_bfloat16("cpu")
    torch.testing.assert_close(near, exact, atol=0.1, rtol=0.1)
    assert torch.equal(vectors(encoder.train(), FORMS[0])[0], exact)
    assert made(opened, PretrainedConfig()).low_precision


def test_a_missing_library_is_named(opened: PretrainedEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    for attempt in (lambda: PretrainedEncoder.open("folder"), lambda: made(opened)):
        with pytest.raises(ConfigurationError, match=r"needs the library transformers .*`pip install transformers`"):
            attempt()


def test_a_place_without_an_encoder_is_named(tmp_path: Path) -> None:
    libraries()
    with pytest.raises(ModelError, match=r"is no encoder that transformers opens: .*nothing is downloaded"):
        PretrainedEncoder.open(str(tmp_path))
    assert PretrainedEncoder.open("") == PretrainedEncoder()


def changed(opened: PretrainedEncoder, **settings: Any) -> Mapping[str, bytes]:
    architecture = json.loads(opened.files[ARCHITECTURE]) | settings
    return {**opened.files, ARCHITECTURE: json.dumps(architecture).encode()}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model_type": "no-such"}, "describes no encoder"),
        ({"model_type": None}, "describes no encoder"),
        ({"hidden_act": "os.system"}, "describes no encoder"),
        ({"num_attention_heads": 5}, "describes no encoder"),
        ({"max_position_embeddings": 20}, "at most 19 at once"),
        ({"vocab_size": 20}, "and the encoder takes 20"),
    ],
)
def test_files_that_describe_no_encoder_are_refused(
    settings: dict[str, Any], message: str, opened: PretrainedEncoder
) -> None:
    with pytest.raises(ModelError, match=message):
        Transformer(EXACT, 0, changed(opened, **settings))


def test_a_model_that_also_writes_is_no_encoder(opened: PretrainedEncoder) -> None:
    both = {"model_type": "t5", "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
    with pytest.raises(ModelError, match="describes a t5, which is no encoder of text alone"):
        Transformer(EXACT, 0, {**opened.files, ARCHITECTURE: json.dumps(both).encode()})


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"{}", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("name", [ARCHITECTURE, TOKENISER])
def test_files_of_other_contents_are_refused(name: str, content: bytes, opened: PretrainedEncoder) -> None:
    with pytest.raises(ModelError, match=r"describes no encoder|tokeniser cannot be read"):
        Transformer(EXACT, 0, {**opened.files, name: content})


def test_an_architecture_runs_no_code_of_its_own(
    opened: PretrainedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.py").write_text("raise SystemExit('this code must not run')")
    monkeypatch.chdir(tmp_path)
    files = changed(
        opened,
        auto_map={"AutoModel": "own.Own", "AutoConfig": "own.Own"},
        attn_implementation="somebody/kernel",
        _attn_implementation="somebody/kernel",
        dtype="float16",
        _name_or_path=str(tmp_path),
    )
    encoder = Transformer(EXACT, 0, files)
    opened.start(encoder)
    torch.testing.assert_close(vectors(encoder.eval(), FORMS[0]), vectors(made(opened), FORMS[0]))


def test_an_overlap_beyond_half_of_the_window_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"overlap is 40, and at most half of .*window, 32"):
        PretrainedConfig(window=64, overlap=40)


def test_weights_that_do_not_fit_are_refused(opened: PretrainedEncoder) -> None:
    encoder = made(opened)
    weights = {name: tensor for name, tensor in opened.weights.items() if "layer.1" not in name}
    with pytest.raises(ModelError, match=r"do not fit its description: weight .*layer\.1.* is missing"):
        PretrainedEncoder(opened.files, weights).start(encoder)


@pytest.mark.parametrize("kind", ["roberta", "mpnet", "distilbert", "electra"])
def test_encoders_of_other_kinds_read_a_window_to_its_end(kind: str, opened: PretrainedEncoder) -> None:
    sizes = {"n_heads": 2, "n_layers": 2, "hidden_dim": 48, "dim": HIDDEN} if kind == "distilbert" else {}
    encoder = Transformer(EXACT, 0, changed(opened, model_type=kind, pad_token_id=1, **sizes)).eval()
    [found] = vectors(encoder, ["a", "the"] * 60)
    assert encoder.window == POSITIONS - 2  # positions begin after the id of the padding, at least in some of these
    assert found.isfinite().all()
