"""Sentences from and to CoNLL-U, the format of Universal Dependencies (https://universaldependencies.org/format.html).

Every cell and comment is kept as the file writes it, so that what was read is written back byte for byte; a file that
breaks the format is refused with its place, or its bad sentences are reported and passed over. Nothing is written that
would not be read back the same. CoNLL-U Plus is read, too: columns beyond the ten become attributes of MISC.

    block        the text of one sentence: ten columns, or the fault that it has
    plus         the columns of CoNLL-U Plus as CoNLL-U's
    encoding     characters that no UTF-8 file can hold
    reading      a file to its blocks, a block to a sentence
    writing      sentences to a file
    interchange  from and to the objects of the `conllu` library
"""

from __future__ import annotations

from arcparse.treebank.interchange import from_conllu, to_conllu
from arcparse.treebank.reading import parse_conllu, read_conllu
from arcparse.treebank.writing import write_conllu

__all__ = ["from_conllu", "parse_conllu", "read_conllu", "to_conllu", "write_conllu"]
