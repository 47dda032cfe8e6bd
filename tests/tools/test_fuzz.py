"""A bounded part of tools/fuzz.py: damaged inputs are read, or refused in one line by an ArcparseError."""

from __future__ import annotations

import base64
import warnings
import zlib
from itertools import islice
from pathlib import Path

import pytest
from fuzz import Tally, described, inputs, main
from fuzz_kinds import KINDS
from fuzz_text import Kind

from arcparse.errors import TreebankError
from arcparse.tagger import dictionary

pytestmark = pytest.mark.slow  # the whole file

SLOW = ("model-", "store", "records", "vectors")  # kinds of which an input takes milliseconds
INPUTS, OF_SLOW = 150, 40


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_read_or_refused(name: str, tmp_path: Path) -> None:
    if name in ("store", "records", "vectors"):
        pytest.importorskip("gensim")
        pytest.importorskip("plyvel")
    kind, tally = KINDS[name](tmp_path), Tally()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in islice(inputs(name, kind, 1), OF_SLOW if name.startswith(SLOW) else INPUTS):
            tally.count(kind, data)
    assert tally.findings == {}
    assert 0 < tally.refused < tally.inputs or name == "validate"  # some are damaged, some are not


def test_an_input_follows_from_its_number() -> None:
    kind = Kind(lambda draw: draw.randbytes(8), lambda data: None)
    first = list(islice(inputs("x", kind, 1), 9))
    assert len(set(first)) == 9
    assert list(islice(inputs("x", kind, 1, 4), 5)) == first[4:]
    assert next(inputs("x", kind, 2)) != first[0]


def test_what_is_no_error_of_arcparse_is_a_finding() -> None:
    def read(data: bytes) -> None:
        if data == b"bad":
            raise TreebankError("f:1: bad")
        if data == b"lines":
            raise TreebankError("f:1: bad\nworse")
        data.decode("ascii").index("a")

    tally, kind = Tally(), Kind(lambda draw: b"", read)
    for data in (b"a", b"bad", b"lines", b"bbb", b"b", b"\xff"):
        tally.count(kind, data)
    assert (tally.inputs, tally.refused, tally.found) == (6, 2, 4)
    assert sorted(tally.findings.values()) == [b"b", b"lines", b"\xff"]
    assert [what.partition(" ")[0] for what in tally.findings] == ["a", "ValueError", "UnicodeDecodeError"]


def test_a_finding_names_the_last_line_of_arcparse(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x\n")
    with pytest.raises(TreebankError) as found:
        dictionary.read_dictionary(tmp_path / "f")
    assert described(found.value).startswith("TreebankError at dictionary.py:")


def test_the_command_counts_and_replays(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "0.2", "--kind", "dictionary"]) == 0
    row, total = capfd.readouterr().out.splitlines()
    assert row.startswith("dictionary")
    assert row.endswith(" 0 findings")
    assert row.split()[1:] == total.split()[1:]
    text = base64.b85encode(zlib.compress(b"no entry")).decode()
    with pytest.raises(TreebankError, match="'no entry'"):
        main(["--kind", "dictionary", "--replay", text])
    monkeypatch.setitem(KINDS, "ends", lambda folder: Kind(lambda draw: b"x", lambda data: exit_at_once()))
    assert main(["--seconds", "0.05", "--kind", "ends"]) == 1
    assert "the process ended with 3" in capfd.readouterr().out


def exit_at_once() -> None:
    import os

    os._exit(3)
