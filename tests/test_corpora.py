"""The registry, fetching from a server on this machine, and verifying."""

from __future__ import annotations

import ast
import hashlib
import http.server
import lzma
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import arcparse
from arcparse import cli
from arcparse import corpora as corpus
from arcparse.errors import ConfigurationError, TreebankError

TRAIN = b"# sent_id = 1\n1\tHo\tho\tINTJ\t_\t_\t0\troot\t_\t_\n\n" * 4000
DEV = b"1\tHi\thi\tINTJ\t_\t_\t0\troot\t_\t_\n\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(name: str, files: dict[str, bytes], **texts: str) -> str:
    texts = {
        "language": "Laughter",
        "licence": "CC0",
        "address": "https://example.org/UD_Laughter-Ho/",
        "version": "2.16",
        "revision": "r2.16",
        **texts,
    }
    lines = [f"[{name}]", *(f'{key} = "{value}"' for key, value in texts.items()), f"[{name}.files]"]
    return "\n".join([*lines, *(f'"{file}" = "{digest(content)}"' for file, content in files.items()), ""])


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "registry.toml"
    path.write_text(entry("laughter-ho", {"ho-train.conllu": TRAIN, "ho-dev.conllu": DEV}))
    return path


class Server:
    """The answers of the server, and the requests that it got."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {"/ho-train.conllu": TRAIN, "/ho-dev.conllu": DEV}
        self.stop_after: int | None = None  # bytes of a body
        self.delay = 0.0  # seconds before a body
        self.ranges = True
        self.asked: list[tuple[str, str | None]] = []
        self.url = ""

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        wanted = request.headers["Range"]
        self.asked.append((request.path, wanted))
        content = self.files.get(request.path)
        if content is None:
            request.send_error(404)
            return
        start = int(wanted[6:-1]) if wanted and self.ranges else 0
        if start >= len(content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        request.wfile.flush()
        time.sleep(self.delay)
        request.wfile.write(content[start:][: self.stop_after])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        state.url = f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        running.shutdown()
        thread.join()


@pytest.fixture
def fetch(server: Server, registry: Path, tmp_path: Path) -> Callable[..., list[Path]]:
    def run(**options: float) -> list[Path]:
        treebank = corpus.read_registry(registry)["laughter-ho"]
        return corpus.fetch(treebank, tmp_path / "to", base_url=server.url, **options)

    return run


# The registry ---------------------------------------------------------------------------------------------------------


def test_there_is_a_registry_of_public_treebanks() -> None:
    treebanks = corpus.read_registry()
    assert len(treebanks) >= 11
    for name, treebank in treebanks.items():
        assert treebank.name == name
        assert re.match(r"https://github\.com/UniversalDependencies/UD_\w+-\w+$", treebank.address)
    assert treebanks["gothic-proiel"].base_url == (
        "https://github.com/UniversalDependencies/UD_Gothic-PROIEL/raw/a25bb215b6dc513342d3a2c412c6cd60d54f48fe"
    )


def test_real_treebanks_have_the_checksums_of_the_registry(corpora: Path) -> None:
    registry = corpus.read_registry()
    for folder in ("ud-gothic-proiel", "ud-english-ewt", "ud-english-ewt/r2.5"):
        findings = corpus.verify(registry, corpora / folder)
        assert [found.state for found in findings] == ["whole"] * 3
    assert {found.treebank.version for found in findings} == {"2.5"}


def test_the_registry_is_part_of_the_installed_package() -> None:
    package = Path(arcparse.__file__).parent
    settings = (package.parent / "pyproject.toml").read_text(encoding="utf-8")
    [patterns] = re.findall(r"^arcparse = (\[.*\])$", settings, re.MULTILINE)
    assert corpus.REGISTRY in {path for pattern in ast.literal_eval(patterns) for path in package.glob(pattern)}


def test_a_missing_registry_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"my\.toml: there is no registry .*; leave out --registry"):
        corpus.read_registry(tmp_path / "my.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a", "is not TOML"),
        ("a = 1", r"\[a\]: must be a table of language, licence, address, version, revision and files"),
        (entry("a", {"x": b""}, size="9"), "must be a table of"),
        (entry("a", {"x": b""}, licence=""), "licence must be a text, not ''"),
        (entry("a", {}), "files must be a table of file names"),
        (entry("a", {"x": b""}, address="file:///etc/passwd"), "'file:///etc/passwd' must begin with https://"),
        (entry("a", {"x": b""}).replace(digest(b""), "ABC"), "SHA-256 of x must be 64 hexadecimal digits, not 'ABC'"),
        (entry("a", {"../x": b""}), r"file name '\.\./x' must have only letters"),
        (entry("a", {"/etc/x": b""}), "file name '/etc/x'"),
        (entry("a", {".hidden": b""}), r"file name '\.hidden'"),
        (entry("a", {r"b\\x": b""}), r"file name 'b\\\\x'"),
        (entry("a", {"": b""}), "file name ''"),
    ],
)
def test_a_wrong_registry_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=rf"r\.toml: .*{message}"):
        corpus.read_registry(path)


def test_a_registry_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        corpus.read_registry(tmp_path)


def test_an_unknown_treebank_names_the_nearest(registry: Path) -> None:
    with pytest.raises(ConfigurationError, match="no treebank 'laughter'; did you mean 'laughter-ho'"):
        corpus.find_treebank(corpus.read_registry(registry), "laughter")
    with pytest.raises(ConfigurationError, match="no treebank 'laughter'; `arcparse corpus list` shows all"):
        corpus.find_treebank({}, "laughter")


# Fetching -------------------------------------------------------------------------------------------------------------


def test_files_are_fetched_once(fetch: Callable[..., list[Path]], server: Server, tmp_path: Path) -> None:
    assert [path.read_bytes() for path in fetch()] == [TRAIN, DEV]
    fetch()
    assert server.asked == [("/ho-train.conllu", None), ("/ho-dev.conllu", None)]
    assert sorted(os.listdir(tmp_path / "to")) == ["ho-dev.conllu", "ho-train.conllu"]


def test_progress_is_told(fetch: Callable[..., list[Path]]) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch(progress=lambda *step: told.append(step))  # type: ignore[arg-type]
    assert [step for step in told if step[1] == step[2]] == [
        ("ho-train.conllu", len(TRAIN), len(TRAIN)),
        ("ho-dev.conllu", len(DEV), len(DEV)),
    ]
    assert len(told) > 2


def test_another_content_is_refused(fetch: Callable[..., list[Path]], server: Server, tmp_path: Path) -> None:
    server.files["/ho-train.conllu"] = DEV
    expected = f"ho-train.conllu: SHA-256 is {digest(DEV)}, expected {digest(TRAIN)}; it is another version"
    with pytest.raises(TreebankError, match=re.escape(expected)):
        fetch()
    assert os.listdir(tmp_path / "to") == []


def test_a_file_that_is_not_there(fetch: Callable[..., list[Path]], server: Server, tmp_path: Path) -> None:
    del server.files["/ho-dev.conllu"]
    with pytest.raises(TreebankError, match=r"/ho-dev\.conllu: HTTP status 404 \(Not Found\); check the address"):
        fetch()
    assert os.listdir(tmp_path / "to") == ["ho-train.conllu"]


@pytest.mark.parametrize("ranges", [True, False])
def test_what_was_interrupted_goes_on(fetch: Callable[..., list[Path]], server: Server, ranges: bool) -> None:
    server.stop_after, server.ranges = 1000, ranges
    with pytest.raises(TreebankError, match=rf"ended after 1000 of {len(TRAIN)} bytes; run it again to continue"):
        fetch()
    server.stop_after = None
    assert [path.read_bytes() for path in fetch()] == [TRAIN, DEV]
    assert server.asked[1] == ("/ho-train.conllu", "bytes=1000-")


def test_a_rest_of_something_else_is_thrown_away(fetch: Callable[..., list[Path]], tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / ".ho-dev.conllu.part").write_bytes(b"x" * 1000)  # longer than the file: status 416
    (tmp_path / "to" / ".ho-train.conllu.part").write_bytes(b"x")
    with pytest.raises(TreebankError, match=r"ho-train\.conllu: SHA-256 is"):
        fetch()
    assert [path.read_bytes() for path in fetch()] == [TRAIN, DEV]


def test_a_server_that_says_nothing(fetch: Callable[..., list[Path]], server: Server) -> None:
    server.delay = 0.5
    with pytest.raises(TreebankError, match=r"cannot be fetched: no byte for 0\.05 s; run it again"):
        fetch(timeout=0.05)


def test_no_server(registry: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TreebankError, match=r"cannot be fetched: .*refused"):
            corpus.fetch(corpus.read_registry(registry)["laughter-ho"], tmp_path / "to", base_url=url)


def test_an_address_of_another_kind(registry: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'file:///etc' must begin with https:// or http://"):
        corpus.fetch(corpus.read_registry(registry)["laughter-ho"], tmp_path / "to", base_url="file:///etc")


def test_files_of_the_user_are_left_alone(fetch: Callable[..., list[Path]], tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    mine = tmp_path / "to" / "ho-train.conllu"
    mine.write_text("mine")
    with pytest.raises(TreebankError, match=r"ho-train\.conllu: is not the file of laughter-ho 2\.16; move it away"):
        fetch()
    assert mine.read_text() == "mine"


def test_a_folder_that_cannot_be_made(fetch: Callable[..., list[Path]], tmp_path: Path) -> None:
    (tmp_path / "to").write_text("")
    with pytest.raises(TreebankError, match="to: cannot be made: File exists; give another folder"):
        fetch()


# Verifying ------------------------------------------------------------------------------------------------------------


def test_files_are_held_against_the_version_of_which_most_are_there(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    old, new = ({"train": train, "dev": b"same", "test": b"t"} for train in (b"old", b"new"))
    path.write_text(entry("old", old) + entry("new", new) + entry("else", {"x": b""}))
    (tmp_path / "train").write_bytes(b"new")
    (tmp_path / "dev.xz").write_bytes(lzma.compress(b"changed"))
    found = corpus.verify(corpus.read_registry(path), tmp_path)
    assert [(each.treebank.name, each.file, each.state) for each in found] == [
        ("new", "train", "whole"),
        ("new", "dev", "differs"),
        ("new", "test", "missing"),
    ]


def test_a_broken_file_names_itself(registry: Path, tmp_path: Path) -> None:
    (tmp_path / "ho-dev.conllu.xz").write_bytes(DEV)
    with pytest.raises(TreebankError, match=r"ho-dev\.conllu\.xz: cannot be read: "):
        corpus.verify(corpus.read_registry(registry), tmp_path)


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_lists_fetches_and_verifies(
    server: Server, registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--registry", str(registry)]
    assert cli.main(["corpus", "list", *options]) == 0
    assert capsys.readouterr().out == (
        "name         version  language  licence  files  address\n"
        "laughter-ho  2.16     Laughter  CC0      2      https://example.org/UD_Laughter-Ho/\n"
    )
    assert cli.main(["corpus", "fetch", "laughter-ho", "--base-url", server.url + "/", *options]) == 0
    assert capsys.readouterr().out == "laughter-ho: 2 files of laughter-ho 2.16, licence CC0\n"
    assert cli.main(["corpus", "verify", "laughter-ho", *options]) == 0
    assert "laughter-ho/ho-dev.conllu: is whole (laughter-ho)\n" in capsys.readouterr().out


def test_the_command_says_what_is_not_whole(registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["corpus", "verify", str(tmp_path), "--registry", str(registry)]) == 1
    assert capsys.readouterr() == ("", f"arcparse: {tmp_path}: no file of the registry is there\n")
    (tmp_path / "ho-dev.conllu").write_bytes(b"x")
    assert cli.main(["corpus", "verify", str(tmp_path), "--registry", str(registry)]) == 1
    assert capsys.readouterr().out == (
        f"{tmp_path}/ho-train.conllu: is missing (laughter-ho)\n"
        f"{tmp_path}/ho-dev.conllu: differs from the registry (laughter-ho)\n"
    )


@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "soon"])
def test_a_timeout_that_is_no_time_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["corpus", "fetch", "english-ewt-2.12", "--timeout", seconds])
    assert f"must be a number above 0 and at most 86400, not '{seconds}'" in capsys.readouterr().err
