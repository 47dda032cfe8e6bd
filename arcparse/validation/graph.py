"""Level 2: heads that exist, one tree over the words, and an enhanced graph whose nodes are all below the root."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from arcparse.sentence import DEPS, EMPTY, HEAD, ID, NONE
from arcparse.trees import find_cycle
from arcparse.validation.block import Block, Fault

NODE = re.compile(r"(0|[1-9][0-9]*)(\.[1-9][0-9]*)?")
BASIC = re.compile(r"0|[1-9][0-9]*")
Pairs = tuple[tuple[str, str], ...]


def head_faults(block: Block) -> Iterator[Fault]:
    """Find heads that are no word's number or the word itself; if there are none, find extra roots and cycles."""
    ids, heads = block.columns[ID], block.columns[HEAD]
    targets = {"0", *(ids[row] for row in block.words)}
    sound = True
    for row in block.words:
        if heads[row] in targets and heads[row] != ids[row]:
            continue
        sound = False
        number, remedy = block.first_row + row, f"give 0 for the root or another word's number up to {len(targets) - 1}"
        if heads[row] == ids[row]:
            yield number, "head-self-loop", f"HEAD '{heads[row]}' points to the word itself; {remedy}"
        elif BASIC.fullmatch(heads[row]):
            yield number, "unknown-head", f"HEAD '{heads[row]}' is no word of the sentence; {remedy}"
        else:
            yield number, "invalid-head", f"HEAD '{heads[row]}' is no number; {remedy}"
    if sound:
        yield from _tree_faults(block.first_row, [NONE, *(int(heads[row]) for row in block.words)])


def _tree_faults(first_row: int, heads: Sequence[int]) -> Iterator[Fault]:
    roots = [str(word) for word, head in enumerate(heads) if head == 0]
    if len(roots) > 1:
        yield first_row, "multiple-roots", f"words {', '.join(roots)} all have head 0; a tree has one root"
    cycle = find_cycle(heads)
    if cycle:
        chain = " -> ".join(map(str, (*cycle, cycle[0])))
        yield first_row, "non-tree", f"the heads form a cycle ({chain}); attach one of these words elsewhere"


def enhanced_faults(block: Block) -> Iterator[Fault]:
    """Find faults of the heads in DEPS; if the heads are valid, find nodes that no path from the root reaches."""
    ids, cells = block.columns[ID], block.columns[DEPS]
    nodes = [row for row, name in enumerate(ids) if "-" not in name]
    known = {"0", *(ids[row] for row in nodes)}
    sound, graph = True, {}
    for row in nodes:
        if cells[row] == EMPTY:
            continue
        pairs = graph[ids[row]] = relations(cells[row])
        for name, message in (*order_faults(cells[row]), *_reference_faults(ids[row], cells[row], pairs, known)):
            sound = sound and name not in ("invalid-deps", "unknown-ehead")
            yield block.first_row + row, name, message
    if sound and has_graph(block):
        lost = _unreached([ids[row] for row in nodes], graph)
        if lost:
            row = ids.index(min(lost))
            what = f"no path of DEPS leads from the root to {', '.join(sorted(lost, key=_key))}; attach one of them"
            yield block.first_row + row, "unconnected-egraph", what


def has_graph(block: Block) -> bool:
    """Return whether a sentence has enhanced annotation: an empty node, or a DEPS cell."""
    pairs = zip(block.columns[ID], block.columns[DEPS], strict=True)
    return any("." in name or (deps != EMPTY and "-" not in name) for name, deps in pairs)


@lru_cache(maxsize=1 << 16)
def relations(deps: str) -> Pairs:
    """Return head and relation of each part of a DEPS cell; both are empty for a part that is not `head:relation`."""
    if deps == EMPTY:
        return ()
    parts = [part.partition(":") for part in deps.split("|")]
    return tuple((head, label) if colon and NODE.fullmatch(head) else ("", "") for head, colon, label in parts)


@lru_cache(maxsize=1 << 16)
def order_faults(deps: str) -> tuple[tuple[str, str], ...]:
    """Return a fault if the parts of a DEPS cell are out of order, or if one part stands twice."""
    pairs = relations(deps)
    heads = [_key(head) for head, _ in pairs if head]
    if heads != sorted(heads):
        return (("unsorted-deps", f"DEPS '{deps}' is not sorted by head; sort it"),)
    again = [later for earlier, later in pairwise(pairs) if earlier == later and later[0]]
    if again:
        return (("repeated-deps", f"DEPS has {again[0][0]}:{again[0][1]} twice; keep one"),)
    if list(pairs) != sorted(pairs, key=lambda pair: (_key(pair[0]), pair[1])):
        return (("unsorted-deps-2", f"the relations to one head in DEPS '{deps}' are not sorted; sort them"),)
    return ()


def _reference_faults(name: str, deps: str, pairs: Pairs, known: set[str]) -> Iterator[tuple[str, str]]:
    for head, label in pairs:
        if not head:
            yield "invalid-deps", f"DEPS '{deps}' must have the form HEAD:RELATION|HEAD:RELATION"
        elif head == name:
            yield "deps-self-loop", f"DEPS {head}:{label} points to the node itself; give another"
        elif head not in known:
            yield "unknown-ehead", f"DEPS {head}:{label} points to no node of the sentence; give one that is there"


def _unreached(names: Sequence[str], graph: dict[str, Pairs]) -> set[str]:
    children = defaultdict(list)
    for name, pairs in graph.items():
        for head, _ in pairs:
            children[head].append(name)
    lost, waiting = set(names), ["0"]
    while waiting:
        for child in children[waiting.pop()]:
            if child in lost:
                lost.remove(child)
                waiting.append(child)
    return lost


def _key(node: str) -> tuple[int, int]:
    number, _, part = node.partition(".")
    return int(number or 0), int(part or 0)
