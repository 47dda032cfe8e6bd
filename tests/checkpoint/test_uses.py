"""A model in another's place is refused with the command and the function that take it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

import arcparse
from arcparse import seq2seq
from arcparse.checkpoint import save_model
from arcparse.checkpoint.uses import USES
from arcparse.cli import SUBCOMMANDS
from arcparse.errors import ModelError
from arcparse.frames import Labeller, Recogniser
from arcparse.presets import KINDS


def test_each_kind_has_a_command_and_a_function_that_exist() -> None:
    assert USES.keys() == KINDS.keys()
    for use in USES.values():
        package, *names = use.call.split(".")
        found = import_module(package)
        for name in names:
            found = getattr(found, name, None) or import_module(f"{package}.{name}")
        assert callable(found)
        assert not use.command or use.command.split()[1] in SUBCOMMANDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_another_kind_is_told_with_its_use(kind: str, tmp_path: Path) -> None:
    save_model(tmp_path / "model", kind=kind, config={}, vocabularies={}, weights={})
    calls = [arcparse.load, seq2seq.load, Labeller.load, Recogniser.load]
    own = {"arcparse.load": 0, "arcparse.seq2seq.load": 1, "arcparse.frames.Labeller.load": 2}.get(USES[kind].call, 3)
    for number, load in enumerate(calls):
        if number != own:
            end = f"as its {kind}" if number == 0 and kind in ("lemmatizer", "segmenter") else USES[kind].call
            with pytest.raises(ModelError, match=rf"model: holds a model of kind '{kind}'; name .*{end}$"):
                load(tmp_path / "model")
