"""Load on `arcparse serve`: many clients at once with short and long texts, and malformed requests.

    python tools/load.py --clients 50 --seconds 300 --model en
    python tools/load.py --malformed 1000

A server is started for the run on a free port, and killed at its end. Prints requests/s, latencies, errors, the
requests that shared a call, and the server's memory at the start and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from arcparse.treebank import read_conllu

SAMPLE = Path(__file__).parent.parent / "corpora" / "sample.conllu"
SHORT, LONG = (1, 3), (50, 200)  # sentences of a text
LONG_SHARE = 0.1
MIB = 1 << 20
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MALFORMED: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", "v1/parse", {"content": b"{", "headers": JSON}),
    (400, "POST", "v1/parse", {"content": b"[" * 100_000, "headers": JSON}),
    (400, "POST", "v1/parse", {"content": b'{"text": "\\ud800"}', "headers": JSON}),
    (400, "POST", "v1/parse", {"json": {"text": 5}}),
    (400, "POST", "v1/parse", {"json": {"text": "x", "beam": 0}}),
    (400, "POST", "v1/parse", {"json": {"text": "x", "model": "/etc/passwd"}}),
    (400, "POST", "v1/parse", {"json": {"sentences": [["a b"]]}}),
    (400, "POST", "v1/parse", {"json": {"conllu": "1\tx\n"}}),
    (400, "POST", "v1/draw", {"json": {"text": "Go. Stop."}}),
    (400, "POST", "process", {"content": b"data=%ff", "headers": FORM}),
    (400, "POST", "process", {"data": {"data": "x", "output": "/etc/passwd"}}),
    (400, "POST", "process", {"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}),
    (404, "GET", "static/../../settings.py", {}),
    (404, "GET", "nothing", {}),
    (405, "PUT", "process", {}),
    (413, "POST", "v1/parse", {"content": b" " * (5 * MIB), "headers": JSON}),
    (413, "POST", "process", {"files": {"data": ("x", b"x" * (5 * MIB))}}),
    (415, "POST", "v1/parse", {"data": {"text": "x"}}),
    (415, "POST", "process", {"json": {"data": "x"}}),
]
GARBAGE = [
    b"\0\xff" * 100 + b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /process HTTP/1.1\r\n\r\n",
    b"x" * 100_000 + b"\r\n\r\n",
]


def main() -> None:
    """Run the load that the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--malformed", type=int, default=0, metavar="N", help="send N malformed requests instead")
    parser.add_argument("--model", default="en")
    parser.add_argument("--treebank", default=str(SAMPLE), help="CoNLL-U file whose sentences make the texts")
    parser.add_argument(
        "--server", nargs="*", default=[], metavar="OPTION", help="options of the server without --, such as batch=1"
    )
    args = parser.parse_args()
    options = [f"--{option}" for option in args.server]
    with serving(args.model, options) as address:
        if args.malformed:
            asyncio.run(send_malformed(address, args.malformed))
        else:
            sentences = [sentence.text for sentence in read_conllu(args.treebank)]
            asyncio.run(send_texts(address, sentences, args.clients, args.seconds))


@contextmanager
def serving(model: str, options: Sequence[str]) -> Iterator[str]:
    """Start a server and give its address; kill it at the end."""
    command = [sys.executable, "-m", "arcparse", "serve", "--port", "0", "--model", model, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr  # noqa: S101 (for mypy)
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            sys.exit(line + process.stderr.read())
        try:
            yield found[0]
        finally:
            process.kill()


async def send_texts(address: str, sentences: Sequence[str], clients: int, seconds: float) -> None:
    """Send texts of all clients, each the next one after the answer; print the result."""
    times: list[float] = []
    answers: Counter[str] = Counter()
    words = 0
    async with client(address, clients) as session:
        for _ in range(5):  # the first requests load networks and fill caches
            await session.post("v1/parse", json={"text": " ".join(sentences)})
        before, end = await measured(session), time.perf_counter() + seconds

        async def work(number: int) -> None:
            nonlocal words
            generator = random.Random(number)  # noqa: S311 (of a measurement)
            while time.perf_counter() < end:
                size = generator.randint(*(LONG if generator.random() < LONG_SHARE else SHORT))
                text = " ".join(generator.choices(sentences, k=size))
                words += text.count(" ") + 1
                begun = time.perf_counter()
                try:
                    answers[str((await session.post("v1/parse", json={"text": text})).status_code)] += 1
                except httpx2.HTTPError as error:
                    answers[type(error).__name__] += 1
                times.append(time.perf_counter() - begun)

        await asyncio.gather(*map(work, range(clients)))
        after = await measured(session)
    median, last = statistics.median(times), statistics.quantiles(times, n=100)[-1]
    calls = after["batch_requests_count"] - before["batch_requests_count"]
    shared = (after["batch_requests_sum"] - before["batch_requests_sum"]) / calls
    print(f"{clients} clients, {seconds:g} s: {len(times) / seconds:.1f} requests/s, answers {dict(answers)}")
    print(f"latency: median {1000 * median:.0f} ms, 99th percentile {1000 * last:.0f} ms, longest {max(times):.2f} s")
    print(f"calls: {calls:.0f}, on average for {shared:.1f} requests")
    used = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
    print(f"about {words} words between blanks, {used:.1f} s of processor time: {words / used:.0f} words/s of it")
    print_memory(before, after)


async def send_malformed(address: str, number: int) -> None:
    """Send malformed requests; print the statuses that are not as expected, and whether the server still works."""
    generator = random.Random(1)  # noqa: S311 (of a measurement)
    wrong: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    async with client(address, 1) as session:
        before = await measured(session)
        for _ in range(number):
            if generator.random() < 0.2:
                status, path = 400, "garbage"
                found = await sent_garbage(address, generator.choice(GARBAGE))
            else:
                status, method, path, request = generator.choice(MALFORMED)
                found = (await session.request(method, path, **request)).status_code
            statuses[found] += 1
            if found != status:
                wrong[f"{path}: {found}, expected {status}"] += 1
        health = (await session.get("health")).status_code
        after = await measured(session)
    print(f"{number} malformed requests: statuses {dict(statuses)}, wrong {dict(wrong)}; /health then: {health}")
    print_memory(before, after)


async def sent_garbage(address: str, content: bytes) -> int:
    """Send bytes that are no HTTP; return the status of the answer, 0 if there is none."""
    host, port = address.removeprefix("http://").rstrip("/").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(content)
    line = await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0


def client(address: str, connections: int) -> httpx2.AsyncClient:
    """Return a client that waits long and keeps its connections."""
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx2.AsyncClient(base_url=address, timeout=300, limits=limits)


async def measured(session: httpx2.AsyncClient) -> dict[str, float]:
    """Return the server's memory in bytes, and the numbers of calls and of requests in them."""
    text = (await session.get("metrics")).text
    names = {f"process_{name}" for name in ("resident_memory_bytes", "cpu_seconds_total")}
    names |= {f"arcparse_batch_requests_{name}" for name in ("count", "sum")}
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name.removeprefix("arcparse_"): float(value) for name, value in rows if name in names}


def print_memory(before: dict[str, float], after: dict[str, float]) -> None:
    """Print the server's memory at the start and at the end."""
    start, end = (values["process_resident_memory_bytes"] / MIB for values in (before, after))
    print(f"memory: {start:.0f} MiB at the start, {end:.0f} MiB at the end")


if __name__ == "__main__":
    main()
