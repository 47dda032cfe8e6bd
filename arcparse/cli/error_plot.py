"""The figure of a search-error analysis: LAS, outcomes of the sentences, and speed, each by beam width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from arcparse.drawing import figures
from arcparse.search import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from arcparse.parser.search_errors import BeamReport


def error_plot(reports: Sequence[BeamReport]) -> Figure:
    """Draw three panels over the beam widths of the reports, in their order."""
    panels = {
        "LAS (%)": {"": [100 * report.las for report in reports]},
        "sentences (%)": {name.value: [100 * report.share(name) for report in reports] for name in Outcome},
        "tokens/s": {"": [report.tokens_per_second for report in reports]},
    }
    return figures.by_beam([report.beam for report in reports], panels)
