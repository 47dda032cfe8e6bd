"""Score models on a gold treebank: `python tools/accuracy.py GOLD.conllu MODEL...` prints a row for each input.

Inputs: gold tokens with the model's own tags (own), with gold tags (gold), with gold tags of some columns (upos,
xpos+feats), and raw text (raw), which is built from the `# text` comments, with a blank line before each document and
paragraph.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from arcparse import Pipeline, evaluate, read_conllu
from arcparse.cli.options import whole
from arcparse.errors import ArcparseError
from arcparse.lexicon.tags import COLUMN, with_tags
from arcparse.pipeline.ensembles import load_ensemble
from arcparse.sentence import EMPTY, Sentence
from arcparse.sentence.document import running_text
from arcparse.settings.limits import BEAM

WHOLE = ("own", "gold", "raw")  # inputs that are no columns of tags
METRICS = ("Tokens", "Sentences", "Words", "UPOS", "XPOS", "UFeats", "UAS", "LAS", "CLAS", "MLAS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table in Markdown; return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("gold", help="CoNLL-U file with gold trees")
    options.add_argument("models", nargs="+", metavar="MODEL", help="names or directories")
    options.add_argument("--beam", type=whole(BEAM), help="hypotheses (default: the model's)")
    options.add_argument(
        "--inputs",
        type=_kinds,
        default="own,gold,raw",
        help="any of own, gold, upos, xpos+feats, ..., raw (default: own,gold,raw)",
    )
    options.add_argument(
        "--segmenter", help="name or directory of a model that divides raw text (default: the model's)"
    )
    options.add_argument("--tokenizer", help="name or file of rules that divide raw text instead")
    options.add_argument("--together", action="store_true", help="score the models together, as an ensemble")
    options.add_argument("--device", default="cpu", help="cpu (default), cuda, or auto")
    args = options.parse_args(arguments)
    try:
        for row in _rows(args):
            print("| " + " | ".join(row) + " |", flush=True)
    except ArcparseError as error:
        print(f"accuracy.py: {error}", file=sys.stderr)
        return 2
    return 0


def _rows(args: argparse.Namespace) -> Iterator[list[str]]:
    """Yield the cells of the headings, and of each row."""
    gold = list(read_conllu(args.gold))
    yield ["model", "input", *METRICS]
    yield ["---"] * (2 + len(METRICS))
    for models in [args.models] if args.together else [[name] for name in args.models]:
        name = " + ".join(models)
        nlp = load_ensemble(models, segmenter=args.segmenter, tokenizer=args.tokenizer, device=args.device)
        for kind in args.inputs:
            scores = evaluate(gold, _parsed(nlp, gold, kind, args.beam))
            yield [name, kind, *(f"{100 * scores[metric].f1:.2f}" for metric in METRICS)]


def _kinds(text: str) -> list[str]:
    """Return the names of inputs, as argparse's `type`."""
    for kind in text.split(","):
        if kind not in WHOLE and not set(kind.split("+")) <= set(COLUMN):
            names = ", ".join([*WHOLE, *COLUMN])
            raise argparse.ArgumentTypeError(f"there is no input {kind!r}; take some of {names}, columns joined by +")
    return text.split(",")


def _parsed(nlp: Pipeline, gold: list[Sentence], kind: str, beam: int | None) -> list[Sentence]:
    """Return the parses of one input."""
    if kind == "raw":
        return nlp.parse(running_text(gold), beam=beam)
    given = {"own": [], "gold": list(COLUMN)}.get(kind, kind.split("+"))
    hidden = [name for name in COLUMN if name not in given]
    bare = [with_tags(sentence, {name: [EMPTY] * len(sentence) for name in hidden}) for sentence in gold]
    return nlp.parse_sentences(bare, beam=beam)


if __name__ == "__main__":
    sys.exit(main())
