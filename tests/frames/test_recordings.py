"""Recordings from files: what is read, and what is refused."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from toy_sounds import samples_of, tone, write_wave

from arcparse.errors import RecordingError
from arcparse.frames import Recording, log_mel, read_recording, read_recordings, recording_files
from arcparse.frames.recordings import labels_of

FRAMES = np.arange(6, dtype=np.float32).reshape(3, 2)


def test_frames_labels_and_text_are_read_from_files_of_each_kind(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", frames=FRAMES, labels=np.array([0, 1, 1]))
    np.savez_compressed(tmp_path / "b.npz", frames=FRAMES.astype(np.float64))
    np.save(tmp_path / "c.npy", FRAMES.astype(np.int16))
    np.save(tmp_path / "c.labels.npy", np.array(["no", "yes", "no"]))
    (tmp_path / "c.txt").write_text("one\n two ", encoding="utf-8")
    (tmp_path / "note").write_text("not read", encoding="utf-8")
    a, b, c = read_recordings(tmp_path)
    assert [own.name for own in (a, b, c)] == ["a", "b", "c"]
    assert all(own.frames.tolist() == FRAMES.tolist() and own.frames.dtype == np.float32 for own in (a, b, c))
    assert a.labels is not None
    assert c.labels is not None
    assert a.labels.tolist() == ["0", "1", "1"]
    assert c.labels.tolist() == ["no", "yes", "no"]
    assert (a.text, b.labels, b.text, c.text) == (None, None, None, "one two")
    np.save(tmp_path / "c.labels.npy", np.array([True, False, True]))
    [bits] = labels_of([read_recording(str(tmp_path / "c.npy"))], "here")
    assert bits.tolist() == ["1", "0", "1"]


def test_sound_becomes_log_mel_energies(tmp_path: Path) -> None:
    sound = 0.5 * tone(700)
    file = write_wave(tmp_path / "a.wav", samples_of(sound, 4), width=4)
    assert np.allclose(read_recording(file).frames, log_mel(sound, 16000), atol=1e-3)
    low = write_wave(tmp_path / "b.wav", samples_of([0.5] * 999, 2), rate=8000)
    with pytest.raises(RecordingError, match=r"b\.wav: 8000 samples a second hold no sound above 4000 Hz"):
        read_recording(low)


BAD = {
    "three axes": (np.zeros((2, 2, 2)), r"has shape \[2, 2, 2\]; an array \[frames, numbers\] is needed"),
    "one axis": (np.zeros(4), r"has shape \[4\]; an array \[frames, numbers\]"),
    "no frame": (np.zeros((0, 4)), r"has shape \[0, 4\]; from 1 to 1000000 frames and 8192 numbers"),
    "wide": (np.zeros((1, 8193)), r"has shape \[1, 8193\]; from 1 to"),
    "text": (np.array([["a"]]), r"has values of type <U1; numbers are needed"),
    "complex": (np.zeros((1, 1), complex), r"has values of type complex128; numbers are needed"),
    "NaN": (np.array([[0, 0], [0, np.nan]]), r"number 1 of frame 1 \(both from 0\) is nan; it must be from -1000000"),
    "infinite": (np.array([[-np.inf]]), r"number 0 of frame 0 .* is -inf; it must be"),
    "huge": (np.array([[1e300]]), r".* is 1e\+300; it must be from -1000000 to 1000000"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_frames_that_cannot_be_used_are_named(kind: str, suffix: str, tmp_path: Path) -> None:
    frames, message = BAD[kind]
    file = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(file, frames)
    else:
        np.savez(file, frames=frames)
    with pytest.raises(RecordingError, match=rf"a\{suffix}.*: {message}"):
        read_recording(file)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"has 2 labels for 3 frames; give each frame one label"),
        ([0.5, 0.5, 1.0], r"has values of type float64; whole numbers or texts of at most 64 letters are needed"),
        ([["a"]], r"has shape \[1, 1\]; an array \[frames\] is needed"),
        (["a", "", "b"], r"has the label ''; a label is not empty"),
        (["a", "b\tc", "b"], r"has the label 'b\\tc'"),
        (["a" * 65, "b", "c"], r"has values of type <U65"),
    ],
)
def test_labels_that_cannot_be_used_are_named(labels: list[object], message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES)
    np.save(tmp_path / "a.labels.npy", np.array(labels))
    with pytest.raises(RecordingError, match=rf"a\.labels\.npy: {message}"):
        read_recording(tmp_path / "a.npy")
    np.savez(tmp_path / "b.npz", frames=FRAMES, labels=np.array(labels))
    with pytest.raises(RecordingError, match=rf"b\.npz.*: {message}"):
        read_recording(tmp_path / "b.npz")


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was run",))


def test_no_pickle_is_run(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[Trap()]]), allow_pickle=True)
    with pytest.raises(RecordingError, match=r"a\.npy: has values of type object; numbers are needed"):
        read_recording(tmp_path / "a.npy")
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(RecordingError, match=r"b\.npy: is no whole \.npy array"):
        read_recording(tmp_path / "b.npy")


def test_files_that_are_cut_or_lie_about_their_size_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((50, 40)))
    whole = (tmp_path / "a.npy").read_bytes()
    for size in (0, 5, 60, len(whole) - 1):
        (tmp_path / "a.npy").write_bytes(whole[:size])
        with pytest.raises(RecordingError, match=r"a\.npy: is no whole \.npy array"):
            read_recording(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(whole.replace(b"(50, 40), }       ", b"(999999, 8000), } "))
    with pytest.raises(RecordingError, match=r"a\.npy: has 7999992000 numbers, at most 268435456 are possible"):
        read_recording(tmp_path / "a.npy")
    (tmp_path / "b.npz").write_bytes(whole)
    with pytest.raises(RecordingError, match=r"b\.npz: is no \.npz file: File is not a zip file; write it by numpy"):
        read_recording(tmp_path / "b.npz")
    np.savez(tmp_path / "b.npz", other=FRAMES)
    with pytest.raises(RecordingError, match=r"b\.npz: has no array 'frames', only \['other'\]"):
        read_recording(tmp_path / "b.npz")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("frames.npy", whole)
    damaged = bytearray(packed.getvalue())
    damaged[len(damaged) // 3] ^= 255
    (tmp_path / "b.npz").write_bytes(damaged)
    with pytest.raises(RecordingError, match=r"b\.npz: "):
        read_recording(tmp_path / "b.npz")


def test_places_without_recordings_and_equal_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"holds no recording; put files NAME\.npz, NAME\.npy or NAME\.wav there"):
        recording_files([tmp_path])
    with pytest.raises(RecordingError, match=r"a\.mp3: has no ending of a recording; name it NAME\.npz"):
        read_recording(tmp_path / "a.mp3")
    with pytest.raises(RecordingError, match=r"a\.npy: cannot be read: No such file"):
        read_recording(tmp_path / "a.npy")
    with pytest.raises(RecordingError, match=r"nowhere: there is no such file or folder; check the path"):
        recording_files([tmp_path / "nowhere"])
    for name in ("b.npy", "a.npy"):
        np.save(tmp_path / name, FRAMES)
    (tmp_path / "b.npy").rename(tmp_path / "b.NPY")  # as some programs write it
    assert [file.name for file in recording_files([tmp_path])] == ["a.npy", "b.NPY"]
    assert read_recording(tmp_path / "b.NPY").frames.tolist() == FRAMES.tolist()
    np.savez(tmp_path / "a.npz", frames=FRAMES)
    with pytest.raises(RecordingError, match=r"a\.npz: has the name of .*a\.npy; each recording needs a name"):
        recording_files([tmp_path])


def test_recordings_of_a_folder_have_one_dimension(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES)
    np.save(tmp_path / "b.npy", FRAMES.T)
    with pytest.raises(RecordingError, match=r"frames of b have 3 numbers, those of a 2; make all by the same"):
        read_recordings(tmp_path)


def test_labels_are_asked_for_and_come_from_one_place(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", frames=FRAMES, labels=np.zeros(3, int))
    np.save(tmp_path / "a.labels.npy", np.zeros(3, int))
    with pytest.raises(RecordingError, match=r"a\.labels\.npy: a\.npz has labels too; keep those of one file"):
        read_recording(tmp_path / "a.npz")
    with pytest.raises(RecordingError, match=r"here: x has no labels; add an array `labels` .*or x\.labels\.npy"):
        labels_of([Recording("x", FRAMES)], "here")


def test_a_text_is_utf_8(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", FRAMES)
    (tmp_path / "a.txt").write_bytes(b"\xff")
    with pytest.raises(RecordingError, match=r"a\.txt: is not UTF-8"):
        read_recording(tmp_path / "a.npy")
