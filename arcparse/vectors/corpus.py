"""Makes a training corpus for word vectors from raw text.

Raw files hold one paragraph per line, plain or compressed (.gz, .xz, .bz2). Each paragraph is tokenised, and its digits
become `0` (the look-up scheme `digits-zero` does the same to a form). Exact duplicates are left out, and so is every
paragraph that shares a run of ten words with texts that must stay unseen, such as the test sentences of a treebank.

`RawText` yields the word lists one by one. `prepare` writes them once to a plain file, with a paragraph per line and
one space between words: gensim reads this format fastest (`LineSentence`).
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from arcparse.errors import VectorsError
from arcparse.files import UNREADABLE, packed, replacing
from arcparse.spelling import zero_digits

Tokenize = Callable[[str], Sequence[str]]
Run = tuple[str, ...]

RUN = 10  # words in a row: more than an idiom has, fewer than a quotation
LONGEST = 10_000  # words in a line; gensim ignores the rest
_BATCH = 500  # paragraphs for a process at a time
_WORD = re.compile(r"\w+")


class Prepared(NamedTuple):
    """The counts of `prepare`: paragraphs read, left out as duplicates, left out as excluded; words written."""

    paragraphs: int
    duplicates: int
    excluded: int
    words: int


class _Tokenised(NamedTuple):
    lines: list[str]
    excluded: int
    words: int


def runs(texts: Iterable[str]) -> frozenset[Run]:
    """Return every run of ten words in the concatenated texts; case and punctuation are ignored.

    Runs continue from one text to the next, so that shorter sentences are recognised by their neighbours.
    """
    return frozenset(_runs([word for text in texts for word in _WORD.findall(text.lower())]))


def _runs(words: Sequence[str]) -> Iterator[Run]:
    return zip(*(islice(words, start, None) for start in range(RUN)), strict=False)


@dataclass(frozen=True)
class RawText:
    """Word lists of the paragraphs in raw-text files, in order; every iteration reads the files again.

    `tokenize` divides a paragraph into words; `exclude` is the result of `runs` for the texts that must stay unseen.
    Iteration raises VectorsError if a file cannot be read.
    """

    files: Sequence[Path]
    tokenize: Tokenize
    exclude: frozenset[Run] = frozenset()

    def __iter__(self) -> Iterator[list[str]]:
        """Iterate over the word lists; long paragraphs are divided into pieces of 10,000 words."""
        for paragraph in DistinctLines(self.files):
            for line in _tokenise([paragraph], self.tokenize, self.exclude).lines:
                yield line.split(" ")


class DistinctLines:
    """The distinct, non-empty lines of text files; an iteration counts the lines `read`, and their `duplicates`."""

    def __init__(self, files: Sequence[Path], progress: Callable[[int], object] | None = None) -> None:
        """Take files and a function, which is called with the number of stored bytes read since its last call."""
        self.files, self.progress = files, progress
        self.read = self.duplicates = 0

    def __iter__(self) -> Iterator[str]:
        """Iterate over the lines, stripped. Raises VectorsError if a file cannot be read."""
        self.read = self.duplicates = 0
        seen: set[bytes] = set()
        for path in self.files:
            for line in self._lines(path):
                self.read += 1
                key = blake2b(line, digest_size=8).digest()
                if key in seen:
                    self.duplicates += 1
                    continue
                seen.add(key)
                yield _decoded(line, path)

    def _lines(self, path: Path) -> Iterator[bytes]:
        told = 0
        try:
            with path.open("rb") as stored, packed(stored, path, "rb") as content:
                for line in content:
                    if stripped := line.strip():
                        yield stripped
                    if self.progress and stored.tell() != told:
                        self.progress(stored.tell() - told)
                        told = stored.tell()
        except UNREADABLE as error:
            raise VectorsError(f"{path}: cannot be read: {error}; is it whole, and packed as its name says?") from error


def _decoded(line: bytes, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise VectorsError(f"{path}: not UTF-8: {error}, in the line {line[:60]!r}; convert the file first") from None


def quotes(paragraph: str, texts: frozenset[Run]) -> bool:
    """Return whether a paragraph shares ten words in a row with texts, given as the result of `runs`."""
    return bool(texts) and not texts.isdisjoint(_runs(_WORD.findall(paragraph.lower())))


def _tokenise(paragraphs: Iterable[str], tokenize: Tokenize, exclude: frozenset[Run]) -> _Tokenised:
    lines, excluded, count = [], 0, 0
    for paragraph in paragraphs:
        if quotes(paragraph, exclude):
            excluded += 1
            continue
        words = tokenize(paragraph)
        count += len(words)
        lines += [zero_digits(" ".join(words[i : i + LONGEST])) for i in range(0, len(words), LONGEST)]
    return _Tokenised(lines, excluded, count)


def prepare(
    files: Sequence[Path],
    output: Path,
    tokenize: Tokenize,
    *,
    exclude: frozenset[Run] = frozenset(),
    processes: int = 2,
    progress: Callable[[int], object] | None = None,
) -> Prepared:
    """Write the paragraphs of raw-text files, tokenised, to one plain file, in their order.

    `tokenize` must be a function of a module, since several `processes` call it. `progress` is called with the number
    of stored bytes read since its last call. The output gets its name when it is complete.
    Raises VectorsError if a file cannot be read.
    """
    source = DistinctLines(files, progress)
    excluded = words = 0
    with replacing(output, VectorsError) as file:
        for done in _tokenised(iter(source), tokenize, exclude, processes):
            file.write("".join(f"{line}\n" for line in done.lines).encode("utf-8"))
            excluded, words = excluded + done.excluded, words + done.words
    return Prepared(source.read, source.duplicates, excluded, words)


def _tokenised(
    paragraphs: Iterator[str], tokenize: Tokenize, exclude: frozenset[Run], processes: int
) -> Iterator[_Tokenised]:
    batches = iter(lambda: list(islice(paragraphs, _BATCH)), [])
    if processes <= 1:
        for batch in batches:
            yield _tokenise(batch, tokenize, exclude)
        return
    context = multiprocessing.get_context("spawn")  # a fork would inherit locks of threads that it does not have
    with ProcessPoolExecutor(processes, context, _set_up, (tokenize, exclude)) as pool:
        waiting: deque[Future[_Tokenised]] = deque()
        for batch in batches:
            waiting.append(pool.submit(_tokenise_batch, batch))
            if len(waiting) > 3 * processes:  # enough to keep the processes busy, and little in memory
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_process: list[tuple[Tokenize, frozenset[Run]]] = []  # arguments of a process of the pool, sent to it once


def _set_up(tokenize: Tokenize, exclude: frozenset[Run]) -> None:
    _process.append((tokenize, exclude))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends them
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent was killed: otherwise it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _tokenise_batch(batch: list[str]) -> _Tokenised:
    return _tokenise(batch, *_process[-1])
