"""A large corpus of texts, one on each line, parsed partition by partition into a folder; it can be stopped and go on.

    _plan.json           files and settings of the run; another run in this folder must have the same
    part-00000.conllu    the trees of the first partition, or part-00000.parquet
    _part-00000.json     numbers, and the texts that could not be parsed; it is written last: the part is complete

Each part is written aside and renamed, and its content depends on the texts and settings alone. So a partition may be
done again, or by two processes at the same time: nothing is lost, and nothing is there twice. `arcparse.dask` and
`arcparse.ray` give the partitions to the workers of these engines; the model is loaded once in each of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from arcparse.batches import stream
from arcparse.bundle import Bundle
from arcparse.errors import ConfigurationError, TreebankError, WorkerError, shown
from arcparse.files import make_folder, reading, replacing
from arcparse.libraries import library
from arcparse.pandas import COLUMNS, COUNTS, functions_of
from arcparse.pipeline import DEFAULT_MODEL, load
from arcparse.sentence import Sentence
from arcparse.sentence.document import Document
from arcparse.settings.limits import BEAM, Range

if TYPE_CHECKING:
    from typing_extensions import Unpack

Format = Literal["conllu", "parquet"]
Files: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"

ROWS = 1024  # of Parquet that are in memory at a time
LINES = Range(1, 10_000_000)  # of a partition
RETRIES = 3  # of a partition that fails in a worker
PLAN = "_plan.json"  # readers of Parquet leave out files whose names begin with _


class Options(TypedDict, total=False):
    """Settings of a run; `Settings` has their meanings and defaults."""

    format: Format
    model: str | Path
    beam: int | None
    columns: Sequence[str]
    lines: int


@dataclass(frozen=True)
class Settings:
    """Settings of a run: a part depends on nothing else but its texts."""

    format: Format = "conllu"
    model: str = DEFAULT_MODEL  # a name, or a path that all workers can read
    beam: int | None = None  # instead of the model's own
    columns: tuple[str, ...] = tuple(COLUMNS)  # of Parquet, as `arcparse.pandas` has them, beside `id` and `text`
    lines: int = 10_000  # of a partition: about half a minute of work

    @classmethod
    def of(cls, options: Options) -> Settings:
        """Check the arguments of a caller. Raises ConfigurationError for one that is wrong, ModelError for no model."""
        model = options.get("model", DEFAULT_MODEL)
        if not isinstance(model, str | os.PathLike):  # a caller may have a loaded one, as `arcparse.pandas` takes it
            raise ConfigurationError(f"model must be a name or path, which each worker loads, not {shown(model)}")
        made = cls(**{**options, "model": os.fspath(model)})  # type: ignore[arg-type]
        if made.format not in ("conllu", "parquet"):
            raise ConfigurationError(f"format must be 'conllu' or 'parquet', not {shown(made.format)}")
        if made.format == "parquet":
            library("pyarrow.parquet")
        if made.beam is not None:
            BEAM.whole("beam", made.beam)
        LINES.whole("lines", made.lines)
        Bundle.find(made.model)  # a missing model is named here, and not by each worker
        return replace(made, columns=tuple(functions_of(made.columns)))


@dataclass(frozen=True)
class Partition:
    """Some lines of a file: the number of the first, from 1, its place in the unpacked bytes, and their count."""

    number: int  # among all partitions
    name: str  # of the file, as the caller gave it
    file: Path
    first: int
    offset: int
    lines: int


@dataclass(frozen=True)
class Summary:
    """Numbers of a part or of a whole run; `failures` are the texts that were left out, and why."""

    partitions: int = 0
    texts: int = 0
    sentences: int = 0
    words: int = 0
    failures: list[list[str]] = field(default_factory=list)  # id and message

    def __add__(self, other: Summary) -> Summary:
        """Return the sums."""
        return Summary(*(getattr(self, own.name) + getattr(other, own.name) for own in fields(self)))


@dataclass(frozen=True)
class Run:
    """A run in a folder: its settings and its partitions."""

    folder: Path
    settings: Settings
    partitions: tuple[Partition, ...]

    @classmethod
    def begin(cls, files: Files, folder: str | os.PathLike[str], options: Options) -> Run:
        """Divide the files; write the plan, or compare it with that of a run that was stopped in this folder.

        Raises ConfigurationError if it is another plan, TreebankError if a file cannot be read.
        """
        settings, place = Settings.of(options), Path(folder).absolute()
        names = [os.fspath(file) for file in ([files] if isinstance(files, str | os.PathLike) else files)]
        if not names:
            raise ConfigurationError("no file is given; look whether a pattern of file names matches none")
        places = [os.path.realpath(name) for name in names]
        twice = next((name for name, at in zip(names, places, strict=True) if places.count(at) > 1), None)
        if twice is not None:
            raise ConfigurationError(f"{twice}: is given twice, and its texts would be; leave one out")
        partitions = tuple(_divided(names, settings.lines))
        make_folder(place, TreebankError)
        plan = {"settings": asdict(settings), "files": {name: os.path.getsize(name) for name in names}}
        text = json.dumps(plan, indent=1) + "\n"
        if not (place / PLAN).exists():
            with replacing(place / PLAN, durable=True) as file:
                file.write(text.encode())
        elif (place / PLAN).read_text(encoding="utf-8") != text:
            raise ConfigurationError(
                f"{place / PLAN}: a run with other files or settings was begun in this folder; "
                "take the same ones to go on with it, or another folder"
            )
        return cls(place, settings, partitions)

    def waiting(self) -> list[Partition]:
        """Return the partitions that are not complete."""
        return [partition for partition in self.partitions if self._reported(partition) is None]

    def parse(self, partition: Partition) -> None:
        """Parse a partition and write its part, unless it is complete: Dask asks again for work of lost workers.

        Raises ArcparseError if a file cannot be read or written.
        """
        if self._reported(partition) is not None:
            return
        parsed = _Parsed(partition, self.settings)
        with replacing(self._part(partition), durable=True) as file:
            _WRITERS[self.settings.format](parsed, file)
        with replacing(self._report(partition), durable=True) as file:
            file.write(json.dumps(asdict(parsed.summary), ensure_ascii=False).encode() + b"\n")

    def check_complete(self) -> None:
        """Raise WorkerError if partitions are left after the engine has done all that it could."""
        if left := self.waiting():
            raise WorkerError(
                f"{self.folder}: {len(left)} of {len(self.partitions)} partitions failed, the first begins at "
                f"{left[0].name}:{left[0].first}; the engine's log says why; call again to do only these"
            )

    def summary(self) -> Summary:
        """Return the numbers of all parts that are complete."""
        return sum(filter(None, map(self._reported, self.partitions)), Summary())

    def _part(self, partition: Partition) -> Path:
        return self.folder / f"part-{partition.number:05}.{self.settings.format}"

    def _report(self, partition: Partition) -> Path:
        return self.folder / f"_part-{partition.number:05}.json"

    def _reported(self, partition: Partition) -> Summary | None:
        """Return the numbers of a part, or None if it is not complete: it, or its report, is missing or broken."""
        try:
            found = json.loads(self._report(partition).read_text(encoding="utf-8"))
            return Summary(**found) if self._part(partition).exists() else None
        except (OSError, ValueError, TypeError):
            return None


def parse_files(files: Files, folder: str | os.PathLike[str], **options: Unpack[Options]) -> Summary:
    """Parse files in this process, partition by partition; the partitions that the folder has already are kept.

    `options` are the fields of `Settings`. Raises ArcparseError if a file cannot be read or written, or if an option is
    wrong.
    """
    run = Run.begin(files, folder, options)
    for partition in run.waiting():
        run.parse(partition)
    return run.summary()


def _divided(names: Sequence[str], lines: int) -> Iterator[Partition]:
    """Yield the partitions of files, in order."""
    number = 0
    for name in names:
        first, offset = 1, 0
        with reading(name) as file:
            while block := list(islice(file, lines)):
                yield Partition(number, name, Path(name).absolute(), first, offset, len(block))
                number, first, offset = number + 1, first + len(block), offset + sum(map(len, block))


class _Parsed:
    """The parsed texts of a partition, each with its id; those that cannot be parsed are left out, and reported."""

    def __init__(self, partition: Partition, settings: Settings) -> None:
        self._partition, self._settings, self.columns = partition, settings, settings.columns
        self.summary = Summary(1)  # of the texts so far

    def __iter__(self) -> Iterator[tuple[str, str, Document]]:
        """Yield id, text and document."""
        texts = list(self._texts())
        failed: dict[int, tuple[Sentence, Exception]] = {}
        documents = load(self._settings.model).parse_many(
            [text for _, text in texts],
            beam=self._settings.beam,
            on_error=lambda sentence, error: failed.update({id(sentence): (sentence, error)}),
        )
        for (name, text), document in zip(texts, documents, strict=True):
            errors = [failed[id(sentence)][1] for sentence in document if id(sentence) in failed]
            if errors:
                self._leave_out(name, errors[0])
            else:
                self.summary += Summary(0, 1, len(document), sum(map(len, document)))
                yield name, text, document

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Yield id and text of each line that is not blank."""
        with reading(self._partition.file, self._partition.name) as file:
            file.seek(self._partition.offset)
            for number, line in enumerate(islice(file, self._partition.lines), self._partition.first):
                name = f"{self._partition.name}:{number}"
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = f"byte {error.start + 1} of the line, 0x{line[error.start]:02x},"
                    self._leave_out(name, f"{byte} is not UTF-8; convert the file to UTF-8")
                    continue
                if text.strip():
                    yield name, text

    def _leave_out(self, name: str, error: Exception | str) -> None:
        self.summary += Summary(0, 1, failures=[[name, " ".join(str(error).split())]])


def _write_conllu(parsed: _Parsed, file: BufferedIOBase) -> None:
    for name, _, document in parsed:
        for number, sentence in enumerate(document, 1):
            own = [f"# sent_id = {name}-{number}"] if number > 1 else [f"# newdoc id = {name}", f"# sent_id = {name}-1"]
            others = [text for text in sentence.comments if not text.startswith(("# newdoc", "# sent_id"))]
            file.write(str(sentence.with_columns({}, (*own, *others))).encode())


def _write_parquet(parsed: _Parsed, file: BufferedIOBase) -> None:
    arrow, parquet = library("pyarrow"), library("pyarrow.parquet")
    columns = functions_of(parsed.columns)
    types = {name: arrow.list_(arrow.string()) for name in columns}
    types |= {"heads": arrow.list_(arrow.int32()), "conllu": arrow.string(), **dict.fromkeys(COUNTS, arrow.int64())}
    fields = [("id", arrow.string()), ("text", arrow.string()), *((name, types[name]) for name in columns)]
    with parquet.ParquetWriter(file, arrow.schema(fields)) as writer:
        for batch in stream(parsed, ROWS):
            names, texts, documents = zip(*batch, strict=True)
            cells = [names, texts, *(list(map(of, documents)) for of in columns.values())]
            writer.write_table(arrow.table(dict(zip(dict(fields), cells, strict=True)), arrow.schema(fields)))


_WRITERS = {"conllu": _write_conllu, "parquet": _write_parquet}
