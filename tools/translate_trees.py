"""Parse by translation, the baseline of Vinyals et al. 2015: a sequence-to-sequence model writes derivations.

`python tools/translate_trees.py write TREEBANK PAIRS` writes the training data for `arcparse train seq2seq`. Then
`python tools/translate_trees.py score MODEL GOLD` prints scores of the model and of a parser of arcparse: the share of
outputs that are trees, and UAS and LAS in per cent of all words; all words of an output that is not a tree are wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from arcparse import Sentence, evaluate, load
from arcparse.cli.options import whole
from arcparse.errors import ArcparseError, TreebankError
from arcparse.formats import opened, read_sentences
from arcparse.parser.linearisation import symbols_of, tree_of
from arcparse.seq2seq import Seq2Seq
from arcparse.seq2seq import load as load_translator
from arcparse.settings.limits import BEAM, LENGTH
from arcparse.trees import checked, is_projective

SPACE = "\u2581"  # replaces a space in a form, since spaces separate the symbols
HEADINGS = ("parsed by", "beam", "trees", "UAS", "LAS")


def short(place: str, longest: int) -> list[Sentence]:
    """Return the projective sentences of at most `longest` words; print the number of the others."""
    read = list(checked(read_sentences(place)))
    fit = [sentence for sentence in read if len(sentence) <= longest]
    kept = [sentence for sentence in fit if is_projective(sentence.tree.heads)]
    crossing = len(fit) - len(kept)
    print(f"{place}: {len(read)} sentences, {len(fit)} of at most {longest} words; {crossing} not projective, left out")
    if not kept:
        raise TreebankError(f"{place}: no sentence is left to learn from or to score; raise --longest")
    return kept


def source(sentence: Sentence) -> tuple[str, ...]:
    """Return the source of the translation: the forms."""
    return tuple("".join(SPACE if character.isspace() else character for character in form) for form in sentence.forms)


def write(sentences: Sequence[Sentence], place: str) -> None:
    """Write each sentence as a line: its words, a tab, its derivation."""
    with opened(place) as file:
        for sentence in sentences:
            file.write(" ".join(source(sentence)) + "\t" + " ".join(symbols_of(sentence.tree)) + "\n")


def translated(model: Seq2Seq, sentences: Sequence[Sentence], beam: int) -> list[Sentence | None]:
    """Return each sentence with the tree that the model writes, None if its output is not a tree."""
    sources = [source(sentence) for sentence in sentences]
    outputs = model.generate(sources, beam=beam, copy_unknown=False)
    trees = [tree_of(best[0].symbols, len(words)) for best, words in zip(outputs, sources, strict=True)]
    return [sentence.with_tree(tree) if tree else None for sentence, tree in zip(sentences, trees, strict=True)]


def row(gold: Sequence[Sentence], found: Sequence[Sentence | None]) -> list[str]:
    """Return the share of trees, UAS and LAS in per cent."""
    pairs = [(own, tree) for own, tree in zip(gold, found, strict=True) if tree]
    scores = evaluate([own for own, _ in pairs], [tree for _, tree in pairs])
    words = sum(map(len, gold))
    shares = len(pairs) / len(gold), scores["UAS"].correct / words, scores["LAS"].correct / words
    return [f"{100 * share:.2f}" for share in shares]


def main() -> int:
    """Write pairs, or print a table of scores; return the status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("step", choices=("write", "score"))
    options.add_argument("places", nargs=2, metavar="PLACE", help="TREEBANK PAIRS, or MODEL GOLD")
    options.add_argument("--longest", type=whole(LENGTH), default=15, help="words of a sentence (default: 15)")
    options.add_argument("--beam", type=whole(BEAM), nargs="+", default=[1, 8], help="hypotheses kept (default: 1 8)")
    options.add_argument("--parser", default="en-small", help="the parser to compare with (default: en-small)")
    args = options.parse_args()
    try:
        run(args)
    except ArcparseError as error:
        print(f"translate_trees.py: {error}", file=sys.stderr)
        return 2
    return 0


def run(args: argparse.Namespace) -> None:
    """Do the step."""
    if args.step == "write":
        write(short(args.places[0], args.longest), args.places[1])
        return
    gold, model = short(args.places[1], args.longest), load_translator(args.places[0], Seq2Seq)
    rows = [["translation", str(beam), *row(gold, translated(model, gold, beam))] for beam in args.beam]
    parser = load(args.parser)
    for beam in args.beam:
        rows.append([args.parser, str(beam), *row(gold, parser.parse_sentences(gold, beam=beam, given_tags=False))])
    for cells in (HEADINGS, *rows):
        print("\t".join(cells))


if __name__ == "__main__":
    raise SystemExit(main())
