"""The command `arcparse serve`: its start, its stop, and its end by force."""

from __future__ import annotations

import importlib.util
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tiny_model import save_tiny_model

from arcparse import cli
from arcparse.cli.serve import EXTRA

MISSING = [name for module, name in EXTRA.items() if importlib.util.find_spec(module) is None]
needs_extra = pytest.mark.skipif(bool(MISSING), reason=f"the extra `serve` is missing: {', '.join(MISSING)}")
LONG = {"text": "The old man the boats. " * 8_000}
Start = Callable[..., "tuple[subprocess.Popen[str], str]"]


@pytest.fixture(scope="module")
def place(sample_treebank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(sample_treebank, tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def start(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a server with the folder `tmp_path` for temporary files; gives its process and its address."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started: list[subprocess.Popen[str]] = []

    def begun(*options: str, model: str = "") -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "arcparse", "serve", "--port", "0", "--model", model or str(place), *options]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stderr
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        return process, found[0]

    yield begun
    for process in started:
        process.kill()
        process.communicate()


def parsed(address: str, body: dict[str, Any]) -> Any:
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}v1/parse", content, headers)  # noqa: S310 (of our own)
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 (of our own)
        return json.load(answer)


def is_busy(address: str) -> bool:
    with urllib.request.urlopen(f"{address}metrics", timeout=60) as answer:  # noqa: S310 (of our own)
        return "arcparse_requests_in_flight 1.0" in answer.read().decode()


def is_listening(address: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", int(address.rstrip("/").rpartition(":")[2]))):
            return True
    except OSError:
        return False


def wait_until_busy(address: str) -> None:
    while not is_busy(address):
        time.sleep(0.01)


@needs_extra
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_requests_in_flight_and_then_the_server(start: Start, number: signal.Signals) -> None:
    process, address = start()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(parsed, address, LONG)
        wait_until_busy(address)
        process.send_signal(number)
        assert len(asked.result(120)["sentences"]) == 8_000
    assert process.wait(60) == 0


@needs_extra
@pytest.mark.slow
def test_a_second_signal_refuses_the_requests_in_flight(start: Start) -> None:
    process, address = start("--max-bytes", "100000000")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(parsed, address, {"text": LONG["text"] * 10})
        wait_until_busy(address)
        process.send_signal(signal.SIGINT)
        while is_listening(address):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert "503" in str(asked.exception(120))
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


@needs_extra
@pytest.mark.slow
def test_clients_that_do_not_go_on_do_not_hold_up_the_stop(start: Start) -> None:
    process, address = start()
    place = ("127.0.0.1", int(address.rstrip("/").rpartition(":")[2]))
    head = "POST /v1/parse HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(place) as half, socket.create_connection(place) as silent:
        half.sendall(f'{head}{{"text"'.encode())
        wait_until_busy(address)
        process.terminate()
        assert half.recv(1000).startswith(b"HTTP/1.1 503 ")
        assert silent.recv(1000) == b""
        assert process.wait(60) == 0


@needs_extra
@pytest.mark.slow
def test_a_server_that_is_killed_while_it_works_leaves_nothing(start: Start, tmp_path: Path) -> None:
    process, address = start("--max-bytes", "100000000")
    port = int(address.rstrip("/").rpartition(":")[2])
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(parsed, address, LONG)
        wait_until_busy(address)
        process.kill()
        assert isinstance(asked.exception(60), OSError)
    process.wait(60)
    assert not list(tmp_path.iterdir())
    with socket.create_server(("127.0.0.1", port)):  # free again
        pass


@needs_extra
@pytest.mark.slow
def test_names_and_limits_of_the_command_line(start: Start, place: Path) -> None:
    _, address = start("--max-beam", "4", model=f"english-ewt:en={place}")
    assert parsed(address, {"text": "Go!", "model": "en"})["model"] == "english-ewt"
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        parsed(address, {"text": "Go!", "beam": 5})
    with refused.value as answer:
        assert "beam must be a whole number from 1 to 4 or null, not 5" in answer.read().decode()


@needs_extra
@pytest.mark.slow
def test_all_lines_of_the_log_have_a_time_and_broken_forms_leave_none(start: Start) -> None:
    process, address = start("--verbose")
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    broken = urllib.request.Request(f"{address}process", b"no form", headers)  # noqa: S310 (of our own)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(broken, timeout=60)  # noqa: S310 (of our own)
    process.terminate()
    log = process.communicate(timeout=60)[1].splitlines()
    assert [re.sub(r"^\S+ \S+ 127\.0\.0\.1:\d+ - ", "", line) for line in log] == ['"POST /process HTTP/1.1" 400']


@needs_extra
def test_an_address_that_cannot_be_had_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert cli.main(["serve", "--port", port, "--model", str(place)]) == 2
    assert f"cannot serve at 127.0.0.1, port {port}: Address already in use" in capsys.readouterr().err


@needs_extra
def test_a_name_for_two_models_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--model", f"a={place}", f"a={place}"]) == 2
    assert "two models have the name 'a'" in capsys.readouterr().err


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["serve"]) == 2
    told = capsys.readouterr().err
    assert told == f"arcparse: a server needs more libraries: pip install {' '.join(EXTRA.values())}\n"
