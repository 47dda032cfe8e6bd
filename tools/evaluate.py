"""Score a system's CoNLL-U file against a gold one: `python tools/evaluate.py GOLD SYSTEM`, as `arcparse evaluate`."""

import sys

from arcparse.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["evaluate", *sys.argv[1:]]))
