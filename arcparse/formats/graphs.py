r"""Trees as graphs: the JSON that displaCy draws, and the DOT language of Graphviz, each with its inverse.

displaCy: one object a line, `{"words": [{"text": "I", "tag": "PRON"}], "arcs": [{"start": 0, "end": 1, "label":
"nsubj", "dir": "left"}]}`, words counted from 0, as `displacy.render(..., manual=True)` takes it; an array of objects
is read too. It has no arc of the root: if there is any arc, each word without one is read as a root.

DOT: one `digraph` a sentence, node 0 the root, a word's node `3 [label="dog\nNOUN"]`, an arc from head to dependent
`4 -> 3 [label="nsubj"]`; comments stand before it, since Graphviz passes over lines that begin with `#`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from json.encoder import encode_basestring as _json
from typing import Any, TextIO

from arcparse.errors import TreebankError
from arcparse.files import chunks_of
from arcparse.formats.format import COMMENTS, INDEX, TREE, Format, Loss, OnError, report, sentence_of
from arcparse.formats.source import lines_of
from arcparse.sentence import EMPTY, NONE, ROOT, Sentence
from arcparse.sentence.numbering import numbers
from arcparse.treebank.encoding import BYTE_ORDER_MARK
from arcparse.treebank.reading import LONGEST

ROOT_LABEL = "root"
QUOTES = '""'  # of a word without a tag
BETWEEN = re.compile(r"[\s,\[\]]*")  # separators between the objects of an array, or of a file
IS_LEFT = {"left": True, "right": False}  # the direction of the arrow, to a dependent before its head or behind it
OPENING, CLOSING = "digraph {", "}"
MOST_LINES = LONGEST // 16  # of a graph; a longer one was never closed
SPECIAL, ESCAPED = re.compile(r'[\\"]'), re.compile(r"\\(.)")
NUMBER, LABEL = "(0|[1-9][0-9]{0,6})", r"""\[label="([^"\\\n]*(?:\\.[^"\\\n]*)*)"\];?"""
NODE = re.compile(rf"^[ \t]*{NUMBER} {LABEL}$", re.MULTILINE)
ARC = re.compile(rf"^[ \t]*{NUMBER} -> {NUMBER} {LABEL}$", re.MULTILINE)


def formats(tag: str = "upos") -> list[Format]:
    """Return the formats; `tag` is the column of the tags beside the words."""
    displacy = Format(
        "displacy",
        "input of displaCy, a JSON object on each line",
        (".json",),
        TREE | {tag},
        partial(read_displacy, tag=tag),
        partial(displacy_text, tag=tag),
        displacy_losses,
    )
    dot = Format(
        "dot",
        "input of Graphviz, a graph for each sentence",
        (".dot", ".gv"),
        TREE | {tag, COMMENTS},
        partial(read_dot, tag=tag),
        partial(dot_text, tag=tag),
        dot_losses,
    )
    return [displacy, dot]


def displacy_text(sentence: Sentence, *, tag: str) -> str:
    """Return the line of a sentence; arcs without a word at one end are not written."""
    tags = sentence.words(INDEX[tag])
    words = [
        f'{{"text": {_json(form)}, "tag": {QUOTES if t == EMPTY else _json(t)}}}'
        for form, t in zip(sentence.forms, tags, strict=True)
    ]
    arcs = [
        f'{{"start": {word - 1}, "end": {head - 1}, "label": {_json(label)}, "dir": "left"}}'
        if word < head
        else f'{{"start": {head - 1}, "end": {word - 1}, "label": {_json(label)}, "dir": "right"}}'
        for word, (head, label) in enumerate(zip(sentence.heads, sentence.labels, strict=True), 1)
        if head > ROOT
    ]
    return f'{{"words": [{", ".join(words)}], "arcs": [{", ".join(arcs)}]}}\n'


def displacy_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count heads that the arcs of displaCy cannot express, and labels without an arc."""
    has_arcs = any(head > ROOT for head in sentence.heads)
    yield "heads", sentence.heads.count(NONE if has_arcs else ROOT)
    unread = {NONE: ROOT_LABEL if has_arcs else EMPTY, ROOT: ROOT_LABEL if has_arcs else EMPTY}
    pairs = zip(sentence.heads, sentence.labels, strict=True)
    yield "labels of roots", sum(head <= ROOT and label != unread[head] for head, label in pairs)


def read_displacy(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read sentences. Raises TreebankError, or calls `on_error`, for an object of another kind."""
    for line, value in objects(stream, name):
        try:
            yield _from_displacy(value, name, line, tag)
        except TreebankError as error:
            report(error, on_error)


def objects(stream: TextIO, name: str) -> Iterator[tuple[int, Any]]:
    """Yield JSON objects in a row or in one array, each with its line."""
    decoder = json.JSONDecoder()
    text, at, line, ended = "", 0, 1, False
    chunks = chunks_of(stream, name)
    while not ended:
        chunk = next(chunks, "")
        text, ended = (text[at:] + chunk).removeprefix(BYTE_ORDER_MARK), not chunk
        at = 0
        while (start := _end(BETWEEN.match(text, at))) < len(text):
            try:
                value, end = decoder.raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                if ended or isinstance(error, RecursionError) or len(text) > LONGEST:
                    place = f"{name}:{line + text.count(chr(10), at, start)}"
                    raise TreebankError(f"{place}: not a JSON object: {str(error).partition(': line')[0]}") from None
                break
            line += text.count("\n", at, start)
            yield line, value
            line += text.count("\n", start, end)
            at = end


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _from_displacy(value: Any, name: str, line: int, tag: str) -> Sentence:
    try:
        words, arcs = value["words"], value["arcs"]
        texts, tags = [str(word["text"]) for word in words], [str(word.get("tag") or EMPTY) for word in words]
        unsaid = (str(ROOT), ROOT_LABEL) if arcs else (EMPTY, EMPTY)
        found: list[tuple[str, str] | None] = [None] * len(texts)
        for arc in arcs:
            ends = arc["start"], arc["end"]
            word, head = ends if IS_LEFT[arc["dir"]] else ends[::-1]
            if not (0 <= word < len(found) and 0 <= head < len(found)) or found[word]:
                raise ValueError(f"arc {ends[0]}-{ends[1]} leads to no word, or to a word with another head")
            found[word] = str(head + 1), str(arc["label"] or EMPTY)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = f"{type(error).__name__} {error}"[:80]
        raise TreebankError(
            f"{name}:{line}: not a displaCy object ({reason}); give words with text and tag, and arcs"
        ) from None
    heads, labels = zip(*[pair or unsaid for pair in found], strict=True) if found else ((), ())
    return sentence_of(texts, name, line, head=heads, deprel=labels, **{tag: tags})


def dot_text(sentence: Sentence, *, tag: str) -> str:
    """Return the graph of a sentence and a blank line."""
    tags, labels = _quoted(sentence.words(INDEX[tag])), _quoted(sentence.labels)
    nodes = [
        f'  {word} [label="{form}"];' if t == EMPTY else f'  {word} [label="{form}\\n{t}"];'
        for word, (form, t) in enumerate(zip(_quoted(sentence.forms), tags, strict=True), 1)
    ]
    arcs = [
        f'  {head} -> {word} [label="{label}"];'
        for word, (head, label) in enumerate(zip(sentence.heads, labels, strict=True), 1)
        if head != NONE
    ]
    lines = [*sentence.comments, OPENING, '  0 [label="ROOT"];', *nodes, *arcs, "}", "", ""]
    text = "\n".join(lines)
    if text.count("\n") != len(lines) - 1:
        raise TreebankError(f"{sentence.place}: a cell has a line break inside; replace it before writing")
    return text


def dot_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count labels of words without a head."""
    pairs = zip(sentence.heads, sentence.labels, strict=True)
    yield "labels without heads", sum(head == NONE and label != EMPTY for head, label in pairs)


def read_dot(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read graphs as `dot_text` writes them. Raises TreebankError, or calls `on_error`, for another line."""
    for graph in _graphs(stream, name, on_error):
        try:
            yield graph.sentence(name, tag)
        except TreebankError as error:
            report(error, on_error)


@dataclass(frozen=True)
class _Graph:
    """The lines of a graph between its first, of this number, and its last, and the comments before it."""

    number: int
    comments: list[str]
    lines: list[str]

    def sentence(self, name: str, tag: str) -> Sentence:
        text = "\n".join(filter(None, self.lines))
        nodes, arcs = dict(NODE.findall(text)), {word: (head, label) for head, word, label in ARC.findall(text)}
        if len(nodes) + len(arcs) != (text.count("\n") + 1 if text else 0):
            raise self._fault(name)
        nodes.pop(str(ROOT), None)
        words = numbers(len(nodes))
        if nodes.keys() != set(words) or not arcs.keys() <= nodes.keys():
            raise TreebankError(
                f"{name}:{self.number}: the nodes of this graph are not 1 to {len(words)} with arcs among them"
            )
        forms, tags = zip(*[_split(nodes[word]) for word in words], strict=True) if words else ((), ())
        pairs = [arcs.get(word, (EMPTY, EMPTY)) for word in words]
        heads, labels = [head for head, _ in pairs], [_unquoted(label) for _, label in pairs]
        first = self.number - len(self.comments)
        return sentence_of(forms, name, first, self.comments, head=heads, deprel=labels, **{tag: tags})

    def _fault(self, name: str) -> TreebankError:
        """Return the fault of the first line that is neither a node nor an arc, or that repeats a word."""
        known = set()
        for number, line in enumerate(self.lines, self.number + 1):
            node, arc = NODE.match(line), ARC.match(line)
            about = ("node", node[1]) if node else ("arc", arc[2]) if arc else None
            if line and (about is None or about in known):
                return TreebankError(
                    f"{name}:{number}: {line[:60]!r} is neither the only node nor the only arc of a word"
                )
            known.add(about)
        return TreebankError(f"{name}:{self.number}: this graph cannot be read; write one node or arc on each line")


def _graphs(stream: TextIO, name: str, on_error: OnError) -> Iterator[_Graph]:
    comments: list[str] = []
    graph: _Graph | None = None
    astray = False  # behind a line outside all graphs, which is reported once
    for number, line in lines_of(stream, name):
        if line == OPENING:
            if graph:
                report(_endless(name, graph), on_error)
            graph, comments, astray = _Graph(number, comments, []), [], False
        elif graph and line == CLOSING:
            yield graph
            graph = None
        elif graph:
            graph.lines.append(line)
            if len(graph.lines) > MOST_LINES:
                raise _endless(name, graph)
        elif line.startswith("#"):
            comments.append(line)
        elif line and not astray:
            comments, astray = [], True
            fault = f"{line[:60]!r} outside a graph, which begins with {OPENING!r}"
            report(TreebankError(f"{name}:{number}: {fault}"), on_error)
    if graph:
        report(_endless(name, graph), on_error)


def _endless(name: str, graph: _Graph) -> TreebankError:
    return TreebankError(f"{name}:{graph.number}: this graph never ends; close it by a line {CLOSING!r}")


def _split(label: str) -> tuple[str, str]:
    """Split a node's label at the escape of a line break to form and tag."""
    form, _, tag = label.partition("\\n")
    if "\\" not in form and "\\" not in tag:
        return form, tag or EMPTY
    for match in ESCAPED.finditer(label):
        if match[1] == "n":
            return _unquoted(label[: match.start()]), _unquoted(label[match.end() :]) or EMPTY
    return _unquoted(label), EMPTY


def _quoted(cells: Sequence[str]) -> Sequence[str]:
    if not SPECIAL.search("".join(cells)):
        return cells
    return [SPECIAL.sub(r"\\\g<0>", cell) for cell in cells]


def _unquoted(text: str) -> str:
    return ESCAPED.sub(r"\1", text) if "\\" in text else text
