"""`python -m arcparse`, the same as the `arcparse` command."""

import sys

from arcparse.cli import main

if __name__ == "__main__":
    sys.exit(main())
