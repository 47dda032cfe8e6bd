"""Encoders: from the forms of a batch to the vectors that features, taggers and scorers look up.

forms     the vector of each distinct form
bilstm    one encoder a file: a recurrent one
choice    encoders by name; `register` adds your own
"""

from arcparse.networks.encoder.bilstm import BiLSTM
from arcparse.networks.encoder.choice import Encoder, add_encoder, encoder_of, register
from arcparse.networks.encoder.forms import FormEncoder, SharedVectors

__all__ = [
    "BiLSTM",
    "Encoder",
    "FormEncoder",
    "SharedVectors",
    "add_encoder",
    "encoder_of",
    "register",
]
