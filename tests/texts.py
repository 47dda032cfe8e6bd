"""Small texts for tests of evaluation: written as words, split at random, or damaged here and there."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from arcparse.sentence import Sentence

LABELS = ("nsubj", "nsubj:pass", "obj", "det", "case", "aux", "aux:pass", "punct", "root", "unheard-of")
TAGS = ("NOUN", "VERB", "PUNCT", "_")
FEATS = ("_", "Case=Nom", "Number=Sing|Case=Nom", "Case=Nom|Number=Sing|Style=Arch", "Style=Arch", "Poss")
LEMMAS = ("_", "a", "b")
SPACES = ("", "", "", " ", "\u00a0", "\u3000")

Tokens = list[tuple[str, tuple[str, ...]]]  # the form of each token and its words, none where it is a plain word


def read(text: str, place: str = "test") -> list[Sentence]:
    sentences = []
    for number, block in enumerate(text.strip("\n").split("\n\n"), 1):
        lines = block.split("\n")
        comments = tuple(line for line in lines if line.startswith("#"))
        rows = [line.split("\t") for line in lines if not line.startswith("#")]
        sentences.append(Sentence(comments, tuple(zip(*rows, strict=True)), f"{place}:{number}"))
    return sentences


def rows(*words: str) -> str:
    """A sentence from words such as "3 dogs dog NOUN 4 nsubj"; without the rest, a word hangs on the one before."""
    lines = []
    for word in words:
        name, form, *more = word.split(" ")
        lemma, upos, head, label = [*more, *["_", "_", "", "_"][len(more) :]]
        plain = name.isdigit()
        head = head or (str(int(name) - 1) if plain else "_")
        lines.append("\t".join([name, form, lemma, upos, "_", "_", head, label, "_", "_"]))
    return "\n".join(lines) + "\n\n"


def words_of(*tokens: str) -> list[Sentence]:
    """A chain of words, from "a" or from a multiword token "ab a b"."""
    return [chain_of([(form, tuple(words)) for form, *words in (token.split(" ") for token in tokens)])]


def chain_of(tokens: Tokens) -> Sentence:
    return read(block(tokens, lambda size: (list(range(size)), [["_"] * 5] * size)))[0]


def block(tokens: Tokens, annotate: Callable[[int], tuple[list[int], list[list[str]]]], empty: bool = False) -> str:
    """The rows of a sentence; `annotate` gives heads and lemma, UPOS, XPOS, FEATS and label of a number of words."""
    heads, columns = annotate(sum(max(1, len(words)) for _, words in tokens))
    lines = ["0.1" + "\te" + "\t_" * 8] if empty else []
    number = 0
    for form, words in tokens:
        if words:
            lines.append(f"{number + 1}-{number + len(words)}\t{form}" + "\t_" * 8)
        for word in words or (form,):
            lemma, upos, xpos, feats, label = columns[number]
            head = str(heads[number])
            number += 1
            lines.append("\t".join([str(number), word, lemma, upos, xpos, feats, head, label, "_", "_"]))
            if empty:
                lines.append(f"{number}.1" + "\te" + "\t_" * 8)
    return "\n".join(lines) + "\n\n"


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def random_heads(rng: random.Random, size: int) -> list[int]:
    order = rng.sample(range(1, size + 1), size)
    heads = [0] * (size + 1)
    for position, word in enumerate(order[1:], 1):
        heads[word] = rng.choice(order[:position])
    return heads[1:]


def random_annotation(rng: random.Random) -> Callable[[int], tuple[list[int], list[list[str]]]]:
    def annotate(size: int) -> tuple[list[int], list[list[str]]]:
        columns = [[rng.choice(values) for values in (LEMMAS, TAGS, TAGS, FEATS, LABELS)] for _ in range(size)]
        return random_heads(rng, size), columns

    return annotate


def random_tokens(rng: random.Random, characters: str) -> Tokens:
    cuts = sorted(rng.sample(range(1, len(characters)), rng.randrange(len(characters))))
    tokens: Tokens = []
    for start, end in pairwise([0, *cuts, len(characters)]):
        form = "".join(character + rng.choice(SPACES) for character in characters[start:end])
        words = tuple(rng.choice(("a", "b", "A", "ab", "a b")) for _ in range(rng.choice((0, 0, 1, 2, 3))))
        tokens.append((form, words))
    return tokens


def random_text(rng: random.Random, characters: str) -> list[Sentence]:
    """Split the same characters somehow into sentences, tokens and words."""
    cuts = sorted(rng.sample(range(1, len(characters)), rng.randrange(min(3, len(characters)))))
    pieces = [characters[start:end] for start, end in pairwise([0, *cuts, len(characters)])]
    annotate = random_annotation(rng)
    return read("".join(block(random_tokens(rng, piece), annotate, rng.random() < 0.2) for piece in pieces))


def perturbed(rng: random.Random, sentence: Sentence) -> Sentence:
    """Change tags, lemmas, labels and heads here and there; the heads remain a tree."""
    heads = list(sentence.heads)
    for word in range(1, len(heads) + 1):
        head = rng.randrange(1, len(heads) + 1)
        if rng.random() < 0.1 and heads[word - 1] and not descends(heads, head, word):
            heads[word - 1] = head

    def changed(column: Sequence[str], values: Sequence[str]) -> list[str]:
        return [rng.choice(values) if rng.random() < 0.1 else value for value in column]

    return sentence.replace(
        heads=heads,
        lemmas=changed(sentence.lemmas, LEMMAS),
        upos=changed(sentence.upos, TAGS),
        xpos=changed(sentence.xpos, TAGS),
        feats=changed(sentence.feats, FEATS),
        labels=changed(sentence.labels, LABELS),
    )


def descends(heads: Sequence[int], word: int, ancestor: int) -> bool:
    while word not in (0, ancestor):
        word = heads[word - 1]
    return word == ancestor


def resegmented(rng: random.Random, sentence: Sentence) -> Sentence:
    """Join, split and unpack tokens, and make a new tree over the words, with empty nodes now and then."""
    tokens: Tokens = []
    for form, words in tokens_of(sentence):
        chance = rng.random()
        if chance < 0.1 and tokens:
            before, words_before = tokens.pop()
            tokens.append((before + form, rng.choice(((), (words_before or (before,)) + (words or (form,))))))
        elif chance < 0.2 and len(form) > 1:
            tokens += [(form[:1], ()), (form[1:], ())]
        else:
            tokens.append((form, words if chance < 0.9 else ()))
    return read(block(tokens, random_annotation(rng), rng.random() < 0.2))[0]


def joined(rng: random.Random, sentences: Iterable[Sentence]) -> Sentence:
    """Make one sentence of the tokens of many, with a new tree."""
    tokens = [token for sentence in sentences for token in tokens_of(sentence)]
    return read(block(tokens, random_annotation(rng)))[0]


def rejoined(rng: random.Random, sentences: Sequence[Sentence]) -> list[Sentence]:
    """Join neighbouring sentences here and there."""
    made: list[Sentence] = []
    for sentence in sentences:
        made.append(joined(rng, [made.pop(), sentence]) if made and rng.random() < 0.1 else sentence)
    return made


def tokens_of(sentence: Sentence) -> Tokens:
    tokens: Tokens = []
    covered = 0
    for name, form in zip(*sentence.columns[:2], strict=True):
        first, dash, last = name.partition("-")
        if dash:
            covered = int(last)
            tokens.append((form, tuple(sentence.forms[int(first) - 1 : covered])))
        elif "." not in name and int(name) > covered:
            tokens.append((form, ()))
    return tokens


DOGS = rows(
    "1 The the DET 2 det",
    "2 dogs dog NOUN 5 nsubj:outer",
    "3-4 don't",
    "3 do do AUX 5 aux",
    "4 n't not PART 5 advmod",
    "5 bark bark VERB 0 root",
    "5.1 bark bark VERB _ _",
    "6 . . PUNCT 5 punct",
)
