"""Measure speed, start-up time and memory: `python tools/benchmark.py FILE`, as `arcparse benchmark`."""

import sys

from arcparse.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["benchmark", *sys.argv[1:]]))
