"""The report of `arcparse benchmark` as tables, and as a figure of the growth of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Any

from arcparse.benchmark.report import PEERS
from arcparse.benchmark.turns import BEAM, LENGTH
from arcparse.cli.tables import in_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Report = Mapping[str, Any]  # as `arcparse.benchmark.report.Report.as_dict` makes it
Measures = Sequence[Mapping[str, Any]]
RIGHT = (2, 4, 5, 6, 7, 8)  # columns of numbers
DIGITS = {"tokens/s": 0, "MiB": 0, "ms": 2, "s": 3}


def shown(report: Report) -> str:
    """Return tables under a line that names the file, the model and the settings."""
    count = {name: f"{report[name]} {name[:-1] if report[name] == 1 else name}" for name in ("threads", "runs")}
    title = (
        f"{report['file']}: {report['sentences']} sentences, {report['tokens']} tokens; model {report['model']}, "
        f"{count['threads']}, batches of {report['batch_size']} sentences, {count['runs']}"
    )
    tables = [[title, *in_columns(_rows(report["measures"]), RIGHT)]]
    if report["growth"]:
        tables += [_by_length(_of(report, LENGTH)), _by_beam(_of(report, BEAM))]
    return "\n\n".join("\n".join(lines) for lines in tables)


def _rows(measures: Measures) -> list[tuple[str, ...]]:
    """Return the headings, and a row for each measure but those of growth; names stand in the first of their rows."""
    peers = [name for name in PEERS if any(name in measure["ratios"] for measure in measures)]
    rows: list[tuple[str, ...]] = []
    before = ("", "")
    for measure in measures:
        if measure["name"] in (LENGTH, BEAM):
            continue
        name, system = f"{measure['name']}, {measure['unit']}", measure["system"]
        numbers = [f"{measure[key]:,.{DIGITS[measure['unit']]}f}" for key in ("median", "min", "max")]
        ratios = [_ratio(measure["ratios"].get(peer)) for peer in peers]
        new = name != before[0]
        shown = (name if new else "", system if new or system != before[1] else "")
        rows.append((*shown, str(measure["beam"] or ""), measure["caches"], *numbers, *ratios))
        before = name, system
    headings = ("measure", "system", "beam", "caches", "median", "min", "max", *(f"{peer} x" for peer in peers))
    return [headings, *rows]


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _by_length(measures: Measures) -> list[str]:
    """Return a table of the seconds of one sentence; behind them, the factor for twice the words."""
    lines = _lines(measures, "words")
    lengths = [length for length, _ in next(iter(lines.values()))]
    rows = [("system", "beam", *(f"{length:,}" for length in lengths))]
    for (system, beam), points in lines.items():
        factors = ["", *(f" ({2 ** (log(b / a) / log(n / m)):.2f})" for (m, a), (n, b) in pairwise(points))]
        cells = [f"{seconds:.3f}{factor}" for (_, seconds), factor in zip(points, factors, strict=True)]
        rows.append((system, beam, *cells))
    title = "One sentence of so many words, in seconds (and the factor for twice the words)"
    return [title, *in_columns(rows, range(1, len(rows[0])))]


def _by_beam(measures: Measures) -> list[str]:
    """Return a table of tokens a second by the width of the beam."""
    lines = _lines(measures, "beam")
    rows = [("system", *(str(beam) for beam, _ in next(iter(lines.values()))))]
    rows += [(system, *(f"{speed:,.0f}" for _, speed in points)) for (system, _), points in lines.items()]
    return ["Tagging and parsing by the width of the beam, in tokens/s", *in_columns(rows, range(1, len(rows[0])))]


def _lines(measures: Measures, by: str) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """Return points of a quantity and its median, by system and by the beam that is the same for them."""
    lines: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for measure in measures:
        beam = "" if by == "beam" else str(measure["beam"] or "")
        lines.setdefault((measure["system"], beam), []).append((measure[by], measure["median"]))
    return lines


def _of(report: Report, name: str) -> Measures:
    return [measure for measure in report["measures"] if measure["name"] == name]


def figure(report: Report) -> Figure:
    """Draw the growth of time: seconds by the length of a sentence, tokens a second by the width of the beam."""
    from arcparse.drawing.figures import Panel, growth

    by_length, by_beam = _lines(_of(report, LENGTH), "words"), _lines(_of(report, BEAM), "beam")
    lengths = {f"{system}, beam {beam}" if beam else system: points for (system, beam), points in by_length.items()}
    beams = {system: points for (system, _), points in by_beam.items()}
    return growth(
        {"words": Panel("seconds for one sentence", lengths, logarithmic=True), "beam": Panel("tokens/s", beams)}
    )
