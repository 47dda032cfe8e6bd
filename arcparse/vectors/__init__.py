"""Word vectors: gensim for files and training, and a LevelDB store as a cache with fast look-up."""

from arcparse.spelling import SCHEMES, candidates, normaliser, zero_digits
from arcparse.vectors.corpus import DistinctLines, Prepared, RawText, prepare, runs
from arcparse.vectors.debiasing import bias_direction, debias, direction_of, equalise, neutralise
from arcparse.vectors.maintenance import Info, Repaired, Report, info, repair, verify
from arcparse.vectors.quantise import ERROR_BOUND, dequantise, quantise
from arcparse.vectors.record import DTYPES, Metadata
from arcparse.vectors.similarity import WordVectors, analogy, nearest, principal_components, unit
from arcparse.vectors.source import BINARY, FORMATS, checksum, dense, guess_format, load_vectors
from arcparse.vectors.store import Found, VectorStore
from arcparse.vectors.word2vec import Word2VecConfig, train_vectors
from arcparse.vectors.writing import can_hold, save_vectors

__all__ = [
    "BINARY",
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
    "WordVectors",
    "analogy",
    "bias_direction",
    "can_hold",
    "candidates",
    "checksum",
    "debias",
    "dense",
    "dequantise",
    "direction_of",
    "equalise",
    "guess_format",
    "info",
    "load_vectors",
    "nearest",
    "neutralise",
    "normaliser",
    "prepare",
    "principal_components",
    "quantise",
    "repair",
    "runs",
    "save_vectors",
    "train_vectors",
    "unit",
    "verify",
    "zero_digits",
]
