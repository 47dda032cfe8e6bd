"""Score models on a gold treebank: `python tools/accuracy.py GOLD.conllu MODEL...` prints a row for each input.

Inputs: gold tokens with the model's own tags, gold tokens with gold tags, and raw text, which is rebuilt from the
`# text` comments with a blank line before each document and paragraph.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from arcparse import Pipeline, Sentence, evaluate, read_conllu

METRICS = ("Sentences", "Words", "UPOS", "XPOS", "UFeats", "UAS", "LAS", "CLAS", "MLAS")


def raw_text(sentences: Iterable[Sentence]) -> str:
    """Return the running text of a treebank."""
    parts: list[str] = []
    for sentence in sentences:
        begins = any(comment.startswith(("# newdoc", "# newpar")) for comment in sentence.comments)
        parts += ["\n\n" if begins else " ", sentence.text]
    return "".join(parts).strip() + "\n"


def main() -> None:
    """Print the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", help="CoNLL-U file with gold trees")
    options.add_argument("models", nargs="+", metavar="MODEL", help="names or directories")
    options.add_argument("--beam", type=int, help="hypotheses (default: the model's)")
    options.add_argument("--inputs", default="own,gold,raw", help="of own, gold, raw (default: all)")
    args = options.parse_args()
    gold = list(read_conllu(args.gold))
    print("| model | input | " + " | ".join(METRICS) + " |\n|---|---|" + "---|" * len(METRICS))
    for name in args.models:
        nlp = Pipeline.load(name)
        runs = {
            "own": lambda nlp=nlp: nlp.parse_sentences(gold, beam=args.beam),
            "gold": lambda nlp=nlp: nlp.parse_sentences(gold, beam=args.beam, given_tags=True),
            "raw": lambda nlp=nlp: nlp.parse(raw_text(gold), beam=args.beam),
        }
        for kind in args.inputs.split(","):
            scores = evaluate(gold, runs[kind]())
            row = " | ".join(f"{100 * scores[metric].f1:.2f}" for metric in METRICS)
            print(f"| {name} | {kind} | {row} |", flush=True)


if __name__ == "__main__":
    main()
