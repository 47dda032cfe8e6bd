"""Dependency trees as heads: cycles, the single root, projectivity, and lifting.

Heads are a sequence with the root at position 0, whose head is -1, as in `arcparse.sentence.Tree`. An arc h -> d is
projective if every word strictly between h and d descends from h. A tree is projective if all its arcs are: exactly
these trees can be built by arc-standard transitions (Nivre 2008, section 4). Other trees are made projective by
lifting, the shortest arc first (Nivre & Nilsson 2005, "Pseudo-Projective Dependency Parsing", section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from arcparse.errors import TreeError
from arcparse.sentence import NONE, ROOT, Sentence, Tree

Arc = tuple[int, int]  # head, dependent


def find_cycle(heads: Sequence[int]) -> tuple[int, ...]:
    """Return the words of one cycle, each followed by its head, from the lowest number on; empty if there is no cycle.

    A word without a head (-1) ends a chain. Heads must lie inside the sentence.
    """
    climbed_from = [ROOT] * len(heads)
    for start in range(1, len(heads)):
        word = start
        while word > ROOT and climbed_from[word] == ROOT:
            climbed_from[word] = start
            word = heads[word]
        if word > ROOT and climbed_from[word] == start:
            return _around(heads, word)
    return ()


def _around(heads: Sequence[int], word: int) -> tuple[int, ...]:
    cycle = [word]
    while heads[cycle[-1]] != word:
        cycle.append(heads[cycle[-1]])
    lowest = cycle.index(min(cycle))
    return tuple(cycle[lowest:] + cycle[:lowest])


def check_tree(tree: Tree, place: str = "") -> None:
    """Raise TreeError unless the words form one tree with exactly one child of the root; its message names `place`."""
    problem = _problem(tree.heads)
    if problem:
        raise TreeError(f"{place}: {problem}" if place else problem)


def checked(sentences: Iterable[Sentence], on_error: Callable[[TreeError], None] | None = None) -> Iterator[Sentence]:
    """Yield the sentences whose words form one tree with exactly one child of the root.

    If `on_error` is given, other sentences are skipped and their errors are passed to that function; otherwise the
    first such sentence raises TreeError. The message begins with file, line and sent_id.
    """
    for sentence in sentences:
        sent_id = sentence.comment("sent_id")
        try:
            check_tree(sentence.tree, f"{sentence.place} (sent_id {sent_id})" if sent_id else sentence.place)
        except TreeError as error:
            if on_error is None:
                raise
            on_error(error)
        else:
            yield sentence


def _problem(heads: Sequence[int]) -> str:
    size = len(heads) - 1
    for word in range(1, size + 1):
        if heads[word] == NONE:
            return f"word {word} has no head; every word of a tree needs one, 0 for the root"
        if not ROOT <= heads[word] <= size:
            return f"HEAD '{heads[word]}' of word {word} is outside the sentence of {size} words"
    cycle = find_cycle(heads)
    if cycle:
        chain = " -> ".join(map(str, (*cycle, cycle[0])))
        return f"the heads form a cycle ({chain}); attach one of these words elsewhere"
    roots = [word for word in range(1, size + 1) if heads[word] == ROOT]
    if len(roots) > 1:
        return f"words {', '.join(map(str, roots))} all have head 0; a tree has one root"
    return "" if roots else "a sentence without words has no root"


def is_projective(heads: Sequence[int]) -> bool:
    """Return whether the heads are a projective tree: greedy reduction of a stack then builds it, in linear time."""
    waiting = [0] * len(heads)  # the number of children that are not yet attached to each word
    for head in heads[1:]:
        waiting[head] += 1
    stack: list[int] = []
    for word in range(len(heads)):
        stack.append(word)
        while len(stack) > 1:
            below, top = stack[-2:]
            if heads[below] == top and not waiting[below]:
                del stack[-2]
                waiting[top] -= 1
            elif heads[top] == below and not waiting[top]:
                del stack[-1]
                waiting[below] -= 1
            else:
                break
    return stack == [ROOT]


def non_projective_arcs(heads: Sequence[int]) -> list[Arc]:
    """Return the arcs (head, dependent) that span a word which does not descend from the head, in order of dependents.

    The heads must be a tree. Takes n log n time for n words: a subtree is an interval of ranks in a depth-first
    order, so an arc is projective if the lowest and the highest rank of its spanned words lie in its head's interval.
    """
    if is_projective(heads):
        return []
    rank, last = _intervals(heads)
    lowest, highest = _over_ranges(rank, min), _over_ranges(rank, max)
    arcs = []
    for word in range(1, len(heads)):
        head = heads[word]
        start, stop = min(head, word) + 1, max(head, word)
        if start < stop and not rank[head] <= lowest(start, stop) <= highest(start, stop) <= last[head]:
            arcs.append((head, word))
    return arcs


def _intervals(heads: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return each word's rank in depth-first order, and the last rank of its subtree."""
    children: list[list[int]] = [[] for _ in heads]
    for word in range(1, len(heads)):
        children[heads[word]].append(word)
    order, stack = [], [ROOT]
    while stack:
        order.append(stack.pop())
        stack.extend(children[order[-1]])
    rank = [0] * len(heads)
    for position, word in enumerate(order):
        rank[word] = position
    last = list(rank)
    for word in reversed(order[1:]):
        last[heads[word]] = max(last[heads[word]], last[word])
    return rank, last


def _over_ranges(values: list[int], pick: Callable[[int, int], int]) -> Callable[[int, int], int]:
    """Return a function from a range (start, stop) to its minimum or maximum, found in two windows of 2^k values."""
    windows, width = [values], 1
    while 2 * width <= len(values):
        windows.append(list(map(pick, windows[-1], windows[-1][width:])))
        width *= 2

    def over(start: int, stop: int) -> int:
        level = (stop - start).bit_length() - 1
        return pick(windows[level][start], windows[level][stop - (1 << level)])

    return over


def projectivise(heads: Sequence[int]) -> tuple[int, ...]:
    """Return projective heads: while an arc is non-projective, lift the shortest (then leftmost) to its head's head.

    The heads must be a tree; the root keeps its one child. Only the old head loses descendants by a lift. Therefore
    only the lifted arc and the old head's other arcs are tested again, and an arc leaves the queue only by a lift.
    """
    lifted = list(heads)
    queue = [(abs(head - word), word) for head, word in non_projective_arcs(heads)]
    heapify(queue)
    queued = {word for _, word in queue}
    while queue:
        _, word = heappop(queue)
        queued.remove(word)
        old = lifted[word]
        lifted[word] = lifted[old]
        siblings = [sibling for sibling, head in enumerate(lifted) if head == old]
        for changed in (word, *siblings):
            if changed not in queued and not _spans_descendants(lifted, changed):
                heappush(queue, (abs(lifted[changed] - changed), changed))
                queued.add(changed)
    return tuple(lifted)


def _spans_descendants(heads: Sequence[int], word: int) -> bool:
    """Return whether the arc to `word` is projective, by climbing from each word that it spans."""
    head = heads[word]
    for below in range(min(head, word) + 1, max(head, word)):
        while below not in (head, ROOT):
            below = heads[below]
        if below != head:
            return False
    return True
