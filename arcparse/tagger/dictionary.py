"""A user's dictionary: forms whose tags are known, so that no model has to guess them.

A file has a line for each form: the form, its UPOS and, if wanted, XPOS and FEATS, with tabs between. A column that is
left out is `_`. Forms are looked up as they are written; upper and lower case differ. Blank lines, and lines that begin
with `#` and have no tab, are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from arcparse.errors import InputError, TreebankError, shown
from arcparse.files import Location, chunks_of, name_of
from arcparse.sentence import EMPTY, Sentence
from arcparse.treebank.encoding import BYTE_ORDER_MARK

Tags: TypeAlias = "tuple[str, str, str]"  # UPOS, XPOS, FEATS
Dictionary: TypeAlias = "Mapping[str, Tags]"

UNTAGGED: Tags = (EMPTY, EMPTY, EMPTY)


def read_dictionary(source: Location) -> dict[str, Tags]:
    """Return the tags by form of a file (.gz, .xz and .bz2 too) or a text stream.

    Raises TreebankError, with file and line, for a line that is no entry or contradicts another one.
    """
    name = name_of(source)
    found: dict[str, Tags] = {}
    text = "".join(chunks_of(source, name)).removeprefix(BYTE_ORDER_MARK)
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip() or (line.startswith("#") and "\t" not in line):
            continue
        place = f"{name}:{number}"
        form, tags = _entry(line, place)
        if found.setdefault(form, tags) != tags:
            raise TreebankError(f"{place}: {form!r} has other tags above: {' '.join(found[form])}; keep one of them")
    return found


def _entry(line: str, place: str) -> tuple[str, Tags]:
    cells = line.split("\t")
    if not 2 <= len(cells) <= 4:
        raise TreebankError(f"{place}: {len(cells)} columns in {line[:60]!r}, expected 2 to 4: form, UPOS, XPOS, FEATS")
    if any(not cell.strip() for cell in cells) or cells[1] == EMPTY:
        raise TreebankError(f"{place}: a form and its UPOS must be there, and no cell empty; found {line[:60]!r}")
    if not line.isascii() and any("\udc80" <= character <= "\udcff" for character in line):
        raise TreebankError(f"{place}: not UTF-8 in {line[:60]!a}; convert the file")
    upos, xpos, feats = (*cells[1:], EMPTY, EMPTY)[:3]
    return cells[0], (upos, xpos, feats)


def with_dictionary(sentence: Sentence, dictionary: Dictionary, *, given_tags: bool = True) -> Sentence:
    """Return the sentence with the dictionary's tags on its words.

    With `given_tags`, words that have a tag keep it. Without, only words of the dictionary have tags afterwards. Raises
    InputError if the dictionary has anything but three tags for a word.
    """
    own = zip(sentence.upos, sentence.xpos, sentence.feats, strict=True)
    kept = [tags if given_tags else UNTAGGED for tags in own]
    tags = [
        _checked(form, dictionary.get(form, UNTAGGED)) if mine == UNTAGGED else mine
        for form, mine in zip(sentence.forms, kept, strict=True)
    ]
    upos, xpos, feats = zip(*tags, strict=True) if tags else ((), (), ())
    return sentence.replace(upos=upos, xpos=xpos, feats=feats)


def _checked(form: str, tags: Tags) -> Tags:
    if not isinstance(tags, tuple | list) or len(tags) != 3:
        raise InputError(
            f"the dictionary must have UPOS, XPOS and FEATS of {form!r}, as ('NOUN', '_', '_'), not {shown(tags)}"
        )
    return tags
