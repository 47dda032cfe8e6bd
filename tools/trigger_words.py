"""Make recordings in which a trigger word is spoken among other words, with a label for each frame.

    python tools/trigger_words.py FOLDER

FOLDER gets the folders train, dev and test, whose voices differ. NAME.npz has log-mel energies of 10 ms (`frames`) and
`labels`: 1 for some frames after the end of the word, else 0. `--waves` also writes the sound, with its labels, to
FOLDER/waves. Needs espeak-ng (Debian: apt-get install espeak-ng).
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import espeak
import numpy as np
from numpy.typing import NDArray

from arcparse.cli.options import whole
from arcparse.errors import ArcparseError
from arcparse.frames import log_mel
from arcparse.frames.sound import HOP
from arcparse.settings.limits import COUNT, SEED, Range

WORD = "activate"
OTHERS = [
    "active",
    "activity",
    "motivate",
    "captivate",
    "activist",
    "elevate",
    "cultivate",
    "renovate",
    "excavate",
    "tentative",
    "actually",
    "actor",
    "factor",
    "vacate",
    "acrobat",
    "dedicate",
    "translate",
    "narrative",
    "relative",
    "computer",
    "window",
    "table",
    "morning",
    "evening",
    "paper",
    "music",
    "water",
    "weather",
    "kitchen",
    "garden",
    "question",
    "answer",
    "silver",
    "yellow",
    "orange",
    "number",
    "seven",
    "eleven",
    "open",
    "close",
    "louder",
    "quiet",
    "stop",
    "forward",
    "please",
    "thank",
    "you",
    "maybe",
    "tomorrow",
    "yesterday",
    "holiday",
    "mountain",
    "river",
    "station",
    "ticket",
    "doctor",
    "teacher",
]
SECONDS = 10  # of a recording
SHARE = 0.35  # of the spoken words that are the trigger word
GAP = (0.1, 1.2)  # seconds between two words
SPEED, PITCH = (110, 220), (20, 80)  # of voices, as espeak-ng counts them
DECIBELS = (5, 30)  # of speech above noise


def recording(
    voices: list[str], word: str, positive: int, generator: random.Random
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return samples, and labels of their frames: 1 for `positive` frames after each end of the word."""
    speech = np.zeros(SECONDS * espeak.RATE, np.float32)
    ends, place, text = [], generator.uniform(*GAP), ""
    while True:
        text = word if generator.random() < SHARE and text != word else generator.choice(OTHERS)
        own = espeak.spoken(text, generator.choice(voices), generator.randint(*SPEED), generator.randint(*PITCH))
        first = round(place * espeak.RATE)
        last = first + len(own)
        if last / espeak.RATE + positive * HOP >= SECONDS:
            break
        speech[first:last] += own * generator.uniform(0.3, 1)
        if text == word:
            ends.append(last / espeak.RATE)
        place = last / espeak.RATE + generator.uniform(*GAP) + (positive * HOP if text == word else 0)
    samples = espeak.laid_over(speech, generator, DECIBELS)
    labels = np.zeros(len(log_mel(samples, espeak.RATE)), np.int64)
    for end in ends:
        labels[round(end / HOP) : round(end / HOP) + positive] = 1
    return samples, labels


def main() -> int:
    """Write the recordings of each part; return the status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", metavar="FOLDER", type=Path)
    options.add_argument("--word", default=WORD, help=f"the trigger word (default: {WORD})")
    options.add_argument(
        "--recordings", nargs=3, type=whole(COUNT), default=[600, 100, 200], metavar=("TRAIN", "DEV", "TEST"),
        help=f"recordings of {SECONDS} s in each part (default: 600 100 200)",
    )  # fmt: skip
    options.add_argument(
        "--positive", type=whole(Range(1, 200)), default=50, help="frames after the word that are 1 (default: 50)"
    )
    options.add_argument("--waves", action="store_true", help="write wave files too")
    options.add_argument("--seed", type=whole(SEED), default=1, help="of all that is drawn (default: 1)")
    args = options.parse_args()
    try:
        espeak.new_folders(args.folder, [*espeak.VOICES, *(["waves"] if args.waves else [])])
        for part, count in zip(espeak.VOICES, args.recordings, strict=True):
            write(part, count, args)
    except ArcparseError as error:
        print(f"trigger_words.py: {error}", file=sys.stderr)
        return 2
    return 0


def write(part: str, count: int, args: argparse.Namespace) -> None:
    """Write the recordings of a part, and print their number."""
    words = 0
    for number in range(count):
        generator = random.Random(f"{args.seed} {part} {number}")  # noqa: S311 (not for secrets)
        samples, labels = recording(espeak.voices(part), args.word, args.positive, generator)
        name = f"{part}-{number:04d}"
        np.savez_compressed(args.folder / part / name, frames=log_mel(samples, espeak.RATE), labels=labels)
        if args.waves:
            espeak.write_wave(args.folder / "waves" / f"{name}.wav", samples)
            np.save(args.folder / "waves" / f"{name}.labels.npy", labels)
        words += int((np.diff(labels, prepend=0) == 1).sum())
    hours = count * SECONDS / 3600
    print(f"{args.folder / part}: {count} recordings, {hours:.2f} h, {args.word!r} {words} times")


if __name__ == "__main__":
    raise SystemExit(main())
