from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from overfitted import sample, vectors
from torch import nn

from arcparse.lexicon.forms import Lexicon, LexiconConfig
from arcparse.lexicon.pretrained import Pretrained
from arcparse.networks.encoder import BiLSTM, FormEncoder
from arcparse.networks.precision import supports_bfloat16
from arcparse.networks.settings import BiLSTMConfig
from arcparse.networks.words import words_of
from arcparse.vocabulary import Vocabulary

CONFIG = LexiconConfig(min_count=1, word_dimension=7, affix_dimension=3, shape_dimension=2, character_filters=5)
NOTHING = replace(
    CONFIG, word_dimension=0, prefixes=(), suffixes=(), affix_dimension=0, shape_dimension=0, character_dimension=0
)


def made(config: LexiconConfig, pretrained: Pretrained) -> tuple[Lexicon, FormEncoder]:
    torch.manual_seed(0)
    lexicon = Lexicon.build(config, sample(), pretrained.words, pretrained.scheme)
    return lexicon, FormEncoder(config, {n: len(v) for n, v in lexicon.vocabularies.items()}, pretrained).eval()


@pytest.mark.parametrize(
    ("config", "pretrained", "dimension"),
    [
        (CONFIG, vectors(), 7 + 6 + 6 * 3 + 2 + 5),
        (CONFIG, Pretrained.none(), 7 + 6 * 3 + 2 + 5),
        (replace(CONFIG, character_dimension=0), Pretrained.none(), 7 + 6 * 3 + 2),
        (replace(NOTHING, word_dimension=4), Pretrained.none(), 4),
        (NOTHING, vectors(), 6),
        (replace(NOTHING, shape_dimension=3), vectors(), 9),
        (replace(NOTHING, character_dimension=4), Pretrained.none(), 5),
    ],
)
def test_parts_stand_side_by_side_and_any_may_be_left_out(
    config: LexiconConfig, pretrained: Pretrained, dimension: int
) -> None:
    lexicon, encoder = made(config, pretrained)
    words = words_of(lexicon, [["the", "cat", "17"]])
    assert encoder.dimension == dimension
    assert encoder(words.forms).shape == (4, dimension)


def test_pretrained_vectors_are_scaled_bytes_and_an_unknown_word_is_learnt() -> None:
    lexicon, encoder = made(NOTHING, vectors())
    nn.init.constant_(encoder.unknown, 0.5)
    known = vectors().words.symbols[2]
    found = encoder(words_of(lexicon, [[known, "qwertyuiop"]]).forms)
    assert found[1].tolist() == (vectors().rows[2] * vectors().scale[2]).tolist()
    assert found[2].tolist() == [0.5] * 6
    assert [name for name, _ in encoder.named_parameters()] == ["unknown"]  # the vectors stay as they are
    assert list(encoder.state_dict()) == ["unknown"]


def test_a_share_of_words_and_vectors_is_hidden_in_training_alone() -> None:
    config = replace(NOTHING, word_dimension=4, word_dropout=0.5, vector_dropout=0.0)
    lexicon, encoder = made(config, vectors())
    words = words_of(lexicon, [[form for sentence in sample() for form in sentence.forms]])
    full = encoder(words.forms)
    assert encoder.word is not None
    unknown = encoder.word.weight[Vocabulary.UNKNOWN]
    torch.manual_seed(0)
    hidden = (encoder.train()(words.forms)[:, :4] == unknown).all(1).float().mean()
    assert 0.35 < hidden < 0.65
    assert encoder(words.forms)[:, 4:].equal(full[:, 4:])
    assert encoder.eval()(words.forms).equal(full)


def test_embeddings_begin_at_the_scale_of_syntaxnet() -> None:
    _, encoder = made(replace(NOTHING, word_dimension=64), Pretrained.none())
    assert encoder.word is not None
    assert encoder.word.weight.std().item() == pytest.approx(1 / 8, rel=0.05)


def test_a_form_without_characters_has_no_character_vector() -> None:
    lexicon, encoder = made(replace(NOTHING, character_dimension=4), Pretrained.none())
    assert (encoder(words_of(lexicon, [[""]]).forms)[1] == 0).all()


def test_a_form_has_the_same_characters_whatever_forms_are_beside_it() -> None:
    lexicon, encoder = made(replace(NOTHING, character_dimension=4), Pretrained.none())
    alone = encoder(words_of(lexicon, [["longest"]]).forms)[1]
    beside = encoder(words_of(lexicon, [["longest", "longest-of-all"]]).forms)[1]
    torch.testing.assert_close(alone, beside)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_both_directions_equal_torchs_on_packed_sentences(layers: int) -> None:
    torch.manual_seed(0)
    own = BiLSTM(BiLSTMConfig(layers=layers, hidden=5, dropout=0.3), 4).eval()
    torchs = nn.LSTM(4, 5, layers, batch_first=True, bidirectional=True)
    for layer in range(layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            for direction, suffix in ((own.forwards, ""), (own.backwards, "_reverse")):
                getattr(torchs, f"{name}_l{layer}{suffix}").data.copy_(getattr(direction[layer], f"{name}_l0"))
    vector, length = torch.randn(4, 6, 4), torch.tensor([6, 1, 3, 5])
    packed = nn.utils.rnn.pack_padded_sequence(vector, length, batch_first=True, enforce_sorted=False)
    expected, _ = nn.utils.rnn.pad_packed_sequence(torchs(packed)[0], batch_first=True)
    found = own(vector, length)
    is_token = torch.arange(6) < length.unsqueeze(1)
    torch.testing.assert_close(found[is_token], expected[is_token])
    padded = torch.cat([vector.masked_fill(~is_token.unsqueeze(2), 9.0), torch.full((4, 3, 4), 7.0)], 1)
    torch.testing.assert_close(own(padded, length)[:, :6][is_token], expected[is_token])
    assert own.dimension == 10


def test_dropout_is_of_training_alone() -> None:
    lstm = BiLSTM(BiLSTMConfig(layers=1, hidden=8, dropout=0.5), 4)
    vector, length = torch.randn(2, 5, 4), torch.tensor([5, 2])
    assert not lstm.train()(vector, length).equal(lstm(vector, length))
    assert lstm.eval()(vector, length).equal(lstm(vector, length))


def test_low_precision_is_near_and_for_reading_alone() -> None:
    torch.manual_seed(1)
    encoder = BiLSTM(BiLSTMConfig(hidden=8, dropout=0.0), 5).eval()
    vector, length = torch.randn(3, 6, 5), torch.tensor([6, 4, 1])
    exact = encoder(vector, length)
    encoder.low_precision = True
    near = encoder(vector, length)
    assert near.dtype == torch.float32
    assert torch.equal(near, exact) != supports_bfloat16("cpu")
    torch.testing.assert_close(near, exact, atol=0.02, rtol=0.02)
    torch.testing.assert_close(encoder.train()(vector, length), exact)
