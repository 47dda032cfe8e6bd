"""Conversion of sentences from and to the objects of other libraries, each imported only when it is needed.

    conllu     TokenList, without loss (see `arcparse.treebank`)
    pandas     DataFrame, a row for each row of the file, without loss
    networkx   DiGraph from heads to dependents: words, heads and labels
    nltk       DependencyGraph: forms, lemmas, tags, features, heads and labels
    spacy      Doc: forms, spaces, lemmas, tags, features, heads and labels

The root of a spaCy tree is its own head, and its label `ROOT` is read as `root`. A value that spaCy cannot hold, such
as XPOS `_`, becomes empty there and `_` again on the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from arcparse.errors import TreebankError
from arcparse.libraries import library
from arcparse.sentence import COLUMNS, EMPTY, ID, MISC, NONE, ROOT, Sentence, Token, numbering
from arcparse.treebank import from_conllu, to_conllu

if TYPE_CHECKING:
    from networkx import DiGraph
    from nltk.parse import DependencyGraph
    from pandas import DataFrame
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = [
    "from_conllu",
    "from_networkx",
    "from_nltk",
    "from_pandas",
    "from_spacy",
    "to_conllu",
    "to_networkx",
    "to_nltk",
    "to_pandas",
    "to_spacy",
]

NO_SPACE = "SpaceAfter=No"


def to_networkx(sentence: Sentence) -> DiGraph:
    """Return a graph of nodes 0 (the root) to n with the columns as attributes, and edges with a `label`."""
    graph = library("networkx").DiGraph(comments=list(sentence.comments))
    graph.add_node(ROOT, form="ROOT")
    for token in sentence:
        columns = {name: getattr(token, name) for name in COLUMNS if name not in ("id", "head", "deprel")}
        graph.add_node(token.id, **columns)
    for token in sentence:
        if token.head != NONE:
            graph.add_edge(token.head, token.id, label=token.deprel)
    return graph


def from_networkx(graph: DiGraph) -> Sentence:
    """Return the sentence of a graph in the form of `to_networkx`; a missing attribute becomes `_`.

    Raises TreebankError if the nodes are not 0 to n, or if a word has two heads.
    """
    nodes = sorted(graph.nodes)
    if nodes != list(range(len(nodes))):
        raise TreebankError(f"nodes are {nodes[:5]}..., expected 0, the root, and words from 1 on; relabel them")
    tokens = []
    for node in nodes[1:]:
        edges = list(graph.in_edges(node, data=True))
        if len(edges) > 1:
            heads = sorted(head for head, _, _ in edges)
            raise TreebankError(f"word {node} has the heads {heads}; a tree gives it one: remove the other edges")
        head, label = (edges[0][0], edges[0][2].get("label", EMPTY)) if edges else (NONE, EMPTY)
        columns = {name: value for name, value in graph.nodes[node].items() if name in COLUMNS}
        tokens.append(Token(**({"form": EMPTY} | columns | {"id": node, "head": head, "deprel": label})))
    return Sentence.from_tokens(tokens, graph.graph.get("comments", ()))


def to_pandas(sentences: Iterable[Sentence]) -> DataFrame:
    """Return a frame of all rows: `sentence` counts from 0, then CoNLL-U's columns as strings.

    `attrs["comments"]` has the comments of each sentence.
    """
    pandas = library("pandas")
    kept = list(sentences)
    rows = [(number, *row) for number, sentence in enumerate(kept) for row in zip(*sentence.columns, strict=True)]
    frame = pandas.DataFrame(rows, columns=["sentence", *COLUMNS])
    frame.attrs["comments"] = [list(sentence.comments) for sentence in kept]
    result: DataFrame = frame
    return result


def from_pandas(frame: DataFrame) -> Iterator[Sentence]:
    """Yield the sentences of a frame in the form of `to_pandas`; all cells of a missing column become `_`."""
    size = len(frame)
    columns = [list(map(str, frame[name])) if name in frame else [EMPTY] * size for name in COLUMNS]
    comments = frame.attrs.get("comments", [])
    rows = zip(frame["sentence"], *columns, strict=True)
    for number, group in groupby(rows, key=lambda row: int(row[0])):
        cells = tuple(zip(*group, strict=True))[1:]
        yield Sentence(tuple(comments[number]) if number < len(comments) else (), cells)


def to_nltk(sentence: Sentence) -> DependencyGraph:
    """Return an NLTK graph; its `ctag` is UPOS and its `tag` XPOS. Ranges, empty nodes and comments are left out."""
    graph = library("nltk.parse.dependencygraph").DependencyGraph()
    for token in sentence:
        node = {"word": token.form, "lemma": token.lemma, "ctag": token.upos, "tag": token.xpos, "feats": token.feats}
        graph.nodes[token.id].update(
            node | {"address": token.id, "head": None if token.head == NONE else token.head, "rel": token.deprel}
        )
    for token in sentence:
        if token.head != NONE:
            graph.nodes[token.head]["deps"][token.deprel].append(token.id)
        if token.head == ROOT:
            graph.root = graph.nodes[token.id]
            graph.top_relation_label = token.deprel
    result: DependencyGraph = graph
    return result


def from_nltk(graph: DependencyGraph) -> Sentence:
    """Return the words of an NLTK graph; missing values become `_`. Raises TreebankError if word numbers have gaps."""
    nodes = [graph.nodes[address] for address in sorted(graph.nodes) if address]
    if [node["address"] for node in nodes] != list(range(1, len(nodes) + 1)):
        raise TreebankError(f"the graph's addresses are not 1 to {len(nodes)}; number its words without gaps")
    return Sentence.from_tokens(
        Token(
            number,
            node["word"] or EMPTY,
            node["lemma"] or EMPTY,
            node["ctag"] or EMPTY,
            node["tag"] or EMPTY,
            node["feats"] or EMPTY,
            NONE if node["head"] is None else node["head"],
            node["rel"] or EMPTY,
        )
        for number, node in enumerate(nodes, 1)
    )


def to_spacy(sentence: Sentence, vocab: Vocab | None = None) -> Doc:
    """Return a spaCy document of one sentence, with `vocab` or a new one. Ranges and empty nodes are left out.

    Raises TreebankError if only some words have heads: spaCy needs heads for all words or none.
    """
    tokens, vocabulary = library("spacy.tokens"), library("spacy.vocab")
    heads = sentence.heads
    if any(head == NONE for head in heads) and set(heads) != {NONE}:
        raise TreebankError(f"{sentence.place}: some words have no head; spaCy needs all heads or none")
    parsed = bool(heads) and heads[0] != NONE
    doc: Doc = tokens.Doc(
        vocab if vocab is not None else vocabulary.Vocab(),
        words=list(sentence.forms),
        spaces=_spaces(sentence),
        lemmas=_filled(sentence.lemmas),
        pos=_filled(sentence.upos),
        tags=_filled(sentence.xpos),
        morphs=_filled(sentence.feats),
        heads=[word if head == ROOT else head - 1 for word, head in enumerate(heads)] if parsed else None,
        deps=_filled(sentence.labels) if parsed else None,
        sent_starts=None if parsed else [word == 0 for word in range(len(heads))],
    )
    return doc


def _spaces(sentence: Sentence) -> list[bool]:
    """Return whether a space follows each word; inside a range none does, after a range its MISC decides."""
    spaces = [NO_SPACE not in cell.split("|") for cell in sentence.words(MISC)]
    for row, words in numbering.ranges(sentence.columns[ID]):
        behind = NO_SPACE not in sentence.columns[MISC][row].split("|")
        spaces[words[0] - 1 : words[-1]] = [*[False] * (len(words) - 1), behind]
    return spaces


def _filled(values: Iterable[str]) -> list[str]:
    return ["" if value == EMPTY else value for value in values]


def from_spacy(doc: Doc) -> Iterator[Sentence]:
    """Yield the sentences of a spaCy document, or one if it has no sentence boundaries. Blanks are not words."""
    for span in doc.sents if doc.has_annotation("SENT_START") else [doc[:]]:
        words = [word for word in span if not word.text.isspace()]
        number = {word.i: position for position, word in enumerate(words, 1)}
        parsed = doc.has_annotation("DEP")
        yield Sentence.from_tokens(
            Token(
                number[word.i],
                word.text,
                word.lemma_ or EMPTY,
                word.pos_ or EMPTY,
                word.tag_ or EMPTY,
                str(word.morph) or EMPTY,
                _spacy_head(word, number) if parsed else NONE,
                _label(word) if parsed else EMPTY,
                misc=EMPTY if word.whitespace_ else NO_SPACE,
            )
            for word in words
        )


def _label(word: Any) -> str:
    return "root" if word.dep_ == "ROOT" else word.dep_ or EMPTY


def _spacy_head(word: Any, number: dict[int, int]) -> int:
    """Return the number of a word's head, or 0 if the word is its own head; a blank as head is replaced by its head."""
    head = word.head
    while head.i not in number and head.head.i != head.i:
        head = head.head
    return ROOT if word.head.i == word.i else number.get(head.i, ROOT)
