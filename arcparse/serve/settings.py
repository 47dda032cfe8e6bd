"""The limits of the server, and the options of requests, which `arcparse.serve.schema` checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from arcparse.bundle import Without
from arcparse.drawing.colours import Colouring
from arcparse.drawing.svg import WIDTH as PAGE
from arcparse.errors import ConfigurationError
from arcparse.parser.parse import SAMPLES as DEFAULT_SAMPLES
from arcparse.settings import check_ranges
from arcparse.settings.limits import BEAM, NBEST, SAMPLES, WIDTH, Range

BYTES = Range(1, 1 << 30)
REQUESTS = Range(1, 10_000)
SECONDS = Range(0, 3600, without=(0,))
WORDS = Range(1, 100_000)
CHARACTERS = Range(1, 1 << 22)


@dataclass(frozen=True)
class Limits:
    """The limits of requests, each with the status of the answer to a request beyond it."""

    bytes: Annotated[int, BYTES] = 4 << 20  # 413; of a request's body; UDPipe's server takes as many
    requests: Annotated[int, REQUESTS] = 256  # 429; that are worked on or wait: more would only wait longer
    seconds: Annotated[float, SECONDS] = 120.0  # 503; until the answer: 4 MiB of text alone need about half of it
    beam: Annotated[int, BEAM] = 64  # 400; a parser makes almost no search errors with it
    ranked: Annotated[int, WORDS] = 1000  # 400; words of a sentence with n-best trees or scores: some 5 s
    drawn: Annotated[int, WORDS] = 1000  # 400; words of a sentence that is drawn
    traced: Annotated[int, WORDS] = 800  # 400; words of a sentence whose search is shown, times its beam: some 2 s
    batch: Annotated[int, CHARACTERS] = 1 << 13  # characters of all requests that are parsed in one call: some 0.15 s

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_ranges(self)


@dataclass(frozen=True)
class Parsing:
    """The options of /v1/parse."""

    model: str | None = None  # name of a model; the first one of the server without it
    beam: Annotated[int, BEAM] | None = None  # width of the beam; 1 is greedy; that of the model without it
    nbest: Annotated[int, NBEST] | None = None  # number of trees for each sentence
    scores: bool = False  # whether to add scores, probabilities and the confidences of arcs
    samples: Annotated[int, SAMPLES] = DEFAULT_SAMPLES  # trees drawn from the model, for the confidences
    given_tags: bool = True  # whether the tags that sentences have are kept, and used for parsing
    without: tuple[Without, ...] = ()  # parts that are left out: lemmas, segmenter


@dataclass(frozen=True)
class Tracing:
    """The options of /v1/trace."""

    model: str | None = None
    beam: Annotated[int, BEAM] | None = None
    given_tags: bool = True


@dataclass(frozen=True)
class Drawing:
    """The options of /v1/draw; the first two count for text, which is parsed."""

    model: str | None = None
    beam: Annotated[int, BEAM] | None = None
    colour: Colouring = "none"
    width: Annotated[int, WIDTH] | None = int(PAGE)  # pixels of a line; null for a single line
    gold: str | None = None  # a second analysis as CoNLL-U
    names: tuple[str, str] = ("gold", "system")  # of two analyses, in the legend

    def __post_init__(self) -> None:
        """Check the number of names."""
        if len(self.names) != 2:
            raise ConfigurationError(f"names must be two, of `gold` and of the other analysis, not {len(self.names)}")
