"""The results of `parse` and `tag`: sentences are read, worked on and written, if need be by several processes.

From CoNLL-U to CoNLL-U, each worker reads and writes its own part of the text, and only text crosses between processes.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TextIO, cast

from arcparse import formats
from arcparse.cli.inputs import CONLLU, Known, input_source, sentences_of
from arcparse.cli.streams import standard_output
from arcparse.cli.tally import Tally
from arcparse.errors import ConfigurationError, TreebankError
from arcparse.files import chunks_of
from arcparse.formats import Format
from arcparse.formats.source import Source
from arcparse.sentence import Sentence
from arcparse.tokenizer.reading import Divide
from arcparse.treebank import write_conllu
from arcparse.treebank.reading import Block, lists_of_blocks, parse_blocks

if TYPE_CHECKING:
    from arcparse.pipeline.crossing import Work

PART = 256  # sentences, at most, that go to a worker at a time: so all workers end at nearly the same time


def write_results(
    work: Work, args: argparse.Namespace, known: Known, target: Format, divide: Divide, tally: Tally
) -> None:
    """Write the results of the input's sentences; `divide` divides text."""
    from arcparse.batches import stream
    from arcparse.pipeline.crossing import results_in_order

    source, chosen = input_source(args, known)
    if args.workers > 1 and chosen.name == target.name == CONLLU:
        _write_texts(work, args, source, tally)
        return
    sentences = tally.counted(sentences_of(source, chosen, divide, tally.skipped if args.skip_bad else None))
    found = results_in_order(work, stream(sentences, 1 if args.stream else args.batch_size), args.workers, tally.failed)
    write_found(chain.from_iterable(found), args, target)


def check_stream(args: argparse.Namespace) -> None:
    """Raise ConfigurationError for options that make a stream wait."""
    if args.stream and args.output:
        raise ConfigurationError(f"--stream writes to standard output at once; leave out --output {args.output}")
    if args.stream and args.workers > 1:
        raise ConfigurationError(f"--stream answers in one process; leave out --workers {args.workers}")


def write_found(sentences: Iterable[Sentence], args: argparse.Namespace, target: Format) -> None:
    """Write sentences to the file or stream of the options; each at once if the input is a stream."""
    if not args.stream:
        formats.write_sentences(sentences, args.output or standard_output(), target)
        return
    stream = standard_output()
    writer = formats.SentenceWriter(stream, target)
    for sentence in sentences:
        writer.write([sentence])
        stream.flush()


@dataclass
class _Done:
    """The results of a part of the text, and all that there is to report."""

    text: str = ""
    sentences: int = 0
    words: int = 0
    skipped: list[TreebankError] = field(default_factory=list)
    failures: list[tuple[Sentence, Exception]] = field(default_factory=list)  # of sentences without words
    fault: TreebankError | None = None  # which ends the reading


def _write_texts(work: Work, args: argparse.Namespace, source: Source, tally: Tally) -> None:
    from arcparse.pipeline.workers import in_order

    source.strict = False  # the reader of each sentence checks its characters
    size = min(args.batch_size, PART)
    parts = lists_of_blocks(chunks_of(cast(TextIO, source), source.name), source.name, size)
    done = in_order(partial(_done, work, source.name, args.skip_bad), parts, args.workers)
    with formats.opened(args.output or standard_output()) as stream:
        for part in done:
            _report(part, tally)
            stream.write(part.text)
            if part.fault:
                raise part.fault


def _report(done: _Done, tally: Tally) -> None:
    tally.sentences += done.sentences
    tally.words += done.words
    for error in done.skipped:
        tally.skipped(error)
    for sentence, failure in done.failures:
        tally.failed(sentence, failure)


def _done(work: Work, name: str, skips: bool, part: tuple[Iterable[Block], tuple[str, ...]]) -> _Done:
    """Read, work on and write a part of the text, in a worker process."""
    from arcparse.pipeline.workers import sendable

    done = _Done()

    def failed(sentence: Sentence, error: Exception) -> None:
        done.failures.append((Sentence(sentence.comments, (), sentence.place), sendable(error)))

    blocks, names = part
    sentences: list[Sentence] = []
    try:
        sentences.extend(parse_blocks(blocks, name, names, on_error=done.skipped.append if skips else None))
    except TreebankError as error:
        done.fault = error
    if sentences:
        text = io.StringIO()
        write_conllu(work(sentences, on_error=failed), text)
        done.text, done.sentences, done.words = text.getvalue(), len(sentences), sum(map(len, sentences))
    return done
