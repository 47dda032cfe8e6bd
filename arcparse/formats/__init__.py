"""Treebank formats: any is read to sentences, any sentences are written to it, what it cannot hold is counted.

What each holds, besides the words themselves (`tag`: one of UPOS and XPOS, XPOS unless chosen; in pictures UPOS):

    format           columns                                          comments              ranges  empty nodes  DEPS
    conllu, jsonl    all                                              all                   kept    kept         kept
    conllx           LEMMA UPOS XPOS FEATS HEAD DEPREL,               dropped               --      --           --
                     PHead and PDeprel in MISC
    conll2009        LEMMA tag FEATS HEAD DEPREL, PLemma PPos PFeats  dropped               --      --           --
                     PHead PDeprel FillPred Pred APred1... in MISC
    conll2003        tag, Chunk and NER in MISC                       newdoc as -DOCSTART-  --      --           --
    conll2000        tag, Chunk in MISC                               dropped               --      --           --
    columns          those that are named, others in MISC             newdoc as -DOCSTART-  --      --           --
    nltk, nltk4      tag HEAD, with 4 DEPREL                          dropped               --      --           --
    tagged, word_tag tag                                              dropped               --      --           --
    vertical         none                                             dropped               --      --           --
    horizontal       none                                             dropped               --      --           --
    text             TokenRange, SpaceAfter, SpacesAfter and          text; newpar and      their   --           --
                     SpacesBefore in MISC, as white space             newdoc as blank line  form
    penn             tag (read only)                                  --                    --      --           --
    bracketed        HEAD DEPREL, but not where words stand           dropped               --      --           --
    bracketed-order  HEAD DEPREL                                      dropped               --      --           --
    displacy         tag HEAD DEPREL, but not the root's              dropped               --      --           --
    dot              tag HEAD DEPREL                                  all                   --      --           --

`--`: the row of a range or empty node is left out, and counted; the words of a range stay, an empty node's basic tree
never knew it. Enhanced dependencies (DEPS) are left out with their column. The basic tree is never changed by
a conversion. Where a format has one space between columns, a space inside a cell is a no-break space. A -DOCSTART-
line has no place for the id of `# newdoc id`. Attributes of MISC that are columns come back in the columns' order.
Plain text is divided into sentences and words anew; it comes back byte for byte, all white space included, from the
sentences that were made of it, since their MISC says it as UDPipe does. Columns of CoNLL-U Plus (`# global.columns`)
that CoNLL-U lacks are read into MISC under their names. All else that a format holds comes back the same, byte for
byte, and what it loses is told with counts, or refused with --strict.

    format        what a format is, and what a sentence loses in it
    source        files, folders, patterns and streams
    table         all formats of a word a line
    running_text  plain, horizontal and tagged text
    bracketed     trees in brackets, and back
    penn          words and tags from Penn Treebank brackets
    graphs        displaCy and DOT
    json_lines    JSON Lines
    guessing      the format of a file from its beginning
    registry      all formats by name
    conversion    reading and writing by format
"""

from __future__ import annotations

from arcparse.files import COMPRESSED, opened
from arcparse.formats.conversion import (
    SentenceWriter,
    format_named_by,
    format_of,
    read_sentences,
    write_sentences,
)
from arcparse.formats.format import Format, losses
from arcparse.formats.guessing import guess
from arcparse.formats.registry import formats
from arcparse.formats.source import expanded

__all__ = [
    "COMPRESSED",
    "Format",
    "SentenceWriter",
    "expanded",
    "format_named_by",
    "format_of",
    "formats",
    "guess",
    "losses",
    "opened",
    "read_sentences",
    "write_sentences",
]
