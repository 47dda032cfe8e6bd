"""The interface of UDPipe's REST service, so that its clients need no change: /models and /process.

The service and its parameters are described at https://lindat.mff.cuni.cz/services/udpipe/api-reference.php. Steps are
asked for by their names: `tokenizer` divides plain text, `tagger` gives tags and lemmas, `parser` trees; a step that is
not asked for changes nothing. Of the options of steps, `presegmented`, `ranges` and `normalized_spaces` of the
tokeniser count, and as in UDPipe all others are without effect. Errors are plain text with status 400.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from arcparse import formats
from arcparse.errors import ConfigurationError, InputError
from arcparse.pipeline import Pipeline
from arcparse.sentence import DEPREL, EMPTY, FEATS, HEAD, LEMMA, MISC, UPOS, XPOS, Sentence
from arcparse.serve.answers import json_answer, json_bytes
from arcparse.serve.batching import Batches
from arcparse.serve.models import Models
from arcparse.serve.reading import inputs_of, read_form
from arcparse.serve.settings import Limits
from arcparse.serve.tasks import DivideTask, Input, ParseTask, TagTask, Task
from arcparse.tokenizer import NEUTRAL
from arcparse.tokenizer.pieces import read_lines
from arcparse.treebank.encoding import BYTE_ORDER_MARK

STEPS = ("tokenizer", "tagger", "parser")
NO_STEP = "none"  # as the value of a step: as if it was not given
CONLLU, TEXT, LINES = "conllu", "text", "lines"
NAMES = {"plaintext": TEXT, "plaintext=normalized_spaces": LINES, "conllu=v2": CONLLU}  # UDPipe's names of our formats
RULES = "generic_tokenizer"  # an input that is divided by rules without a language
RANGES = re.compile(r"\|?TokenRange=[^|\n]*")
SPACES = re.compile(r"\|?Spaces(?:After|Before|InToken)=[^|\n]*")
TAGS = (LEMMA, UPOS, XPOS, FEATS)


@dataclass(frozen=True)
class UDPipe:
    """The routes of UDPipe's interface."""

    models: Models
    batches: Batches
    limits: Limits

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/models", self.list_models, methods=["GET", "POST"]),
            Route("/process", self.process, methods=["GET", "POST"]),
        ]

    async def list_models(self, _: Request) -> Response:
        """Answer with the models and the steps of each."""
        found = {name: _steps(nlp) for name, nlp in self.models.pipelines.items()}
        return JSONResponse({"models": found, "default_model": self.models.default})

    async def process(self, request: Request) -> Response:
        """Answer with the data after the steps that the request names."""
        fields = await read_form(request, self.limits.bytes)
        order = _Order.of(fields, self.models)
        given = None if order.is_text else await run_in_threadpool(order.sentences)
        head = {"model": order.model, "acknowledgements": self._acknowledgements(order.model)}
        inputs = order.text() if given is None else iter(given)
        return json_answer(await self.batches.result(order.task, inputs, _Result(head, order, given)))

    def _acknowledgements(self, model: str) -> list[str]:
        source = self.models.sources.get(model)
        return [f"arcparse {version('arcparse')}", *([f"{model}: {source}"] if source else [])]


@dataclass(frozen=True)
class _Order:
    """A request of /process."""

    data: str
    model: str
    nlp: Pipeline
    steps: Mapping[str, str]  # those that are asked for, with their options
    input: str
    output: formats.Format

    @classmethod
    def of(cls, fields: Mapping[str, str], models: Models) -> _Order:
        """Return the order of a form. Raises InputError or ConfigurationError if it cannot be fulfilled."""
        if "data" not in fields:
            raise InputError("the parameter 'data' is missing; give a text, or sentences in the format of 'input'")
        model = models.name_of(fields.get("model"))
        nlp = models.find(model)
        steps = {step: fields[step] for step in STEPS if fields.get(step, NO_STEP) != NO_STEP}
        for step in steps:
            if step not in _steps(nlp):
                raise ConfigurationError(f"the model {model!r} has no {step}; leave out the parameter")
        output = formats.format_of(_named(fields.get("output") or CONLLU))
        formats.SentenceWriter(io.StringIO(), output)  # raises an error if it can only be read
        data = fields["data"].removeprefix(BYTE_ORDER_MARK)  # of a file from Windows
        return cls(data, model, nlp, steps, _named(fields.get("input") or CONLLU), output)

    @property
    def task(self) -> Task:
        """The work on the data."""
        if "parser" in self.steps:
            return ParseTask(self.nlp, given_tags="tagger" not in self.steps)
        return TagTask(self.nlp, given_tags=False) if "tagger" in self.steps else DivideTask(self.nlp)

    @property
    def _options(self) -> set[str]:
        return {option.partition("=")[0].strip() for option in self.steps.get("tokenizer", "").split(";")}

    @property
    def is_text(self) -> bool:
        """Whether the data are a text that is to be divided."""
        return "tokenizer" in self.steps or self.input in (TEXT, LINES)

    def text(self) -> Iterator[Input]:
        """Return the inputs of a text, which is divided when they are asked for."""
        if self.input == LINES or "presegmented" in self._options:
            return read_lines(self._stream(), name="data", divide=self.nlp.divide)
        return inputs_of(self.data, self.nlp.divide)

    def sentences(self) -> list[Sentence]:
        """Read the data as sentences. Raises TreebankError if they are malformed."""
        if self.input == RULES:
            return NEUTRAL.tokenize(self.data)
        return list(formats.read_sentences(self._stream(), self.input, name="data"))

    def trimmed(self, sentence: Sentence) -> Sentence:
        """Return a sentence without the places in the text, and without spaces if so asked, as UDPipe writes it."""
        if self.output.name in (TEXT, LINES) or not (self.is_text or self.input == RULES):
            return sentence
        miscs = "\n".join(sentence.columns[MISC])
        for pattern, keeps in ((RANGES, "ranges" in self._options), (SPACES, "normalized_spaces" not in self._options)):
            miscs = miscs if keeps else pattern.sub("", miscs)
        cells = tuple(misc.removeprefix("|") or EMPTY for misc in miscs.split("\n"))
        return Sentence(sentence.comments, (*sentence.columns[:MISC], cells), sentence.place)

    def _stream(self) -> io.StringIO:
        return io.StringIO(self.data, newline="")


class _Result:
    """The answer to an order: sentences in the format of its output."""

    def __init__(self, head: dict[str, Any], order: _Order, given: list[Sentence] | None) -> None:
        self._head, self._order = head, order
        self._given = None if given is None else iter(given)
        self._keeps_tags = "parser" in order.steps and "tagger" not in order.steps
        self._comments: tuple[str, ...] = ()  # for the first sentence, as UDPipe writes them
        if order.output.name == CONLLU:
            self._comments = f"# generator = arcparse {version('arcparse')}", f"# udpipe_model = {order.model}"
        self._target = io.StringIO()
        self._writer = formats.SentenceWriter(self._target, order.output)

    def add(self, results: Iterable[Any]) -> None:
        found = (each for result in results for each in ([result] if isinstance(result, Sentence) else result))
        self._writer.write(map(self._made, found))

    def end(self) -> bytes:
        return json_bytes({**self._head, "result": self._target.getvalue()})

    def _made(self, sentence: Sentence) -> Sentence:
        made = self._order.trimmed(self._with_given_tags(sentence) if self._keeps_tags else sentence)
        if self._comments:
            made = Sentence((*self._comments, *made.comments), made.columns, made.place)
            self._comments = ()
        return made

    def _with_given_tags(self, sentence: Sentence) -> Sentence:
        """Return a sentence with the tags and lemmas that it had before the parser read it; in a text it had none."""
        if self._given is None:
            return sentence.with_columns({column: [EMPTY] * len(sentence) for column in TAGS})
        return next(self._given).with_columns({column: sentence.words(column) for column in (HEAD, DEPREL)})


def _steps(nlp: Pipeline) -> list[str]:
    has = {"tokenizer": True, "tagger": nlp.makes_tags, "parser": nlp.makes_trees}
    return [step for step in STEPS if has[step]]


def _named(name: str) -> str:
    return NAMES.get(name, name)
