"""All formats by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, TextIO

from arcparse.errors import ConfigurationError
from arcparse.files import chunks_of
from arcparse.formats import bracketed, graphs, json_lines, penn, running_text
from arcparse.formats.format import COMMENTS, EVERYTHING, Format, OnError, nothing
from arcparse.formats.table import Table, read_table, spaced_losses, table_text
from arcparse.sentence import COLUMNS, Sentence
from arcparse.treebank.reading import parse_chunks

Tag = Literal["upos", "xpos"]

WORD = frozenset(("id", "form"))
TREE = WORD | {"head", "deprel"}
SPACING = {"misc:SpaceAfter", "misc:SpacesAfter", "misc:SpacesBefore", "misc:TokenRange"}
TEXT = {"comment:text", "comment:newpar", "comment:newdoc"}
CONLLX = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "PHead", "PDeprel")
CONLL2009 = "id form lemma PLemma TAG PPos feats PFeats head PHead deprel PDeprel FillPred Pred"
COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def formats(tag: Tag | None = None, columns: Sequence[str] = ()) -> dict[str, Format]:
    """Return the formats by name.

    `tag` is the column for the tag of formats with a single one, by default XPOS, in pictures UPOS. `columns` are those
    of the format `columns`, which exists only with them. Raises ConfigurationError for names that cannot be columns.
    """
    made = [
        Format("conllu", "CoNLL-U of Universal Dependencies", (".conllu", ".conllup"), EVERYTHING, _read_conllu, str),
        *_tables(tag or "xpos"),
        *([_configured(columns)] if columns else []),
        *_running_texts(tag or "xpos"),
        *_brackets(tag or "xpos"),
        *_pictures(tag or "upos"),
        Format(
            "jsonl",
            "JSON Lines, an object for each sentence, lossless",
            (".jsonl",),
            EVERYTHING,
            json_lines.read_json_lines,
            json_lines.json_line,
        ),
    ]
    return {made_format.name: made_format for made_format in made}


def _read_conllu(stream: TextIO, name: str, on_error: OnError = None) -> Iterator[Sentence]:
    return parse_chunks(chunks_of(stream, name), name, on_error=on_error)


def _tables(tag: str) -> list[Format]:
    conll2009 = tuple(CONLL2009.replace("TAG", tag).split())
    chunks = ("form", tag, "Chunk")
    return [
        _table("conllx", "CoNLL-X, 2006 and 2007", ".conllx .conll .conll06 .conll07", Table(CONLLX, required=8)),
        _table(
            "conll2009",
            "CoNLL-2009, predicates and arguments in MISC",
            ".conll09",
            Table(conll2009, tail="APred", marks="FillPred", required=12),
        ),
        _table("conll2003", "word, tag, chunk, entity", ".conll03", _spaced(*chunks, "NER", docstart=True)),
        _table("conll2000", "word, tag, chunk", ".conll00", _spaced(*chunks)),
        _table("nltk", "Stanford and NLTK: word, tag, head", ".dp", Table(("form", tag, "head"), required=3)),
        _table("nltk4", "word, tag, head, label", ".dp4", Table(("form", tag, "head", "deprel"), required=4)),
        _table("tagged", "word, tag", ".pos", Table(("form", tag), required=2)),
        _table("vertical", "one word on each line", ".vert", Table(("form",), "\n", required=1)),
    ]


def _configured(columns: Sequence[str]) -> Format:
    known = all(map(COLUMN.fullmatch, columns)) and len(set(columns)) == len(columns)
    if not known or "form" not in columns or "misc" in columns:
        raise ConfigurationError(
            f"columns {','.join(columns)}: each is one of {', '.join(COLUMNS[:-1])} or a name in MISC such as NER, "
            "no two are the same, and form is among them"
        )
    return _table("columns", "columns named by --columns", ".columns", _spaced(*columns, docstart=True))


def _spaced(*columns: str, docstart: bool = False) -> Table:
    return Table(columns, " ", required=len(columns), docstart=docstart)


def _table(name: str, summary: str, suffixes: str, table: Table) -> Format:
    lost = partial(spaced_losses, table) if table.separator == " " else nothing
    read, text = partial(read_table, table), partial(table_text, table)
    return Format(name, summary, tuple(suffixes.split()), table.holds, read, text, lost)


def _running_texts(tag: str) -> list[Format]:
    return [
        Format(
            "word_tag",
            "one sentence on each line, words and tags as cat_NN",
            (".tagged",),
            WORD | {tag},
            partial(running_text.read_tagged, tag=tag),
            partial(running_text.tagged_text, tag=tag),
            partial(running_text.tagged_losses, tag=tag),
        ),
        Format(
            "horizontal",
            "one sentence on each line, words between spaces",
            (".hor",),
            WORD,
            running_text.read_horizontal,
            running_text.horizontal_text,
            running_text.horizontal_losses,
        ),
        Format(
            "text",
            "plain text; reading divides it into words",
            (".txt",),
            WORD | SPACING | TEXT,
            running_text.read_plain,
            running_text.plain_text,
            first=partial(running_text.plain_text, first=True),
        ),
    ]


def _brackets(tag: str) -> list[Format]:
    read, text, lost = bracketed.read_bracketed, bracketed.bracketed_text, bracketed.bracketed_losses
    heads_first = Format("bracketed", "(R, r_a, A, r_b, [B, b_d, D]): a tree", (".brackets",), TREE, read, text, lost)
    with_places = Format(
        "bracketed-order",
        "(saw@2, nsubj, I@1): a tree, each word with its position",
        (".tree",),
        TREE,
        read,
        partial(text, positions=True),
        partial(lost, positions=True),
    )
    summary = "Penn Treebank brackets: words and tags, read only"
    read_penn = partial(penn.read_penn, tag=tag)
    return [heads_first, with_places, Format("penn", summary, (".mrg", ".ptb"), WORD | {tag}, read_penn)]


def _pictures(tag: str) -> list[Format]:
    return [
        Format(
            "displacy",
            "input of displaCy, a JSON object on each line",
            (".json",),
            TREE | {tag},
            partial(graphs.read_displacy, tag=tag),
            partial(graphs.displacy_text, tag=tag),
            graphs.displacy_losses,
        ),
        Format(
            "dot",
            "input of Graphviz, a graph for each sentence",
            (".dot", ".gv"),
            TREE | {tag, COMMENTS},
            partial(graphs.read_dot, tag=tag),
            partial(graphs.dot_text, tag=tag),
            graphs.dot_losses,
        ),
    ]
