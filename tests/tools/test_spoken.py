"""The scripts that make recordings of speech: their labels, texts and voices; tones stand for what espeak-ng speaks."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import espeak
import numpy as np
import pytest
import spoken_digits
import trigger_words

from arcparse.frames import read_recordings, read_wave
from arcparse.frames.detection import runs


@pytest.fixture(autouse=True)
def _tones(monkeypatch: pytest.MonkeyPatch) -> None:
    def tone(text: str, *_: object) -> np.ndarray:
        hertz = 3000 if text == trigger_words.WORD else 500
        return np.sin(2 * np.pi * hertz * np.arange(8000) / espeak.RATE).astype(np.float32)

    monkeypatch.setattr(espeak, "spoken", tone)


def run(monkeypatch: pytest.MonkeyPatch, main: object, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    assert callable(main)
    assert main() == 0


def test_frames_after_the_word_are_positive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, trigger_words.main, tmp_path, "--recordings", 4, 1, 1, "--positive", 20, "--waves")
    assert "4 recordings, 0.01 h, 'activate' " in capsys.readouterr().out
    high, words = slice(26, 30), 0  # bands of the tone of the trigger word
    for recording in read_recordings(tmp_path / "train"):
        assert recording.labels is not None
        positive = recording.labels == "1"
        for end in runs(positive, 1):
            assert positive[end : end + 20].all()
            loud, quiet = (
                recording.frames[part, high].mean() for part in (slice(end - 15, end - 5), slice(end, end + 10))
            )
            assert loud > quiet + 3
            words += 1
        assert positive.sum() == 20 * len(runs(positive, 1))
    assert words
    samples, rate = read_wave(tmp_path / "waves" / "dev-0000.wav")
    assert (len(samples), rate) == (10 * espeak.RATE, espeak.RATE)


def test_digits_have_their_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, spoken_digits.main, tmp_path, "--recordings", 5, 1, 1)
    texts = [recording.text for recording in read_recordings(tmp_path / "train")]
    assert len(texts) == 5
    assert all(text and set(text.split()) <= set(spoken_digits.DIGITS) for text in texts)


@pytest.mark.parametrize("script", [spoken_digits, trigger_words])
def test_recordings_of_two_runs_do_not_mix(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "old.npy").touch()
    monkeypatch.setattr(sys, "argv", ["script", str(tmp_path)])
    assert script.main() == 2
    assert capsys.readouterr().err.endswith("dev: has files; give another folder, or remove this one\n")
    assert [file.name for file in tmp_path.rglob("*.np*")] == ["old.npy"]


def test_no_voice_is_in_two_parts() -> None:
    for kind in (0, 1):
        names = [name for part in espeak.VOICES.values() for name in part[kind]]
        assert len(names) == len(set(names))
    assert len(espeak.voices("train")) == 60
