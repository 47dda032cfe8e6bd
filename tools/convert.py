"""Convert treebanks from format to format: `python tools/convert.py FILE --to conllx`, as `arcparse convert`."""

import sys

from arcparse.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["convert", *sys.argv[1:]]))
