"""Level 2: the universal tags and relations, and the form of features, enhanced relations and MISC.

The cells of a treebank repeat, so each distinct value is tested once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from unicodedata import category

from arcparse.sentence import COLUMNS, DEPREL, DEPS, EMPTY, FEATS, HEAD, ID, LEMMA, MISC, UPOS
from arcparse.validation.block import Block, CellFault, Fault

_TAGS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"
_RELATIONS = """
    acl advcl advmod amod appos aux case cc ccomp clf compound conj cop csubj dep det discourse dislocated expl fixed
    flat goeswith iobj list mark nmod nsubj nummod obj obl orphan parataxis punct reparandum root vocative xcomp
"""
TAGS, RELATIONS = frozenset(_TAGS.split()), frozenset(_RELATIONS.split())
RELATION = re.compile(r"[a-z]+(:[a-z]+)?")
OTHER = "ä"  # stands for every non-ASCII letter that is not a capital, and for every combining mark
ENHANCED = re.compile(rf"[a-z]+(:[a-z]+)?(:[a-z{OTHER}]+(_[a-z{OTHER}]+)*)?(:[a-z]+)?")
LETTERS = ("Ll", "Lm", "Lo", "Mn", "Mc", "Me")
FEATURE = re.compile(r"([A-Z][A-Za-z0-9]*(?:\[[a-z0-9]+\])?)=([A-Z0-9][A-Za-z0-9]*(?:,[A-Z0-9][A-Za-z0-9]*)*)")
ONCE = {"SpaceAfter", "Lang", "Translit", "LTranslit", "Gloss", "LId", "LDeriv", "Ref"}  # keys of MISC


def cell_faults(block: Block) -> Iterator[Fault]:
    """Find cells with values that UD does not allow, in a block whose rows have ten columns."""
    for number, row in enumerate(block.rows, block.first_row):
        name = row[ID]
        if "-" in name:
            faults = list(_range_faults(row))
        else:
            faults = [*feature_faults(row[FEATS]), *enhanced_faults(row[DEPS])]
            if "." in name:
                faults += [*_node_faults(row), *(tag_faults(row[UPOS]) if row[UPOS] != EMPTY else ())]
            else:
                faults += [*tag_faults(row[UPOS]), *relation_faults(row[DEPREL])]
        for fault in (*faults, *misc_faults(row[MISC])):
            yield number, *fault


def _range_faults(row: list[str]) -> Iterator[CellFault]:
    for column in range(LEMMA, MISC):
        if row[column] != EMPTY and (column, row[column]) != (FEATS, "Typo=Yes"):
            what = f"{COLUMNS[column].upper()} '{row[column]}' of the multiword token {row[ID]}; write '{EMPTY}'"
            yield "mwt-nonempty-field", what


def _node_faults(row: list[str]) -> Iterator[CellFault]:
    for column in (HEAD, DEPREL):
        if row[column] != EMPTY:
            what = f"{COLUMNS[column].upper()} '{row[column]}' of the empty node {row[ID]}; write '{EMPTY}'"
            yield "empty-node-nonempty-field", what


@lru_cache(maxsize=1 << 16)
def tag_faults(tag: str) -> tuple[CellFault, ...]:
    """Return the faults of a UPOS cell."""
    known = f"UPOS '{tag}' is none of UD's {len(TAGS)} tags{_nearest(tag, TAGS)}"
    return () if tag in TAGS else (("unknown-upos", known),)


@lru_cache(maxsize=1 << 16)
def relation_faults(label: str) -> tuple[CellFault, ...]:
    """Return the faults of a DEPREL cell; any subtype is allowed."""
    if not RELATION.fullmatch(label):
        return (
            ("invalid-deprel", f"DEPREL '{label}' is no relation; write small letters, and a colon before a subtype"),
        )
    return _unknown_relation("unknown-udeprel", "DEPREL", label, RELATIONS)


def _unknown_relation(name: str, column: str, label: str, known: frozenset[str]) -> tuple[CellFault, ...]:
    relation = label.partition(":")[0]
    if relation in known:
        return ()
    return ((name, f"{column} '{label}' is none of UD's {len(RELATIONS)} relations{_nearest(relation, known)}"),)


def _nearest(value: str, known: Iterable[str]) -> str:
    near = get_close_matches(value, sorted(known), 1)
    return f"; did you mean '{near[0]}'?" if near else "; take one of them"


@lru_cache(maxsize=1 << 16)
def feature_faults(feats: str) -> tuple[CellFault, ...]:
    """Return the faults of a FEATS cell."""
    return () if feats == EMPTY else tuple(_feature_faults(feats))


def _feature_faults(feats: str) -> Iterator[CellFault]:
    features = feats.split("|")
    if _unsorted(features):
        yield "unsorted-features", f"FEATS '{feats}' is not in order; sort it, ignoring upper and lower case"
    names = []
    for feature in features:
        match = FEATURE.fullmatch(feature)
        names.append(match[1] if match else feature)
        if not match:
            yield "invalid-feature", f"feature '{feature}' must be Name=Value, each with letters and digits only"
            continue
        values = match[2].split(",")
        if len(set(values)) < len(values):
            yield "repeated-feature-value", f"feature '{feature}' has a value twice; keep one"
        if _unsorted(values):
            yield "unsorted-feature-values", f"the values of feature '{feature}' are not in order; sort them"
    if len(set(names)) < len(names):
        yield "repeated-feature", f"FEATS '{feats}' has a feature twice; write it once, with a comma between its values"


def _unsorted(values: list[str]) -> bool:
    lower = [value.lower() for value in values]
    return lower != sorted(lower)


@lru_cache(maxsize=1 << 16)
def enhanced_faults(deps: str) -> tuple[CellFault, ...]:
    """Return the faults of the relations in a DEPS cell; its heads are tested in `graph`."""
    if deps == EMPTY:
        return ()
    faults: list[CellFault] = []
    for pair in deps.split("|"):
        label = pair.partition(":")[2]
        if not ENHANCED.fullmatch("".join(map(_letter, label))):
            faults.append(("invalid-edeprel", f"enhanced relation '{label}' in DEPS '{deps}' does not have UD's form"))
        else:
            faults += _unknown_relation("unknown-eudeprel", "DEPS", label, RELATIONS | {"ref"})
    return tuple(faults)


def _letter(character: str) -> str:
    return OTHER if not character.isascii() and category(character) in LETTERS else character


@lru_cache(maxsize=1 << 16)
def misc_faults(misc: str) -> tuple[CellFault, ...]:
    """Return a fault for each key that a MISC cell repeats although the key may stand only once."""
    if "|" not in misc:
        return ()
    keys = Counter(pair.partition("=")[0] for pair in misc.split("|"))
    twice = [key for key in keys if keys[key] > 1 and key in ONCE]
    return tuple(("repeated-misc", f"MISC has {key} {keys[key]} times; keep one") for key in twice)
