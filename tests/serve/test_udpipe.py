"""UDPipe's interface: requests in the forms in which its clients send them, and the steps that they ask for."""

from __future__ import annotations

import email.mime.multipart
import email.mime.nonmultipart
import email.policy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from arcparse.pipeline import Pipeline
from arcparse.sentence import Sentence
from arcparse.treebank import parse_conllu

if TYPE_CHECKING:
    from starlette.testclient import TestClient

TEXT = "Žluťoučký kůň & café. They do."
STEPS = {"tokenizer": "", "tagger": "", "parser": ""}
TAGGED = Sentence.from_forms(["They", "do"]).replace(upos=["X", "Y"], lemmas=["a", "b"])
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def result(client: TestClient, **fields: str) -> str:
    answer = client.post("/process", data=fields)
    assert answer.status_code == 200, answer.text
    text: str = answer.json()["result"]
    return text


def sentences(client: TestClient, **fields: str) -> list[Sentence]:
    return parse_conllu(result(client, **fields))


def by_the_python_client(fields: dict[str, str]) -> dict[str, Any]:
    """The body of UDPipe 2's own client: parts of plain text, each with its own character set."""
    message = email.mime.multipart.MIMEMultipart("form-data", policy=email.policy.HTTP)
    for name, value in fields.items():
        part = email.mime.nonmultipart.MIMENonMultipart("text", "plain")
        part.add_header("Content-Disposition", f'form-data; name="{name}"')
        part.add_header("Content-Transfer-Encoding", "8bit")
        part.set_payload(value, charset="utf-8")
        message.attach(part)
    body = message.as_bytes().split(b"\r\n\r\n", maxsplit=1)[1]
    return {"content": body, "headers": {"Content-Type": message["Content-Type"]}}


POSTS = {
    "requests' data": {"data": {**STEPS, "data": TEXT}},
    "requests' params": {"params": {**STEPS, "data": TEXT}},
    "curl --data-urlencode": {"content": f"tokenizer=&tagger=&parser=&data={quote(TEXT)}", "headers": FORM},
    "names without values": {"content": f"tokenizer&tagger&parser&data={quote(TEXT)}", "headers": FORM},
    "curl --data in UTF-8": {"content": f"data={TEXT.replace('&', '%26')}&tokenizer&parser".encode(), "headers": FORM},
    "curl -F data=@file": {"data": STEPS, "files": {"data": ("text.txt", TEXT.encode(), "text/plain")}},
    "R's httr, multipart": {"files": {name: (None, value) for name, value in {**STEPS, "data": TEXT}.items()}},
    "udpipe2_client.py": by_the_python_client({**STEPS, "data": TEXT}),
}


@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS.keys())
def test_requests_are_read_in_the_forms_of_clients(client: TestClient, nlp: Pipeline, post: dict[str, Any]) -> None:
    answer = client.post("/process", **post)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert list(found) == ["model", "acknowledgements", "result"]
    assert found["model"] == "tiny"
    assert [(s.forms, s.heads) for s in parse_conllu(found["result"])] == [(s.forms, s.heads) for s in nlp.parse(TEXT)]


@pytest.mark.parametrize("query", [quote(TEXT), TEXT.replace("&", "%26")], ids=["quoted", "UTF-8"])
def test_the_address_may_hold_the_data(client: TestClient, nlp: Pipeline, query: str) -> None:
    found = client.get(f"/process?tokenizer&tagger&parser&model=english&data={query}").json()
    assert [s.heads for s in parse_conllu(found["result"])] == [s.heads for s in nlp.parse(TEXT)]


def test_the_models_are_listed_and_found_by_beginnings_of_their_names(client: TestClient) -> None:
    models = {"tiny": ["tokenizer", "tagger", "parser"]}
    assert client.get("/models").json() == {"models": models, "default_model": "tiny"}
    for name in ("tiny", "english-ewt-ud-2.16", "english-ewt", "english", ""):
        assert result(client, data="Go!", tokenizer="", model=name)
    answer = client.post("/process", data={"data": "Go!", "tokenizer": "", "model": "englisch"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert answer.text == "there is no model 'englisch'; did you mean 'english'?; this server has tiny\n"


def test_a_step_that_is_not_asked_for_changes_nothing(client: TestClient, nlp: Pipeline) -> None:
    given = str(TAGGED)
    [read] = sentences(client, data=given)
    [tagged] = sentences(client, data=given, tagger="")
    [parsed] = sentences(client, data=given, parser="")
    [both] = sentences(client, data=given, tagger="", parser="")
    assert read.columns == TAGGED.columns
    assert (tagged.upos, tagged.is_parsed) == (nlp.tag(TAGGED, given_tags=False).upos, False)
    assert parsed.columns == TAGGED.with_tree(nlp.parse(TAGGED).tree).columns
    assert both.heads == nlp.parse(TAGGED, given_tags=False).heads
    [divided] = sentences(client, data="They do", tokenizer="", parser="")
    assert (divided.upos, divided.is_parsed) == (("_", "_"), True)
    [untouched] = sentences(client, data="They do", tokenizer="", tagger="none", parser="none")
    assert (untouched.upos, untouched.is_parsed) == (("_", "_"), False)


def test_the_result_names_its_origin(client: TestClient) -> None:
    [first, second] = sentences(client, data="Go! Stop!", tokenizer="")
    assert first.comment("generator").startswith("arcparse ")
    assert first.comment("udpipe_model") == "tiny"
    assert first.comments[-3:] == ("# newpar", "# sent_id = 1", "# text = Go!")
    assert second.comments == ("# sent_id = 2", "# text = Stop!")


@pytest.mark.parametrize(
    ("options", "miscs"),
    [
        ("", ["SpaceAfter=No", "SpacesAfter=\\n"]),
        ("ranges", ["SpaceAfter=No|TokenRange=0:2", "SpacesAfter=\\n|TokenRange=2:3"]),
        ("normalized_spaces", ["SpaceAfter=No", "_"]),
        ("ranges;normalized_spaces", ["SpaceAfter=No|TokenRange=0:2", "TokenRange=2:3"]),
    ],
)
def test_options_of_the_tokeniser_choose_the_notes_on_places(
    client: TestClient, options: str, miscs: list[str]
) -> None:
    [found] = sentences(client, data="Go!\n", tokenizer=options)
    assert [token.misc for token in found] == miscs


def test_presegmented_text_has_a_sentence_on_each_line(client: TestClient) -> None:
    found = sentences(client, data="Go. Stop.\nnow or\nnever", tokenizer="presegmented")
    assert [sentence.text for sentence in found] == ["Go. Stop.", "now or", "never"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("horizontal", "They do\nGo !\n"), ("vertical", "They\ndo\n\nGo\n!\n\n"), ("generic_tokenizer", "They do\n\nGo!")],
)
def test_formats_of_the_input(client: TestClient, name: str, data: str) -> None:
    assert [s.forms for s in sentences(client, data=data, input=name)] == [("They", "do"), ("Go", "!")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("horizontal", "They do\nGo !\n"),
        ("vertical", "They\ndo\n\nGo\n!\n\n"),
        ("plaintext", "They  do\n\nGo!"),
        ("plaintext=normalized_spaces", "They do\n\nGo!\n"),
    ],
)
def test_formats_of_the_output(client: TestClient, name: str, text: str) -> None:
    assert result(client, data="They  do\n\nGo!", tokenizer="", output=name) == text


def test_a_path_is_data_like_any_other(client: TestClient) -> None:
    [found] = sentences(client, data="/etc/passwd", tokenizer="", input="/etc/passwd.gz")
    assert found.text == "/etc/passwd"
    for field in ("input", "output", "model"):
        answer = client.post("/process", data={"data": "x", field: "/etc/passwd"})
        assert (answer.status_code, "root:" in answer.text) == (400, False)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "the parameter 'data' is missing"),
        ({"data": "1\tno columns"}, "data:1"),
        ({"data": "x", "output": "matxin"}, "format 'matxin' is not known"),
        ({"data": "x", "output": "penn"}, "can only be read"),
    ],
)
def test_malformed_requests_are_told_in_plain_text(client: TestClient, fields: dict[str, str], message: str) -> None:
    answer = client.post("/process", data=fields)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert message in answer.text
    assert "Traceback" not in answer.text
