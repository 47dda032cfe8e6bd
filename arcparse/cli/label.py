"""`arcparse label`: a label for each frame of recordings, by a labeller."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_recurrent_options, load_on_device
from arcparse.cli.streams import standard_output
from arcparse.cli.tables import in_columns
from arcparse.errors import ConfigurationError, RecordingError
from arcparse.settings.limits import Range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from arcparse.frames.labeller import Labeller
    from arcparse.frames.recordings import Recording

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BATCH = 64  # recordings in memory at a time
FORMATS = ("tsv", "npz")
PROBABILITY = Range(0, 1)
SECONDS = Range(0, 3600)


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "label",
        help=SUBCOMMANDS["label"],
        description="Label the frames of recordings (.npz, .npy or .wav). A recording's output has a line for each "
        "frame: its number from 0, its label, and the probability of each label. With --gold only scores are printed, "
        "by threshold: for a detector the share of words that it finds, false alarms an hour, and F1 of positive "
        "frames; and the accuracy of frames.",
    )
    parser.add_argument("recordings", nargs="*", metavar="RECORDING", help="files to label, or folders of such files")
    parser.add_argument("--gold", metavar="PLACE", help="score the model on a folder of recordings with labels")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="folder to write a file for each recording to (default: one recording to standard output)",
    )
    parser.add_argument(
        "--to", choices=FORMATS, default="tsv", help="format of the files: lines, or arrays of numpy (default: tsv)"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="draw one recording: sound, gold labels if it has some, probabilities over time (.svg or .png)",
    )
    parser.add_argument(
        "--threshold",
        type=_numbers(PROBABILITY),
        metavar="P",
        help="least probability of the positive label (default: 0.5); P,P,... with --gold",
    )
    parser.add_argument(
        "--tolerance",
        type=_numbers(SECONDS),
        metavar="S",
        help="seconds after the end of a word in which its detection begins (default: 0.5)",
    )
    add_recurrent_options(parser)
    parser.set_defaults(run=run)


def _numbers(limits: Range) -> Callable[[str], tuple[float, ...]]:
    """Return a reader of numbers in a range, with commas between them, as argparse's `type`."""

    def read(text: str) -> tuple[float, ...]:
        try:
            values = tuple(map(float, text.split(",")))
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a number {limits}, not {text[:40]!r}") from None
        for value in values:
            if value not in limits:
                raise argparse.ArgumentTypeError(f"must be {limits}, not {value:g}")
        return values

    return read


def run(args: argparse.Namespace) -> int:
    """Label, draw or score; return the exit status."""
    from arcparse.frames.labeller import Labeller
    from arcparse.frames.labeller_task import THRESHOLD
    from arcparse.frames.recordings import recording_files

    thresholds = args.threshold or (THRESHOLD,)
    if bool(args.gold) == bool(args.recordings):
        raise ConfigurationError("give either recordings to label, or --gold FOLDER to score the model")
    if len(thresholds) > 1 and not args.gold:
        raise ConfigurationError("--threshold: only --gold FOLDER compares several thresholds; give one")
    model = load_on_device(args, Labeller)
    if args.gold:
        print(_scores(model, args, thresholds), file=standard_output())
        return 0
    files = recording_files(args.recordings)
    if len(files) > 1 and not args.output:
        raise ConfigurationError(f"{len(files)} recordings are to be labelled; give --output FOLDER for their files")
    if len(files) > 1 and args.picture:
        raise ConfigurationError(f"--picture draws one recording, not {len(files)}; give one")
    _label(model, files, args, thresholds[0])
    return 0


def _label(model: Labeller, files: Sequence[Path], args: argparse.Namespace, threshold: float) -> None:
    """Write the labels of recordings, and the picture."""
    from arcparse.batches import stream
    from arcparse.cli.pictures import write_bytes, write_picture
    from arcparse.files import make_folder
    from arcparse.frames.recordings import read_recording

    if args.output:
        make_folder(args.output)
    for batch in stream(files, BATCH):
        recordings = [read_recording(file) for file in batch]
        for file, recording, own in zip(batch, recordings, model.probabilities(recordings), strict=True):
            if args.picture:
                write_picture(_picture(model, file, recording, own, threshold), args.picture)
            if args.output:
                content = _archive(model, own, threshold) if args.to == "npz" else _text(model, own, threshold).encode()
                write_bytes(content, args.output / f"{recording.name}.{args.to}")
            elif args.to == "npz":
                raise ConfigurationError("--to npz writes files; give --output FOLDER")
            elif not args.picture:
                standard_output().write(_text(model, own, threshold))


def _text(model: Labeller, probability: NDArray[np.float32], threshold: float) -> str:
    """Return a line of headings, and a line for each frame."""
    chosen = model.chosen(probability, threshold).tolist()
    lines = (
        "\t".join([str(frame), model.labels.symbol(label), *(f"{value:.4f}" for value in row)])
        for frame, (label, row) in enumerate(zip(chosen, probability.tolist(), strict=True))
    )
    return "\n".join(["\t".join(["frame", "label", *model.labels]), *lines]) + "\n"


def _archive(model: Labeller, probability: NDArray[np.float32], threshold: float) -> bytes:
    """Return the bytes of a .npz file: the label of each frame, the probabilities, and the names of their columns."""
    import numpy as np

    names, file = np.array(model.labels.symbols), BytesIO()
    np.savez_compressed(file, labels=names[model.chosen(probability, threshold)], probability=probability, names=names)
    return file.getvalue()


def _picture(
    model: Labeller, file: Path, recording: Recording, probability: NDArray[np.float32], threshold: float
) -> Any:
    """Return the figure of a recording: its wave if it is one, else its energies."""
    from arcparse.drawing import figures
    from arcparse.frames.waves import read_wave

    shown = [model.labels.symbol(model.positive)] if model.positive is not None else list(model.labels)
    lines = {label: probability[:, model.labels.id(label)].tolist() for label in shown}
    labels = recording.labels
    gold = {} if labels is None else {f"gold {label}": (labels == label).tolist() for label in shown}
    return figures.over_time(
        read_wave(file) if file.suffix == ".wav" else recording.frames,
        {f"probability of {label}": line for label, line in lines.items()},
        seconds=model.config.seconds,
        gold=gold,
        threshold=threshold if model.positive is not None else None,
    )


def _scores(model: Labeller, args: argparse.Namespace, thresholds: Sequence[float]) -> str:
    """Return a table, a row for each threshold. Raises RecordingError for a label that the model does not have."""
    from arcparse.frames.detection import TOLERANCE
    from arcparse.frames.recordings import labels_of, read_recordings

    recordings = read_recordings(args.gold)
    labels = labels_of(recordings, args.gold)
    strange = next((label for row in labels for label in row.tolist() if label not in model.labels), None)
    if strange is not None:
        known = ", ".join(model.labels)
        raise RecordingError(f"{args.gold}: the model has no label {strange!r}, only {known}; give a folder with these")
    gold = [_indices(model, row) for row in labels]
    tolerance, *_ = args.tolerance or (TOLERANCE,)
    rows = list(_rows(model, model.probabilities(recordings), gold, thresholds, tolerance))
    frames = sum(map(len, gold))
    heading = f"{len(gold)} recordings, {frames} frames, {frames * model.config.seconds / 3600:.2f} h"
    return "\n".join([heading, *in_columns(rows, range(len(rows[0])))])


def _indices(model: Labeller, labels: NDArray[np.str_]) -> NDArray[np.int64]:
    import numpy as np

    return np.array(model.labels.ids(labels.tolist()))


def _rows(
    model: Labeller,
    found: Sequence[NDArray[np.float32]],
    gold: Sequence[NDArray[np.int64]],
    thresholds: Sequence[float],
    tolerance: float,
) -> Iterator[tuple[str, ...]]:
    """Yield headings, then the scores by threshold; a labeller without a positive label has one row."""
    from arcparse.frames.labeller_task import detections, frame_scores

    if model.positive is None:
        yield ("accuracy",)
        yield (f"{frame_scores(model, found, gold, 0)['accuracy']:.2f}",)
        return
    yield ("threshold", "words", "detected", "in %", "false alarms", "an hour", "frame F1", "accuracy")
    for threshold in thresholds:
        own = detections(model, found, gold, threshold, tolerance)
        frames = frame_scores(model, found, gold, threshold)
        numbers = (f"{value:.2f}" for value in (own.alarms_an_hour, frames["frame_F1"], frames["accuracy"]))
        counts = str(own.words), str(own.detected), f"{100 * own.rate:.2f}", str(own.false_alarms)
        yield (f"{threshold:g}", *counts, *numbers)
