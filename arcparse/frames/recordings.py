"""Recordings: frames [T, D], each with a label or all with a text, from files.

    NAME.npz    the array `frames` [T, D], and the array `labels` [T] if frames have labels
    NAME.npy    frames [T, D]
    NAME.wav    sound, whose frames are those of `log_mel`

Beside them, NAME.labels.npy holds the labels [T], and NAME.txt the text that is spoken. Labels are whole numbers or
text. Arrays are checked by their header before memory is taken, and nothing is unpickled.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from arcparse.checkpoint.saved import is_cell
from arcparse.errors import RecordingError, shown
from arcparse.files import read_errors
from arcparse.frames.sound import log_mel
from arcparse.frames.waves import read_wave
from arcparse.settings.limits import Range

SUFFIXES = (".npz", ".npy", ".wav")
LABELS = ".labels.npy"
LONGEST = 1_000_000  # frames of a recording, nearly three hours of 10 ms
WIDEST = 8192  # numbers of a frame
LARGEST = 1 << 28  # numbers of a recording, 1 GiB
LETTERS = 64  # of a label
VALUE = Range(-1e6, 1e6)  # of a number in a frame
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass(frozen=True)
class Recording:
    """A recording: its name, its frames [T, D], and if they are known the label of each frame [T] and the text."""

    name: str
    frames: NDArray[np.float32]
    labels: NDArray[np.str_] | None = None
    text: str | None = None


def recording_files(places: Iterable[str | Path]) -> list[Path]:
    """Return the files of recordings: files that are named, and those in folders that are named, in their order.

    Raises RecordingError for a place without a recording, and for two recordings of one name.
    """
    found: dict[str, Path] = {}
    for place in map(Path, places):
        if not place.exists():
            raise RecordingError(f"{place}: there is no such file or folder; check the path")
        files = sorted(filter(_is_recording, place.iterdir())) if place.is_dir() else [place]
        if not files:
            raise RecordingError(f"{place}: holds no recording; put files {_endings()} there")
        for file in files:
            other = found.setdefault(file.stem, file)
            if other != file:
                raise RecordingError(f"{file}: has the name of {other}; each recording needs a name of its own")
    return list(found.values())


def read_recordings(place: str | Path) -> list[Recording]:
    """Return the recordings of a folder, or the one of a file. Raises RecordingError if they differ in dimension."""
    found = [read_recording(file) for file in recording_files([place])]
    first = found[0]
    for other in found:
        if other.frames.shape[1] != first.frames.shape[1]:
            raise RecordingError(
                f"{place}: frames of {other.name} have {other.frames.shape[1]} numbers, those of {first.name} "
                f"{first.frames.shape[1]}; make all by the same function"
            )
    return found


def read_recording(place: str | Path) -> Recording:
    """Return the recording of a file, with labels and text if they are there.

    Raises RecordingError for a file that cannot be read, an array of another shape or type, a number that is not finite
    or too large, and for labels that are not as many as frames.
    """
    file = Path(place)
    inside, beside = None, file.with_name(file.stem + LABELS)
    suffix = file.suffix.lower()
    if suffix == ".wav":
        try:
            frames = log_mel(*read_wave(file))
        except RecordingError as error:
            message = str(error)
            raise RecordingError(message if message.startswith(str(file)) else f"{file}: {message}") from None
    elif suffix == ".npz":
        arrays = _archive(file)
        frames, inside = _frames(file, arrays["frames"]), arrays.get("labels")
    elif suffix == ".npy":
        frames = _frames(file, _file(file, 2))
    else:
        raise RecordingError(f"{file}: has no ending of a recording; name it {_endings()}")
    if inside is not None and beside.exists():
        raise RecordingError(f"{beside}: {file.name} has labels too; keep those of one file")
    labels = _labels(beside, _file(beside, 1), len(frames)) if beside.exists() else None
    if inside is not None:
        labels = _labels(file, inside, len(frames))
    return Recording(file.stem, frames, labels, _text(file.with_suffix(".txt")))


def _is_recording(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.lower().endswith(LABELS) and not file.name.startswith(".")


def _endings() -> str:
    return ", ".join(f"NAME{suffix}" for suffix in SUFFIXES[:-1]) + f" or NAME{SUFFIXES[-1]}"


def _text(file: Path) -> str | None:
    """Return the words of a text, with one space between them; None if there is no such file."""
    if not file.exists():
        return None
    try:
        with read_errors(str(file), RecordingError):
            return " ".join(file.read_text(encoding="utf-8").split())
    except UnicodeDecodeError as error:
        raise RecordingError(f"{file}: is not UTF-8: {error.reason}; write it in UTF-8") from None


def _file(file: Path, axes: int) -> NDArray[Any]:
    with read_errors(str(file), RecordingError), open(file, "rb") as stream:
        return _array(str(file), stream, axes)


def _archive(file: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays `frames` and `labels` of a .npz file."""
    found = {}
    try:
        with read_errors(str(file), RecordingError), zipfile.ZipFile(file) as archive:
            for name, axes in (("frames", 2), ("labels", 1)):
                if f"{name}.npy" in archive.namelist():
                    with archive.open(f"{name}.npy") as stream:
                        found[name] = _array(f"{file} ({name})", stream, axes)
            known = [name.removesuffix(".npy") for name in archive.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise RecordingError(f"{file}: is no .npz file: {error}; write it by numpy.savez(FILE, frames=...)") from None
    if "frames" not in found:
        raise RecordingError(
            f"{file}: has no array 'frames', only {shown(known)}; write it by numpy.savez(FILE, frames=...)"
        )
    return found


def _array(place: str, stream: IO[bytes], axes: int) -> NDArray[Any]:
    """Read an array, after its header has been checked."""
    try:
        version = npy.read_magic(stream)
        shape, _, kind = HEADERS.get(version, npy.read_array_header_2_0)(stream)
        wanted = "[frames, numbers]" if axes == 2 else "[frames]"
        if len(shape) != axes:
            raise RecordingError(f"{place}: has shape {list(shape)}; an array {wanted} is needed")
        limits = (LONGEST, WIDEST)[:axes]
        if not all(1 <= size <= limit for size, limit in zip(shape, limits, strict=True)):
            most = " and ".join(f"{limit} {what}" for limit, what in zip(limits, ("frames", "numbers"), strict=False))
            remedy = "divide it" if all(shape) else "leave it out"
            raise RecordingError(f"{place}: has shape {list(shape)}; from 1 to {most} are possible; {remedy}")
        if math.prod(shape) > LARGEST:
            raise RecordingError(f"{place}: has {math.prod(shape)} numbers, at most {LARGEST} are possible; divide it")
        if kind.kind not in ("fiub" if axes == 2 else "iubU") or kind.itemsize > 4 * LETTERS:
            types = "numbers" if axes == 2 else f"whole numbers or texts of at most {LETTERS} letters"
            raise RecordingError(f"{place}: has values of type {kind}; {types} are needed")
        stream.seek(0)
        return npy.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError) as error:
        reason = str(error).partition("\n")[0]
        raise RecordingError(f"{place}: is no whole .npy array: {reason}; write it by numpy.save again") from None


def _frames(file: Path, found: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        frames = found.astype(np.float32)
    bad = ~((frames >= VALUE.least) & (frames <= VALUE.most))  # NaN is neither
    if bad.any():
        frame, place = (int(index) for index in np.argwhere(bad)[0])
        raise RecordingError(
            f"{file}: number {place} of frame {frame} (both from 0) is {found[frame, place]}; it must be {VALUE}"
        )
    return frames


def _labels(file: Path, found: NDArray[Any], count: int) -> NDArray[np.str_]:
    if len(found) != count:
        raise RecordingError(f"{file}: has {len(found)} labels for {count} frames; give each frame one label")
    labels: NDArray[np.str_] = (found.astype(int) if found.dtype.kind == "b" else found).astype(str)
    bad = [str(label) for label in np.unique(labels) if not is_cell(label)]
    if bad:
        raise RecordingError(f"{file}: has the label {bad[0]!r}; a label is not empty, and has no tab or line end")
    return labels


def labels_of(recordings: Sequence[Recording], place: str) -> list[NDArray[np.str_]]:
    """Return the labels of recordings. Raises RecordingError for a recording without."""
    found = []
    for recording in recordings:
        if recording.labels is None:
            raise RecordingError(
                f"{place}: {recording.name} has no labels; add an array `labels` to its .npz, or {recording.name}"
                f"{LABELS} beside it"
            )
        found.append(recording.labels)
    return found


def texts_of(recordings: Sequence[Recording], place: str) -> list[str]:
    """Return the texts of recordings. Raises RecordingError for a recording without."""
    found = []
    for recording in recordings:
        if recording.text is None:
            raise RecordingError(f"{place}: {recording.name} has no text; write it into {recording.name}.txt beside it")
        found.append(recording.text)
    return found
