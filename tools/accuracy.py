"""Score models on a gold treebank: `python tools/accuracy.py GOLD.conllu MODEL...` prints a row for each input.

Inputs: gold tokens with the model's own tags, gold tokens with gold tags, and raw text, which is rebuilt from the
`# text` comments with a blank line before each document and paragraph.
"""

from __future__ import annotations

import argparse

from arcparse import Pipeline, evaluate, read_conllu
from arcparse.cli.options import whole
from arcparse.limits import BEAM
from arcparse.raw_text import running_text

METRICS = ("Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "UAS", "LAS", "CLAS", "MLAS")


def main() -> None:
    """Print the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", help="CoNLL-U file with gold trees")
    options.add_argument("models", nargs="+", metavar="MODEL", help="names or directories")
    options.add_argument("--beam", type=whole(BEAM), help="hypotheses (default: the model's)")
    options.add_argument("--inputs", default="own,gold,raw", help="of own, gold, raw (default: all)")
    options.add_argument("--segmenter", help="name or directory of what divides raw text (default: rules)")
    args = options.parse_args()
    gold = list(read_conllu(args.gold))
    print("| model | input | " + " | ".join(METRICS) + " |\n|---|---|" + "---|" * len(METRICS))
    for name in args.models:
        nlp = Pipeline.load(name, segmenter=args.segmenter)
        runs = {
            "own": lambda nlp=nlp: nlp.parse_sentences(gold, beam=args.beam, given_tags=False),
            "gold": lambda nlp=nlp: nlp.parse_sentences(gold, beam=args.beam),
            "raw": lambda nlp=nlp: nlp.parse(running_text(gold), beam=args.beam),
        }
        for kind in args.inputs.split(","):
            scores = evaluate(gold, runs[kind]())
            row = " | ".join(f"{100 * scores[metric].f1:.2f}" for metric in METRICS)
            print(f"| {name} | {kind} | {row} |", flush=True)


if __name__ == "__main__":
    main()
