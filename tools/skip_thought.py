"""Find the sentences of a text whose meaning is nearest to given ones, with a model of `arcparse train skip-thought`.

    python tools/skip_thought.py MODEL TEXT "A sentence." ...

TEXT is a file of running text or a treebank, in any format.
"""

from __future__ import annotations

import argparse

from arcparse import seq2seq
from arcparse.cli.options import whole
from arcparse.formats import read_sentences
from arcparse.seq2seq.skip_thought import lower_forms
from arcparse.settings.limits import COUNT
from arcparse.tokenizer import split_words


def main() -> None:
    """Print the nearest sentences of each given sentence with their cosines, the nearest first."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", help="a model directory")
    options.add_argument("text", help="the file in which to search")
    options.add_argument("sentences", nargs="+", metavar="SENTENCE", help="a sentence to compare with")
    options.add_argument("--nearest", type=whole(COUNT), default=5, metavar="N", help="sentences shown (default: 5)")
    args = options.parse_args()
    model = seq2seq.load(args.model, seq2seq.SkipThought)
    by_words = {lower_forms(sentence): sentence.text for sentence in read_sentences(args.text)}
    known = model.vectors(list(by_words))
    texts = list(by_words.values())
    asked = model.vectors([tuple(split_words(sentence.lower())) for sentence in args.sentences])
    for sentence, cosines in zip(args.sentences, asked @ known.T, strict=True):
        print(sentence)
        best = cosines.topk(min(args.nearest, len(texts)))
        for cosine, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            print(f"  {cosine:.3f}  {texts[index]}")


if __name__ == "__main__":
    main()
