"""Letters of a picture: their order, their forms, and a font that has them."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from arcparse import drawing
from arcparse.drawing.elements import SANS
from arcparse.errors import ConfigurationError
from arcparse.sentence import Sentence

Given = Callable[[str], str]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """What cairosvg is given for a drawing."""
    fake = types.ModuleType("cairosvg")
    fake.svg2png = lambda *, bytestring, scale: bytestring  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cairosvg", fake)
    return lambda svg: drawing.png(svg).decode()


def test_a_picture_needs_cairosvg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ConfigurationError, match="`pip install cairosvg`"):
        drawing.png("<svg/>")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ab", "ab"),
        ("אב\u05b0&amp;", "&amp;ב\u05b0א"),
        ("ה-15.5", "15.5-ה"),
        ("(א)", "(א)"),
        ("א(ב", "ב)א"),
        ("كتاب", "\ufe8f\ufe8e\ufe98\ufedb"),
        ("كُتب", "\ufe90\ufe98\ufedb\u064f"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
        ("لَآ", "\ufef5\u064e"),
        ("بـ", "\u0640\ufe91"),
        ("پ", "\ufb56"),
    ],
)
def test_letters_stand_as_on_paper(text: str, shown: str, given: Given) -> None:
    assert given(f"<svg><text>{text}</text></svg>") == f"<svg><text>{shown}</text></svg>"


@pytest.mark.parametrize(
    ("text", "shown"), [("(3", "3)"), ("3.", ".3"), ("C++", "++C"), ("a-b", "a-b"), ("&lt;", "&gt;")]
)
def test_what_has_no_direction_takes_that_of_the_sentence(text: str, shown: str, given: Given) -> None:
    svg = '<svg><text x="1" direction="rtl">{}</text></svg>'
    assert given(svg.format(text)) == svg.format(shown)


def with_fc_match(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "fc-match"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_a_font_that_has_all_letters_comes_first(given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_fc_match('printf "Has %s" "$3"', tmp_path, monkeypatch)
    drawn = drawing.svg(drawing.diagram(Sentence.from_forms(["我", "a"])))
    assert f'font-family="Has DejaVu Sans:charset=6211, {SANS}"' in given(drawn)
    assert f'font-family="{SANS}"' in given(drawn.replace("我", "b"))


@pytest.mark.parametrize(("letter", "script"), [("他", "exit 1"), ("她", "")])
def test_without_such_a_font_the_usual_ones_remain(
    letter: str, script: str, given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if script:
        with_fc_match(script, tmp_path, monkeypatch)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    assert f'font-family="{SANS}"' in given(drawing.svg(drawing.diagram(Sentence.from_forms([letter]))))


def test_cairosvg_makes_a_picture() -> None:
    pytest.importorskip("cairosvg", reason="cairosvg is not installed")
    sentence = Sentence.from_forms(["我", "קטן"])
    assert drawing.png(drawing.svg(drawing.diagram(sentence))).startswith(b"\x89PNG")
