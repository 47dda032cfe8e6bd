"""Encoders: from the forms of a batch to the vectors that features, taggers and scorers look up.

forms        the vector of each distinct form
bilstm       one encoder a file: a recurrent one
transformer  a pretrained one, which reads the pieces of words (`pieces`) and is opened from a folder (`opened`)
choice       encoders by name; `register` adds your own
"""

from arcparse.networks.encoder.bilstm import BiLSTM
from arcparse.networks.encoder.choice import (
    AnyEncoder,
    Encoder,
    WordEncoder,
    add_encoder,
    encoder_of,
    files_of,
    read,
    register,
)
from arcparse.networks.encoder.forms import FormEncoder, SharedVectors
from arcparse.networks.encoder.opened import PretrainedEncoder
from arcparse.networks.encoder.transformer import Transformer

__all__ = [
    "AnyEncoder",
    "BiLSTM",
    "Encoder",
    "FormEncoder",
    "PretrainedEncoder",
    "SharedVectors",
    "Transformer",
    "WordEncoder",
    "add_encoder",
    "encoder_of",
    "files_of",
    "read",
    "register",
]
