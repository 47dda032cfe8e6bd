"""Requests that are refused, each with the right status, and headers, measurements and the page."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tiny_model import save_tiny_model

from arcparse.errors import ConfigurationError
from arcparse.pipeline import Pipeline
from arcparse.serve.settings import Limits

gate = pytest.importorskip("arcparse.serve.gate", reason="the server needs starlette: install the extra `serve`")

if TYPE_CHECKING:
    from conftest import Serve
    from starlette.testclient import TestClient

    from arcparse.serve.gate import Stop

JSON = {"Content-Type": "application/json"}
TEXT = {"text": "They do."}


class Slow:
    """A model that waits until it may go on."""

    def __init__(self, nlp: Pipeline) -> None:
        self._nlp = nlp
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nlp, name)

    def parse_many(self, texts: Any, **options: Any) -> Any:
        self.begun.set()
        assert self.may_go_on.wait(60)
        return self._nlp.parse_many(texts, **options)


@contextmanager
def busy(
    serve: Serve, nlp: Pipeline, limits: Limits, stop: Stop | None = None
) -> Iterator[tuple[TestClient, Slow, ThreadPoolExecutor]]:
    slow = Slow(nlp)
    with serve(slow, limits, stop=stop) as client, ThreadPoolExecutor(4) as pool:
        try:
            yield client, slow, pool
        finally:
            slow.may_go_on.set()


def test_too_many_requests_are_told_to_come_later(serve: Serve, nlp: Pipeline) -> None:
    with busy(serve, nlp, Limits(requests=1)) as (client, slow, pool):
        first = pool.submit(client.post, "/v1/parse", json=TEXT)
        assert slow.begun.wait(60)
        refused = client.post("/v1/parse", json=TEXT)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert client.get("/health").status_code == 200  # no work, and never refused
        slow.may_go_on.set()
        assert first.result(60).status_code == 200
        assert client.post("/v1/parse", json=TEXT).status_code == 200


@pytest.mark.parametrize("path", ["/v1/parse", "/process"])
def test_no_answer_in_time_is_told(serve: Serve, nlp: Pipeline, path: str) -> None:
    with busy(serve, nlp, Limits(seconds=0.05)) as (client, _, _):
        body = {"json": TEXT} if path == "/v1/parse" else {"data": {"data": "They do.", "tokenizer": "", "parser": ""}}
        answer = client.post(path, **body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "no answer within 0.05 seconds" in answer.text


def test_requests_are_refused_when_the_server_stops_at_once(serve: Serve, nlp: Pipeline) -> None:
    stop = gate.Stop()
    with busy(serve, nlp, Limits(), stop) as (client, slow, pool):
        asked = pool.submit(client.post, "/v1/parse", json=TEXT)
        assert slow.begun.wait(60)
        assert client.portal is not None
        client.portal.call(stop.begins.set)
        assert not asked.done()  # it would be answered
        client.portal.call(stop.is_urgent.set)
        refused = asked.result(60)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["error"].startswith("this server is about to stop;")


def test_a_request_that_is_not_whole_is_refused_when_the_server_stops(
    serve: Serve, nlp: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "GRACE", 0.0)
    stop = gate.Stop()
    with serve(nlp, stop=stop) as client:
        assert client.portal is not None
        pieces = iter([{"type": "http.request", "body": b'{"text": ', "more_body": True}])
        assert client.portal.call(asked_by, client.app, pieces, stop.begins.set) == [503]


async def asked_by(app: Any, pieces: Iterator[Any], then: Callable[[], None]) -> list[int]:
    """Return the status of the answer to a client that sends pieces, calls a function, and sends no more."""
    sent: list[int] = []

    async def receive() -> Any:
        if message := next(pieces, None):
            return message
        then()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.extend([message["status"]] if message["type"] == "http.response.start" else [])

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/parse", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return sent


def by_length(size: int) -> dict[str, Any]:
    return {"content": b'{"text": "' + b"a" * size + b'"}', "headers": JSON}


def in_pieces(size: int) -> dict[str, Any]:
    return {"content": iter([b'{"text": "', *[b"a"] * size, b'"}']), "headers": JSON}


def as_file(size: int) -> dict[str, Any]:
    return {"data": {"tokenizer": ""}, "files": {"data": ("x.txt", b"a" * size)}}


@pytest.mark.parametrize(("path", "body"), [("/v1/parse", by_length), ("/v1/parse", in_pieces), ("/process", as_file)])
def test_a_long_body_is_refused(serve: Serve, nlp: Pipeline, path: str, body: Callable[[int], dict[str, Any]]) -> None:
    with serve(nlp, Limits(bytes=600)) as client:
        assert client.post(path, **body(10)).status_code == 200
        answer = client.post(path, **body(700))
    assert (answer.status_code, "more than 600 bytes" in answer.text) == (413, True)


def test_memory_that_runs_out_and_errors_inside_leave_no_trace(serve: Serve, nlp: Pipeline) -> None:
    class Broken(Slow):
        def parse_many(self, texts: Any, **options: Any) -> Any:
            raise next(errors)

    errors = iter([MemoryError("all"), ZeroDivisionError("/secret/place"), OSError(2, "no such", "/secret/place")])
    with serve(Broken(nlp)) as client:
        answers = [client.post("/v1/parse", json=TEXT) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 500, 500]
        assert answers[1].json() == {"error": "an error inside the server; its log has more"}
        assert not any("secret" in answer.text or "Traceback" in answer.text for answer in answers)
        assert client.get("/health").status_code == 200


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UNPARSABLE: list[dict[str, Any]] = [
    {},
    {"texts": "x"},
    {"text": "x", "sentences": []},
    {"text": "x", "conllu": ""},
    *[{"text": value} for value in (None, 1, True, [], {}, ["x"])],
    *[{"sentences": value} for value in ("x", 1, {}, None, ["x"], [None], [True], [3], [{}])],
    *[{"sentences": [value]} for value in ([1], [None], [True], [""], ["a b"], ["a\n"], [["a"]], [{"form": "a"}])],
    *[{"sentences": [{"tokens": value}]} for value in (1, None, ["a"], [None], [{}], [{"form": ""}], [{"form": None}])],
    *[{"sentences": [{"tokens": [{"form": "a", "head": value}]}]} for value in ("x", True, None, 0.5)],
    *[{"sentences": [{"tokens": [{"form": "a"}], "comments": value}]} for value in ("x", [None], ["no mark"])],
    *[{"sentences": [{"tokens": [{"form": "a", **other}]}]} for other in ({"frm": "b"}, {"id": 7}, {"misc": "x\ny"})],
    *[{"conllu": value} for value in ("x", "1\tx\n", "2\t" + "_\t" * 8 + "_\n\n", 5, None)],
    *[{"text": "x", "beam": value} for value in (0, 65, 2000, "8", True, 1.5, "none")],
    *[{"text": "x", "nbest": value} for value in (-1, 65, 2000, [])],
    {"text": "x", "nbest": 4, "beam": 2},
    {"text": "x", "samples": 10**9},
    *[{"text": "x", "scores": value} for value in ("yes", 1, None)],
    *[{"text": "x", "without": value} for value in ("lemmas", ["trees"], [1], None)],
    *[{"text": "x", "model": value} for value in ("../../etc/passwd", 5)],
    {"text": "x", "bem": 2},
]
UNTRACEABLE = [{}, {"text": ""}, {"text": "Go. Stop."}, {"text": "go " * 200, "beam": 8}, {"text": "x", "nbest": 2}]
UNDRAWABLE = [
    {},
    {"text": "word " * 20_000},
    {"conllu": ""},
    {"text": "Go. Stop."},
    {"text": "x", "colour": "red"},
    {"text": "x", "width": 0},
    *[{"text": "Go!", "gold": value} for value in (5, "x", "")],
    *[{"text": "Go!", "names": value} for value in (None, "ab", ["a"], [None, None])],
    {"text": "Go!", "gold": "1\tStop\t_\t_\t_\t_\t0\troot\t_\t_\n\n"},
]
NO_OBJECTS = [
    b"",
    b"{",
    b"\xff\xfe{",
    b"[" * 100_000,
    b"[]",
    b'"x"',
    b"null",
    b"1",
    b'{"text": "\\ud800"}',
    b'{"sentences": [["a\\ud800"]]}',
    b'{"text": NaN}',
    b'{"text": "x", "beam": 1e999}',
    b'{"text": "\xe9"}',
    b"1" * 5000,
]
NO_FORMS = [b"data=%ff", b"data=\xff", b"&".join(b"a%d=1" % i for i in range(500))]
PYTHON = re.compile(r"\b(parse_many|Sentence|None|True|False|nan|inf|sys|encode|dict|int|str|bool|n must)\b|'none'")
Malformed = tuple[int, str, str, dict[str, Any]]
MALFORMED: list[Malformed] = [
    *[(400, "POST", "/v1/parse", {"json": body}) for body in UNPARSABLE],
    *[(400, "POST", "/v1/trace", {"json": body}) for body in UNTRACEABLE],
    *[(400, "POST", "/v1/draw", {"json": body}) for body in UNDRAWABLE],
    *[(400, "POST", "/v1/parse", {"content": body, "headers": JSON}) for body in NO_OBJECTS],
    *[(400, "POST", "/process", {"content": body, "headers": FORM}) for body in NO_FORMS],
    *[
        (400, "POST", "/process", {"content": b"x", "headers": {"Content-Type": f"multipart/form-data{boundary}"}})
        for boundary in ("", "; boundary=b")
    ],
    *[(400, "POST", "/process", {"files": {"data": (name, b"\xff")}}) for name in ("x", None)],
    (400, "GET", "/process", {}),
    (400, "GET", "/process?data=%ff", {}),
    (415, "POST", "/v1/parse", {"content": b'{"text": "x"}', "headers": {"Content-Type": "text/plain"}}),
    (415, "POST", "/v1/parse", {"data": {"text": "x"}}),
    (415, "POST", "/process", {"json": {"data": "x"}}),
    *[
        (404, "GET", path, {})
        for path in ("/nothing", "/static/no.js", "/static/../site.py", "/static/%2e%2e/site.py", "/static/%2fetc/x.js")
    ],
    *[(405, *call, {}) for call in (("GET", "/v1/parse"), ("PUT", "/process"), ("POST", "/health"), ("DELETE", "/"))],
]


@pytest.mark.parametrize("case", MALFORMED, ids=[f"{i} {case[2]}" for i, case in enumerate(MALFORMED)])
def test_malformed_requests_get_the_right_status_and_a_line(client: TestClient, case: Malformed) -> None:
    status, method, path, request = case
    answer = client.request(method, path, **request)
    assert answer.status_code == status, answer.text
    told = answer.text.removesuffix("\n") if path.startswith("/process") else answer.json()["error"]
    assert told
    assert "\n" not in told
    assert "Traceback" not in told
    assert not (path.startswith("/v1/") and PYTHON.search(told)), told  # a client has JSON


def test_damaged_requests_never_lead_to_an_error_inside(client: TestClient) -> None:
    generator = random.Random(1)
    for body in (
        b'{"text": "They do.", "nbest": 2, "beam": 2}',
        b'{"conllu": "1\\tGo\\t_\\t_\\t_\\t_\\t_\\t_\\t_\\t_\\n\\n"}',
    ):
        for _ in range(50):
            damaged = bytearray(body)
            for _ in range(generator.randint(1, 3)):
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            answer = client.post("/v1/parse", content=bytes(damaged), headers=JSON)
            assert answer.status_code in (200, 400), (damaged, answer.text)


def test_every_answer_lets_a_page_load_from_here_alone(client: TestClient) -> None:
    for path in ("/", "/api", "/health", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_other_sites_read_answers_only_if_told(serve: Serve, nlp: Pipeline) -> None:
    origin = {"Origin": "https://example.org"}
    with serve(nlp, origins=["https://example.org"]) as client:
        assert client.get("/health", headers=origin).headers["access-control-allow-origin"] == "https://example.org"
        assert client.get("/nothing", headers=origin).headers["access-control-allow-origin"] == "https://example.org"
        other = client.get("/health", headers={"Origin": "https://example.com"})
        assert "access-control-allow-origin" not in other.headers
    with serve(nlp) as client:
        assert "access-control-allow-origin" not in client.get("/health", headers=origin).headers


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/", "https://example.org/page", ""])
def test_an_origin_that_no_browser_sends_is_refused(serve: Serve, nlp: Pipeline, origin: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is none that a browser sends; write https://example\.org"):
        serve(nlp, origins=["http://localhost:3000", "*", origin])


def test_requests_are_counted_by_path_and_status(serve: Serve, nlp: Pipeline) -> None:
    with serve(nlp) as client:
        client.post("/v1/parse", json=TEXT)
        client.post("/v1/parse", json={})
        client.get("/some/path/of/a/scanner")
        lines = client.get("/metrics").text.splitlines()
    assert 'arcparse_requests_total{path="/v1/parse",status="200"} 1.0' in lines
    assert 'arcparse_requests_total{path="/v1/parse",status="400"} 1.0' in lines
    assert 'arcparse_requests_total{path="other",status="404"} 1.0' in lines
    assert "arcparse_requests_in_flight 0.0" in lines
    assert "arcparse_batch_requests_count 1.0" in lines


def test_the_page_has_its_files_with_their_types(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from arcparse.serve import site

    assert client.get("/").headers["content-type"] == "text/html; charset=utf-8"
    for name in ("tree.js", "tree.css", "secret.py", ".hidden"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    monkeypatch.setattr(site, "PAGE", tmp_path)
    types = {name: client.get(f"/static/{name}").headers["content-type"] for name in ("tree.js", "tree.css")}
    assert types == {"tree.js": "text/javascript; charset=utf-8", "tree.css": "text/css; charset=utf-8"}
    assert [client.get(f"/static/{name}").status_code for name in ("secret.py", ".hidden")] == [404, 404]


def test_the_interface_is_described(client: TestClient) -> None:
    document, page = client.get("/openapi.json").json(), client.get("/api").text
    assert document["openapi"] == "3.1.0"
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert f"{method.upper()} {path}" in page
            for kind, body in call.get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    assert client.post(path, json=body["example"]).status_code == 200
    beam = document["paths"]["/v1/parse"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"][
        "beam"
    ]
    assert (beam["type"], beam["minimum"], beam["default"]) == (["integer", "null"], 1, None)
    assert beam["maximum"] == Limits().beam


@pytest.mark.parametrize(
    "limits", [{"bytes": 0}, {"requests": 0}, {"seconds": 0.0}, {"seconds": float("nan")}, {"beam": 1025}]
)
def test_limits_have_limits(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Limits(**limits)


def test_work_for_a_client_that_has_gone_is_given_up(serve: Serve, nlp: Pipeline) -> None:
    """Asked as a server asks an application, since the test client never goes before the answer."""
    to_thread = pytest.importorskip("anyio.to_thread")

    async def asked(app: Any, slow: Slow) -> list[str]:
        sent: list[str] = []
        body = iter([{"type": "http.request", "body": b'{"text": "They do."}', "more_body": False}])

        async def receive() -> Any:
            if message := next(body, None):
                return message
            await to_thread.run_sync(slow.begun.wait, 60)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/parse", "query_string": b"", "headers": headers}
        await app(scope, receive, send)
        return sent

    slow = Slow(nlp)
    with serve(slow) as client:
        assert client.portal is not None
        assert client.portal.call(asked, client.app, slow) == []
        slow.may_go_on.set()
        assert 'arcparse_requests_total{path="/v1/parse",status="499"} 1.0' in client.get("/metrics").text


def test_a_model_that_only_tags_says_so(serve: Serve, sample_treebank: Path, tmp_path: Path) -> None:
    save_tiny_model(sample_treebank, tmp_path, predicts_tags=False)
    with serve(Pipeline.load(tmp_path / "tagger")) as client:
        [sentence] = client.post("/v1/parse", json=TEXT).json()["sentences"]
        assert {token["head"] for token in sentence["tokens"]} == {-1}
        assert {token["upos"] for token in sentence["tokens"]} != {"_"}
        for path, body in (("/v1/parse", {**TEXT, "nbest": 2}), ("/v1/trace", TEXT), ("/v1/draw", TEXT)):
            answer = client.post(path, json=body)
            assert (answer.status_code, "this model is a tagger" in answer.text) == (400, True)
        answer = client.post("/process", data={"data": "They do.", "tokenizer": "", "parser": ""})
        assert (answer.status_code, answer.text) == (400, "the model 'tiny' has no parser; leave out the parameter\n")
