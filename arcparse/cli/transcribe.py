"""`arcparse transcribe`: the speech of recordings as text, by a recogniser."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_recurrent_options, check_nbest, load_on_device, whole, wholes
from arcparse.cli.streams import standard_output
from arcparse.cli.tables import in_columns
from arcparse.errors import ConfigurationError
from arcparse.formats import opened
from arcparse.settings.limits import BEAM, NBEST

if TYPE_CHECKING:
    from arcparse.frames.recogniser import Recogniser
    from arcparse.frames.recordings import Recording

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

BATCH = 64  # recordings in memory at a time
WIDTH = 4  # of the beam
HEADINGS = ("beam", "word errors in %", "exact", "search errors", "model errors", "unreachable", "recordings/s")


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "transcribe",
        help=SUBCOMMANDS["transcribe"],
        description="Write the texts of recordings (.npz, .npy or .wav): name, tab, text on each line. With --gold "
        "only a table of scores by beam width is printed: the word error rate, and shares of recordings in per cent. A "
        "wrong text is a search error if the model gives the right one a higher score, else a model error; a text with "
        "a symbol that the model cannot write is unreachable.",
    )
    parser.add_argument("recordings", nargs="*", metavar="RECORDING", help="files, or folders of such files")
    parser.add_argument("--gold", metavar="PLACE", help="score the model on a folder of recordings with texts")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.add_argument(
        "--beam", type=wholes(BEAM), default=(WIDTH,), metavar="K",
        help=f"width of the beam (default: {WIDTH}); K,K,... with --gold",
    )  # fmt: skip
    parser.add_argument(
        "--nbest", type=whole(NBEST), metavar="N", help="write the best N texts, each as name, score, text"
    )
    add_recurrent_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Transcribe, or score; return the exit status."""
    from arcparse.batches import stream
    from arcparse.frames.recogniser import Recogniser
    from arcparse.frames.recordings import read_recording, recording_files

    if bool(args.gold) == bool(args.recordings):
        raise ConfigurationError("give either recordings to transcribe, or --gold FOLDER to score the model")
    if len(args.beam) > 1 and not args.gold:
        raise ConfigurationError("--beam: only --gold FOLDER compares several widths; give one")
    check_nbest(args.nbest, args.beam[0])
    model = load_on_device(args, Recogniser)
    if args.gold:
        print("\n".join(in_columns(list(_scores(model, args.gold, args.beam)), range(len(HEADINGS)))))
        return 0
    files = recording_files(args.recordings)
    with opened(args.output or standard_output()) as file:
        for batch in stream(files, BATCH):
            recordings = [read_recording(own) for own in batch]
            found = model.transcribe(recordings, beam=args.beam[0], nbest=args.nbest or 1)
            for recording, texts in zip(recordings, found, strict=True):
                for text in texts:
                    scored = f"{text.score:.4f}\t" if args.nbest else ""
                    file.write(f"{recording.name}\t{scored}{text.text}\n")
    return 0


def _scores(model: Recogniser, place: str, beams: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield headings, and a row for each width of the beam."""
    from arcparse.evaluation.word_errors import word_error_rate
    from arcparse.frames.recordings import read_recordings, texts_of
    from arcparse.search import Outcome, judge

    recordings = read_recordings(place)
    texts = texts_of(recordings, place)
    gold = _gold_scores(model, recordings, texts)
    yield HEADINGS
    for beam in beams:
        start = time.perf_counter()
        found = [best[0] for best in model.transcribe(recordings, beam=beam)]
        seconds = time.perf_counter() - start
        errors = word_error_rate((own.text.split(), text.split()) for own, text in zip(found, texts, strict=True))
        outcomes = [
            judge(own.text == text, score, own.score) for own, text, score in zip(found, texts, gold, strict=True)
        ]
        shares = (100 * outcomes.count(outcome) / len(texts) for outcome in Outcome)
        numbers = (f"{value:.2f}" for value in (errors, *shares))
        yield (str(beam), *numbers, f"{len(recordings) / seconds:,.0f}")


def _gold_scores(model: Recogniser, recordings: Sequence[Recording], texts: Sequence[str]) -> list[float | None]:
    """Return the log-probability of the right texts; None for one that the model cannot write."""
    from arcparse.lexicon.symbols import divided

    can = [all(symbol in model.symbols for symbol in divided(text, model.config.symbols)) for text in texts]
    found = iter(
        model.log_probabilities(
            [recording for recording, own in zip(recordings, can, strict=True) if own],
            [text for text, own in zip(texts, can, strict=True) if own],
        )
    )
    return [next(found) if own else None for own in can]
