"""Our own interface, /v1: JSON objects in, and out come sentences as `Sentence.to_dict` gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from arcparse import drawing
from arcparse.errors import InputError
from arcparse.parser.parse import Parse
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.serve.answers import json_answer, json_bytes
from arcparse.serve.batching import Batches
from arcparse.serve.models import Models
from arcparse.serve.reading import conllu_of, given_of, inputs_of, only_sentence, options_of, read_json, sentences_of
from arcparse.serve.settings import Drawing, Limits, Parsing, Tracing
from arcparse.serve.tasks import NBestTask, OneTask, ParseTask, TagTask

if TYPE_CHECKING:
    from arcparse.parser.beam_trace import BeamTrace, Node


DRAWN = " to be drawn"  # why a sentence is too long


@dataclass(frozen=True)
class Own:
    """The routes of our own interface."""

    models: Models
    batches: Batches
    limits: Limits

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/v1/models", self.list_models, methods=["GET"]),
            Route("/v1/parse", self.parse, methods=["POST"]),
            Route("/v1/trace", self.trace, methods=["POST"]),
            Route("/v1/draw", self.draw, methods=["POST"]),
        ]

    async def list_models(self, _: Request) -> Response:
        """Answer with the models and their parts, and with the limits of requests."""
        described = [_described(name, nlp) for name, nlp in self.models.pipelines.items()]
        return JSONResponse({"models": described, "default": self.models.default, "limits": asdict(self.limits)})

    async def parse(self, request: Request) -> Response:
        """Answer with the parsed sentences of a text, of lists of tokens, or of CoNLL-U."""
        data = await read_json(request)
        given, options = await _given(data), options_of(Parsing, data, self.limits)
        _check_width(options)
        name = self.models.name_of(options.model)
        nlp = self.models.find(name, options.without)
        top = {"model": name} | ({"text": given} if isinstance(given, str) else {})
        if options.nbest or options.scores:
            nbest, inputs = self._nbest(nlp, options), sentences_of(given, nlp.divide)
            answer = _Sentences(top, partial(_with_scores, options))
            return json_answer(await self.batches.result(nbest, inputs, answer))
        makes_trees = ParseTask(nlp, options.beam, options.given_tags)
        task = makes_trees if nlp.makes_trees else TagTask(nlp, options.given_tags)
        return json_answer(await self.batches.result(task, inputs_of(given, nlp.divide), _Sentences(top, _each)))

    async def trace(self, request: Request) -> Response:
        """Answer with the search for one sentence, step by step."""
        data = await read_json(request)
        given, options = await _given(data), options_of(Tracing, data, self.limits)
        name = self.models.name_of(options.model)
        nlp = self.models.find(name)

        def work(given: str | list[Sentence]) -> bytes:
            beam = options.beam or nlp.parser.config.beam
            sentence = only_sentence(given, nlp.divide, self.limits.traced // beam, why=f" with a beam of {beam}")
            return json_bytes({"model": name, "beam": beam} | _traced(nlp, sentence, beam, options.given_tags))

        return json_answer(await self._once(work, given))

    async def draw(self, request: Request) -> Response:
        """Answer with the drawing of one sentence: as it is given, or of a text that is parsed."""
        data = await read_json(request)
        given, options = await _given(data), options_of(Drawing, data, self.limits)
        gold = None if options.gold is None else await run_in_threadpool(conllu_of, options.gold, "gold")
        nlp = self.models.find(options.model)

        def work(given: str | list[Sentence]) -> bytes:
            sentence = only_sentence(given, nlp.divide, self.limits.drawn, why=DRAWN)
            sentence = nlp.parse(sentence, beam=options.beam) if isinstance(given, str) else sentence
            other = (
                None if gold is None else only_sentence(gold, nlp.divide, self.limits.drawn, role=" as gold", why=DRAWN)
            )
            return _drawn(sentence, other, options).encode()

        return Response(await self._once(work, given), media_type="image/svg+xml")

    def _nbest(self, nlp: Pipeline, options: Parsing) -> NBestTask:
        samples = options.samples if options.scores else 0
        return NBestTask(nlp, options.nbest or 1, options.beam, samples, options.given_tags, self.limits.ranked)

    async def _once(self, work: Callable[[Any], bytes], given: str | list[Sentence]) -> Any:
        """Return the result of work that no other request shares."""
        return await self.batches.result(OneTask(work), iter([given]), _Whole())


async def _given(data: Mapping[str, Any]) -> Any:
    """Return the text or the sentences of a request, which are read aside, so that other requests go on."""
    return await run_in_threadpool(given_of, data)


def _check_width(options: Parsing) -> None:
    """Raise InputError for more trees than the beam has room for."""
    if options.beam and options.nbest and options.nbest > options.beam:
        raise InputError(
            f"nbest must be at most {options.beam}, the width of the beam, not {options.nbest}; give a wider beam"
        )


def _described(name: str, nlp: Pipeline) -> dict[str, Any]:
    return {
        "name": name,
        "tagger": nlp.makes_tags,
        "parser": nlp.makes_trees,
        "lemmatizer": nlp.lemmatizer is not None,
        "segmenter": nlp.segmenter is not None,
        "beam": nlp.beam,
    }


# Parsed sentences


class _Sentences:
    """An answer with sentences, in JSON; `dicts` gives those of a result."""

    def __init__(self, top: dict[str, Any], dicts: Callable[[Any], Iterator[dict[str, Any]]]) -> None:
        self._top, self._dicts = top, dicts
        self._parts: list[bytes] = []

    def add(self, results: Iterable[Any]) -> None:
        self._parts += [json_bytes(sentence) for result in results for sentence in self._dicts(result)]

    def end(self) -> bytes:
        return b'%s,"sentences":[%s]}' % (json_bytes(self._top)[:-1], b",".join(self._parts))


class _Whole:
    """An answer that is a single result."""

    def add(self, results: Sequence[bytes]) -> None:
        [self._result] = results

    def end(self) -> bytes:
        return self._result


def _each(result: Sentence | list[Sentence]) -> Iterator[dict[str, Any]]:
    for sentence in [result] if isinstance(result, Sentence) else result:
        yield sentence.to_dict()


def _with_scores(options: Parsing, trees: list[Parse]) -> Iterator[dict[str, Any]]:
    """Yield the best tree of a sentence, with its scores, and with `nbest` all its trees."""
    made = [_scored(tree, with_scores=options.scores) for tree in trees]
    yield made[0] | ({"nbest": made} if options.nbest else {})


def _scored(tree: Parse, *, with_scores: bool) -> dict[str, Any]:
    found = (tree.annotated() if with_scores else tree.sentence).to_dict()
    found |= {"score": tree.score, "probability": tree.probability}
    if with_scores:
        found |= {"head_confidence": tree.head_confidence, "label_confidence": tree.label_confidence}
    return found


# The search


def _traced(nlp: Pipeline, sentence: Sentence, beam: int, given_tags: bool) -> dict[str, Any]:
    """Return the beam after each step, and the winner's and the greedy derivation's way through it."""
    from arcparse.parser.beam_trace import beam_trace

    [tagged] = nlp.tag_sentences([sentence], given_tags)
    found = beam_trace(nlp.parser, tagged, beam, given_tags=given_tags)
    return {
        "forms": found.greedy[0].forms,
        "sentence": tagged.to_dict(),
        "steps": [_step(found, step) for step in range(len(found.layers))],
        "parts": found.parts,
        "overtakes": found.overtakes,
        "falls_out": found.falls_out,
        "changed": [{"greedy": asdict(greedy), "winner": asdict(winner)} for greedy, winner in found.changed],
    }


def _step(found: BeamTrace, step: int) -> dict[str, Any]:
    """Return the hypotheses of a step, best first; the ranks of winner and greedy derivation count from 0."""
    greedy = found.greedy[step]
    return {
        "hypotheses": [_hypothesis(node) for node in found.layers[step]],
        "winner": found.winner[step],
        "greedy": found.greedy_rank[step],
        "greedy_hypothesis": _hypothesis(greedy),
    }


def _hypothesis(node: Node) -> dict[str, Any]:
    return {
        "score": node.score,
        "transition": node.transition,
        "parent": node.parent,
        "stack": node.stack_tokens,
        "buffer": node.buffer_tokens,
        "arc": asdict(node.arc) if node.arc else None,
    }


# Drawings


def _drawn(sentence: Sentence, gold: Sentence | None, options: Drawing) -> str:
    diagram = drawing.diagram(sentence) if gold is None else drawing.overlay(gold, sentence, options.names)
    return drawing.svg(diagram, colour=options.colour, width=options.width)
