"""Trees as sequences of symbols, so that parsing is translation (Vinyals et al. 2015, "Grammar as a Foreign Language").

The symbols of a dependency tree are the names of its arc-standard derivation, as `ArcStandard.name` writes them and in
the order of the static oracle: SHIFT, LEFT-ARC(nsubj), RIGHT-ARC(root)... A translator writes them without a transition
system, so its output need not be a derivation; `tree_of` tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from arcparse.errors import TreeError
from arcparse.sentence import NONE, ROOT, Tree

SHIFT = "SHIFT"
ARC = re.compile(r"(LEFT|RIGHT)-ARC\((.+)\)")


def symbols_of(tree: Tree) -> tuple[str, ...]:
    """Return the 2n transitions that build a tree of n words.

    Raises TreeError if it is not projective, or has not exactly one root.
    """
    waiting = [0] * len(tree.heads)  # children that a word has yet to take
    for head in tree.heads[1:]:
        waiting[head] += 1
    symbols, stack = list[str](), [ROOT]
    for word in range(1, len(tree.heads)):
        stack.append(word)
        symbols.append(SHIFT)
        while len(stack) > 1:
            below, top = stack[-2:]
            if tree.heads[below] == top and not waiting[below]:
                side, head, dependent = "LEFT", top, below
            elif tree.heads[top] == below and not waiting[top]:
                side, head, dependent = "RIGHT", below, top
            else:
                break
            stack.remove(dependent)
            waiting[head] -= 1
            symbols.append(f"{side}-ARC({tree.labels[dependent]})")
    if stack != [ROOT] or tree.heads.count(ROOT) != 1:
        raise TreeError(f"the heads {tree.heads[1:]} are no projective tree; leave it out or lift its arcs")
    return tuple(symbols)


def tree_of(symbols: Sequence[str], length: int) -> Tree | None:
    """Return the tree of `length` words that transitions build, or None if they are no derivation of one."""
    heads, labels = [NONE] * (length + 1), [""] * (length + 1)
    stack, front = [ROOT], 1
    for symbol in symbols:
        arc = ARC.fullmatch(symbol)
        if symbol == SHIFT and front <= length:
            stack.append(front)
            front += 1
        elif arc is not None and (len(stack) > 2 or _is_last(arc[1], stack, front, length)):
            below, top = stack[-2:]
            head, dependent = (top, below) if arc[1] == "LEFT" else (below, top)
            stack[-2:] = [head]
            heads[dependent], labels[dependent] = head, arc[2]
        else:
            return None
    is_tree = length > 0 and stack == [ROOT] and front > length
    return Tree(tuple(heads), tuple(labels)) if is_tree else None


def _is_last(side: str, stack: Sequence[int], front: int, length: int) -> bool:
    """Return whether the arc may be the root's: the root takes its one child last."""
    return side == "RIGHT" and len(stack) == 2 and front > length
