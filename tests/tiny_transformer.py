"""A Transformer of a few random weights and a tokeniser of a few pieces, made on the spot; nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from overfitted import sample

from arcparse.networks.encoder import PretrainedEncoder

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
POSITIONS = 49  # so that a window has 48 pieces
HIDDEN = 32


def libraries() -> tuple[Any, Any]:
    """Return the libraries transformers and tokenizers; the test is skipped if one is missing."""
    reason = "needs the library transformers; pip install arcparse[transformer]"
    return pytest.importorskip("transformers", reason=reason), pytest.importorskip("tokenizers", reason=reason)


def word_pieces() -> Any:
    """A tokeniser as BERT's: it knows the letters of the sample, and its words of up to four letters."""
    _, tokenizers = libraries()
    forms = sorted({form.lower() for sentence in sample() for form in sentence.forms})
    letters = sorted({letter for form in forms for letter in form})
    pieces = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    pieces += [form for form in forms if 1 < len(form) < 5 and form.isalpha()]
    number = {piece: i for i, piece in enumerate(pieces)}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(number, unk_token=SPECIAL[1]))
    made.normalizer = tokenizers.normalizers.BertNormalizer()
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.enable_truncation(8)  # as files of sentence encoders have it: it must not be heeded
    made.enable_padding(length=8)
    return made


def save_tiny_transformer(folder: Path) -> Path:
    """Write an encoder with two layers as transformers writes one, and return the folder."""
    transformers, _ = libraries()
    tokeniser = word_pieces()
    torch.manual_seed(1)
    config = transformers.BertConfig(
        vocab_size=tokeniser.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    transformers.BertModel(config).save_pretrained(folder)
    named = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokeniser, **named).save_pretrained(folder)
    return folder


def tiny_transformer(folder: Path) -> PretrainedEncoder:
    """Write such an encoder and open it."""
    return PretrainedEncoder.open(str(save_tiny_transformer(folder)))
