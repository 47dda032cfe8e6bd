"""Conditions for keeping sentences: an expression such as `length <= 40 and projective and "nsubj" in label`.

An expression has the syntax of Python, but Python never runs it: its syntax tree is turned into functions. Only these
names and operators are allowed. Names:

    length      number of words                         projective  whether there is a tree without crossing arcs
    form lemma upos xpos feats label                    tree        whether the words form one tree with one root
                columns of the words, for `in`          sent_id text  strings, empty if missing

Operators: and or not, < <= > >= == !=, in, not in, + - * // %, and lists in brackets: `sent_id in ["a", "b"]`.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable
from typing import Any

from arcparse import trees
from arcparse.errors import ConfigurationError, TreeError
from arcparse.sentence import Sentence

Value = Callable[[Sentence], Any]

LONGEST = 1000  # characters of an expression
DEEPEST = 50  # levels of its syntax tree: each is a call for each sentence
LARGEST = 2**53  # of its numbers and results: beyond, floating point is not exact


def _is_tree(sentence: Sentence) -> bool:
    try:
        trees.check_tree(sentence.tree)
    except TreeError:
        return False
    return True


NAMES: dict[str, Value] = {
    "length": len,
    "form": lambda sentence: sentence.forms,
    "lemma": lambda sentence: sentence.lemmas,
    "upos": lambda sentence: sentence.upos,
    "xpos": lambda sentence: sentence.xpos,
    "feats": lambda sentence: sentence.feats,
    "label": lambda sentence: sentence.labels,
    "tree": _is_tree,
    "projective": lambda sentence: _is_tree(sentence) and trees.is_projective(sentence.tree.heads),
    "sent_id": lambda sentence: sentence.comment("sent_id") or "",
    "text": lambda sentence: sentence.text,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


class Expression:
    """A condition on sentences: a function made once from a text."""

    def __init__(self, text: str) -> None:
        """Read the text. Raises ConfigurationError for anything outside the list above."""
        self.text = text
        try:
            if len(text) > LONGEST:
                raise ValueError(f"over {LONGEST} characters")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # those of Python, on the style of code
                tree = ast.parse(text.strip(), mode="eval").body
            if _depth(tree) > DEEPEST:
                raise ValueError(f"nested more than {DEEPEST} deep")
            self._value = _value(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = str(error).partition(" (")[0]
            raise ConfigurationError(
                f"expression {text[:60]!r}: {reason}; write for example: length <= 40 and 'nsubj' in label"
            ) from None

    def __call__(self, sentence: Sentence) -> bool:
        """Return whether it holds. Raises ConfigurationError if values cannot be compared, as in 1 < 'a'."""
        try:
            return bool(self._value(sentence))
        except (TypeError, ArithmeticError) as error:
            raise ConfigurationError(f"expression {self.text!r} at {sentence.place}: {error}") from None


def _depth(node: ast.AST) -> int:
    return 1 + max(map(_depth, ast.iter_child_nodes(node)), default=0)


def _value(node: ast.expr) -> Value:
    """Return a part of the expression as a function of a sentence."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
        constant = node.value
        if isinstance(constant, int | float) and not constant <= LARGEST:
            raise ValueError("a number is over 2^53")
        return lambda _: constant
    if isinstance(node, ast.Name):
        if node.id not in NAMES:
            raise ValueError(f"{node.id!r} is not known; choose one of {', '.join(NAMES)}")
        return NAMES[node.id]
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        items = [_value(item) for item in node.elts]
        return lambda sentence: [item(sentence) for item in items]
    if isinstance(node, ast.BoolOp):
        values = [_value(part) for part in node.values]
        every = all if isinstance(node.op, ast.And) else any
        return lambda sentence: every(value(sentence) for value in values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        inner, apply = _value(node.operand), operator.not_ if isinstance(node.op, ast.Not) else operator.neg
        return lambda sentence: apply(inner(sentence))
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        return _arithmetic(ARITHMETIC[type(node.op)], _value(node.left), _value(node.right))
    if isinstance(node, ast.Compare) and all(type(op) in COMPARISONS for op in node.ops):
        return _comparison(node)
    raise ValueError(f"{ast.unparse(node)!r} is not allowed here")


def _arithmetic(compute: Callable[[int, int], int], left: Value, right: Value) -> Value:
    def value(sentence: Sentence) -> int:
        one, other = left(sentence), right(sentence)
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            raise TypeError("only numbers can be added, multiplied and divided")
        computed = compute(one, other)  # type: ignore[arg-type]
        if not abs(computed) <= LARGEST:
            raise ArithmeticError("a number is over 2^53")
        return computed

    return value


def _comparison(node: ast.Compare) -> Value:
    compare = [COMPARISONS[type(op)] for op in node.ops]
    operands = [_value(operand) for operand in (node.left, *node.comparators)]

    def value(sentence: Sentence) -> bool:
        found = [operand(sentence) for operand in operands]
        return all(holds(one, other) for holds, one, other in zip(compare, found, found[1:], strict=False))

    return value
