"""Word vectors in a LevelDB store: it opens in milliseconds, also if the source of the vectors is a large file.

A store holds the vectors that a corpus needs and finds them by the chain of `lookup.candidates`. Every other word gets
a random vector, uniform in [-0.25, 0.25], and always the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arcparse.errors import VectorsError
from arcparse.files import aside, write_errors
from arcparse.spelling import candidates, find
from arcparse.vectors.database import Database, create_database, explained, open_database
from arcparse.vectors.record import KNOWN, METADATA_KEYS, RANDOM, Metadata, decode, encode, key, random_vector
from arcparse.vectors.source import checksum

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

_BATCH = 4096  # records per write


class Found(NamedTuple):
    """A vector, float32 [dimension]; the way it was found; and its word in the source, None if it is random."""

    vector: NDArray[np.float32]
    how: Literal["form", "variant", "random"]
    word: str | None


class VectorStore:
    """Word vectors by word form; a context manager.

    `store[form]`, `store.lookup(form)` and `store.matrix(forms)` have a vector for every form; `form in store` tells
    whether the source has a vector for the form or a variant of it; iteration and `len` are over the source's words.
    """

    def __init__(self, path: Path, database: Database, metadata: Metadata) -> None:
        """Take an open database; use `create` or `open` instead."""
        self.path = path
        self.metadata = metadata
        self._database = database

    @classmethod
    def create(
        cls,
        path: Path,
        vectors: KeyedVectors,
        words: Iterable[str] | None = None,
        *,
        dtype: str = "float32",
        normalisation: str = "none",
        seed: int = 0,
        source: Path | None = None,
    ) -> VectorStore:
        """Write the vectors that `words` need, or all of them, to a new store, and open it.

        `dtype` is float32, float16 or int8 (see `quantise`); `source` is the file of the vectors, for the metadata. The
        folder gets its name when it is complete; until then it is a hidden folder beside it (see `arcparse.files`), and
        hidden folders of killed processes are removed. Raises VectorsError if the path exists or is being made, if a
        setting is unknown, or if a value is too large for `dtype`.
        """
        require_free(path)
        chosen = list(vectors.key_to_index) if words is None else _needed(vectors, words, normalisation)
        metadata = Metadata(
            dimension=int(vectors.vector_size),
            count=len(chosen),
            dtype=dtype,
            normalisation=normalisation,
            source=source.name if source else "",
            checksum=checksum(source) if source else "",
            seed=seed,
        )
        with write_errors(path, VectorsError), aside(path.parent, is_folder=True) as unfinished:
            _write(unfinished / "store", vectors, chosen, metadata)
            _rename(unfinished / "store", path)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, dimension: int | None = None, read_only: bool = False) -> VectorStore:
        """Open a store.

        With `read_only`, or if the folder may not be written, random vectors are not stored (they are the same
        nevertheless), and another process may have the store open. Raises VectorsError if it is no store, or
        is locked, damaged, of another version, or of another dimension than the given one.
        """
        database = open_database(path, read_only=read_only)
        try:
            metadata = read_metadata(database.db, path)
            if dimension not in (None, metadata.dimension):
                raise VectorsError(
                    f"{path}: holds vectors of dimension {metadata.dimension}, not {dimension}; "
                    f"name another store, or make one from other vectors with `arcparse vectors cache`"
                )
        except VectorsError:
            database.close()
            raise
        return cls(path, database, metadata)

    @property
    def read_only(self) -> bool:
        """Whether random vectors are not stored."""
        return self._database.view is not None

    def close(self) -> None:
        """Close the store; it cannot be used afterwards."""
        self._database.close()

    def __enter__(self) -> VectorStore:
        """Enter a context that closes the store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def __len__(self) -> int:
        """Return the number of vectors of the source."""
        return self.metadata.count

    def __iter__(self) -> Iterator[str]:
        """Iterate over the source's words, in the order of their UTF-8 bytes."""
        with explained(self.path):
            for word in self._database.db.iterator(prefix=KNOWN, include_value=False, verify_checksums=True):
                yield word[len(KNOWN) :].decode("utf-8", "surrogatepass")

    def __contains__(self, form: str) -> bool:
        """Return whether the source has a vector for a form or a variant of it."""
        return self._known(form) is not None

    def __getitem__(self, form: str) -> NDArray[np.float32]:
        """Return the vector of a form, float32 [dimension]."""
        return self.lookup(form).vector

    def lookup(self, form: str) -> Found:
        """Return the vector of a form and the way it was found. Raises VectorsError if the store is damaged."""
        known = self._known(form)
        if known is None:
            return Found(self.matrix([form])[0], "random", None)
        word, record = known
        return Found(self._decoded([record])[0], "form" if word == form else "variant", word)

    def matrix(self, forms: Iterable[str]) -> NDArray[np.float32]:
        """Return the vectors of forms, float32 [n, dimension]. Raises VectorsError if the store is damaged."""
        wanted = list(forms)
        records: dict[str, bytes] = {}
        missing = []
        for form in dict.fromkeys(wanted):
            known = self._known(form)
            record = known[1] if known else self._get(RANDOM, form)
            if record is None:
                missing.append(form)
            else:
                records[form] = record
        if missing:
            records.update(self._drawn(missing))
        return self._decoded([records[form] for form in wanted])

    def dense(self) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """Return the source's words and their vectors, float32 [n, dimension], in the same order."""
        with explained(self.path):
            rows = list(self._database.db.iterator(prefix=KNOWN, verify_checksums=True))
        words = tuple(word[len(KNOWN) :].decode("utf-8", "surrogatepass") for word, _ in rows)
        return words, self._decoded([record for _, record in rows])

    def _known(self, form: str) -> tuple[str, bytes] | None:
        for word in candidates(form, self.metadata.normalisation):
            record = self._get(KNOWN, word)
            if record is not None:
                return word, record
        return None

    def _get(self, prefix: bytes, word: str) -> bytes | None:
        with explained(self.path):
            record: bytes | None = self._database.db.get(key(prefix, word), verify_checksums=True)
        return record

    def _drawn(self, forms: list[str]) -> dict[str, bytes]:
        """Draw random vectors for forms, and store them if the store may be written."""
        drawn = encode(np.stack([random_vector(form, self.metadata) for form in forms]), self.metadata.dtype)
        records = dict(zip(forms, drawn, strict=True))
        if not self.read_only:
            with explained(self.path), self._database.db.write_batch() as batch:
                for form, record in records.items():
                    batch.put(key(RANDOM, form), record)
        return records

    def _decoded(self, records: list[bytes]) -> NDArray[np.float32]:
        try:
            return decode(records, self.metadata)
        except ValueError as error:
            raise VectorsError(f"{self.path}: damaged: {error}; run `arcparse vectors repair {self.path}`") from None


def read_metadata(db: Any, path: Path) -> Metadata:
    """Return the metadata of an open database, from the first copy found. Raises VectorsError if there is none."""
    with explained(path):
        copies = [db.get(name, verify_checksums=True) for name in METADATA_KEYS]
    data = next((copy for copy in copies if copy is not None), None)
    if data is None:
        raise VectorsError(
            f"{path}: a LevelDB database without the metadata of a vector store; make a store with `arcparse vectors "
            f"cache`, or run `arcparse vectors repair {path}` if it was a store"
        )
    try:
        return Metadata.from_bytes(data)
    except VectorsError as error:
        raise VectorsError(f"{path}: {error}") from None


def write_metadata(db: Any, metadata: Metadata) -> None:
    """Write both copies of the metadata."""
    for name in METADATA_KEYS:
        db.put(name, metadata.to_bytes(), sync=True)


def require_free(path: Path) -> None:
    """Raise VectorsError if no store can be made at a path: the path exists, or its folder does not."""
    if path.exists():
        raise VectorsError(f"{path}: exists already; remove it, or name another")
    if not path.parent.is_dir():
        raise VectorsError(f"{path}: the folder {path.parent} does not exist; make it first")


def _rename(unfinished: Path, path: Path) -> None:
    require_free(path)  # another process may have made it meanwhile
    try:
        unfinished.rename(path)
    except OSError as error:
        raise VectorsError(f"{path}: cannot be made: {error.strerror}; name another") from None


def _needed(vectors: KeyedVectors, forms: Iterable[str], scheme: str) -> list[str]:
    """Return the words in the source that forms are found under, each once."""
    index = vectors.key_to_index
    found = (find(form, scheme, index) for form in forms)
    return list(dict.fromkeys(word for word in found if word is not None))


def _write(path: Path, vectors: KeyedVectors, words: list[str], metadata: Metadata) -> None:
    words = sorted(words, key=lambda word: key(KNOWN, word))  # in LevelDB's order, so that each table is written once
    db = create_database(path)
    try:
        with explained(path):
            for start in range(0, len(words), _BATCH):
                some = words[start : start + _BATCH]
                matrix = np.asarray(vectors.vectors[[vectors.key_to_index[word] for word in some]], np.float32)
                with db.write_batch() as batch:
                    for word, record in zip(some, encode(matrix, metadata.dtype), strict=True):
                        batch.put(key(KNOWN, word), record)
            write_metadata(db, metadata)
            db.compact_range()
    finally:
        db.close()
