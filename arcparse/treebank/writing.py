"""Write sentences to a file; a sentence that would be read back differently is refused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from arcparse.errors import TreebankError
from arcparse.files import CHUNK, Location, name_of, replacing
from arcparse.sentence import COLUMNS, ID, Sentence, block_text
from arcparse.sentence.lists import each_sentence, lists_of
from arcparse.treebank.block import column_fault
from arcparse.treebank.encoding import first_fault
from arcparse.treebank.reading import parse_chunks

BATCH = 256  # sentences written at a time


def write_conllu(sentences: Iterable[Sentence], target: Location) -> None:
    """Write sentences to a path (compressed if it ends in .gz, .xz or .bz2) or a text stream.

    The file is written aside and renamed at the end: even after an error the path holds the old file or the whole new
    one. Raises TreebankError for a sentence that would not be read back the same, or if the path cannot be written;
    InputError for anything but sentences, a path and a stream.
    """
    texts = _verified_texts(each_sentence(sentences), name_of(target))
    if not isinstance(target, str | os.PathLike):
        for text in texts:
            target.write(text)
        return
    with replacing(Path(target)) as file:
        for text in texts:
            file.write(text.encode("utf-8"))


def _verified_texts(sentences: Iterable[Sentence], name: str) -> Iterator[str]:
    """Yield the text of BATCH sentences at a time; a batch that may have a fault is read back sentence by sentence."""
    line = 1
    for batch in lists_of(sentences, BATCH):
        text = "".join(map(block_text, batch))
        if first_fault(text) is None and _is_sound(batch, text):
            line += text.count("\n")
            yield text
            continue
        for sentence in batch:
            text = block_text(sentence)
            _check_by_reading(sentence, text, name, line)
            line += text.count("\n")
            yield text


def _is_sound(batch: list[Sentence], text: str) -> bool:
    """Return whether the text would certainly be read back as the same sentences, without reading it.

    That is so if every line begins correctly, no cell is empty, and the numbers of line breaks and tabs are those that
    the comments, rows and columns need.
    """
    breaks = tabs = 0
    for sentence in batch:
        comments, columns = sentence.comments, sentence.columns
        if len(columns) != len(COLUMNS) or not columns[ID] or column_fault(columns) or not all(map(all, columns)):
            return False
        size = len(columns[ID])
        breaks += len(comments) + size + 1
        tabs += (len(COLUMNS) - 1) * size
        for comment in comments:
            if comment[:1] != "#":
                return False
            tabs += comment.count("\t")
    return "\r" not in text and (text.count("\n"), text.count("\t")) == (breaks, tabs)


def _check_by_reading(sentence: Sentence, text: str, name: str, line: int) -> None:
    fault = first_fault(text)
    if fault is not None:
        raise TreebankError(f"{name}:{line + text.count(chr(10), 0, fault)}: {text[fault]!r} has no UTF-8; replace it")
    pieces = (text[start : start + CHUNK] for start in range(0, len(text), CHUNK))
    same = list(parse_chunks(pieces, name, line))
    if same != [sentence]:
        wrong = next((read for read in same if sentence != read), None)
        place = wrong.place if wrong is not None else f"{name}:{line + text.count(chr(10))}"
        why = "it has no words, a line break inside, or a comment without '#'; mend it before writing"
        raise TreebankError(f"{place}: this sentence would not be read back as it is: {why}")
