"""`arcparse serve`: parsing over HTTP, with a web page."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from arcparse.cli import SUBCOMMANDS
from arcparse.cli.options import add_device, add_threads, whole
from arcparse.cli.signals import Stopped
from arcparse.errors import ConfigurationError
from arcparse.serve.settings import BYTES, CHARACTERS, REQUESTS, SECONDS, Limits
from arcparse.settings.limits import BEAM, Range

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

EXTRA = {  # the libraries of the extra, by their modules
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "prometheus_client": "prometheus-client",
}
PORT = Range(0, 65535)
DEFAULT = Limits()
LIMITS = {
    "--max-bytes": ("bytes", BYTES, "bytes of a request (default: %(default)s)"),
    "--max-requests": ("requests", REQUESTS, "requests that are worked on or wait (default: %(default)s)"),
    "--max-seconds": ("seconds", SECONDS, "seconds until an answer (default: %(default)g)"),
    "--max-beam": ("beam", BEAM, "width of a beam (default: %(default)s)"),
    "--batch": ("batch", CHARACTERS, "characters of all requests that are parsed in one call (default: %(default)s)"),
}


def add(subparsers: Subparsers) -> None:
    """Add the subcommand to argparse's subparsers."""
    parser = subparsers.add_parser(
        "serve",
        help=SUBCOMMANDS["serve"],
        description="Serve models over HTTP: a web page, the JSON interface /v1, and /process and /models, as clients "
        "of UDPipe's service call them. SIGTERM and Ctrl-C end the requests in flight, and then the server; a "
        "second one refuses them.",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen at; 0.0.0.0 lets all machines in (default: 127.0.0.1, this machine only)",
    )
    parser.add_argument(
        "--port", type=whole(PORT), default=8001, metavar="N", help="port; 0: a free one (default: 8001)"
    )
    parser.add_argument(
        "--model",
        nargs="+",
        action="extend",
        default=[],
        metavar="MODEL",
        help="names or paths of models, the first of them the default; NAME=PATH gives another name, NAME:NAME=PATH "
        "several (default: en)",
    )
    add_threads(parser)
    add_device(parser)
    parser.add_argument(
        "--cors",
        nargs="+",
        action="extend",
        default=[],
        metavar="ORIGIN",
        help="sites whose scripts may read answers, such as https://example.org, or * (default: none)",
    )
    limits = parser.add_argument_group("limits of requests")
    for name, (limit, limit_range, text) in LIMITS.items():
        limits.add_argument(
            name, dest=limit, type=whole(limit_range), metavar="N", default=getattr(DEFAULT, limit), help=text
        )
    parser.add_argument("--verbose", action="store_true", help="write a line for each request")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal; return the exit status."""
    _check_extra()
    from arcparse.serve import server
    from arcparse.serve.application import application
    from arcparse.serve.gate import Stop
    from arcparse.serve.models import Models

    limits = Limits(**{limit: getattr(args, limit) for limit, *_ in LIMITS.values()})
    models = Models.load(args.model or ["en"], threads=args.threads, device=args.device)
    with server.bound(args.host, args.port) as listening, suppress(Stopped, KeyboardInterrupt):

        def ready() -> None:
            names = ", ".join(models.pipelines)
            print(f"arcparse: {names} at {server.address_of(listening)}", file=sys.stderr, flush=True)

        stop = Stop()
        app = application(models, limits, args.cors, stop)
        server.run(app, listening, stop, patience=limits.seconds, verbose=args.verbose, ready=ready)
    return 0


def _check_extra() -> None:
    """Raise ConfigurationError if a library of the extra is missing."""
    missing = [name for module, name in EXTRA.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise ConfigurationError(f"a server needs more libraries: pip install {' '.join(missing)}")
