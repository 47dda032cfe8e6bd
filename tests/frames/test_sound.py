"""Log-mel energies."""

from __future__ import annotations

import numpy as np
import pytest
from toy_sounds import tone

from arcparse.errors import ConfigurationError, RecordingError
from arcparse.frames import log_mel


@pytest.mark.parametrize("kind", ["u1", "<i2", ">i2", "<i4"])
def test_whole_numbers_of_a_wave_file_are_the_same_sound(kind: str) -> None:
    sound, most = 0.5 * tone(500), 2 ** (8 * np.dtype(kind).itemsize - 1)
    whole = np.round(sound * (most - 1) + (128 if kind == "u1" else 0)).astype(kind)
    assert log_mel(whole, 16000).max() == pytest.approx(log_mel(sound, 16000).max(), abs=0.1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"bands": 0}, "bands must be from 1 to 8192, not 0"),
        ({"hop": 0}, r"hop must be from 0\.0001 to 10, not 0"),
        ({"window": -1}, r"window must be from 0\.0001 to 10, not -1"),
        ({"lowest": 7600}, "lowest must be at least 0 and below 7600, not 7600"),
    ],
)
def test_settings_that_make_no_frames_are_refused(setting: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{message}$"):
        log_mel(tone(500), 16000, **setting)  # type: ignore[arg-type]


def test_a_tone_is_in_its_band() -> None:
    for band, hertz in enumerate((60 + 0.5 * 1000, 2000, 5000)):
        found = log_mel(tone(hertz), 16000).mean(0)
        low, high = (2595 * np.log10(1 + edge / 700) for edge in (60, 7600))
        expected = (2595 * np.log10(1 + hertz / 700) - low) / (high - low) * 41 - 1
        assert abs(found.argmax() - expected) < 1, band


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_frames_stand_at_the_same_times_at_any_rate(rate: int) -> None:
    silent = np.zeros(rate)
    found = log_mel(np.concatenate([silent, tone(1000, rate, 1), silent]), rate)
    assert found.shape == (298, 40)
    loud = np.flatnonzero(found[:, 13] > -15)
    assert (loud[0], loud[-1]) == pytest.approx((98, 199), abs=1)
    assert found.max() == pytest.approx(log_mel(tone(1000), 16000).max(), abs=0.1)


def test_a_frame_sees_its_own_window_alone() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 16000)
    whole, later = log_mel(sound, 16000), log_mel(sound[1600:], 16000)
    assert np.allclose(whole[10:], later, atol=1e-4)


def test_silence_and_short_sound_have_frames() -> None:
    assert log_mel(np.zeros(5), 16000) == pytest.approx(np.full((1, 40), np.log(1e-13)))
    assert log_mel(tone(500, seconds=0.01), 16000).max() > -15


def test_samples_that_cannot_be_heard_are_refused() -> None:
    with pytest.raises(RecordingError, match=r"8000 samples a second hold no sound above 4000 Hz.*at least 15200"):
        log_mel(tone(500, 8000), 8000)
    assert log_mel(tone(500, 8000), 8000, highest=3800).shape == (48, 40)
    with pytest.raises(RecordingError, match=r"samples reach 20000, and must be from -1 to 1; divide them"):
        log_mel(20_000 * np.sign(tone(500)), 16000)
    with pytest.raises(RecordingError, match=r"samples reach 20000"):
        log_mel(np.full(400, 20_000), 16000)  # of 64 bits: no type of a wave file
    for bad in (np.zeros((2, 2)), np.zeros(0), np.array([0, np.nan])):
        with pytest.raises(RecordingError, match="one row of finite numbers"):
            log_mel(bad, 16000)
