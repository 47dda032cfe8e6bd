"""Frames of sound: a label for each frame (N to N), and speech to text (N to M).

waves          wave files to samples
sound          samples to log-mel energies
recordings     frames with labels or texts, from files
network        the network that reads frames
labeller       frames to labels; labeller_task trains it
detection      runs of positive frames, compared with the ends of words
recogniser     frames to a text; recogniser_task trains it
transcription  writing a text as a transition system, by the probabilities of CTC
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from arcparse.frames.recordings import Recording, read_recording, read_recordings, recording_files
from arcparse.frames.sound import log_mel
from arcparse.frames.waves import read_wave

if TYPE_CHECKING:
    from arcparse.frames.labeller import Labeller
    from arcparse.frames.recogniser import Recogniser, Transcript

__all__ = [
    "Labeller",
    "Recogniser",
    "Recording",
    "Transcript",
    "log_mel",
    "read_recording",
    "read_recordings",
    "read_wave",
    "recording_files",
]

_PLACES = {"Labeller": "labeller", "Recogniser": "recogniser", "Transcript": "recogniser"}


def __getattr__(name: str) -> Any:
    """Import a model at its first use: it needs torch, and sound and recordings do not."""
    if name not in _PLACES:
        raise AttributeError(f"module 'arcparse.frames' has no attribute {name!r}")
    return getattr(import_module(f"arcparse.frames.{_PLACES[name]}"), name)
