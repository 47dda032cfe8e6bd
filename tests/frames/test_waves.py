"""Wave files of all forms."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_sounds import samples_of, write_wave

from arcparse.errors import RecordingError
from arcparse.frames import read_wave

VALUES = [0.0, 0.5, -0.5, 0.25, -1.0]


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_any_width_are_the_same(width: int, tmp_path: Path) -> None:
    found, rate = read_wave(write_wave(tmp_path / "a.wav", samples_of(VALUES, width), width=width))
    assert found.tolist() == VALUES
    assert rate == 16000


def test_channels_become_their_mean(tmp_path: Path) -> None:
    both = samples_of([0.5, 0.25, -0.5, 0.5], 2)
    assert read_wave(write_wave(tmp_path / "a.wav", both, channels=2))[0].tolist() == [0.375, 0.0]


@pytest.mark.parametrize("bits", [24, 32, 64])
def test_the_forms_in_which_programs_write_are_read(bits: int, tmp_path: Path) -> None:
    """The extensible form, with a chunk of another kind and odd size before the samples, and no size of its own."""
    kind, data = 1, samples_of(VALUES, 3)
    if bits > 24:
        kind, data = 3, np.array(VALUES, f"<f{bits // 8}").tobytes()
    form = struct.pack("<HHIIHHHHIH14x", 0xFFFE, 1, 48000, 0, 0, bits, 22, bits, 0, kind)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff" + data)
    found, rate = read_wave(tmp_path / "a.wav")
    assert (found.tolist(), rate) == (VALUES, 48000)


def test_what_is_no_wave_of_whole_numbers_is_refused(tmp_path: Path) -> None:
    file = write_wave(tmp_path / "a.wav", samples_of(VALUES, 2))
    whole = file.read_bytes()
    file.write_bytes(whole[:20] + struct.pack("<H", 6) + whole[22:])
    with pytest.raises(
        RecordingError, match=r"a\.wav: is of format 6 with 16 bits, not of whole .*; write it anew.*sox"
    ):
        read_wave(file)
    file.write_bytes(whole[:24] + bytes(4) + whole[28:])
    with pytest.raises(RecordingError, match=r"a\.wav: has 1 channels of 0 samples a second; write it anew"):
        read_wave(file)
    file.write_bytes(b"nothing of that kind")
    with pytest.raises(RecordingError, match=r"a\.wav: is no wave file"):
        read_wave(file)
    file.write_bytes(whole[:30])
    with pytest.raises(RecordingError, match=r"a\.wav: cannot be read: it ends too early; check"):
        read_wave(file)
    with pytest.raises(RecordingError, match=r"a\.wav: holds no samples; record it again"):
        read_wave(write_wave(file, b""))
    with pytest.raises(RecordingError, match=r"b\.wav: cannot be read: No such file"):
        read_wave(tmp_path / "b.wav")


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_wave_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int) -> None:
    file = write_wave(tmp_path_factory.mktemp("waves") / "a.wav", samples_of(VALUES * 20, 2))
    content = bytearray(file.read_bytes())
    content[place] = byte
    file.write_bytes(content)
    with suppress(RecordingError):
        found, rate = read_wave(file)
        assert found.ndim == 1
        assert len(found)
        assert rate >= 0
