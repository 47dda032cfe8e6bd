"""Sequence to sequence: encoders, attention and decoders, their outputs found by the one beam search.

regularisation  locked and embedding dropout, DropConnect, zoneout
recurrent       RNN, LSTM and GRU in one direction or both
transformer     encoder and decoder
attention       where to look
encoder         symbols to memory
embeddings      where embeddings start from
decoder         memory to symbols
decoding        writing as a transition system
model           all of them, saved and loaded
pairs           parallel texts
task            training
segmenter       characters to tokens and sentences, N to N
labelled        texts with labels
classifier      texts to labels, N to 1
skip_thought    sentences to vectors, learned from their neighbours
language_model  how likely the next symbol of a text is
continuation    going on with a text as a transition system
"""

from __future__ import annotations

from pathlib import Path

from arcparse.checkpoint import find_model
from arcparse.seq2seq.memory import Memory
from arcparse.seq2seq.model import Output, Seq2Seq

__all__ = ["Memory", "Output", "Seq2Seq", "load"]


def load(name_or_path: str | Path) -> Seq2Seq:
    """Return the sequence-to-sequence model of a directory or archive, or the shipped one of that name."""
    return Seq2Seq.load(find_model(name_or_path))
