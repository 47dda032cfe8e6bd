"""Options that all trainings share, and their display: a progress bar, a line for each epoch, bad sentences."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from arcparse.cli.tables import in_columns
from arcparse.errors import ArcparseError
from arcparse.presets import purposes
from arcparse.training.progress import Progress


def add_settings(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the options of a training that choose its settings, and say how it begins; `default` is the preset."""
    parser.add_argument("config", nargs="?", type=Path, help="TOML file of settings that replace those of the preset")
    parser.add_argument("--preset", default="", help=f"settings to start from, listed below (default: {default})")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting; can be given several times",
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="report and pass over sentences that are malformed or have no tree"
    )
    parser.add_argument("--fresh", action="store_true", help="begin anew even if OUTPUT holds an earlier run")
    parser.add_argument(
        "--dry-run", action="store_true", help="only print the settings as TOML and the sizes of the data"
    )


def presets_and_purposes(kind: str) -> str:
    """Return the end of the help of a kind: its presets and their purposes."""
    return "\n  ".join(["presets:", *in_columns(list(purposes(kind).items()))])


@contextmanager
def told_once() -> Iterator[None]:
    """Silence the error of TensorBoard's thread if it cannot write: the training raises it too."""
    shown = threading.excepthook
    threading.excepthook = lambda args: None if issubclass(args.exc_type, OSError) else shown(args)
    try:
        yield
    finally:
        threading.excepthook = shown


def report_skipped(error: ArcparseError) -> None:
    """Tell on standard error that a bad sentence is passed over."""
    print(f"arcparse: {error}: skipped", file=sys.stderr)


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: seconds, minutes, or hours and minutes."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


class Bar:
    """A progress bar on standard error for each epoch, and a line with its scores; `title` stands before each."""

    title = ""

    def __enter__(self) -> Bar:
        """Wait for the first report."""
        self._bar: tqdm[None] | None = None
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress, left: str = "") -> None:
        """Show a report; the time that is `left` is that of this training, unless it is given."""
        if self._bar is None:
            self._bar = tqdm(total=progress.steps, unit="batch", leave=False, disable=None)
        shown = left or f"{duration(progress.seconds_left)} left"
        self._bar.n = progress.step
        self._bar.set_description(f"{self.title}epoch {progress.epoch}/{progress.epochs}", refresh=False)
        self._bar.set_postfix_str(f"loss {progress.loss:.3f}, {progress.tokens_per_second:.0f} tokens/s, {shown}")
        if progress.metrics:
            self._bar.close()
            self._bar = None
            scores = "  ".join(f"{name} {value:.2f}" for name, value in progress.metrics.items())
            line = f"{self.title}epoch {progress.epoch}  loss {progress.loss:.4f}  {scores}"
            print(line, *([f" {left}"] if left else []), file=sys.stderr, flush=True)
