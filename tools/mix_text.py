"""Mix paragraphs of several raw texts, so that each part of the result has all kinds of text.

python tools/mix_text.py --words 3000000 blogs.txt.xz=5 news.txt.xz=1 > raw.txt

Each file gives words in proportion to the number behind its name (1, if there is none), drawn without repetition by
the seed; a file that ends sooner gives all that it has. Lines are paragraphs; empty and long ones are left out.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from arcparse.vectors.corpus import DistinctLines


def drawn(file: str, words: float, longest: int, seed: int) -> list[str]:
    """Return paragraphs of a file, of `words` words together, or all that it has."""
    paragraphs = [line.strip().replace("<br />", " ") for line in DistinctLines([Path(file)])]
    random.Random(f"{seed} {Path(file).name}").shuffle(paragraphs)  # noqa: S311 (not for secrets)
    found = []
    for paragraph in paragraphs:
        count = len(paragraph.split())
        if 0 < count <= longest:
            found.append(paragraph)
            words -= count
        if words <= 0:
            break
    return found


def main() -> None:
    """Write the mixture to the standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", nargs="+", metavar="FILE[=SHARE]", help="raw text, a paragraph a line")
    parser.add_argument("--words", type=int, required=True, help="words of the mixture")
    parser.add_argument("--longest", type=int, default=150, help="words of the longest paragraph (default: 150)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    shares = [(name, float(share or 1)) for name, _, share in (text.partition("=") for text in args.text)]
    total = sum(share for _, share in shares)
    paragraphs = [
        line for name, share in shares for line in drawn(name, args.words * share / total, args.longest, args.seed)
    ]
    random.Random(args.seed).shuffle(paragraphs)  # noqa: S311 (not for secrets)
    sys.stdout.writelines(f"{paragraph}\n" for paragraph in paragraphs)


if __name__ == "__main__":
    main()
