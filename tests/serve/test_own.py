"""Our own interface: texts, tokens and CoNLL-U in, and what the pipeline gives out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from arcparse.drawing import diagram, svg
from arcparse.parser.beam_trace import beam_trace
from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.serve.settings import Limits

if TYPE_CHECKING:
    from starlette.testclient import TestClient

TEXT = "The old man the boats. They do."
TOKENS = [["The", "old", "man", "the", "boats", "."], ["They", "do", "."]]


def asked(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_text_is_parsed_as_the_pipeline_parses_it(client: TestClient, nlp: Pipeline) -> None:
    assert asked(client, "/v1/parse", text=TEXT) == {"model": "tiny", **nlp.parse(TEXT).to_dict()}


@pytest.mark.parametrize(
    "sentences", [TOKENS, [Sentence.from_forms(forms).to_dict() for forms in TOKENS]], ids=["tokens", "records"]
)
def test_sentences_are_parsed_with_their_tokens(client: TestClient, nlp: Pipeline, sentences: Any) -> None:
    found = asked(client, "/v1/parse", sentences=sentences, model="tiny")
    assert found == {"model": "tiny", "sentences": [nlp.parse(forms).to_dict() for forms in TOKENS]}


@pytest.mark.parametrize(
    ("tokens", "comments"),
    [([{"form": "a", "misc": "x\ny"}], []), ([{"form": "a"}], ["# a\nb"]), ([{"form": "a"}], ["text"])],
    ids=["line break in a cell", "line break in a comment", "comment without #"],
)
def test_sentences_that_conllu_cannot_hold_are_refused(client: TestClient, tokens: Any, comments: Any) -> None:
    answer = client.post("/v1/parse", json={"sentences": [{"tokens": tokens, "comments": comments}]})
    assert answer.status_code == 400, answer.text


def test_conllu_keeps_its_tags_unless_told(client: TestClient, nlp: Pipeline) -> None:
    given = Sentence.from_forms(TOKENS[0]).replace(upos=["X"] * 6)
    kept, new = (asked(client, "/v1/parse", conllu=str(given), given_tags=keeps) for keeps in (True, False))
    assert {token["upos"] for token in kept["sentences"][0]["tokens"]} == {"X"}
    assert new["sentences"] == [nlp.parse(given, given_tags=False).to_dict()]


def test_the_best_trees_come_with_their_scores(client: TestClient, nlp: Pipeline) -> None:
    [found] = asked(client, "/v1/parse", sentences=TOKENS[:1], nbest=3, beam=4, scores=True)["sentences"]
    trees = nlp.nbest(TOKENS[0], 3, beam=4)
    assert [Sentence.from_dict(tree) for tree in found["nbest"]] == [tree.annotated() for tree in trees]
    assert [tree["probability"] for tree in found["nbest"]] == pytest.approx([tree.probability for tree in trees])
    assert found["head_confidence"] == pytest.approx(trees[0].head_confidence)
    assert Sentence.from_dict(found) == trees[0].annotated()


def test_the_search_is_shown_step_by_step(client: TestClient, nlp: Pipeline) -> None:
    found = asked(client, "/v1/trace", sentences=TOKENS[1:], beam=3)
    trace = beam_trace(nlp.parser, nlp.tag(TOKENS[1]), 3, given_tags=True)
    assert (found["beam"], found["forms"]) == (3, ["ROOT", "They", "do", "."])
    assert [len(step["hypotheses"]) for step in found["steps"]] == [len(layer) for layer in trace.layers]
    last = found["steps"][-1]["hypotheses"][0]
    assert last["score"] == pytest.approx(trace.layers[-1][0].score)
    assert (last["stack"], last["buffer"]) == ([0], [])
    assert [step["winner"] for step in found["steps"]] == list(trace.winner)


def test_a_sentence_is_drawn(client: TestClient, nlp: Pipeline) -> None:
    parsed = nlp.parse(TOKENS[0])
    expected = svg(diagram(parsed), colour="label")
    for body in ({"conllu": str(parsed)}, {"sentences": [parsed.to_dict()]}):
        answer = client.post("/v1/draw", json={**body, "colour": "label"})
        assert (answer.text, answer.headers["content-type"]) == (expected, "image/svg+xml")
    assert client.post("/v1/draw", json={"text": "They do."}).text == svg(diagram(nlp.parse("They do.")[0]))


def test_two_analyses_are_drawn_in_one(client: TestClient, nlp: Pipeline) -> None:
    parsed = nlp.parse(TOKENS[1])
    other = parsed.replace(heads=[2, 0, 1])
    drawn = client.post("/v1/draw", json={"conllu": str(parsed), "gold": str(other), "width": None})
    assert drawn.status_code == 200
    assert drawn.text != svg(diagram(parsed), width=None)
    named = client.post("/v1/draw", json={"conllu": str(parsed), "gold": str(other), "names": ["greedy", "beam 8"]})
    assert ">beam 8 alone<" in named.text
    assert ">gold" not in named.text
    unlike = client.post("/v1/draw", json={"text": "It works.", "gold": str(other)})
    assert unlike.status_code == 400
    assert unlike.json()["error"].startswith("system: word 1 is 'It', in gold (gold:1) 'They'; ")
    wrong = client.post("/v1/draw", json={"conllu": str(parsed), "gold": str(other), "names": ["greedy"]})
    assert wrong.status_code == 400
    assert "names must be two" in wrong.json()["error"]


def test_the_models_are_listed_with_their_beams_and_the_limits(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    parts = {"tagger": True, "parser": True, "lemmatizer": False, "segmenter": False}
    assert listed["models"] == [{"name": "tiny", "beam": 1} | parts]
    assert listed["default"] == "tiny"
    assert listed["limits"]["beam"] == Limits().beam


def test_places_are_those_of_the_text_without_its_byte_order_mark(client: TestClient) -> None:
    found = asked(client, "/v1/parse", text="\ufeffThey do.")
    assert found["text"] == "They do."
    assert found["sentences"][0]["tokens"][1]["start"] == found["text"].index("do")
