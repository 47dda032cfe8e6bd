"""Word vectors: gensim on one side, files and training; a LevelDB store on the other, fast look-up and caching."""

from arcparse.vectors.corpus import DistinctLines, Prepared, RawText, prepare, runs
from arcparse.vectors.lookup import SCHEMES, candidates, normaliser, zero_digits
from arcparse.vectors.maintenance import Info, Repaired, Report, info, repair, verify
from arcparse.vectors.quantise import ERROR_BOUND, dequantise, quantise
from arcparse.vectors.record import DTYPES, Metadata
from arcparse.vectors.similarity import nearest
from arcparse.vectors.source import FORMATS, checksum, dense, guess_format, load_vectors, save_vectors
from arcparse.vectors.store import Found, VectorStore
from arcparse.vectors.word2vec import Word2VecConfig, train_vectors

__all__ = [
    "DTYPES",
    "ERROR_BOUND",
    "FORMATS",
    "SCHEMES",
    "DistinctLines",
    "Found",
    "Info",
    "Metadata",
    "Prepared",
    "RawText",
    "Repaired",
    "Report",
    "VectorStore",
    "Word2VecConfig",
    "candidates",
    "checksum",
    "dense",
    "dequantise",
    "guess_format",
    "info",
    "load_vectors",
    "nearest",
    "normaliser",
    "prepare",
    "quantise",
    "repair",
    "runs",
    "save_vectors",
    "train_vectors",
    "verify",
    "zero_digits",
]
