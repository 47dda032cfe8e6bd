"""Detections by hand: runs, tolerance, false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from arcparse.frames.detection import Detections, compare, runs


def frames(*begins: int, length: int = 1000, each: int = 30) -> np.ndarray:
    found = np.zeros(length, bool)
    for begin in begins:
        found[begin : begin + each] = True
    return found


def test_runs_begin_where_frames_become_positive_and_short_pauses_end_none() -> None:
    found = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1], bool)
    assert runs(found, 1).tolist() == [0, 3, 6, 10]
    assert runs(found, 2).tolist() == [0, 6, 10]
    assert runs(found, 3).tolist() == [0, 10]
    assert runs(found, 4).tolist() == [0]
    assert runs(np.zeros(4, bool), 1).tolist() == runs(np.zeros(0, bool), 1).tolist() == []


@pytest.mark.parametrize(
    ("begins", "detected", "alarms"),
    [
        ((100, 500), 2, 0),
        ((150, 490), 2, 0),  # the last frame in time, and the first
        ((151, 489), 0, 2),
        ((100,), 1, 0),
        ((), 0, 0),
        ((100, 185, 500), 2, 1),  # rings twice
        ((100, 135, 500), 2, 0),  # a pause of 5 frames
        ((300, 700, 900), 0, 3),
    ],
)
def test_a_run_detects_a_word_if_it_begins_near_its_end(begins: tuple[int, ...], detected: int, alarms: int) -> None:
    found = compare(frames(100, 500), frames(*begins), 0.01)
    assert (found.words, found.detected, found.false_alarms) == (2, detected, alarms)
    assert found.rate == detected / 2
    assert found.seconds == 10
    assert found.alarms_an_hour == 360 * alarms


def test_a_run_detects_one_word() -> None:
    gold = frames(100, 130, each=10)
    assert compare(gold, frames(100, each=80), 0.01) == Detections(2, 1, 0, 10.0)


def test_the_tolerance_is_in_seconds() -> None:
    assert compare(frames(100), frames(110), 0.01, tolerance=0.1).detected == 1
    assert compare(frames(100), frames(110), 0.02, tolerance=0.1).detected == 0


def test_numbers_add_up() -> None:
    assert sum([Detections(2, 1, 3, 1800), Detections(3, 3, 0, 1800)], Detections()) == Detections(5, 4, 3, 3600)
    assert Detections(5, 4, 3, 3600).alarms_an_hour == 3
    assert Detections().rate == Detections().alarms_an_hour == 0
