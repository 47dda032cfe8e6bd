"""`python -m arcparse`, the same as the `arcparse` command."""

import gc
import sys

from arcparse.cli import main

ALLOCATIONS = 100_000  # more than imports and models make, and none of those is garbage


def command() -> int:
    """Run the command line as a process of its own; it looks for garbage seldom, and not at its end."""
    gc.set_threshold(ALLOCATIONS)
    try:
        return main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(command())
