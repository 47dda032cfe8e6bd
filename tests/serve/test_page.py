"""The files of the web page: complete, without anything from elsewhere, and within the server's policy."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import arcparse

if TYPE_CHECKING:
    from starlette.testclient import TestClient

PAGE = Path(arcparse.__file__).parent / "serve" / "page"
SCRIPTS, STYLES = sorted(PAGE.glob("*.js")), sorted(PAGE.glob("*.css"))
STATIC = "static/"  # the path of the page's files on the server
NAMESPACE = "http://www.w3.org/2000/svg"


class Tags(HTMLParser):
    """The elements of the page, each with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed((PAGE / "index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.found if (value := attributes.get(attribute))]


@pytest.fixture(scope="module")
def tags() -> Tags:
    return Tags()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def imports(script: Path) -> list[str]:
    return re.findall(r'from "\./([\w.-]+)"', text(script))


def test_all_files_are_there_and_all_are_used(tags: Tags) -> None:
    named = [value for attribute in ("src", "href") for value in tags.values(attribute) if value.startswith(STATIC)]
    used = {"index.html"} | {name.removeprefix(STATIC) for name in named}
    while more := {name for path in used if path.endswith(".js") for name in imports(PAGE / path)} - used:
        used |= more
    assert used == {path.name for path in PAGE.iterdir()}


def test_nothing_comes_from_elsewhere() -> None:
    for path in PAGE.iterdir():
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w[^\s\"']*", text(path))
        assert set(addresses) <= {NAMESPACE}, path.name
        assert "@import" not in text(path)


def test_scripts_import_only_names_that_are_exported() -> None:
    for script in SCRIPTS:
        for names, source in re.findall(r'import \{([^}]+)\} from "\./([\w.-]+)"', text(script)):
            exported = re.findall(r"export (?:async )?(?:const|function|class) (\w+)", text(PAGE / source))
            assert {name.strip() for name in names.split(",")} <= set(exported), (script.name, source)


def test_scripts_look_only_for_elements_that_exist(tags: Tags) -> None:
    made = {name for script in SCRIPTS for name in re.findall(r'\bid: "([\w-]+)"', text(script))}
    ids = tags.values("id")
    assert len(ids) == len(set(ids))
    for script in SCRIPTS:
        assert set(re.findall(r'find\("([\w-]+)"\)', text(script))) <= set(ids) | made, script.name
    for attribute in ("for", "aria-controls", "aria-labelledby", "aria-describedby"):
        assert set(tags.values(attribute)) <= set(ids)
    assert {href[1:] for href in tags.values("href") if href.startswith("#")} <= set(ids)


def test_each_tab_has_a_view_and_a_script(tags: Tags) -> None:
    views = {attributes["id"] for _, attributes in tags.found if attributes.get("role") == "tabpanel"}
    assert set(tags.values("aria-controls")) == views
    [table] = re.findall(r"const VIEWS = \{([^}]*)\}", text(PAGE / "main.js"))
    assert {f"view-{name.strip()}" for name in table.split(",")} == views


def test_the_page_keeps_to_a_policy_without_exceptions(tags: Tags) -> None:
    for tag, attributes in tags.found:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag not in ("style", "base", "iframe"), tag
        assert tag != "script" or attributes.get("src"), "a script must be a file"
    for script in SCRIPTS:
        assert not re.search(r"(inner|outer|Adjacent)HTML|document\.write|\beval\(|new Function", text(script)), (
            script.name
        )
        assert not re.search(r"\bstyle: |setAttribute\(\"style\"", text(script)), script.name


def test_styles_use_only_colours_that_both_schemes_have() -> None:
    styles = "".join(map(text, STYLES))
    light, dark = re.findall(r":root \{(.*?)\}", styles, re.DOTALL)
    names = {scheme: set(re.findall(r"(--[\w-]+):", scheme)) for scheme in (light, dark)}
    assert set(re.findall(r"var\((--[\w-]+)", styles)) <= names[light]
    colours = {name for name, value in re.findall(r"(--[\w-]+):\s*([^;]+);", light) if value.startswith("#")}
    assert colours <= names[dark] <= names[light]


def test_the_server_gives_the_page_and_its_files(client: TestClient) -> None:
    index = client.get("/")
    assert index.text == text(PAGE / "index.html")
    assert "script-src 'self';" in index.headers["content-security-policy"]
    assert "unsafe" not in index.headers["content-security-policy"]
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    for path in PAGE.iterdir():
        answer = client.get(f"/{STATIC}{path.name}")
        assert answer.content == path.read_bytes()
        assert answer.headers["content-type"].partition(";")[0] == kinds[path.suffix]
