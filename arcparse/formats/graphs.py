r"""Trees as graphs: the JSON that displaCy draws, and the DOT language of Graphviz, each with its inverse.

displaCy: one object a line, `{"words": [{"text": "I", "tag": "PRON"}], "arcs": [{"start": 0, "end": 1, "label":
"nsubj", "dir": "left"}]}`, words counted from 0, as `displacy.render(..., manual=True)` takes it; an array of objects
is read too. It has no arc of the root: a word that none points to is read as a root wherever there is any arc.

DOT: one `digraph` a sentence, node 0 the root, a word's node `3 [label="dog\nNOUN"]`, an arc from head to dependent
`4 -> 3 [label="nsubj"]`; comments stand before it, since Graphviz passes over lines that begin with `#`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from arcparse.errors import TreebankError
from arcparse.formats.format import Loss, OnError, sound
from arcparse.formats.source import lines_of
from arcparse.sentence import EMPTY, NONE, ROOT, Sentence, Token
from arcparse.treebank.files import chunks_of
from arcparse.treebank.reading import BYTE_ORDER_MARK, LONGEST

ROOT_LABEL = "root"
BETWEEN = re.compile(r"[\s,\[\]]*")  # what stands between the objects of an array, or of a file
OPENING = "digraph {"
NODE = re.compile(r'\s*(\d{1,7}) \[label="((?:[^"\\]|\\.)*)"\];?')
ARC = re.compile(r'\s*(\d{1,7}) -> (\d{1,7}) \[label="((?:[^"\\]|\\.)*)"\];?')


def displacy_text(sentence: Sentence, *, tag: str) -> str:
    """Return the line of a sentence; arcs without a word at one end are not written."""
    tags = sentence.upos if tag == "upos" else sentence.xpos
    words = [{"text": form, "tag": "" if t == EMPTY else t} for form, t in zip(sentence.forms, tags, strict=True)]
    arcs = [
        {"start": min(word, head) - 1, "end": max(word, head) - 1, "label": label, "dir": _direction(word, head)}
        for word, (head, label) in enumerate(zip(sentence.heads, sentence.labels, strict=True), 1)
        if head > ROOT
    ]
    return json.dumps({"words": words, "arcs": arcs}, ensure_ascii=False) + "\n"


def _direction(word: int, head: int) -> str:
    return "left" if word < head else "right"  # where the arrow points


def displacy_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count heads that displaCy's arcs do not tell, and labels that no arc carries."""
    has_arcs = any(head > ROOT for head in sentence.heads)
    yield "heads", sentence.heads.count(NONE if has_arcs else ROOT)
    unread = {NONE: ROOT_LABEL if has_arcs else EMPTY, ROOT: ROOT_LABEL if has_arcs else EMPTY}
    pairs = zip(sentence.heads, sentence.labels, strict=True)
    yield "labels of roots", sum(head <= ROOT and label != unread[head] for head, label in pairs)


def read_displacy(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read sentences. Raises TreebankError, or calls `on_error`, for an object that is none."""
    for line, value in objects(stream, name):
        try:
            yield sound(_from_displacy(value, f"{name}:{line}", tag), name, line)
        except TreebankError as error:
            if on_error is None:
                raise
            on_error(error)


def objects(stream: TextIO, name: str) -> Iterator[tuple[int, Any]]:
    """Give JSON objects that stand one after another, or in one array, each with its line."""
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
                    raise TreebankError(f"{place}: no JSON object: {str(error).partition(': line')[0]}") from None
                break
            line += text.count("\n", at, start)
            yield line, value
            line += text.count("\n", start, end)
            at = end


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _from_displacy(value: Any, place: str, tag: str) -> Sentence:
    try:
        words, arcs = value["words"], value["arcs"]
        tags = [str(word.get("tag") or EMPTY) for word in words]
        heads, labels = [ROOT if arcs else NONE] * len(words), [ROOT_LABEL if arcs else EMPTY] * len(words)
        seen = set()
        for arc in arcs:
            start, end, left = int(arc["start"]), int(arc["end"]), {"left": True, "right": False}[arc["dir"]]
            head, word = (end, start) if left else (start, end)
            if min(head, word) < 0 or word in seen or max(head, word) >= len(words):
                raise ValueError(f"arc {start}-{end} has no words, or its word has two heads")
            seen.add(word)
            heads[word], labels[word] = head + 1, str(arc["label"] or EMPTY)
        texts = [str(word["text"]) for word in words]
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = f"{type(error).__name__} {error}"[:80]
        raise TreebankError(
            f"{place}: no displaCy object ({reason}); it has words with text and tag, and arcs"
        ) from None
    rows = enumerate(zip(texts, tags, heads, labels, strict=True), 1)
    return Sentence.from_tokens([Token(i, text, head=h, deprel=d, **{tag: t}) for i, (text, t, h, d) in rows])


def dot_text(sentence: Sentence, *, tag: str) -> str:
    """Return the graph of a sentence and a blank line."""
    tags = sentence.upos if tag == "upos" else sentence.xpos
    lines = [*sentence.comments, OPENING, '  0 [label="ROOT"];']
    for word, (form, t) in enumerate(zip(sentence.forms, tags, strict=True), 1):
        lines.append(f'  {word} [label="{_quoted(form)}{"" if t == EMPTY else chr(92) + "n" + _quoted(t)}"];')
    for word, (head, label) in enumerate(zip(sentence.heads, sentence.labels, strict=True), 1):
        if head != NONE:
            lines.append(f'  {head} -> {word} [label="{_quoted(label)}"];')
    return "\n".join([*lines, "}", "", ""])


def dot_losses(sentence: Sentence) -> Iterable[Loss]:
    """Count labels of words without a head."""
    pairs = zip(sentence.heads, sentence.labels, strict=True)
    yield "labels without heads", sum(head == NONE and label != EMPTY for head, label in pairs)


def read_dot(stream: TextIO, name: str, on_error: OnError = None, *, tag: str) -> Iterator[Sentence]:
    """Read graphs as `dot_text` writes them. Raises TreebankError, or calls `on_error`, for another line."""
    comments: list[str] = []
    graph: _Graph | None = None
    skipping = False
    for number, line in lines_of(stream, name):
        if graph is None and line.startswith("#"):
            comments.append(line)
        elif line == OPENING:
            graph, skipping, comments = _Graph(number - len(comments), comments), False, []
        elif line and not skipping:
            try:
                if graph is None:
                    raise ValueError(f"{line[:60]!r} outside a graph, which begins with {OPENING!r}")
                if line == "}":
                    done, graph = graph, None
                    yield sound(done.sentence(tag), name, done.line)
                else:
                    graph.take(line)
            except (TreebankError, ValueError) as error:
                graph, skipping = None, True
                raised = error if isinstance(error, TreebankError) else TreebankError(f"{name}:{number}: {error}")
                if on_error is None:
                    raise raised from None
                on_error(raised)
    if graph is not None:
        raise TreebankError(f"{name}:{graph.line}: this graph never ends; close it by a line '}}'")


class _Graph:
    """One graph on the way."""

    def __init__(self, line: int, comments: list[str]) -> None:
        self.line, self.comments = line, comments
        self._nodes: dict[int, str] = {}
        self._arcs: dict[int, tuple[int, str]] = {}

    def take(self, line: str) -> None:
        if node := NODE.fullmatch(line):
            self._nodes[int(node[1])] = node[2]
        elif (arc := ARC.fullmatch(line)) and int(arc[2]) not in self._arcs:
            self._arcs[int(arc[2])] = int(arc[1]), _unquoted(arc[3])
        else:
            raise ValueError(
                f'{line[:60]!r} is no node and no arc of a word\'s only head, such as 4 -> 3 [label="det"];'
            )

    def sentence(self, tag: str) -> Sentence:
        words = sorted(self._nodes.keys() - {ROOT})
        if words != list(range(1, len(words) + 1)) or not self._arcs.keys() <= set(words):
            raise ValueError(f"the nodes are not 1 to {len(words)} with arcs among them")
        tokens = []
        for word in words:
            form, _, label = _split(self._nodes[word])
            head, relation = self._arcs.get(word, (NONE, EMPTY))
            tokens.append(Token(word, form, head=head, deprel=relation, **{tag: label or EMPTY}))
        return Sentence.from_tokens(tokens, self.comments)


def _split(label: str) -> tuple[str, str, str]:
    """Split a node's label at the escape of a line break."""
    for match in re.finditer(r"\\(.)", label):
        if match[1] == "n":
            return _unquoted(label[: match.start()]), "\n", _unquoted(label[match.end() :])
    return _unquoted(label), "", ""


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
