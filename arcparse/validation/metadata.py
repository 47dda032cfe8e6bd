"""Level 2: `# sent_id`, unique in the treebank, and `# text`, equal to the forms joined as `SpaceAfter=No` says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from arcparse.sentence import FORM, ID, MISC, numbering
from arcparse.validation.block import SENT_ID, Block, Fault
from arcparse.validation.graph import has_graph

DOCUMENT = re.compile(r"#\s*newdoc(?:\s+(\S+))?")
PARAGRAPH = re.compile(r"#\s*newpar(?:\s+(\S+))?")
TEXT = re.compile(r"#\s*text\s*=\s*(.*)")
NO_SPACE = "SpaceAfter=No"
SHOWN = 20  # characters of text in a message


@dataclass
class Treebank:
    """Facts about the earlier sentences; all files of one treebank share them."""

    sent_ids: set[str] = field(default_factory=set)
    first_with_graph: str = ""
    first_without_graph: str = ""
    ends_without_space: bool = False


def metadata_faults(block: Block, treebank: Treebank, place: str) -> Iterator[Fault]:
    """Find the faults of the comments of a sentence at `place`, and add its facts to `treebank`."""
    for name, message in (
        *_sent_id_faults(block.comments, treebank),
        *_graph_faults(block, treebank, place),
        *_division_faults(block.comments, treebank),
    ):
        yield block.first_row, name, message
    texts = [match[1] for match in map(TEXT.fullmatch, block.comments) if match]
    if len(texts) != 1:
        what = "no '# text = ...'; add the text as it was written" if not texts else "'# text' stands twice; keep one"
        yield block.first_row, "multiple-text" if texts else "missing-text", what
    elif not texts[0]:
        yield block.first_row, "empty-text", "'# text' is empty; add the text as it was written"
    else:
        if texts[0][-1].isspace():
            yield block.first_row, "text-trailing-whitespace", "'# text' ends in white space; remove it"
        yield from _text_faults(block, texts[0], treebank)


def _sent_id_faults(comments: Sequence[str], treebank: Treebank) -> Iterator[tuple[str, str]]:
    matches = [SENT_ID.fullmatch(comment) for comment in comments]
    for comment, match in zip(comments, matches, strict=True):
        if not match and comment.startswith(("# sent_id", "#sent_id")):
            yield "invalid-sent-id", f"'{comment}' must have the form '# sent_id = ID', with no white space in the ID"
    ids = [match[1] for match in matches if match]
    if len(ids) != 1:
        what = "'# sent_id' stands twice; keep one" if ids else "no '# sent_id = ...'; add one with a unique ID"
        yield "multiple-sent-id" if ids else "missing-sent-id", what
        return
    if ids[0] in treebank.sent_ids:
        yield "non-unique-sent-id", f"sent_id '{ids[0]}' is that of an earlier sentence; give a unique one"
    if ids[0].count("/") > 1:
        yield "slash-in-sent-id", f"sent_id '{ids[0]}' has more than one slash; use another character"
    treebank.sent_ids.add(ids[0])


def _graph_faults(block: Block, treebank: Treebank, place: str) -> Iterator[tuple[str, str]]:
    name = "edeps-only-sometimes"
    if has_graph(block):
        if not treebank.first_with_graph and treebank.first_without_graph:
            yield name, f"DEPS is given here and not at {treebank.first_without_graph}; give it everywhere or nowhere"
        treebank.first_with_graph = treebank.first_with_graph or place
    else:
        if not treebank.first_without_graph and treebank.first_with_graph:
            yield name, f"DEPS is given at {treebank.first_with_graph} and not here; give it everywhere or nowhere"
        treebank.first_without_graph = treebank.first_without_graph or place


def _division_faults(comments: Sequence[str], treebank: Treebank) -> Iterator[tuple[str, str]]:
    divisions = [
        sum(pattern.fullmatch(comment) is not None for comment in comments) for pattern in (DOCUMENT, PARAGRAPH)
    ]
    for name, count in zip(("newdoc", "newpar"), divisions, strict=True):
        if count > 1:
            yield f"multiple-{name}", f"'# {name}' stands {count} times; keep one"
    if any(divisions) and treebank.ends_without_space:
        what = (
            f"the sentence before ends in {NO_SPACE}, but a new document or paragraph begins here; remove one of them"
        )
        yield "spaceafter-newdocpar", what


def _text_faults(block: Block, text: str, treebank: Treebank) -> Iterator[Fault]:
    """Remove the forms of the tokens from the front of the text, one by one, and report each difference."""
    rest, mismatched = text, False
    tokens = {block.first_row + row for row, _ in numbering.tokens(block.columns[ID])}
    columns = (block.columns[column] for column in (ID, FORM, MISC))
    for number, (name, form, misc) in enumerate(zip(*columns, strict=True), block.first_row):
        for fault in _misc_faults(misc):
            yield number, *fault
        if number not in tokens:
            if NO_SPACE in misc:
                where, fault_name = (
                    ("an empty node", "empty-node") if "." in name else ("a word of a range", "mwt-node")
                )
                yield number, f"spaceafter-{fault_name}", f"{NO_SPACE} on {where}, {name}; only tokens may have it"
            continue
        if not rest.startswith(form):
            if not mismatched:
                found = rest[: len(form) + SHOWN]
                yield number, "text-form-mismatch", f"FORM '{form}', but '# text' has '{found}'; make them agree"
            mismatched = True
            continue
        rest = rest[len(form) :]
        treebank.ends_without_space = NO_SPACE in misc.split("|")
        if not treebank.ends_without_space:
            if rest and not rest[0].isspace():
                what = f"'{form}' is followed by '{rest[:SHOWN]}' in '# text'; write {NO_SPACE} into its MISC"
                yield number, "missing-spaceafter", what
            rest = rest.lstrip()
    if rest:
        yield block.first_row, "text-extra-chars", f"no FORM for '{rest[:SHOWN]}' in '# text'; make them agree"


def _misc_faults(misc: str) -> Iterator[tuple[str, str]]:
    if "SpaceAfter" not in misc:
        return
    if "NoSpaceAfter=Yes" in misc:
        yield "nospaceafter-yes", f"NoSpaceAfter=Yes in MISC; write {NO_SPACE}"
    if any(pair.startswith("SpaceAfter=") and pair != NO_SPACE for pair in misc.split("|")):
        yield (
            "spaceafter-value",
            f"SpaceAfter in MISC '{misc}' has a value other than No; write {NO_SPACE} or SpacesAfter",
        )
