"""Who may import whom: a room, which is a module or package of arcparse, imports only from the rows below its own."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
ROWS = [
    {"tools", "__main__"},
    {"cli"},
    {"__init__", "benchmark"},
    {"pipeline", "recipes", "drawing"},
    {"seq2seq"},
    {"tagger", "parser", "segmenter"},
    {"networks"},
    {"training", "evaluation", "formats", "transform", "statistics", "interop", "validation"},
    {"tokenizer"},
    {"batches", "checkpoint", "treebank", "trees", "vectors", "corpora"},
    {"vocabulary", "sentence", "settings", "threads", "files"},
    {"search", "presets"},
    {"errors"},
]
HEIGHT = {room: -row for row, rooms in enumerate(ROWS) for room in rooms}
# Slow to import or missing on some machines: imported where they are used.
LEVELDB = {"plyvel", "plyvel_next"}
OPTIONAL = LEVELDB | {"gensim", "udtools", "cairosvg", "matplotlib", "networkx", "nltk", "pandas", "sacrebleu", "spacy"}
MODULES = sorted([*CHECKOUT.glob("arcparse/**/*.py"), *CHECKOUT.glob("tools/*.py")])


def room(path: Path) -> str:
    """arcparse/parser/model.py is in the room `parser`, arcparse/trees.py is the room `trees`."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return parts[0] if parts[0] == "tools" else parts[1]


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_rooms(tree: ast.AST) -> set[str]:
    rooms = set()
    for name in imports(tree):
        package, _, rest = name.partition(".")
        if package == "arcparse":
            first = rest.partition(".")[0]
            rooms.add(first if first in HEIGHT else "__init__")
    return rooms


def top_level(tree: ast.Module) -> ast.Module:
    """Keep what runs at import: no functions, and no `if TYPE_CHECKING`."""
    skipped = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    checks = [node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    return ast.Module([node for node in tree.body if not isinstance(node, skipped) and node not in checks], [])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_room_imports_only_from_the_rows_below(path: Path) -> None:
    own = room(path)
    assert own in HEIGHT, f"give {own} a row in {Path(__file__).name} and in the README's architecture"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    too_high = {other for other in imported_rooms(tree) - {own} if HEIGHT[other] >= HEIGHT[own]}
    assert not too_high, f"{own} may not import from its own row or above: {sorted(too_high)}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = {
        ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES
    }
    graph = {}
    for name, path in paths.items():
        found = imports(ast.parse(path.read_text(encoding="utf-8")))
        modules = {other if other in paths else other.rpartition(".")[0] for other in found}
        graph[name] = modules & set(paths) - {name}
    assert list(graphlib.TopologicalSorter(graph).static_order())  # a CycleError shows the circle


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_optional_libraries_are_imported_late(path: Path) -> None:
    tree = top_level(ast.parse(path.read_text(encoding="utf-8")))
    assert not OPTIONAL & {name.partition(".")[0] for name in imports(tree)}


PARSE = """
import sys
import arcparse
[sentence] = arcparse.parse("It works.", model="en-small")
print(len(sentence), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_parsing_imports_no_library_that_it_can_do_without() -> None:
    command = [sys.executable, "-W", "error", "-c", PARSE]
    words, *loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    assert words == "3"
    assert {"arcparse", "torch"} <= set(loaded)
    assert not set(loaded) & (OPTIONAL | {"conllu", "tensorboard", "scipy"})


def test_search_imports_torch_alone() -> None:
    tree = ast.parse((CHECKOUT / "arcparse" / "search.py").read_text(encoding="utf-8"))
    libraries = {name.partition(".")[0] for name in imports(tree)} - sys.stdlib_module_names
    assert libraries == {"torch"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from arcparse.trees import lift", {"trees"}),
        ("from arcparse import trees, parse", {"trees", "__init__"}),
        ("import arcparse.parser.model", {"parser"}),
        ("def f():\n    from arcparse.cli import main", {"cli"}),
        ("import torch", set()),
    ],
)
def test_imports_are_seen_wherever_they_are_written(code: str, expected: set[str]) -> None:
    assert imported_rooms(ast.parse(code)) == expected


def test_only_what_runs_at_import_is_top_level() -> None:
    code = """
import torch
if TYPE_CHECKING:
    import conllu
try:
    import numpy
finally:
    pass
def f():
    import gensim
"""
    assert sorted(imports(top_level(ast.parse(code)))) == ["numpy", "torch"]
