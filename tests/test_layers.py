"""Who may import whom: a room, which is a module or package of arcparse, imports only from the rows below its own."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from arcparse.kernels.library import available

CHECKOUT = Path(__file__).parent.parent
ROWS = [
    {"tools", "__main__"},
    {"cli"},
    {"dask", "ray"},
    {"partitions"},
    {"__init__", "benchmark", "distillation", "course", "serve", "spacy", "pandas"},
    {"pipeline", "recipes", "drawing"},
    {"seq2seq"},
    {"tagger", "parser", "segmenter", "frames"},
    {"networks", "silver"},
    {"training", "evaluation", "formats", "transform", "statistics", "interop", "validation", "bundle"},
    {"tokenizer", "lexicon"},
    {"batches", "checkpoint", "treebank", "trees", "vectors", "corpora", "kernels"},
    {"vocabulary", "spelling", "sentence", "settings", "threads", "devices", "files", "libraries"},
    {"search", "presets"},
    {"errors"},
]
HEIGHT = {room: -row for row, rooms in enumerate(ROWS) for room in rooms}
# Slow to import or missing on some machines: imported where they are used.
LEVELDB = {"plyvel", "plyvel_next"}
OPTIONAL = LEVELDB | {"gensim", "udtools", "cairosvg", "matplotlib", "networkx", "nltk", "pandas", "sacrebleu", "spacy"}
OPTIONAL |= {"dask", "distributed", "pyarrow", "ray", "tokenizers", "transformers"}
MODULES = sorted([*CHECKOUT.glob("arcparse/**/*.py"), *CHECKOUT.glob("tools/*.py")])


def room(path: Path) -> str:
    """arcparse/parser/model.py is in the room `parser`, arcparse/trees.py is the room `trees`."""
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return parts[0] if parts[0] == "tools" else parts[1]


def module(path: Path) -> str:
    """arcparse/parser/model.py is `arcparse.parser.model`, arcparse/parser/__init__.py `arcparse.parser`."""
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_rooms(names: Iterable[str]) -> set[str]:
    rooms = set()
    for name in names:
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


@cache
def imported(path: Path) -> tuple[set[str], set[str]]:
    """All names that a module imports, and those among them that it imports at once, when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return set(imports(tree)), set(imports(top_level(tree)))


def test_every_room_has_a_row() -> None:
    without = {room(path) for path in MODULES} - set(HEIGHT)
    assert not without, f"give each a row in {Path(__file__).name} and in docs/architecture.md"


def test_a_room_imports_only_from_the_rows_below() -> None:
    too_high = {
        (module(path), other)
        for path in MODULES
        for other in imported_rooms(imported(path)[0]) - {room(path)}
        if HEIGHT[other] >= HEIGHT[room(path)]
    }
    assert not too_high, "a module may not import from its own row or above"


def test_optional_libraries_are_imported_late() -> None:
    at_once = {(module(path), name) for path in MODULES for name in imported(path)[1]}
    assert not {(own, name) for own, name in at_once if name.partition(".")[0] in OPTIONAL}


# All that `arcparse parse` and `arcparse tag` need apart from the networks themselves, which may be compiled.
WITHOUT_TORCH = [
    "arcparse.checkpoint",
    "arcparse.cli.parse",
    "arcparse.cli.tag",
    "arcparse.formats",
    "arcparse.kernels",
    "arcparse.lexicon.forms",
    "arcparse.lexicon.pretrained",
    "arcparse.lexicon.symbols",
    "arcparse.lexicon.tags",
    "arcparse.parser.compiled",
    "arcparse.parser.description",
    "arcparse.parser.parse",
    "arcparse.parser.templates",
    "arcparse.pipeline.functions",
    "arcparse.segmenter.compiled",
    "arcparse.segmenter.division",
    "arcparse.seq2seq.compiled",
    "arcparse.seq2seq.lemmas",
    "arcparse.tagger.compiled",
    "arcparse.tagger.description",
    "arcparse.tagger.dictionary",
    "arcparse.tagger.preparation",
    "arcparse.threads",
]
HEAVY = {"torch", "conllu", "tensorboard", "scipy", "importlib.metadata", "email", "multiprocessing"}


def test_all_but_the_networks_works_without_torch() -> None:
    code = "\n".join(["import sys", *(f"import {name}" for name in WITHOUT_TORCH), "print(*sys.modules)"])
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not (HEAVY | OPTIONAL) & set(loaded)


PARSE = """
import sys
import arcparse
[sentence] = arcparse.parse("It works.", model="en-small")
print(len(sentence), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("kernels", ["", pytest.param("none", marks=pytest.mark.slow)])
def test_parsing_imports_no_library_that_it_can_do_without(kernels: str) -> None:
    command, env = [sys.executable, "-W", "error", "-c", PARSE], os.environ | {"ARCPARSE_KERNELS": kernels}
    words, *loaded = subprocess.run(command, capture_output=True, check=True, text=True, env=env).stdout.split()
    assert words == "3"
    assert "arcparse" in loaded
    assert ("torch" in loaded) == (kernels == "none" or not available())  # compiled models need none
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
    assert imported_rooms(imports(ast.parse(code))) == expected


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


def test_the_architecture_page_names_every_room() -> None:
    page = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.partition("```text\n")[2].partition("```")[0]
    missing = [own for own in HEIGHT if own not in ("__init__", "__main__") and own not in re.findall(r"\w+", picture)]
    assert not missing


def module_of(name: str, known: Collection[str]) -> str:
    """The module in which a dotted name lies; empty if it is none of ours."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def test_no_module_imports_itself_through_others() -> None:
    known = {module(path): imported(path)[0] for path in MODULES}
    below = {name: {module_of(other, known) for other in names} - {name, ""} for name, names in known.items()}
    assert list(TopologicalSorter(below).static_order())  # CycleError names the circle


def test_no_hint_names_a_project_of_another_owner() -> None:
    """On the package index, the name of this package belongs to others: hints name the missing library itself."""
    hint = re.compile(r"pip install [^`\"\n]*\barcparse")
    assert not [path for path in MODULES if hint.search(path.read_text(encoding="utf-8"))]
