"""Sentences from and to CoNLL-U, the format of Universal Dependencies (https://universaldependencies.org/format.html).

Every cell and comment is kept as the file writes it: a sentence that was read is written back byte for byte. A file
that breaks the format is refused with an error that names the place, or its malformed sentences are reported and
skipped. A sentence is written only if it would be read back the same. CoNLL-U Plus is read too: columns beyond the ten
become attributes of MISC.

    block        parses the text of one sentence into ten columns, or finds its fault
    plus         converts the columns of CoNLL-U Plus to those of CoNLL-U
    encoding     finds characters that no UTF-8 file can hold
    reading      divides a file into blocks and parses each block
    writing      writes sentences to a file
    interchange  converts from and to the objects of the `conllu` library
"""

from __future__ import annotations

from arcparse.treebank.interchange import from_conllu, to_conllu
from arcparse.treebank.reading import parse_conllu, read_conllu
from arcparse.treebank.writing import write_conllu

__all__ = ["from_conllu", "parse_conllu", "read_conllu", "to_conllu", "write_conllu"]
