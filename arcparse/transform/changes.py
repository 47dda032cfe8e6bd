"""Other trees, tags, labels and forms for the same words; DEPS and comments stay, `# text` follows the forms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from arcparse import trees
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.sentence import COLUMNS, EMPTY, FORM, ID, LEMMA, MISC, UPOS, XPOS, Sentence, Tree, numbering
from arcparse.sentence.spacing import is_mark
from arcparse.trees import pseudo_projective
from arcparse.trees.pseudo_projective import Projectivity

Sentences = Iterable[Sentence]

NAMES = frozenset(("PROPN", "NNP", "NNPS", "NE", "NR"))  # tags of words that may name somebody
NAMING = re.compile(r"\d|@|://|^www\.")  # numbers, addresses
MERGEABLE = ("lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


def projectivise(sentences: Sentences, encoding: Projectivity = "head") -> Iterator[Sentence]:
    """Lift non-projective arcs and mark them in the labels. Raises TreeError if a sentence has no tree."""
    for sentence in sentences:
        trees.check_tree(sentence.tree, sentence.place)
        yield _with_tree(sentence, pseudo_projective.projectivise(sentence.tree, encoding, sentence.place))


def deprojectivise(sentences: Sentences, encoding: Projectivity = "head") -> Iterator[Sentence]:
    """Attach lifted words again, as their labels say. Raises TreeError if a sentence has no tree."""
    for sentence in sentences:
        trees.check_tree(sentence.tree, sentence.place)
        yield _with_tree(sentence, pseudo_projective.deprojectivise(sentence.tree, encoding))


def _with_tree(sentence: Sentence, tree: Tree) -> Sentence:
    return sentence if tree == sentence.tree else sentence.with_tree(tree)


def read_table(path: Path) -> dict[str, str]:
    """Read a table of two columns, old and new, separated by blanks.

    A line that begins with `#` is a comment unless it has a tab: `#` is a tag of the Penn Treebank.

    Raises ConfigurationError, with file and line, for any other line and for a repeated old value.
    """
    table: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}; give a table of two columns, in UTF-8") from None
    for number, line in enumerate(lines, 1):
        cells = line.split()
        if not cells or (line.startswith("#") and "\t" not in line):
            continue
        if len(cells) != 2 or cells[0] in table:
            problem = (
                f"{cells[0]!r} is repeated" if len(cells) == 2 else f"{len(cells)} columns, expected two: old and new"
            )
            raise ConfigurationError(f"{path}:{number}: {problem}")
        table[cells[0]] = cells[1]
    return table


def upos_from_xpos(sentences: Sentences, table: Mapping[str, str]) -> Iterator[Sentence]:
    """Give each word the UPOS that the table has for its XPOS, else the one for `*`; without both, UPOS stays."""
    rest = table.get("*")
    for sentence in sentences:
        pairs = zip(sentence.xpos, sentence.upos, strict=True)
        yield sentence.replace(upos=[table.get(xpos, rest or upos) for xpos, upos in pairs])


def relabel(sentences: Sentences, table: Mapping[str, str]) -> Iterator[Sentence]:
    """Replace labels by those that the table gives for them."""
    for sentence in sentences:
        yield sentence.replace(labels=[table.get(label, label) for label in sentence.labels])


def strip_subtypes(sentences: Sentences) -> Iterator[Sentence]:
    """Cut labels at their colon: `nsubj:pass` becomes `nsubj`."""
    for sentence in sentences:
        yield sentence.replace(labels=[label.partition(":")[0] or label for label in sentence.labels])


def lower_case(sentences: Sentences) -> Iterator[Sentence]:
    """Lower-case `# text` and the forms of words, ranges and empty nodes."""
    for sentence in sentences:
        forms = tuple([form.lower() for form in sentence.columns[FORM]])
        comments = [f"# text = {c.partition('=')[2].strip().lower()}" if _is_text(c) else c for c in sentence.comments]
        yield _with_columns(sentence, {FORM: forms}, comments)


def anonymise(sentences: Sentences) -> Iterator[Sentence]:
    """Mask names, numbers and addresses: letters become `x` or `X`, digits `0`; other hints are dropped.

    Tags, UPOS or XPOS, tell names. Of the comments, bare `# newdoc` and `# newpar`, a running sent_id and the masked
    text remain, of MISC only white space. The lemmas of masked words are masked too.
    """
    for number, sentence in enumerate(sentences, 1):
        masked = _masked_rows(sentence)
        columns = {
            column: tuple([_mask(c) if row in masked else c for row, c in enumerate(sentence.columns[column])])
            for column in (FORM, LEMMA)
        }
        columns[MISC] = tuple(["|".join(filter(is_mark, misc.split("|"))) or EMPTY for misc in sentence.columns[MISC]])
        begins = [
            f"# {new}" for new in ("newdoc", "newpar") if any(re.match(rf"#\s*{new}\b", c) for c in sentence.comments)
        ]
        bare = _with_columns(sentence, columns, [*begins, f"# sent_id = {number}"])
        yield bare.replace(comments=[*bare.comments, f"# text = {bare.text}"])


def _masked_rows(sentence: Sentence) -> set[int]:
    forms, upos, xpos = (sentence.columns[column] for column in (FORM, UPOS, XPOS))
    masked = {row for row, form in enumerate(forms) if upos[row] in NAMES or xpos[row] in NAMES or NAMING.search(form)}
    for row, words in numbering.ranges(sentence.columns[ID]):
        if masked & {sentence.word_rows[word - 1] for word in words}:  # one masked word masks the whole range
            masked.add(row)
    return masked


def _mask(text: str) -> str:
    if text == EMPTY:
        return text
    return "".join(["X" if c.isupper() else "x" if c.isalpha() else "0" if c.isdigit() else c for c in text])


def merge(sentences: Sentences, other: Sentences, columns: Sequence[str]) -> Iterator[Sentence]:
    """Take columns of the words from `other`, sentence by sentence, for example trees for other tags.

    Raises ConfigurationError for a column that cannot be taken, TreebankError if forms or numbers of sentences differ.
    """
    unknown = [name for name in columns if name not in MERGEABLE]
    if unknown:
        raise ConfigurationError(f"column {unknown[0]!r} cannot be merged; choose from {', '.join(MERGEABLE)}")
    for ours, theirs in zip_longest(sentences, other):
        if ours is None or theirs is None:
            place = (ours or theirs).place
            raise TreebankError(f"{place}: the other file has no such sentence; merge files of the same sentences")
        if ours.forms != theirs.forms:
            pairs = zip_longest(ours.forms, theirs.forms)
            word, (one, another) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
            places = f"{ours.place}, {theirs.place}"
            raise TreebankError(
                f"{places}: word {word} is {one!r} here, {another!r} there; merge files of the same words"
            )
        yield _merged(ours, theirs, columns)


def _merged(ours: Sentence, theirs: Sentence, names: Sequence[str]) -> Sentence:
    columns = {}
    for column in map(COLUMNS.index, names):
        cells = list(ours.columns[column])
        for row, cell in zip(ours.word_rows, theirs.words(column), strict=True):
            cells[row] = cell
        columns[column] = tuple(cells)
    return _with_columns(ours, columns)


def _with_columns(
    sentence: Sentence, columns: Mapping[int, tuple[str, ...]], comments: Sequence[str] | None = None
) -> Sentence:
    cells = tuple([columns.get(number, old) for number, old in enumerate(sentence.columns)])
    return Sentence(sentence.comments if comments is None else tuple(comments), cells, sentence.place)


def _is_text(comment: str) -> bool:
    name, equals, _ = comment[1:].partition("=")
    return bool(equals) and name.strip() == "text"
