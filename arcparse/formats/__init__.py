"""Treebank formats: each is read to sentences and written from sentences, and losses are counted.

Each format holds the words and (`tag`: one of UPOS and XPOS, by default XPOS; UPOS in displacy and dot):

    format           columns                                          comments              ranges  empty nodes  DEPS
    conllu, jsonl    all                                              all                   kept    kept         kept
    conllx           LEMMA UPOS XPOS FEATS HEAD DEPREL,               dropped               --      --           --
                     PHead and PDeprel in MISC
    conll2009        LEMMA tag FEATS HEAD DEPREL, PLemma PPos PFeats  dropped               --      --           --
                     PHead PDeprel FillPred Pred APred1... in MISC
    conll2003        tag, Chunk and NER in MISC                       newdoc as -DOCSTART-  --      --           --
    conll2000        tag, Chunk in MISC                               dropped               --      --           --
    columns          the named ones, unknown names in MISC            newdoc as -DOCSTART-  --      --           --
    nltk, nltk4      tag HEAD, with 4 DEPREL                          dropped               --      --           --
    tagged, word_tag tag                                              dropped               --      --           --
    vertical         none                                             dropped               --      --           --
    horizontal       none                                             dropped               --      --           --
    text             TokenRange, SpaceAfter, SpacesAfter and          text; newpar and      their   --           --
                     SpacesBefore in MISC, as white space             newdoc as blank line  form
    lines            SpaceAfter in MISC, as white space               as in text            form    --           --
    penn             tag (read only)                                  --                    --      --           --
    bracketed        HEAD DEPREL, but not the order of words          dropped               --      --           --
    bracketed-order  HEAD DEPREL                                      dropped               --      --           --
    displacy         tag HEAD DEPREL, but no label of the root        dropped               --      --           --
    dot              tag HEAD DEPREL                                  all                   --      --           --

`--`: the row of a range or empty node is left out and counted; the words of a range stay, and no empty node is part of
the basic tree. Enhanced dependencies (DEPS) are left out with their column. A conversion never changes the basic tree.
If a format has one space between columns, a space inside a cell becomes a no-break space. A -DOCSTART- line has no
place for the id of `# newdoc id`. Attributes of MISC that are columns come back in the order of the columns. Plain text
is divided into sentences and words anew. Sentences that were made of plain text give it back byte for byte, since their
MISC holds all white space, as in UDPipe. Columns of CoNLL-U Plus (`# global.columns`) that CoNLL-U lacks are read into
MISC under their names. All other contents of a format come back byte for byte. Losses are reported with counts, or
refused with --strict.

    format        the definition of a format, and the losses of a sentence in it
    source        files, folders, patterns and streams
    conllu        CoNLL-U
    table         all other formats of a word a line
    running_text  plain, horizontal and tagged text
    bracketed     trees in brackets, and back
    penn          words and tags from Penn Treebank brackets
    graphs        displaCy and DOT
    json_lines    JSON Lines
    guessing      the format of a file from its beginning
    registry      all formats by name, and `register` for your own
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
from arcparse.formats.registry import formats, register
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
    "register",
    "write_sentences",
]
