"""Score models on a gold treebank: `python tools/accuracy.py GOLD.conllu MODEL...` prints a row for each input.

Inputs: gold tokens with the model's own tags (own), with gold tags (gold), with gold tags of some columns (upos,
xpos+feats), and raw text (raw), which is built from the `# text` comments, with a blank line before each document and
paragraph.
"""

from __future__ import annotations

import argparse

from arcparse import Pipeline, evaluate, read_conllu
from arcparse.cli.options import whole
from arcparse.lexicon.tags import COLUMN, with_tags
from arcparse.pipeline.ensembles import load_ensemble
from arcparse.sentence import EMPTY, Sentence
from arcparse.sentence.document import running_text
from arcparse.settings.limits import BEAM

METRICS = ("Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "UAS", "LAS", "CLAS", "MLAS")


def main() -> None:
    """Print the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", help="CoNLL-U file with gold trees")
    options.add_argument("models", nargs="+", metavar="MODEL", help="names or directories")
    options.add_argument("--beam", type=whole(BEAM), help="hypotheses (default: the model's)")
    options.add_argument(
        "--inputs", default="own,gold,raw", help="any of own, gold, upos, xpos+feats, ..., raw (default: own,gold,raw)"
    )
    options.add_argument(
        "--segmenter", help="name or directory of a model that divides raw text (default: the model's)"
    )
    options.add_argument("--tokenizer", help="name or file of rules that divide raw text instead")
    options.add_argument("--together", action="store_true", help="score the models together, as an ensemble")
    options.add_argument("--device", default="cpu", help="cpu (default), cuda, or auto")
    args = options.parse_args()
    gold = list(read_conllu(args.gold))
    print("| model | input | " + " | ".join(METRICS) + " |\n|---|---|" + "---|" * len(METRICS))
    for models in [args.models] if args.together else [[name] for name in args.models]:
        name = " + ".join(models)
        nlp = load_ensemble(models, segmenter=args.segmenter, tokenizer=args.tokenizer, device=args.device)
        for kind in args.inputs.split(","):
            scores = evaluate(gold, _parsed(nlp, gold, kind, args.beam))
            row = " | ".join(f"{100 * scores[metric].f1:.2f}" for metric in METRICS)
            print(f"| {name} | {kind} | {row} |", flush=True)


def _parsed(nlp: Pipeline, gold: list[Sentence], kind: str, beam: int | None) -> list[Sentence]:
    """Return the parses of one input."""
    if kind == "raw":
        return nlp.parse(running_text(gold), beam=beam)
    given = {"own": [], "gold": list(COLUMN)}.get(kind, kind.split("+"))
    hidden = [name for name in COLUMN if name not in given]
    bare = [with_tags(sentence, {name: [EMPTY] * len(sentence) for name in hidden}) for sentence in gold]
    return nlp.parse_sentences(bare, beam=beam)


if __name__ == "__main__":
    main()
