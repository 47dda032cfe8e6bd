"""Every output is written whole or not at all, errors are one line, and no file is left behind."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arcparse import files
from arcparse.errors import ModelError, TreebankError
from arcparse.files import aside, make_folder, opened, readable, replacing, write_errors

LEFT = (".arcparse-01234567.part", ".arcparse-89abcdef.part")
OTHERS = (".arcparse-0123.part", "arcparse-01234567.part", ".x.conllu.part")
KILLED = """
import os, signal, sys
from pathlib import Path
from arcparse.files import aside, replacing
with replacing(Path(sys.argv[1]) / "x") as file, aside(Path(sys.argv[1]), is_folder=True) as folder:
    file.write(b"half")
    (folder / "inside").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""

WITHOUT_POSIX = """
import os, signal, sys
sys.modules["fcntl"] = sys.modules["resource"] = None
signal.Signals = [number for number in signal.Signals if number.name in ("SIGINT", "SIGTERM")]
del signal.SIGHUP, signal.SIGKILL, os.O_NOFOLLOW, os.O_NONBLOCK
from arcparse import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def write(path: Path, content: bytes = b"new") -> None:
    with replacing(path) as file:
        file.write(content)


def test_what_nobody_writes_any_more_goes_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / LEFT[0]).write_bytes(b"half")
    (tmp_path / LEFT[1]).mkdir()
    (tmp_path / LEFT[1] / "inside").write_bytes(b"half")
    for name in OTHERS:
        (tmp_path / name).write_bytes(b"the user's")
    write(tmp_path / "x")
    assert names(tmp_path) == sorted([*OTHERS, "x"])


def test_what_is_still_written_stays(tmp_path: Path) -> None:
    with aside(tmp_path) as file, aside(tmp_path, is_folder=True) as folder:
        files._sweep.cache_clear()  # as another process would see the folder
        write(tmp_path / "x")
        assert names(tmp_path) == sorted([file.name, folder.name, "x"])
    assert names(tmp_path) == ["x"]


def test_what_windows_lacks_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / LEFT[0]).write_bytes(b"half")
    command = ["parse", "--model", "en-small", "I ran.", "--output", str(tmp_path / "x.conllu")]
    done = subprocess.run([sys.executable, "-c", WITHOUT_POSIX, *command], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "# text = I ran." in (tmp_path / "x.conllu").read_text(encoding="utf-8")
    assert names(tmp_path) == sorted([LEFT[0], "x.conllu"])


def test_what_a_killed_process_left_goes_at_the_next_write(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(names(tmp_path)) == 2
    write(tmp_path / "y")
    assert names(tmp_path) == ["y"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    write(tmp_path / "x", b"old")

    def fail() -> None:
        with replacing(tmp_path / "x") as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert (tmp_path / "x").read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    full = r"/dev/full: cannot be written: No space left on device; make room there and run it again"
    with pytest.raises(TreebankError, match=full):
        write(Path("/dev/full"))
    with pytest.raises(TreebankError, match=full), opened("/dev/full") as file:
        file.write("new\n")
    with pytest.raises(ModelError, match="m: cannot be written"), write_errors(tmp_path / "m", ModelError):
        raise OSError(errno.ENOSPC, "full")


def test_a_reader_that_has_gone_is_no_fault_of_the_path(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), replacing(tmp_path / "x"):
        raise BrokenPipeError
    assert names(tmp_path) == []


def test_a_folder_that_vanishes_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(TreebankError, match=r"out/x: cannot be written: No such file"), replacing(folder / "x"):
        shutil.rmtree(folder)


def test_below_a_file_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(TreebankError, match=r"x/y: cannot be written: Not a directory; check the folder"):
        write(tmp_path / "x" / "y")
    with pytest.raises(ModelError, match=r"x/y: cannot be made: Not a directory; give another folder"):
        make_folder(tmp_path / "x" / "y", ModelError)
    make_folder(tmp_path / "a" / "b")
    assert names(tmp_path) == ["a", "x"]


def test_a_link_keeps_its_place_and_its_target_changes(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "loop").symlink_to("loop")
    write(tmp_path / "link")
    write(tmp_path / "loop")
    assert os.readlink(tmp_path / "link") == "target"
    assert [(tmp_path / name).read_bytes() for name in ("target", "loop")] == [b"new", b"new"]


def test_a_name_of_any_length_that_the_disk_takes_can_be_written(tmp_path: Path) -> None:
    write(tmp_path / ("x" * 255))
    with pytest.raises(TreebankError, match="File name too long"):
        write(tmp_path / ("x" * 256))


def test_a_device_is_written_to_and_stays_one() -> None:
    write(Path(os.devnull))
    assert Path(os.devnull).is_char_device()


def test_text_without_utf8_is_refused_with_its_character(tmp_path: Path) -> None:
    with pytest.raises(TreebankError, match=r"x: '\\ud800' has no UTF-8"), opened(tmp_path / "x") as file:
        file.write("a\ud800")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.conllu", "a.conllu"),
        ("é", "é"),
        (os.fsencode("é").decode("ascii", "surrogateescape"), "é"),  # as an ASCII locale has it
        ("s\udce9", r"s\udce9"),
        ("s\ud800", r"s\ud800"),
    ],
)
def test_names_can_always_be_shown(name: str, shown: str) -> None:
    assert readable(name) == shown
