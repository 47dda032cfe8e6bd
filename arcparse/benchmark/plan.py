"""The settings of a measurement, and the sentences that it uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from arcparse.bundle import Without
from arcparse.errors import TreebankError
from arcparse.pipeline import DEFAULT_MODEL
from arcparse.pipeline.parts import Precision
from arcparse.sentence import Sentence
from arcparse.treebank import read_conllu

OWN, UDPIPE, SPACY = "arcparse", "udpipe", "spacy"
SHORT_TOKENS = 20  # sentences of about this length are parsed one by one
SHORT_COUNT = 100  # of them
LONG_WORDS = (1000, 2000, 4000, 8000, 15_000)  # of single sentences, for the growth of time with length
WIDTHS = (1, 2, 4, 8, 16, 32)  # beams, for the growth of time with the beam
PART_TOKENS = 5000  # parsed at each width


@dataclass(frozen=True)
class Plan:
    """The file, systems and settings of a measurement."""

    file: Path  # gold-tokenised CoNLL-U
    model: str = DEFAULT_MODEL
    lemmatizer: str = ""  # of the whole path; empty: as the model has it
    without: tuple[Without, ...] = ()  # parts of the model that are left out
    paths: tuple[str, ...] = ()  # levels of the kernels, or "torch"; none: the one in use
    precision: tuple[Precision, ...] = ("auto",)
    beams: tuple[int, ...] = (1, 8)
    threads: int = 1
    runs: int = 5
    batch_size: int = 1024  # sentences
    growth: bool = False  # whether to measure the growth with the length of a sentence and with the beam
    udpipe: str = ""  # a model of UDPipe; empty: not measured
    udpipe_beam: int = 5  # UDPipe's default
    spacy: str = ""  # a model of spaCy; empty: not measured
    spacy_batch: int = 256  # sentences; spaCy is slower with larger batches


@dataclass(frozen=True)
class Corpus:
    """The sentences of the file, and others made of them."""

    sentences: Sequence[Sentence]
    short: Sequence[Sentence]  # those nearest to SHORT_TOKENS

    @classmethod
    def read(cls, file: Path) -> Corpus:
        """Read the file. Raises TreebankError if it has no words."""
        sentences = [sentence for sentence in read_conllu(file) if len(sentence)]
        if not sentences:
            raise TreebankError(f"{file}: holds no sentence to measure with; give a CoNLL-U file")
        nearest = sorted(sentences, key=lambda sentence: abs(len(sentence) - SHORT_TOKENS))
        return cls(sentences, nearest[:SHORT_COUNT])

    @property
    def tokens(self) -> int:
        """The number of words of all sentences."""
        return sum(map(len, self.sentences))

    @property
    def short_tokens(self) -> int:
        """The rounded mean length of the short sentences."""
        return round(sum(map(len, self.short)) / len(self.short))

    def long(self, words: int) -> Sentence:
        """Return one sentence of so many words of the file, which is repeated if it has fewer."""
        forms = cycle(form for sentence in self.sentences for form in sentence.forms)
        return Sentence.from_forms(islice(forms, words))

    def part(self) -> list[Sentence]:
        """Return the first sentences, with at least PART_TOKENS words if the file has them."""
        found: list[Sentence] = []
        words = 0
        for sentence in self.sentences:
            if words >= PART_TOKENS:
                break
            found.append(sentence)
            words += len(sentence)
        return found


def fresh(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Copy sentences without their cached values."""
    return [Sentence(sentence.comments, sentence.columns, sentence.place) for sentence in sentences]
